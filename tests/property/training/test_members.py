"""What holds for every trigger and every extension of the package."""

from __future__ import annotations

import pickle
from operator import lt

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainer_compat as chainer
from chainer_compat import serializers
from chainer_compat.iterators import SerialIterator
from chainer_compat.training import extensions, triggers
from tests.unit.training._doubles import load, numbers_trainer, saved

NET = torch.nn.Linear(2, 2)

# Those that Chainer pickles are module-level by what they hold; a lambda of the user's is not.
TRIGGERS = {
    "AllTrigger": lambda: triggers.AllTrigger((2, "iteration"), (1, "epoch")),
    "AnyTrigger": lambda: triggers.AnyTrigger((2, "iteration"), triggers.OnceTrigger()),
    "BestValueTrigger": lambda: triggers.BestValueTrigger("loss", lt, (2, "iteration")),
    "EarlyStoppingTrigger": lambda: triggers.EarlyStoppingTrigger((2, "iteration"), "loss"),
    "FunctionTrigger": lambda: triggers.FunctionTrigger(triggers.always),
    "IntervalTrigger": lambda: triggers.IntervalTrigger(0.3, "epoch"),
    "ManualScheduleTrigger": lambda: triggers.ManualScheduleTrigger([2, 5], "iteration"),
    "MaxValueTrigger": lambda: triggers.MaxValueTrigger("loss", (1, "iteration")),
    "MinValueTrigger": lambda: triggers.MinValueTrigger("loss", (3, "iteration")),
    "NotTrigger": lambda: triggers.NotTrigger((2, "iteration")),
    "OnceTrigger": lambda: triggers.OnceTrigger(call_on_resume=True),
    "SignalTrigger": lambda: triggers.SignalTrigger("SIGUSR2"),
    "TimeTrigger": lambda: triggers.TimeTrigger(1e-9),
}


def _evaluator():
    return extensions.Evaluator(SerialIterator([np.ones(2, np.float32)], 1, repeat=False), NET)


def _iteration(trainer):
    return trainer.updater.iteration


EXTENSIONS = {
    "DumpGraph": lambda: extensions.DumpGraph("loss"),
    "Evaluator": _evaluator,
    "ExponentialShift": lambda: extensions.ExponentialShift("lr", 0.5),
    "FailOnNonNumber": extensions.FailOnNonNumber,
    "InverseShift": lambda: extensions.InverseShift("lr", 0.5, 1),
    "LRScheduler": lambda: extensions.LRScheduler(torch.optim.lr_scheduler.ConstantLR),
    "LinearShift": lambda: extensions.LinearShift("lr", (1, 2), (3, 4)),
    "LogReport": lambda: extensions.LogReport(trigger=(2, "iteration")),
    "MicroAverage": lambda: extensions.MicroAverage("loss", "one", "ratio"),
    "MultistepShift": lambda: extensions.MultistepShift("lr", 0.5, (1, 2), 1.0),
    "ParameterStatistics": lambda: extensions.ParameterStatistics(
        NET, {"mean": np.mean}, report_grads=False
    ),
    "PlotReport": lambda: extensions.PlotReport(["loss"], trigger=(2, "iteration")),
    "PolynomialShift": lambda: extensions.PolynomialShift("lr", 0.5, 10),
    "PrintReport": lambda: extensions.PrintReport(["loss"]),
    "ProfileReport": lambda: extensions.ProfileReport("profile"),
    "ProgressBar": lambda: extensions.ProgressBar(update_interval=2),
    "StepShift": lambda: extensions.StepShift("lr", 0.5, 2),
    "VariableStatisticsPlot": lambda: extensions.VariableStatisticsPlot(
        NET, max_sample_size=10, trigger=(2, "iteration")
    ),
    "WarmupShift": lambda: extensions.WarmupShift("lr", 0.1, 5, 1.0),
    "observe_lr": extensions.observe_lr,
    "observe_value": lambda: extensions.observe_value("iteration", _iteration),
    "snapshot": lambda: extensions.snapshot(n_retains=1),
    "snapshot_object": lambda: extensions.snapshot_object(SerialIterator([1], 1), "it"),
    "unchain_variables": extensions.unchain_variables,
}


class Optimizer:
    lr = 1.0


def test_every_member_is_here():
    functions = {"always", "get_trigger", "never"}

    assert set(TRIGGERS) == set(triggers.__all__) - functions - {"Trigger"}
    assert set(EXTENSIONS) == set(extensions.__all__) - {"dump_graph", "snapshot_writers"}


