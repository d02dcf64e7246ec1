"""Between two marks the runner asks nobody, and nobody can tell."""

from __future__ import annotations

import pickle
import tempfile

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import training
from chainer_compat.training import _runner, extensions, triggers
from tests.unit.training._doubles import load, numbers_trainer, run_quietly, saved


@pytest.fixture(params=[True, False], ids=["lulls", "each one asked"])
def lulls(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(_runner, "may_have_lulls", lambda entries: False)
    return request.param


class Witness(training.Extension):
    """Notes its calls, and what the trainer would save at an error."""

    def __init__(self, trigger, label="witness"):
        self.trigger, self.name = trigger, label
        self.events = []

    def __call__(self, trainer):
        self.events.append((self.name, trainer.updater.iteration, state_of(trainer)))

    def on_error(self, trainer, exc, tb):
        self.events.append(("error", str(exc), state_of(trainer)))


def state_of(trainer):
    state = saved(trainer)
    state.pop("_snapshot_elapsed_time")
    logs = [key for key in state if key.endswith("/_log")]
    texts = {key: str(state.pop(key)).count("iteration") for key in logs}
    return {key: np.asarray(value).tolist() for key, value in state.items()} | texts


intervals = st.tuples(st.sampled_from([1, 2, 3, 7, 20]), st.just("iteration")) | st.tuples(
    st.sampled_from([0.3, 0.5, 1, 2]), st.just("epoch")
)
marks = st.lists(st.integers(1, 40), min_size=1, max_size=3).map(
    lambda points: triggers.ManualScheduleTrigger(points, "iteration")
)
reports = st.builds(
    lambda trigger, keys: lambda: extensions.LogReport(keys, trigger, filename=None),
    intervals,
    st.sampled_from([None, ["x"], ["missing"]]),
)
tables = st.just(lambda: extensions.PrintReport(["epoch", "x"]))
witnesses = st.builds(lambda trigger: lambda: Witness(trigger), intervals)


def run(makers, length, looks, breaks_in, *, lulls, iterations=45):
    events = []

    def report(iteration):
        if iteration in looks:
            events.append(("look", state_of(trainer)))
        x = (1.0,) if iteration == breaks_in else iteration * 7 % 5 / 3
        chainer.report({"x": x, "y": 1.0})

    with tempfile.TemporaryDirectory() as out, pytest.MonkeyPatch.context() as patch:
        if not lulls:
            patch.setattr(_runner, "may_have_lulls", lambda entries: False)
        trainer = numbers_trainer(out, (iterations, "iteration"), length, report)
        trainer.extend(extensions.LogReport(filename=None))
        made = [make() for make in makers]
        for extension in made:
            trainer.extend(extension)
        witness = Witness((1000, "epoch"), "last")
        trainer.extend(witness)
        run_quietly(trainer, ValueError)
        events += [event for w in [*made, witness] for event in getattr(w, "events", ())]
        return [*events, trainer.updater.iteration, state_of(trainer)]


@hypothesis.given(
    st.lists(reports | tables | witnesses, max_size=4),
    st.sampled_from([3, 10, 64]),
    st.sets(st.integers(1, 45), max_size=4),
    st.none() | st.integers(1, 45),
)
@hypothesis.settings(deadline=None)
def test_calls_and_states_are_those_of_triggers_that_are_asked_each_time(
    makers, length, looks, breaks_in
):
    expected = run(makers, length, looks, breaks_in, lulls=False)

    assert run(makers, length, looks, breaks_in, lulls=True) == expected


@hypothesis.given(
    st.lists(reports | tables | witnesses, max_size=4),
    st.sampled_from([3, 10, 64, 150]),
    st.sets(st.integers(1, 150), max_size=4),
    st.sets(st.integers(1, 150)),
)
@hypothesis.settings(deadline=None)
def test_what_is_added_up_later_is_added_up_before_anyone_looks(makers, length, looks, at_once):
    expected = run(makers, length, looks, None, lulls=False, iterations=150)
    original = _runner.ExtensionRunner.run

    def run_keeping(self, trainer, *entries):
        original(self, trainer, *entries, may_keep=trainer.updater.iteration not in at_once)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_runner.ExtensionRunner, "run", run_keeping)
        found = run(makers, length, looks, None, lulls=True, iterations=150)

    assert found == expected


def count_questions(monkeypatch):
    questions = []
    original = triggers.IntervalTrigger.__call__

    def asked(self, trainer):
        questions.append(trainer.updater.iteration)
        return original(self, trainer)

    monkeypatch.setattr(triggers.IntervalTrigger, "__call__", asked)
    return questions


