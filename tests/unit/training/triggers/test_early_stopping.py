from __future__ import annotations

import pytest

from chainer_compat.training import Trainer, triggers
from tests.unit.training._doubles import NumbersUpdater, load, saved


def stop_at(trigger, values, key="main/loss", start=0):
    """The iteration at which it stops, asked as a trainer asks; None if it does not."""
    trainer = Trainer(NumbersUpdater())
    for trainer.updater.iteration, value in enumerate(values, start):
        trainer.observation = {} if value is None else {key: value}
        if trigger(trainer):
            return trainer.updater.iteration
    return None


def make(**kwargs):
    return triggers.EarlyStoppingTrigger((1, "iteration"), **kwargs)


def test_stops_after_so_many_intervals_without_improvement():
    assert stop_at(make(patience=2), [None, 5, 4, 4, 3, 3, 4]) == 6
    assert stop_at(make(), [None, 5, 4, 4, 4, 4]) == 5


@pytest.mark.parametrize(
    ("mode", "monitor", "best"),
    [
        ("auto", "main/loss", float("inf")),
        ("auto", "main/accuracy", float("-inf")),
        ("min", "main/accuracy", float("inf")),
        ("max", "main/loss", float("-inf")),
    ],
)
def test_mode_says_what_is_better(mode, monitor, best):
    assert make(mode=mode, monitor=monitor).best == best


def test_means_over_the_interval_count():
    trigger = triggers.EarlyStoppingTrigger((2, "iteration"), patience=1)

    assert stop_at(trigger, [None, 1, 9, 8, 1, 0, 8]) is None
    assert (trigger.best, trigger.count) == (4.0, 0)


def test_stops_at_the_longest_time_in_any_case():
    trigger = make(max_trigger=(3, "iteration"))

    assert stop_at(trigger, [None, 5, 4, 3, 2]) == 3
    assert trigger.get_training_length() == (3, "iteration")


def test_a_missing_value_is_warned_about_and_does_not_count():
    trigger = make(patience=1)
    with pytest.warns(UserWarning, match="main/loss is not in observation"):
        assert stop_at(trigger, [None, None]) is None

    assert trigger.count == 0


def test_asked_twice_in_an_iteration_it_counts_once():
    trigger = make(patience=2)

    assert stop_at(trigger, [None, 1, 2], start=0) is None
    assert stop_at(trigger, [2], start=2) is None
    assert stop_at(trigger, [2], start=3) == 3
    assert stop_at(trigger, [2], start=3) == 3


def test_patients_is_an_older_name():
    assert make(patients=7).patience == 7
    with pytest.raises(TypeError, match="two names of one argument"):
        make(patience=1, patients=1)
    with pytest.raises(TypeError, match="'patient'"):
        make(patient=1)


def test_verbose_tells_what_it_does(capsys):
    stop_at(make(patience=1, verbose=True), [None, 1, 2])
    make(mode="max", verbose=True)

    assert capsys.readouterr().out.splitlines() == [
        "early stopping: operator is less",
        "Epoch 0: early stopping",
        "early stopping: operator is greater",
    ]


class TestSavedState:
    @pytest.mark.parametrize("cut", range(1, 8))
    def test_a_resumed_run_stops_where_it_would_have(self, cut):
        values = [None, 5, 4, 4.5, 3, 3.5, 3.2, 3.1]
        first = triggers.EarlyStoppingTrigger((1, "iteration"), patience=3)
        stop_at(first, values[:cut])
        again = load(triggers.EarlyStoppingTrigger((1, "iteration"), patience=3), saved(first))

        # The snapshot was taken in the iteration of the last question: it is asked once more.
        assert stop_at(again, values[cut - 1 :], start=cut - 1) == 7

    def test_limits_may_be_raised(self):
        first = make(patience=1, max_trigger=(2, "iteration"))
        assert stop_at(first, [None, 5, 4]) == 2
        longer = load(make(patience=1, max_trigger=(9, "iteration")), saved(first))
        assert stop_at(longer, [4, 3, 3], start=2) == 4

    def test_a_file_of_chainers_leaves_it_as_it_is(self):
        trigger = load(make(patience=1), {})

        assert stop_at(trigger, [None, 1, 1]) == 2


def test_says_what_it_is():
    assert str(triggers.EarlyStoppingTrigger()) == (
        "EarlyStoppingTrigger(IntervalTrigger(1, 'epoch'), 'main/loss', patience=3, "
        "max_trigger=IntervalTrigger(100, 'epoch'))"
    )
