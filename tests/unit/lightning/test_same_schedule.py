"""In Lightning, extensions are called when a Trainer calls them on the same schedule."""

from __future__ import annotations

import tempfile

import hypothesis
import hypothesis.strategies as st
import pytest

import chainer_compat as chainer
from chainer_compat import training
from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions, triggers
from tests.unit.lightning._runs import Module, fit, loader
from tests.unit.lightning._scripts import without_time


def value_of(step):
    """Goes up and down, for triggers that look at values."""
    return float(step * 7 % 5)


class Numbers:
    """An updater whose numbers are those of batches of a given length and accumulation."""

    def __init__(self, batches, accumulation):
        self.batches, self.accumulation = batches, accumulation
        self.iteration = self.epoch = self.done = 0
        self.epoch_detail = self.previous_epoch_detail = 0.0
        self.is_new_epoch = False

    def update(self):
        chainer.report({"x": value_of(self.iteration)})
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
    def training_step(self, batch, batch_idx):
        self.log("x", value_of(self.global_step))
        return super().training_step(batch, batch_idx)

    def validation_step(self, batch, batch_idx):
        self.log("val", 1.0)


PERIODS = st.one_of(
    st.tuples(st.integers(1, 7), st.just("iteration")),
    st.tuples(st.sampled_from([0.25, 1 / 3, 0.5, 0.75, 1, 1.5, 2]), st.just("epoch")),
)
SIMPLE_TRIGGERS = st.one_of(
    PERIODS.map(lambda period: lambda: triggers.IntervalTrigger(*period)),
    st.lists(st.integers(1, 12), min_size=1, max_size=3).map(
        lambda points: lambda: triggers.ManualScheduleTrigger(points, "iteration")
    ),
    st.lists(st.sampled_from([0.5, 1, 1.25, 2]), min_size=1, max_size=2).map(
        lambda points: lambda: triggers.ManualScheduleTrigger(points, "epoch")
    ),
    st.booleans().map(lambda again: lambda: triggers.OnceTrigger(call_on_resume=again)),
    st.tuples(st.sampled_from([triggers.MinValueTrigger, triggers.MaxValueTrigger]), PERIODS).map(
        lambda drawn: lambda: drawn[0]("x", drawn[1])
    ),
)
TRIGGERS = st.one_of(
    SIMPLE_TRIGGERS,
    SIMPLE_TRIGGERS.map(lambda make: lambda: ~make()),
    st.tuples(SIMPLE_TRIGGERS, SIMPLE_TRIGGERS).map(lambda two: lambda: two[0]() | two[1]()),
    st.tuples(SIMPLE_TRIGGERS, SIMPLE_TRIGGERS).map(lambda two: lambda: two[0]() & two[1]()),
)
# The trigger, the priority, and whether it is called before the first iteration.
WITNESSES = st.lists(
    st.tuples(TRIGGERS, st.integers(-2, 400), st.booleans()), min_size=1, max_size=4
)


@st.composite
def schedules(draw):
    accumulation = draw(st.integers(1, 3))
    size, batch_size = draw(st.integers(1, 14)), draw(st.integers(1, 4))
    batches = -(-size // batch_size)
    # Validation behind a batch after which no optimizer steps is the next iteration's.
    marks = list(range(accumulation, batches + 1, accumulation)) or [batches]
    every = draw(st.sampled_from([None, batches, *marks]))
    # The one that ends the run, if it is no matter of epochs.
    stop = draw(st.none() | st.integers(1, 2 * batches))
    schedule = size, batch_size, accumulation, every, draw(st.integers(1, 3)), stop
    return schedule, draw(WITNESSES), draw(PERIODS)


def extend(host, drawn, period, events):
    """Registers the witnesses and a LogReport, which it returns."""
    for number, (make, priority, before) in enumerate(drawn):
        witness = Witness(f"witness {number}", events, make(), priority)
        host.extend(witness, call_before_training=before)
    report = extensions.LogReport(["x", "val"], trigger=period, filename=None)
    host.extend(report)
    return report


def in_lightning(out, schedule, drawn, period):
    size, batch_size, accumulation, every, epochs, stop = schedule
    events = []
    options = {"accumulate_grad_batches": accumulation, "max_epochs": epochs}
    if every is not None:
        options["val_check_interval"] = every
    callback = ChainerCallback(out, stop_trigger=stop and (stop, "iteration"))
    report = extend(callback, drawn, period, events)
    val = None if every is None else loader(2)
    fit(callback, Validating("sgd"), loader(size, batch_size), val, **options)
    return events, without_time(report.log)


def in_a_trainer(out, schedule, drawn, period):
    size, batch_size, accumulation, every, epochs, stop = schedule
    events = []
    updater = Numbers(-(-size // batch_size), accumulation)
    ends = lambda _: updater.epoch == epochs or updater.iteration == stop  # noqa: E731 (short)
    trainer = training.Trainer(updater, ends, out=out)

    def validation(trainer):
        chainer.report({"val": 1.0})

    if every is not None:
        at = lambda _: updater.done % every == 0  # noqa: E731 (short)
        trainer.extend(validation, trigger=at, priority=1000)
    report = extend(trainer, drawn, period, events)
    trainer.run()
    return events, without_time(report.log)


@pytest.mark.slow
@hypothesis.settings(max_examples=max(100, hypothesis.settings().max_examples))
@hypothesis.given(schedules())
def test_the_calls_and_the_log_are_those_of_a_trainer(drawn):
    with tempfile.TemporaryDirectory() as out:
        assert in_lightning(out, *drawn) == in_a_trainer(out, *drawn)
