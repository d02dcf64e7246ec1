from __future__ import annotations

import pytest

from chainer_compat.training import triggers
from tests.unit.training._doubles import ask, load, saved


def test_each_point_fires_once_at_the_first_iteration_at_or_past_it():
    trigger = triggers.ManualScheduleTrigger([7, 2, 2.5, 3], "iteration")

    assert ask(trigger, [0, 1, 2, 3, 4, 9]) == [2, 3, 9]


@pytest.mark.parametrize("points", [0.3, [0.3], (0.3,)])
def test_points_are_a_number_or_several(points):
    assert ask(triggers.ManualScheduleTrigger(points, "epoch"), range(10)) == [3]


def test_fractions_of_epochs_are_exact():
    points = [k / 100 for k in range(1, 1001)]
    trigger = triggers.ManualScheduleTrigger(points, "epoch")

    assert ask(trigger, range(1001), iterations_per_epoch=100) == list(range(1, 1001))


def test_gives_the_same_answer_again_in_the_same_iteration():
    assert ask(triggers.ManualScheduleTrigger(2, "iteration"), [1, 2, 2, 3]) == [2, 2]


def test_zero_never_fires_and_no_points_neither():
    assert ask(triggers.ManualScheduleTrigger([0], "iteration"), range(3)) == []
    assert ask(triggers.ManualScheduleTrigger([], "iteration"), range(3)) == []


def test_is_finished_when_the_last_point_has_fired():
    trigger = triggers.ManualScheduleTrigger([1, 3], "iteration")

    finished = []
    for iteration in range(5):
        ask(trigger, [iteration])
        finished.append(trigger.finished)
    assert finished == [False, False, False, True, True]


def test_points_can_be_replaced():
    trigger = triggers.ManualScheduleTrigger(10, "iteration")
    ask(trigger, range(1, 4))
    trigger.points = [5]

    assert trigger.points == [5]
    assert ask(trigger, range(4, 12)) == [5]


class TestSavedState:
    def test_round_trip(self):
        trigger = triggers.ManualScheduleTrigger([1, 5], "iteration")
        ask(trigger, range(4))
        again = load(triggers.ManualScheduleTrigger([1, 5], "iteration"), saved(trigger))

        assert ask(again, range(4, 8)) == [5]
        assert load(triggers.ManualScheduleTrigger(1, "iteration"), saved(again)).finished

    def test_older_file_is_guessed_about(self):
        trigger = triggers.ManualScheduleTrigger([1, 5], "epoch")
        with pytest.warns(UserWarning, match=r"previous value|finished") as caught:
            load(trigger, {})

        assert len(caught) == 3
        assert not trigger.finished
        assert ask(trigger, [60]) == []
        assert trigger.finished


def test_says_what_it_is():
    assert str(triggers.ManualScheduleTrigger([1, 5], "epoch")) == (
        "ManualScheduleTrigger([1, 5], 'epoch')"
    )
