from __future__ import annotations

import copy
import pickle

import pytest

from chainer_compat.training import triggers
from tests.unit.training._doubles import NumbersUpdater, ask, load, numbers_trainer, saved


def fired(period, unit, iterations, iterations_per_epoch):
    trigger = triggers.IntervalTrigger(period, unit)
    return ask(trigger, range(iterations + 1), iterations_per_epoch)


@pytest.mark.parametrize(
    ("period", "iterations_per_epoch", "epochs", "times"),
    [(0.1, 10, 5, 50), (0.01, 100, 5, 500), (0.1, 938, 5, 50), (1 / 3, 7, 9, 27), (0.7, 9, 7, 10)],
)
def test_fires_once_per_period_of_a_fraction_of_an_epoch(
    period, iterations_per_epoch, epochs, times
):
    picked = fired(period, "epoch", epochs * iterations_per_epoch, iterations_per_epoch)

    assert len(picked) == times


def test_fires_at_the_first_iteration_at_or_past_each_multiple():
    assert fired(3, "iteration", 10, 10) == [3, 6, 9]
    assert fired(1, "epoch", 10, 4) == [4, 8]
    assert fired(0.5, "epoch", 9, 3) == [2, 3, 5, 6, 8, 9]
    assert fired(1.5, "iteration", 6, 10) == [2, 3, 5, 6]


def test_an_iteration_that_passes_several_multiples_fires_once():
    assert fired(0.1, "epoch", 4, 2) == [1, 2, 3, 4]


def test_fires_right_if_it_is_asked_only_now_and_then():
    assert ask(triggers.IntervalTrigger(3, "iteration"), [1, 2, 4, 5, 9, 10, 11]) == [4, 9]


def test_gives_the_same_answer_again_in_the_same_iteration():
    trigger = triggers.IntervalTrigger(2, "iteration")

    assert ask(trigger, [1, 1, 2, 2, 2, 3, 3, 4, 4]) == [2, 2, 2, 4, 4]


def test_two_extensions_can_share_it(tmp_path):
    trainer = numbers_trainer(tmp_path, stop=(4, "iteration"))
    shared, events = triggers.IntervalTrigger(2, "iteration"), []
    for name in "ab":
        trainer.extend(
            lambda t, name=name: events.append(f"{name}{t.updater.iteration}"),
            name=name,
            trigger=shared,
        )
    trainer.run()

    assert events == ["a2", "b2", "a4", "b4"]


@pytest.mark.parametrize(("unit", "count"), [("epoch", 2.0), ("iteration", 0)])
def test_count_is_that_of_epochs(unit, count):
    trigger = triggers.IntervalTrigger(1, unit)
    ask(trigger, range(21), iterations_per_epoch=8)

    assert trigger.count == count


def test_period_and_unit_can_be_changed():
    trigger = triggers.IntervalTrigger(10, "iteration")
    before = ask(trigger, range(1, 8))
    trigger.period = 3
    between = ask(trigger, range(8, 11))
    trigger.unit, trigger.period = "epoch", 1
    after = ask(trigger, range(11, 21))

    assert (before, between, after) == ([], [9], [20])
    assert (trigger.period, trigger.unit) == (1, "epoch")
    assert trigger.get_training_length() == (1, "epoch")


def test_zero_is_an_error_when_it_is_asked():
    trigger = triggers.IntervalTrigger(0, "epoch")

    with pytest.raises(ZeroDivisionError):
        ask(trigger, [1])


def test_unknown_unit_is_an_error():
    with pytest.raises(ValueError, match="'epoch' or 'iteration', not 'hour'"):
        triggers.IntervalTrigger(1, "hour")


def test_needs_no_epoch_if_the_unit_is_iterations():
    class Bare:
        iteration = 0

    class Trainer:
        updater = Bare()

    trigger, answers = triggers.IntervalTrigger(2, "iteration"), []
    for Bare.iteration in range(5):
        answers.append(trigger(Trainer()))

    assert answers == [False, False, True, False, True]
    assert saved(trigger)["previous_epoch_detail"] == 0.0


class TestSavedState:
    @pytest.mark.parametrize("unit", ["iteration", "epoch"])
    def test_is_chainers(self, unit):
        trigger = triggers.IntervalTrigger(5, unit)
        updater = NumbersUpdater(4)
        trainer = _Trainer(updater)
        for updater.iteration in range(8):
            trigger(trainer)
        content = saved(trigger)

        assert (content["previous_iteration"], content["previous_epoch_detail"]) == (7, 1.75)

    def test_answers_again_in_the_iteration_in_which_it_was_saved(self):
        trigger = triggers.IntervalTrigger(5, "iteration")
        ask(trigger, range(6))
        same = load(triggers.IntervalTrigger(5, "iteration"), saved(trigger))
        longer = load(triggers.IntervalTrigger(7, "iteration"), saved(trigger))

        assert ask(same, [5, 6]) == [5]
        assert ask(longer, [5, 6, 7]) == [7]

    def test_a_quiet_answer_stays_quiet(self):
        trigger = triggers.IntervalTrigger(5, "iteration")
        ask(trigger, range(8))

        assert ask(load(triggers.IntervalTrigger(5, "iteration"), saved(trigger)), [7]) == []

    def test_saving_changes_nothing(self):
        trigger = triggers.IntervalTrigger(5, "iteration")
        ask(trigger, range(6))
        first, second = saved(trigger), saved(trigger)

        assert first == second
        assert ask(trigger, [5, 6, 10]) == [5, 10]

    @pytest.mark.parametrize("unit", ["iteration", "epoch"])
    def test_older_file_without_it_is_warned_about_and_guessed(self, unit):
        trigger = triggers.IntervalTrigger(1, unit)
        with pytest.warns(UserWarning, match="previous value of") as caught:
            load(trigger, {})

        assert len(caught) == 2
        assert ask(trigger, [30], iterations_per_epoch=10) == [30]

    def test_iterator_that_had_no_batch_yet_has_no_previous_epoch(self):
        trigger = triggers.IntervalTrigger(1, "epoch")
        with pytest.warns(UserWarning, match="previous value of"):
            load(trigger, {})
        updater = NumbersUpdater(10)
        trainer = _Trainer(updater)
        updater.__class__ = type("U", (NumbersUpdater,), {"previous_epoch_detail": None})

        assert not trigger(trainer)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_go_on_by_themselves(duplicate):
    trigger = triggers.IntervalTrigger(5, "iteration")
    ask(trigger, range(4))

    assert ask(duplicate(trigger), [4, 5]) == [5]
    assert ask(trigger, [4, 5]) == [5]


def test_says_what_it_is():
    trigger = triggers.IntervalTrigger(0.5, "epoch")

    assert (str(trigger), repr(trigger)) == (
        "IntervalTrigger(0.5, 'epoch')",
        "<IntervalTrigger(0.5, 'epoch')>",
    )


class _Trainer:
    def __init__(self, updater):
        self.updater = updater
