from __future__ import annotations

import pickle

import pytest

from chainer_compat.errors import MissingObservationError
from chainer_compat.training import Trainer, triggers
from tests.unit.training._doubles import NumbersUpdater, load, saved


def ask_with(trigger, values, start=1, times=1):
    trainer = Trainer(NumbersUpdater())
    answers = []
    for trainer.updater.iteration, value in enumerate(values, start):
        trainer.observation = {} if value is None else {"loss": value}
        answers += [trigger(trainer) for _ in range(times)]
    return answers


def test_min_and_max_compare_strictly_with_the_best_so_far():
    values = [2, 2, 1, 3, 1, 4]
    least, most = (
        kind("loss", (1, "iteration"))
        for kind in (triggers.MinValueTrigger, triggers.MaxValueTrigger)
    )

    assert ask_with(least, values) == [True, False, True, False, False, False]
    assert ask_with(most, values) == [True, False, False, True, False, True]


def test_the_mean_over_the_interval_counts():
    trigger = triggers.MinValueTrigger("loss", (2, "iteration"))

    assert ask_with(trigger, [5, 1, None, 2.5, 1, 5]) == [False, True, False, True, False, False]


def test_own_comparison_is_given_the_best_and_the_new():
    seen = []
    trigger = triggers.BestValueTrigger(
        "loss", lambda best, new: seen.append((best, new)), (1, "iteration")
    )
    ask_with(trigger, [1, 2, 3])

    assert seen == [(1, 2), (1, 3)]


def test_asked_twice_in_an_iteration_it_adds_up_once():
    trigger = triggers.MinValueTrigger("loss", (1, "iteration"))

    assert ask_with(trigger, [2, 3, 1], times=2) == [True, True, False, False, True, True]


def test_a_value_that_never_came_is_an_error_that_names_it():
    trigger = triggers.MinValueTrigger("loss", (1, "iteration"))

    with pytest.raises(
        MissingObservationError, match=r"^MinValueTrigger\('loss', .*higher priority"
    ):
        ask_with(trigger, [None])


def test_state_is_saved_under_chainers_keys():
    trigger = triggers.MinValueTrigger("loss", (2, "iteration"))
    ask_with(trigger, [5, 1, 4])
    content = saved(trigger)
    again = load(triggers.MinValueTrigger("loss", (2, "iteration")), content)

    assert {"best_value", "summary/_names", "interval_trigger/previous_iteration"} <= set(content)
    assert content["best_value"] == 3.0
    assert ask_with(again, [1], start=4) == [True]


def test_state_before_the_first_interval():
    again = load(triggers.MinValueTrigger("loss"), saved(triggers.MinValueTrigger("loss")))

    assert again._best_value is None


def test_interval_may_be_any_callable():
    trigger = triggers.MinValueTrigger("loss", triggers.always)

    assert ask_with(load(trigger, saved(trigger)), [1]) == [True]


@pytest.mark.parametrize("kind", [triggers.MinValueTrigger, triggers.MaxValueTrigger])
def test_can_be_pickled(kind):
    trigger = pickle.loads(pickle.dumps(kind("loss", (1, "iteration"))))

    assert ask_with(trigger, [1, 1]) == [True, False]
