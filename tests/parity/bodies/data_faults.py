"""What Chainer does wrong with iterators, datasets, converters and summaries."""

from __future__ import annotations

import copy
import io
import os
import sys
import tempfile
import time
import warnings
import zipfile

from tests.parity.bodies import _memory


class Misbehaving:
    """Example `at` misbehaves."""

    def __init__(self, how, at):
        self.how = how
        self.at = at

    def __len__(self):
        return 6

    def __getitem__(self, i):
        if i == self.at:
            if self.how == "raise":
                raise KeyError("broken example")
            os._exit(3)
        return int(i)


class Drawing:
    """Random examples, slow enough for every worker to get some."""

    def __init__(self, np):
        self.np = np

    def __len__(self):
        return 12

    def __getitem__(self, i):
        time.sleep(0.02)
        return float(self.np.random.uniform())


def scope_after_exception(chainer, np):
    """Whether the scope is left."""
    reporter = chainer.Reporter()
    outside = reporter.observation
    with reporter:
        try:
            with chainer.report_scope({}):
                raise RuntimeError
        except RuntimeError:
            pass
    return reporter.observation is outside


def deviation_of_equal_values(chainer, np):
    """The standard deviation of 0.1, 0.1, 0.1."""
    summary = chainer.Summary()
    for _ in range(3):
        summary.add(0.1)
    return float(summary.make_statistics()[1])


def resumed_summary(chainer, np):
    """A mean with fractional weights that went through a file."""
    summary = chainer.DictSummary()
    summary.add({"x": (3.0, 0.5)})
    file = io.BytesIO()
    chainer.serializers.save_npz(file, summary)
    file.seek(0)
    other = chainer.DictSummary()
    chainer.serializers.load_npz(file, other)
    return float(other.compute_mean()["x"])


def text_in_summary(chainer, np):
    """The names that count as scalars."""
    summary = chainer.DictSummary()
    summary.add({"text": "a", "x": 1.0})
    return sorted(summary.compute_mean())


def concat(chainer, np, batch, padding):
    """What becomes of a batch."""
    return chainer.dataset.concat_examples(batch, padding=padding)


def empty(chainer, np, name, repeat):
    """The batches of an empty dataset."""
    return list(getattr(chainer.iterators, name)([], 2, repeat=repeat))


def no_examples(chainer, np):
    """Two batches of no examples."""
    it = chainer.iterators.SerialIterator([1, 2], 0)
    return [next(it), next(it)]


def _processes(chainer, dataset, **kwargs):
    return chainer.iterators.MultiprocessIterator(
        dataset, 2, shuffle=False, n_processes=1, dataset_timeout=0.5, **kwargs
    )


def worker(chainer, np, how, at, shared_mem):
    """What is given until something happens; a batch that does not come is a timeout."""
    it = _processes(chainer, Misbehaving(how, at), shared_mem=shared_mem)
    seen = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", it.TimeoutWarning)
            seen.extend(batch for batch, _ in zip(it, range(3), strict=False))
    except it.TimeoutWarning:
        seen.append("timeout")
    except Exception as error:  # noqa: BLE001 -- it is what is asked for
        seen.append([cls.__name__ for cls in type(error).__mro__])
    finally:
        sys.stderr.flush()
        it.finalize()
    return seen


def snapshot_unshuffled(chainer, np):
    """What is saved of an iterator without an order."""
    with _processes(chainer, [1, 2]) as it:
        return sorted(_memory.save(chainer, it))


def copy_unshuffled(chainer, np):
    """Whether the copy of an iterator that does not shuffle does not either."""
    with _processes(chainer, [1, 2]) as it:
        other = copy.copy(it)
        sampler = other.order_sampler
        other.finalize()
    return sampler is None


def after_finalize(chainer, np):
    """The first batch after finalize and reset."""
    it = _processes(chainer, [1, 2])
    next(it)
    it.finalize()
    it.reset()
    batch = next(it)
    it.finalize()
    return batch


def drawn_in_workers(chainer, np):
    """Whether all of the random numbers differ."""
    it = chainer.iterators.MultiprocessIterator(
        Drawing(np), 12, shuffle=False, n_processes=4, shared_mem=1
    )
    drawn = next(it)
    it.finalize()
    return len(set(drawn)) == len(drawn)


def saving_while_running(chainer, np, name):
    """Whether a run that saves goes the way of one that does not."""
    runs = []
    for saves in (False, True):
        np.random.seed(0)
        it = getattr(chainer.iterators, name)(list(range(5)), 2)
        run = []
        for _ in range(10):
            run.append(list(map(int, next(it))))
            if saves:
                _memory.save(chainer, it)
        it.finalize()
        runs.append(run)
    return runs[0] == runs[1]


def zipped_images(chainer, np, index):
    """The sizes of an example, asked for as iterators do and by a negative index."""
    from PIL import Image

    raw = io.BytesIO()
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(raw, "png")
    # A folder of its own: both libraries run at the same time.
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/images.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("image.png", raw.getvalue())
        if index < 0:
            return chainer.datasets.MultiZippedImageDataset([path])[index].shape
        return chainer.datasets.ZippedImageDataset(path)[np.intp(index)].shape


def steps_over_concatenated(chainer, np):
    """Every other row from the end, of two datasets of a row each."""
    tabular = chainer.dataset.tabular
    table = tabular.from_data(("a", [1])).concat(tabular.from_data(("a", [2])))
    return list(table.slice[::-2].fetch())


def no_column(chainer, np):
    """A dataset made of what is no column."""
    return chainer.dataset.tabular.from_data(("a", 5)) is None
