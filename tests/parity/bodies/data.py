"""Iterators, datasets and converters."""

from __future__ import annotations

import copy
import importlib

from tests.parity.bodies import _memory


def _seen(it, batch):
    return [
        batch,
        it.epoch,
        it.epoch_detail,
        it.previous_epoch_detail,
        it.is_new_epoch,
        it.current_position,
    ]


def _run(it, steps):
    seen = []
    for _ in range(steps):
        try:
            batch = list(map(int, next(it)))
        except StopIteration:
            batch = "stop"
        seen.append(_seen(it, batch))
    return seen


def serial(chainer, np, size, batch_size, repeat, shuffle, steps):
    """Every step's batch and numbers, then what NumPy's global stream gives next."""
    it = chainer.iterators.SerialIterator(list(range(size)), batch_size, repeat, shuffle)
    first = _seen(it, None)
    return [first, _run(it, steps), float(np.random.uniform())]


def statemachine(chainer, np, position, epoch, batch_size, repeat, order, size):
    """One move from any state, with a sampler that tells what it was asked."""
    _statemachine = importlib.import_module(f"{chainer.__name__}.iterators._statemachine")
    asked = []

    def sampler(current_order, current_position):
        asked.append([current_order, int(current_position)])
        return current_order[::-1]

    order = None if order is None else np.array(order)
    state = _statemachine.IteratorState(position, epoch, False, order)
    state, indices = _statemachine.iterator_statemachine(state, batch_size, repeat, sampler, size)
    return [*state, indices, asked]


def serial_resumed(chainer, np, size, batch_size, repeat, shuffle, steps, more, drop):
    """Runs, saves, loads into another iterator, runs on; keys in `drop` are missing."""
    it = chainer.iterators.SerialIterator(list(range(size)), batch_size, repeat, shuffle)
    _run(it, steps)
    saved = _memory.save(chainer, it)
    for key in drop:
        saved.pop(key, None)
    if "order" in drop and shuffle:
        saved["_order"] = it._state.order.copy()
    other = chainer.iterators.SerialIterator(list(range(size)), batch_size, repeat, shuffle)
    _memory.load(chainer, saved, other)
    loaded = _seen(other, None)
    return [saved, loaded, _run(other, more)]


def copied(chainer, np, size, batch_size, steps):
    """A copy goes on by itself from where the iterator stands."""
    it = chainer.iterators.SerialIterator(list(range(size)), batch_size)
    _run(it, steps)
    other = copy.copy(it)
    return [_run(other, steps), _run(it, 1), _run(other, 1)]


def multithread(chainer, np, size, batch_size, repeat, shuffle, steps):
    """As `serial`, with a batch loaded ahead."""
    it = chainer.iterators.MultithreadIterator(
        list(range(size)), batch_size, repeat, shuffle, n_threads=2
    )
    first = _seen(it, None)
    seen = [first, _run(it, steps), float(np.random.uniform())]
    it.finalize()
    return seen


def concat(chainer, np, batch, padding):
    """What becomes of a batch."""
    return chainer.dataset.concat_examples(batch, padding=padding)


def subset(chainer, np, size, start, finish, order, index):
    """One example of a part."""
    part = chainer.datasets.SubDataset(list(range(size)), start, finish, order)
    return [len(part), part[index]]


def splits(chainer, np, name, size, number, seed):
    """All the parts that a function makes."""
    dataset = list(range(size))
    parts = getattr(chainer.datasets, name)(dataset, number, seed)
    return [[p[:] for p in part] if isinstance(part, tuple) else part[:] for part in parts]


def combined(chainer, np, name, lengths, index):
    """One or many examples of a combination of datasets."""
    datasets = [[100 * k + i for i in range(length)] for k, length in enumerate(lengths)]
    if name == "DictDataset":
        dataset = chainer.datasets.DictDataset(**{f"d{k}": d for k, d in enumerate(datasets)})
    else:
        dataset = getattr(chainer.datasets, name)(*datasets)
    return [len(dataset), dataset[slice(*index) if isinstance(index, tuple) else index]]