@pytest.fixture(params=[*TRIGGERS, *EXTENSIONS])
def make(request):
    return TRIGGERS.get(request.param) or EXTENSIONS[request.param]


@pytest.fixture(autouse=True)
def _signals():
    import signal

    before = signal.getsignal(signal.SIGUSR2)
    yield
    signal.signal(signal.SIGUSR2, before)


def used(out, member):
    """The member after a few iterations."""
    trainer = numbers_trainer(
        out,
        stop=(5, "iteration"),
        report=lambda i: chainer.report({"loss": 1 / i, "one": 1}),
    )
    trainer.updater.get_optimizer = {"main": Optimizer()}.__getitem__
    if isinstance(member, triggers.Trigger):
        trainer.extend(lambda t: None, name="probe", trigger=member)
        if isinstance(member, triggers.EarlyStoppingTrigger):
            trainer.stop_trigger = triggers.AnyTrigger(trainer.stop_trigger, member)
    elif isinstance(member, extensions.DumpGraph):
        pass  # needs a graph: its state is the same before and after
    else:
        trainer.extend(member)
        trainer.extend(extensions.LogReport(filename=None), name="LogReport")
    trainer.run()
    return member


def plain(content):
    return {
        key: None if value is None else np.asarray(value).tolist() for key, value in content.items()
    }


def state(member):
    """What it saves; members without state save nothing."""
    return plain(saved(member)) if hasattr(member, "serialize") else {}


def test_says_what_it_is(make):
    member = make()

    assert type(member).__name__ in repr(member)
    assert type(member).__name__ in str(member)
    assert " object at 0x" not in repr(member) + str(member)


def _answers(trigger, times, words):
    """What it says in each iteration, asked so many times; by the words it is saved and loaded."""
    trainer = numbers_trainer("", iterations_per_epoch=3)
    trainer._start_at = 0.0
    for word in words:
        trainer.updater.iteration += 1
        loss = np.float32(np.cos(trainer.updater.iteration))
        trainer.observation = {"loss": loss, "main/loss": loss}
        answers = []
        for time in range(times):
            if word == "between" and time:
                trigger = load(pickle.loads(pickle.dumps(trigger)), saved(trigger))
            answers.append(trigger(trainer))
        yield answers


WORDS = st.lists(st.sampled_from(["ask", "between"]), min_size=1, max_size=20)


@pytest.mark.parametrize("name", TRIGGERS)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS)
def test_trigger_that_is_asked_again_in_an_iteration_says_the_same(name, words):
    asked_once = [answer for (answer,) in _answers(TRIGGERS[name](), 1, words)]
    asked_thrice = list(_answers(TRIGGERS[name](), 3, words))

    assert asked_thrice == [[answer] * 3 for answer in asked_once]


@pytest.mark.parametrize("name", TRIGGERS)
def test_extensions_that_share_a_trigger_are_called_together(name, tmp_path):
    trainer = numbers_trainer(
        tmp_path, stop=(12, "iteration"), report=lambda i: chainer.report({"loss": np.cos(i)})
    )
    trigger, called = TRIGGERS[name](), {"first": [], "second": []}
    for label, calls in called.items():
        trainer.extend(
            lambda t, calls=calls: calls.append(t.updater.iteration), name=label, trigger=trigger
        )
    trainer.run()

    assert called["second"] == called["first"]
    assert called["first"] or name in {"EarlyStoppingTrigger", "SignalTrigger"}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_extension_states_its_priority_and_its_name(name):
    extension = EXTENSIONS[name]()

    assert type(extension.priority) is int
    assert type(extension.default_name) is str
    assert extension.name is None
    assert extension.trigger is not None


def test_state_survives_a_dictionary(make, tmp_path):
    member = used(tmp_path, make())
    again = make()
    if hasattr(again, "serialize"):
        load(again, saved(member))

    assert state(again) == state(member)


@pytest.mark.parametrize("form", ["npz", "hdf5"])
def test_state_survives_a_file(make, form, tmp_path):
    member = used(tmp_path, make())
    if not hasattr(member, "serialize"):
        return
    path = str(tmp_path / "state")
    getattr(serializers, f"save_{form}")(path, member)
    again = make()
    getattr(serializers, f"load_{form}")(path, again)

    assert state(again) == state(member)


def test_can_be_pickled_with_its_state(make, tmp_path):
    member = used(tmp_path, make())
    again = pickle.loads(pickle.dumps(member))

    if not isinstance(member, triggers.SignalTrigger):  # a copy of it waits for signals anew
        assert state(again) == state(member)
