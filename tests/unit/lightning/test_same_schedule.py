"""In Lightning, extensions are called when a Trainer calls them on the same schedule."""

from __future__ import annotations

import tempfile

import hypothesis
import hypothesis.strategies as st
import pytest

import chainer_compat as chainer
from chainer_compat import training
from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import triggers
from tests.unit.lightning._runs import Module, fit, loader


class Numbers:
    """An updater whose numbers are those of batches of a given length and accumulation."""

    def __init__(self, batches, accumulation):
        self.batches, self.accumulation = batches, accumulation
        self.iteration = self.epoch = self.done = 0
        self.epoch_detail = self.previous_epoch_detail = 0.0
        self.is_new_epoch = False

    def update(self):
        self.done = 0 if self.done == self.batches else self.done
        self.done = min(self.done + self.accumulation, self.batches)
        self.iteration += 1
        self.previous_epoch_detail = self.epoch_detail
        self.is_new_epoch = self.done == self.batches
        self.epoch_detail = self.epoch + self.done / self.batches
        self.epoch += self.is_new_epoch

    def get_all_optimizers(self):
        return {}

    def connect_trainer(self, trainer):
        pass

    def finalize(self):
        pass


class Witness(training.Extension):
    """Notes each call, with the numbers and whether a validation is among what it sees."""

    def __init__(self, label, events, trigger, priority):
        self.label, self.events = label, events
        self.trigger, self.priority = trigger, priority

    def __call__(self, trainer):
        updater = trainer.updater
        numbers = updater.iteration, updater.epoch, round(updater.epoch_detail, 9)
        new, before = updater.is_new_epoch, round(updater.previous_epoch_detail, 9)
        self.events.append((self.label, *numbers, new, before, "val" in trainer.observation))

    def initialize(self, trainer):
        self.events.append((self.label, "initialize"))

    def finalize(self):
        self.events.append((self.label, "finalize"))


class Validating(Module):
    def validation_step(self, batch, batch_idx):
        self.log("val", 1.0)


PERIODS = st.one_of(
    st.tuples(st.integers(1, 7), st.just("iteration")),
    st.tuples(st.sampled_from([0.25, 1 / 3, 0.5, 0.75, 1, 1.5, 2]), st.just("epoch")),
)
TRIGGERS = st.one_of(
    PERIODS.map(lambda period: lambda: triggers.IntervalTrigger(*period)),
    st.lists(st.integers(1, 12), min_size=1, max_size=3).map(
        lambda points: lambda: triggers.ManualScheduleTrigger(points, "iteration")
    ),
    st.lists(st.sampled_from([0.5, 1, 1.25, 2]), min_size=1, max_size=2).map(
        lambda points: lambda: triggers.ManualScheduleTrigger(points, "epoch")
    ),
    st.just(triggers.OnceTrigger),
    PERIODS.map(lambda period: lambda: triggers.NotTrigger(triggers.IntervalTrigger(*period))),
)


@st.composite
def schedules(draw):
    accumulation = draw(st.integers(1, 3))
    size, batch_size = draw(st.integers(1, 14)), draw(st.integers(1, 4))
    batches = -(-size // batch_size)
    # Validation behind a batch after which no optimizer steps is the next iteration's.
    marks = list(range(accumulation, batches + 1, accumulation)) or [batches]
    every = draw(st.sampled_from([None, batches, *marks]))
    witnesses = draw(st.lists(st.tuples(TRIGGERS, st.integers(-2, 400)), min_size=1, max_size=4))
    return size, batch_size, batches, accumulation, every, draw(st.integers(1, 3)), witnesses


def witnesses_of(drawn, events):
    return [
        Witness(f"witness {i}", events, make(), priority)
        for i, (make, priority) in enumerate(drawn)
    ]


def in_lightning(out, size, batch_size, accumulation, every, epochs, drawn):
    events = []
    options = {"accumulate_grad_batches": accumulation, "max_epochs": epochs}
    if every is not None:
        options["val_check_interval"] = every
    callback = ChainerCallback(out, witnesses_of(drawn, events))
    val = None if every is None else loader(2)
    fit(callback, Validating("sgd"), loader(size, batch_size), val, **options)
    return events


def in_a_trainer(out, batches, accumulation, every, epochs, drawn):
    events = []
    updater = Numbers(batches, accumulation)
    trainer = training.Trainer(updater, (epochs, "epoch"), out=out)

    def validation(trainer):
        chainer.report({"val": 1.0})

    if every is not None:
        at = lambda t: updater.done % every == 0  # noqa: E731 (short)
        trainer.extend(validation, trigger=at, priority=1000)
    for witness in witnesses_of(drawn, events):
        trainer.extend(witness)
    trainer.run()
    return events


@pytest.mark.slow
@hypothesis.settings(max_examples=60)
@hypothesis.given(schedules())
def test_the_calls_are_those_of_a_trainer(schedule):
    size, batch_size, batches, accumulation, every, epochs, drawn = schedule
    with tempfile.TemporaryDirectory() as out:
        actual = in_lightning(out, size, batch_size, accumulation, every, epochs, drawn)
        expected = in_a_trainer(out, batches, accumulation, every, epochs, drawn)
    assert actual == expected
