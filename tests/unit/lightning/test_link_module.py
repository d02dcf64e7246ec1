"""A Chainer model and its optimizer in a real Lightning trainer."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import training
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.lightning import ChainerCallback, LinkModule
from chainer_compat.training import extensions
from tests.unit.lightning._runs import fit


class Net(chainer.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.l1 = L.Linear(3, 5)
            self.l2 = L.Linear(5, 2)

    def forward(self, x):
        return self.l2(F.tanh(self.l1(x)))


def model_and_optimizer():
    np.random.seed(0)
    model = L.Classifier(Net())
    optimizer = chainer.optimizers.Adam(0.05).setup(model)
    optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(0.01))
    return model, optimizer


def arrays():
    generator = np.random.RandomState(1)
    x = generator.rand(14, 3).astype(np.float32)
    return x, (x.sum(axis=1) > 1.5).astype(np.int32)


def dataset():
    x, t = arrays()
    return torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(t))


def loader():
    return torch.utils.data.DataLoader(dataset(), 4)


def test_it_trains_and_logs_as_a_chainer_trainer_does(tmp_path):
    model, optimizer = model_and_optimizer()
    callback = ChainerCallback(tmp_path / "lightning", [extensions.LogReport()])
    fit(callback, LinkModule(optimizer), loader(), loader(), max_epochs=3)

    other, its_optimizer = model_and_optimizer()
    examples = chainer.datasets.TupleDataset(*arrays())
    # Chainer's iterators do not end an epoch with a smaller batch, unless they do not repeat.
    updater = _Sweeping(examples, its_optimizer)
    trainer = training.Trainer(updater, (3, "epoch"), out=str(tmp_path / "chainer"))
    validation = chainer.iterators.SerialIterator(examples, 4, repeat=False, shuffle=False)
    trainer.extend(extensions.Evaluator(validation, other))
    trainer.extend(extensions.LogReport())
    trainer.run()

    for one, two in zip(model.params(), other.params(), strict=True):
        np.testing.assert_allclose(one.array, two.array, rtol=1e-6)
    log, expected = callback.get_extension("LogReport").log, trainer.get_extension("LogReport").log
    assert len(log) == len(expected) == 3
    for entry, wanted in zip(log, expected, strict=True):
        for name in set(wanted) - {"elapsed_time"}:
            assert entry[name] == pytest.approx(wanted[name], rel=1e-5), name
    assert optimizer.t == its_optimizer.t == 12
    assert optimizer.epoch == 3


class _Sweeping(training.updaters.StandardUpdater):
    """Batches of one epoch never reach into the next one, as in Lightning."""

    def __init__(self, examples, optimizer):
        super().__init__(chainer.iterators.SerialIterator(examples, 4, shuffle=False), optimizer)

    def update_core(self):
        iterator = self.get_iterator("main")
        batch = iterator.next()
        if iterator.is_new_epoch:
            del batch[2:]
            iterator.current_position = 0
        self.get_optimizer("main").update(
            self.get_optimizer("main").target, *self.converter(batch, None)
        )


def test_a_snapshot_has_chainers_keys_and_resumes(tmp_path):
    def run(out, epochs):
        model, optimizer = model_and_optimizer()
        callback = ChainerCallback(out, [extensions.snapshot(autoload=True, filename="last")])
        fit(callback, LinkModule(optimizer), loader(), max_epochs=epochs)
        return [p.array.copy() for p in model.params()]

    whole = run(tmp_path / "whole", 2)
    run(tmp_path / "parts", 1)
    with np.load(tmp_path / "parts" / "last") as file:
        names = set(file.files)
    assert "updater/model:main/predictor/l1/W" in names
    assert "updater/optimizer:main/predictor/l1/W/m" in names
    for one, two in zip(run(tmp_path / "parts", 2), whole, strict=True):
        np.testing.assert_array_equal(one, two)


def test_lightnings_own_checkpoints_carry_the_optimizer(tmp_path):
    def run(epochs, ckpt_path=None):
        model, optimizer = model_and_optimizer()
        trainer = fit([], LinkModule(optimizer), loader(), max_epochs=epochs, ckpt_path=ckpt_path)
        return trainer, [p.array.copy() for p in model.params()], optimizer.t

    _, whole, updates = run(2)
    trainer, _, _ = run(1)
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    _, parts, updates_of_parts = run(2, tmp_path / "last.ckpt")
    assert updates_of_parts == updates
    for one, two in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(one, two)


def test_it_takes_a_loss_function_and_other_batches():
    model, optimizer = model_and_optimizer()
    module = LinkModule(optimizer, loss_func=lambda x, t: F.sum(model.predictor(x)))
    x, t = next(iter(loader()))
    expected = float(model.predictor(x.numpy()).array.sum())
    assert module._observed({"x": x, "t": t})[0].item() == pytest.approx(expected)
    assert module(x, t).ndim == 0


@pytest.mark.parametrize(
    ("optimizer", "error"),
    [(None, TypeError), (chainer.optimizers.SGD(), AttributeError)],
)
def test_what_is_no_optimizer_with_a_model_is_refused(optimizer, error):
    with pytest.raises(error, match=r"set up|target"):
        LinkModule(optimizer)


class TestLoggers:
    def test_the_trainers_own_get_the_entries(self, tmp_path):
        _, optimizer = model_and_optimizer()
        loggers = [CSVLogger(tmp_path), TensorBoardLogger(tmp_path)]
        report = extensions.LogReport(loggers=True)
        fit(
            ChainerCallback(tmp_path / "out", [report]),
            LinkModule(optimizer),
            loader(),
            logger=loggers,
            log_every_n_steps=1000,
        )
        with Path(loggers[0].log_dir, "metrics.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row.get("elapsed_time")]
        assert [int(row["step"]) for row in rows] == [4, 8]
        for row, entry in zip(rows, report.log, strict=True):
            assert float(row["main/loss"]) == pytest.approx(entry["main/loss"])
        assert json.loads((tmp_path / "out" / "log").read_text()) == report.log

        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(loggers[1].log_dir)
        events.Reload()
        scalars = events.Scalars("main/loss")
        assert {event.step for event in scalars} >= {4, 8}

    def test_loggers_of_ones_own_in_a_chainer_trainer(self, tmp_path):
        _, optimizer = model_and_optimizer()
        logger = CSVLogger(tmp_path)
        iterator = chainer.iterators.SerialIterator(
            chainer.datasets.TupleDataset(*arrays()), 7, shuffle=False
        )
        updater = training.updaters.StandardUpdater(iterator, optimizer)
        trainer = training.Trainer(updater, (2, "epoch"), out=str(tmp_path))
        trainer.extend(extensions.LogReport(loggers=logger))
        trainer.run()
        with Path(logger.log_dir, "metrics.csv").open() as file:
            assert [int(row["step"]) for row in csv.DictReader(file)] == [2, 4]

    def test_a_chainer_trainer_has_no_loggers_itself(self, tmp_path):
        _, optimizer = model_and_optimizer()
        iterator = chainer.iterators.SerialIterator(
            chainer.datasets.TupleDataset(*arrays()), 14, shuffle=False
        )
        updater = training.updaters.StandardUpdater(iterator, optimizer)
        trainer = training.Trainer(updater, (1, "epoch"), out=str(tmp_path))
        trainer.extend(extensions.LogReport(loggers=True))
        with pytest.raises(InvalidArgumentError, match="loggers themselves"):
            trainer.run(show_loop_exception_msg=False)
