from __future__ import annotations

import copy
import io
import itertools

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat.errors import IteratorError
from chainer_compat.iterators import SerialIterator
from chainer_compat.training import extensions
from tests.unit.training._doubles import numbers_trainer
from tests.unit.training.extensions._terminal import Terminal


class Model:
    """Has what a Link has; reports the mean of what it is given."""

    def __init__(self):
        self.seen = []

    def namedlinks(self, skipself=False):
        yield from ()

    def __call__(self, *args, **kwargs):
        self.seen.append((args, kwargs))
        flags = chainer.config.train, chainer.config.enable_backprop, torch.is_grad_enabled()
        assert flags == (False, False, False)
        value = np.mean(args[0] if args else kwargs["x"])
        chainer.report({"loss": value}, self)


def evaluator(data, model=None, **kwargs):
    iterator = SerialIterator(data, 2, repeat=False, shuffle=False)
    return extensions.Evaluator(iterator, model or Model(), **kwargs)


DATA = [np.float32(i) for i in range(4)]


def test_defaults():
    made = evaluator(DATA)

    assert (made.trigger, made.priority, made.default_name, made.name) == (
        *((1, "epoch"), 300),
        *("validation", None),
    )
    assert (made.device, made.eval_hook, made.eval_func) == (None, None, None)


def test_called_by_itself_it_returns_the_means():
    assert evaluator(DATA)() == {"main/loss": 1.5}
    assert chainer.config.train


def test_means_are_reported_under_the_extensions_name(tmp_path):
    trainer = numbers_trainer(tmp_path, stop=(1, "iteration"))
    for name in (None, None, "test"):
        trainer.extend(evaluator(DATA), name=name, trigger=(1, "iteration"))
    own = evaluator(DATA)
    own.default_name = "dev"
    trainer.extend(own, trigger=(1, "iteration"))
    trainer.run()

    assert sorted(trainer.observation) == [
        "dev/main/loss",
        "test/main/loss",
        "validation/main/loss",
        "validation_1/main/loss",
    ]


@pytest.mark.parametrize(
    ("batch", "args", "kwargs"),
    [
        ([(1, 2), (3, 4)], [[1, 3], [2, 4]], {}),
        ([{"x": 1}, {"x": 3}], [], {"x": [1, 3]}),
        ([1, 3], [[1, 3]], {}),
    ],
)
def test_arrays_are_passed_as_they_are_converted(batch, args, kwargs):
    model = Model()
    evaluator(batch, model)()

    ((given, named),) = model.seen
    assert [array.tolist() for array in given] == args
    assert {name: array.tolist() for name, array in named.items()} == kwargs


def test_function_and_hook_take_the_place_of_the_model():
    events = []
    made = evaluator(
        DATA,
        eval_func=lambda x: events.append(x.tolist()),
        eval_hook=lambda e: events.append(e.get_target("main")),
    )
    made()

    assert events == [made.get_all_targets()["main"], [0, 1], [2, 3]]


def test_converter_gets_the_device_as_chainer_gave_it():
    devices = []

    def convert(batch, device):
        devices.append(device)
        return np.array(batch)

    for device in (None, -1, "@numpy"):
        evaluator(DATA[:1], converter=convert, device=device)()

    assert devices == [None, -1, -1]


def test_iterators_and_targets_have_names():
    iterators = {"main": SerialIterator(DATA, 1, repeat=False), "more": object()}
    targets = {"main": Model(), "other": Model()}
    made = extensions.Evaluator(iterators, targets)

    assert made._iterators is iterators
    assert made._targets is targets
    assert made.get_iterator("more") is iterators["more"]
    assert made.get_all_iterators() == iterators
    assert made.get_all_iterators() is not iterators


def test_iterator_is_rewound_for_every_sweep_and_finalized_at_the_end(tmp_path):
    class Iterator(SerialIterator):
        finalized = 0

        def finalize(self):
            self.finalized += 1

    iterator = Iterator(DATA, 2, repeat=False, shuffle=False)
    trainer = numbers_trainer(tmp_path, stop=(2, "iteration"))
    trainer.extend(extensions.Evaluator(iterator, Model()), trigger=(1, "iteration"))
    results = []
    trainer.extend(lambda t: results.append(t.observation["validation/main/loss"]), name="look")
    trainer.run()

    assert results == [1.5, 1.5]
    assert iterator.finalized == 1


class Minimal:
    """An iterator with nothing but `__next__`."""

    def __init__(self):
        self.left = 2

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        self.left -= 1
        return [np.float32(self.left)]