def test_triggers_are_asked_around_their_marks_only(tmp_path, monkeypatch):
    questions = count_questions(monkeypatch)
    trainer = numbers_trainer(tmp_path, lambda t: t.updater.iteration >= 200, 100)
    trainer.extend(extensions.LogReport())
    trainer.extend(extensions.PrintReport(["epoch"]))
    trainer.extend(extensions.snapshot(), trigger=(2, "epoch"))
    trainer.run()

    assert set(questions) == {1, 100, 200}


def test_an_extension_of_ones_own_is_called_in_every_iteration(tmp_path):
    trainer = numbers_trainer(tmp_path, (20, "iteration"), 10)
    called = []
    trainer.extend(extensions.LogReport())
    trainer.extend(lambda t: called.append(t.updater.iteration), "own", (1, "iteration"))
    trainer.run()

    assert called == list(range(1, 21))


def test_a_report_with_calls_of_its_own_is_called_in_every_iteration(tmp_path):
    class Report(extensions.LogReport):
        calls = 0

        def __call__(self, trainer):
            self.calls += 1
            super().__call__(trainer)

    trainer = numbers_trainer(tmp_path, (20, "iteration"), 10)
    report = Report()
    trainer.extend(report)
    trainer.run()

    assert report.calls == 20


def test_a_profile_counts_the_calls_of_every_iteration(tmp_path):
    trainer = numbers_trainer(tmp_path, (20, "iteration"), 10)
    profile = extensions.ProfileReport(out=None, filename="profile")
    trainer.extend(profile, trigger=(20, "iteration"))
    trainer.extend(extensions.LogReport())
    trainer.run()

    assert profile.calls["extension LogReport"] == 20


@pytest.mark.usefixtures("lulls")
def test_a_period_that_is_changed_between_two_marks_holds_at_once(tmp_path):
    trigger = triggers.IntervalTrigger(30, "iteration")

    def report(iteration):
        if iteration == 11:
            trigger.period = 4

    trainer = numbers_trainer(tmp_path, (20, "iteration"), 10, report)
    witness = Witness(trigger)
    trainer.extend(witness)
    trainer.run()

    assert [iteration for _, iteration, _ in witness.events] == [12, 16, 20]


@pytest.mark.usefixtures("lulls")
def test_a_trigger_that_is_replaced_between_two_marks_is_asked_at_once(tmp_path):
    def report(iteration):
        if iteration == 11:
            trainer._extensions["witness"].trigger = triggers.IntervalTrigger(4, "iteration")

    trainer = numbers_trainer(tmp_path, (20, "iteration"), 10, report)
    witness = Witness((30, "iteration"))
    trainer.extend(witness)
    trainer.run()

    assert [iteration for _, iteration, _ in witness.events] == [11, 12, 16, 20]


@pytest.mark.usefixtures("lulls")
def test_a_trigger_of_the_runs_answers_others_as_ever(tmp_path):
    trigger = triggers.IntervalTrigger(1, "iteration")
    report = extensions.LogReport(filename=None)
    report.trigger = trigger
    answers = {}

    def look(iteration):
        if iteration in (9, 15):
            answers[iteration] = trigger(trainer), saved(trigger)["before_iteration"]

    trainer = numbers_trainer(tmp_path, (20, "iteration"), 100, look)
    trainer.extend(report)
    trainer.run()

    # Between two iterations, the question about the last one is repeated.
    assert answers == {9: (True, 7.0), 15: (True, 13.0)}


@pytest.mark.usefixtures("lulls")
def test_a_pickled_trigger_knows_where_it_would_have_been_asked(tmp_path):
    trigger = triggers.IntervalTrigger(30, "iteration")
    copies = []

    def report(iteration):
        if iteration == 12:
            copies.append(pickle.loads(pickle.dumps(trigger)))

    trainer = numbers_trainer(tmp_path, (15, "iteration"), 10, report)
    trainer.extend(Witness(trigger))
    trainer.run()

    assert saved(copies[0])["previous_iteration"] == 11


@pytest.mark.usefixtures("lulls")
def test_a_state_that_is_loaded_between_two_marks_holds_at_once(tmp_path):
    def report(iteration):
        if iteration == 12 and not loaded:
            loaded.append(True)
            load(trainer, state)

    loaded = [True]
    trainer = numbers_trainer(tmp_path / "a", (9, "iteration"), 10, report)
    trainer.extend(Witness((5, "iteration")))
    trainer.run()
    state = saved(trainer)

    loaded = []
    trainer = numbers_trainer(tmp_path / "b", (20, "iteration"), 10, report)
    witness = Witness((5, "iteration"))
    trainer.extend(witness)
    trainer.run()

    assert [i for _, i, _ in witness.events] == [5, 10, 10, 15, 20]
