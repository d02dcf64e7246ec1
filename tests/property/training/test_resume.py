"""A run that is resumed goes on exactly as it would have gone on."""

from __future__ import annotations

import tempfile
from operator import gt

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import chainer_compat as chainer
from chainer_compat.iterators import SerialIterator
from chainer_compat.training import Trainer, extensions, triggers
from tests.unit.training._doubles import load, saved

ITERATIONS = 14


class Optimizer:
    """A weight, a learning rate and a momentum; a snapshot holds no learning rate."""

    target = None

    def __init__(self):
        self.lr = 1.0
        self.momentum = 0.0


class Updater:
    """Draws batches and noise from NumPy's stream, and reports a loss."""

    def __init__(self):
        self.iteration = 0
        self.iterator = SerialIterator(range(7), 2)
        self.optimizer = Optimizer()
        self.weight = 0.0

    epoch = property(lambda self: self.iterator.epoch)
    epoch_detail = property(lambda self: self.iterator.epoch_detail)
    previous_epoch_detail = property(lambda self: self.iterator.previous_epoch_detail)
    is_new_epoch = property(lambda self: self.iterator.is_new_epoch)

    def connect_trainer(self, trainer):
        pass

    def get_all_optimizers(self):
        return {}

    def get_optimizer(self, name):
        return self.optimizer

    def update(self):
        batch = next(self.iterator)
        self.weight += self.optimizer.lr * (sum(batch) + np.random.random())
        self.iteration += 1
        loss = np.float32(np.cos(self.weight))
        chainer.report({"loss": loss, "pair": (loss, 2), "hits": self.iteration % 3, "all": 4})

    def finalize(self):
        pass

    def serialize(self, serializer):
        self.iterator.serialize(serializer["iterator"])
        self.weight = serializer("weight", self.weight)
        self.iteration = serializer("iteration", self.iteration)


class Log(extensions.LogReport):
    """The log without the clock, which no run has twice."""

    def _complete_entry(self, trainer):
        super()._complete_entry(trainer)
        del self.log[-1]["elapsed_time"]


intervals = st.sampled_from(
    [(1, "iteration"), (2, "iteration"), (3, "iteration"), (1, "epoch"), (0.4, "epoch")]
)
some_triggers = st.one_of(
    intervals.map(lambda pair: lambda: pair),
    st.lists(st.integers(1, ITERATIONS), min_size=1, max_size=4).map(
        lambda points: lambda: triggers.ManualScheduleTrigger(points, "iteration")
    ),
    intervals.map(lambda pair: lambda: triggers.MinValueTrigger("loss", pair)),
    st.just(triggers.OnceTrigger),
    st.just(lambda: triggers.EarlyStoppingTrigger((1, "iteration"), "loss", patience=2)),
    intervals.map(lambda pair: lambda: triggers.BestValueTrigger("loss", gt, pair)),
    st.tuples(intervals, intervals).map(
        lambda pairs: lambda: ~(triggers.IntervalTrigger(*pairs[0]) & pairs[1])
    ),
    st.just(lambda: triggers.FunctionTrigger(lambda t: t.observation["hits"] == 1, "one hit")),
    st.tuples(intervals, intervals).map(
        lambda pairs: (
            lambda: triggers.AnyTrigger(triggers.MaxValueTrigger("loss", pairs[0]), pairs[1])
        )
    ),
)
shifts = {
    "ExponentialShift": lambda: extensions.ExponentialShift("lr", 0.9),
    "InverseShift": lambda: extensions.InverseShift("lr", 0.1, 0.5, target=0.5),
    "LinearShift": lambda: extensions.LinearShift("momentum", (0.0, 1.0), (2, 9)),
    "PolynomialShift": lambda: extensions.PolynomialShift("lr", 0.7, 12),
    "StepShift": lambda: extensions.StepShift("lr", 0.5, 3),
    "MultistepShift": lambda: extensions.MultistepShift("lr", 0.5, (2, 5, 8), 1.0),
    "WarmupShift": lambda: extensions.WarmupShift("lr", 0.1, 6, 1.0),
}


class Plot(extensions.PlotReport):
    """The points without the picture."""

    def _draw(self, path):
        pass


class Target:
    """Reports what it is given, which a shuffled iterator draws from NumPy's stream."""

    def namedlinks(self, skipself=False):
        yield from ()

    def __call__(self, x):
        chainer.report({"seen": float(x @ [1, 10])}, self)


def evaluator():
    return extensions.Evaluator(SerialIterator(range(4), 2, repeat=False), Target())