def test_iterator_without_reset_is_copied(tmp_path):
    iterator = Minimal()
    made = extensions.Evaluator(iterator, Model())
    with pytest.warns(DeprecationWarning, match="Minimal has no reset"):
        results = made(), made()
    made.finalize()

    assert results == ({"main/loss": 0.5}, {"main/loss": 0.5})
    assert iterator.left == 2


def test_iterator_that_repeats_is_an_error_when_the_sweep_starts():
    made = extensions.Evaluator(SerialIterator(DATA, 2), Model())

    with pytest.raises(IteratorError, match="repeat=False"):
        made()
    assert made.get_target("main").seen == []
    assert chainer.config.train


def test_a_sweep_of_ones_own_may_use_one_that_repeats():
    class Own(extensions.Evaluator):
        def evaluate(self):
            return {"one": len(next(self.get_iterator("main")))}

    assert Own(SerialIterator(DATA, 2), Model())() == {"one": 2}


class TestTorchModule:
    def test_is_in_evaluation_mode_and_as_it_was_afterwards(self):
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.frozen = torch.nn.Dropout()
                self.inner = torch.nn.Linear(1, 1)

            def forward(self, x):
                assert not any(module.training for module in self.modules())
                assert not torch.is_grad_enabled()
                chainer.report({"x": self.inner(x).sum()}, self.inner)

        net = Net()
        net.frozen.eval()
        result = evaluator([np.ones(1, np.float32)], net)()

        assert list(result) == ["main/inner/x"]
        assert [net.training, net.frozen.training, net.inner.training] == [True, False, True]

    @pytest.mark.parametrize(
        "example", [(np.ones(2, np.float32), "text"), {"x": np.ones(2, np.float32), "y": None}]
    )
    def test_gets_tensors_where_there_are_arrays(self, example):
        class Net(torch.nn.Module):
            def forward(self, x, text=None, y=None):
                chainer.report({"sum": x.sum(), "rest": len(str(text or y))}, self)

        result = evaluator([example], Net(), converter=lambda batch, device: batch[0])()
        assert result == {"main/sum": 2.0, "main/rest": 4.0}

    def test_mode_is_put_back_after_an_error(self):
        def fail(*args):
            raise ValueError("bad")

        net = torch.nn.Linear(1, 1)
        with pytest.raises(ValueError, match="bad"):
            evaluator(DATA, net, eval_func=fail)()

        assert net.training
        assert chainer.config.train


def test_loader_is_an_iterator_that_does_not_repeat():
    class Net(torch.nn.Module):
        def forward(self, x):
            chainer.report({"loss": x.mean()}, self)

    loader = torch.utils.data.DataLoader(torch.arange(4.0), 3)
    made = extensions.Evaluator(loader, Net())

    assert [made(), made()] == [{"main/loss": 2.0}] * 2  # the mean of 1 and 3
    assert made.get_iterator("main").loader is loader


class TestProgressBar:
    def test_shows_the_sweep(self, monkeypatch):
        terminal = Terminal()
        monkeypatch.setattr("sys.stdout", terminal)
        iterator = SerialIterator(DATA, 2, repeat=False, shuffle=False)
        clock = itertools.count().__next__
        monkeypatch.setattr("chainer_compat.training.extensions._console.time.time", clock)
        extensions.Evaluator(iterator, Model(), progress_bar=True)()

        first, second, end = terminal.getvalue().split("\033[J")[1:]
        bar = "#" * 25 + "." * 25
        assert first.splitlines() == [
            f"validation [{bar}] 50.00%",
            "         2 / 4 iterations",
            "         2 iters/sec. Estimated time to finish: 0:00:01.",
            "\033[3A",
        ]
        assert second.splitlines() == [
            f"validation [{'#' * 50}] 100.00%",
            "         4 / 4 iterations",
            "         2 iters/sec. Estimated time to finish: 0:00:00.",
            "\033[3A",
        ]
        assert end == ""

    def test_size_may_be_unknown(self, monkeypatch):
        class Iterator(Minimal):
            current_position = 3
            epoch_detail = 0.5

            def reset(self):
                pass

        monkeypatch.setattr("sys.stdout", io.StringIO())
        extensions.Evaluator(Iterator(), Model(), progress_bar=True)()
        import sys

        assert "         3 iterations".strip() in sys.stdout.getvalue()

    def test_needs_an_iterator_that_knows_its_position(self):
        class Iterator(Minimal):
            def reset(self):
                pass

        with pytest.raises(TypeError, match="current_position"):
            extensions.Evaluator(Iterator(), Model(), progress_bar=True)()


def test_can_be_copied():
    assert copy.copy(evaluator(DATA))() == {"main/loss": 1.5}