CosineAnnealingLR = torch.optim.lr_scheduler.CosineAnnealingLR
ReduceLROnPlateau = torch.optim.lr_scheduler.ReduceLROnPlateau
extras = {
    "MicroAverage": lambda: extensions.MicroAverage("hits", "all", "share", (3, "iteration")),
    "observe_lr": extensions.observe_lr,
    "cosine": lambda: extensions.LRScheduler(lambda o: CosineAnnealingLR(o, 4)),
    "plateau": lambda: extensions.LRScheduler(lambda o: ReduceLROnPlateau(o, patience=1), "loss"),
    "PlotReport": lambda: Plot(["loss", "share"], trigger=(3, "iteration")),
    # Draws from NumPy's stream which of the calls it keeps.
    "VariableStatisticsPlot": lambda: extensions.VariableStatisticsPlot(
        torch.zeros(2), max_sample_size=2, trigger=None
    ),
    "Evaluator": evaluator,
}
plans = st.fixed_dictionaries(
    {
        "shifts": st.lists(st.tuples(st.sampled_from(sorted(shifts)), intervals), max_size=3),
        "extras": st.lists(st.tuples(st.sampled_from(sorted(extras)), intervals), max_size=4),
        "log_trigger": intervals,
        "stop": st.sampled_from(["iterations", "early"]),
        "probes": st.lists(st.tuples(some_triggers, st.integers(-200, 400)), max_size=5),
        "shared": some_triggers,
        "snapshot_priority": st.integers(-200, 400),
        "snapshot_at": st.integers(1, ITERATIONS - 1),
    }
)


def sorted_items(observation):
    return sorted((name, repr(value)) for name, value in observation.items())


def build(plan, out, events):
    stop = triggers.EarlyStoppingTrigger(
        (2, "iteration"), "loss", patience=3, max_trigger=(ITERATIONS, "iteration")
    )
    trainer = Trainer(
        Updater(), stop if plan["stop"] == "early" else (ITERATIONS, "iteration"), out=out
    )
    for shift, trigger in plan["shifts"]:
        trainer.extend(shifts[shift](), trigger=trigger)
    trainer.extend(Log(trigger=plan["log_trigger"], filename=None), name="LogReport")
    for extra, trigger in plan["extras"]:
        trainer.extend(extras[extra](), trigger=trigger, name=extra)
    shared = plan["shared"]()
    probes = [(make(), priority) for make, priority in plan["probes"]]
    for index, (trigger, priority) in enumerate([*probes, (shared, 350), (shared, -150)]):
        trainer.extend(
            lambda t, index=index: events.append(
                (t.updater.iteration, index, t.updater.optimizer.lr, sorted_items(t.observation))
            ),
            name=f"probe{index}",
            trigger=trigger,
            priority=priority,
        )
    return trainer


def plain(content):
    return {key: np.asarray(value).tolist() for key, value in content.items()}


@given(plans)
@settings(max_examples=300)
def test_resumed_run_is_the_run(plan):
    with tempfile.TemporaryDirectory() as out:
        np.random.seed(1)
        events, content, cut = [], {}, []

        def take(trainer):
            content.update(saved(trainer))
            cut.append(len(events))

        whole = build(plan, out, events)
        whole.extend(
            take, trigger=(plan["snapshot_at"], "iteration"), priority=plan["snapshot_priority"]
        )
        # The first snapshot only, so that the run goes on behind it.
        whole._extensions["take"].trigger = triggers.ManualScheduleTrigger(
            plan["snapshot_at"], "iteration"
        )
        whole.run()
        if not content:
            return  # stopped early, before the snapshot

        np.random.seed(2)
        after = []
        resumed = build(plan, out, after)
        load(resumed, content)
        resumed.run()

    assert after == events[cut[0] :]
    assert resumed.get_extension("LogReport").log == whole.get_extension("LogReport").log
    assert (resumed.updater.weight, resumed.updater.optimizer.lr) == (
        whole.updater.weight,
        whole.updater.optimizer.lr,
    )
    assert resumed.updater.iteration == whole.updater.iteration
    for name, entry in resumed._extensions.items():
        if name.startswith(("PlotReport", "VariableStatisticsPlot")):
            assert plain(saved(entry.extension)) == plain(saved(whole.get_extension(name)))


def test_extensions_still_to_come_see_the_observation_of_their_iteration(tmp_path):
    content, seen = {}, []

    def build_one(out):
        trainer = Trainer(Updater(), (3, "iteration"), out=out)
        trainer.extend(lambda t: seen.append(dict(t.observation)), name="reader", priority=-200)
        return trainer

    whole = build_one(tmp_path)
    whole.extend(lambda t: content.update(saved(t)), name="save", trigger=(3, "iteration"))
    whole.run()
    expected = seen.pop()
    seen.clear()
    resumed = build_one(tmp_path)
    load(resumed, content)
    resumed.run()

    assert seen == [expected]
    assert [type(value) for value in seen[0].values()] == [np.float32, tuple, int, int]


@pytest.mark.parametrize("fails", ["extension", "trigger"])
def test_an_extension_that_was_interrupted_is_called_again(tmp_path, fails):
    content, called = {}, []

    class Save:
        name, priority = "save", 0

        def __call__(self, trainer):
            called.append("save")

        def on_error(self, trainer, exc, tb):
            content.update(saved(trainer))

    def interrupt(trainer):
        if not content:
            raise KeyboardInterrupt
        called.append("interrupt")
        return True

    def build_one():
        trainer = Trainer(Updater(), (1, "iteration"), out=tmp_path)
        trainer.extend(lambda t: called.append("first"), name="first", priority=200)
        if fails == "extension":
            trainer.extend(interrupt)
        else:
            trainer.extend(lambda t: None, name="interrupt", trigger=interrupt)
        trainer.extend(Save())
        return trainer

    with pytest.raises(KeyboardInterrupt):
        build_one().run(show_loop_exception_msg=False)
    resumed = build_one()
    load(resumed, content)
    resumed.run()

    assert called == ["first", "interrupt", "save"]
