"""Interval triggers fire once per period, exactly, for any data set, batch size and period."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from hypothesis import example, given
from hypothesis import strategies as st

from chainer_compat.iterators import SerialIterator
from chainer_compat.training import Trainer, triggers
from tests.parity._examples import examples
from tests.unit.training._doubles import NumbersUpdater, load, saved


class IteratorUpdater(NumbersUpdater):
    """Counts epochs as an iterator does."""

    def __init__(self, size, batch_size):
        super().__init__()
        self.iterator = SerialIterator(range(size), batch_size, shuffle=False)

    @property
    def epoch_detail(self):
        return self.iterator.epoch_detail

    def update(self):
        next(self.iterator)
        self.iteration += 1


periods = st.one_of(
    st.builds(Fraction, st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from([Fraction(1, 10), Fraction(1, 100), Fraction(3, 1000), Fraction(5, 2)]),
)


@examples()
@given(periods, st.integers(1, 300), st.integers(1, 64), st.integers(1, 200))
@example(Fraction(1, 10), 10, 1, 50)
@example(Fraction(1, 100), 100, 1, 500)
@example(Fraction(1, 10), 60000, 64, 4690)
def test_epochs(period, size, batch_size, iterations):
    expected = [
        iteration
        for iteration in range(1, iterations + 1)
        if floor(Fraction(iteration * batch_size, size) / period)
        != floor(Fraction((iteration - 1) * batch_size, size) / period)
    ]
    trigger = triggers.IntervalTrigger(float(period), "epoch")
    updater = IteratorUpdater(size, batch_size)
    trainer = Trainer(updater)
    fired = []
    for _ in range(iterations):
        updater.update()
        if trigger(trainer):
            fired.append(updater.iteration)

    assert fired == expected
    if period >= Fraction(batch_size, size):
        assert len(fired) == floor(Fraction(iterations * batch_size, size) / period)


questions = st.lists(st.sampled_from(["ask", "twice", "skip", "reload", "copy"]), max_size=60)


@examples()
@given(
    st.sampled_from(["iteration", "epoch"]),
    st.integers(1, 9),
    st.integers(1, 9),
    st.lists(st.integers(0, 40), min_size=1, max_size=5),
    questions,
)
def test_any_pattern_of_questions_gives_the_answers_that_the_positions_give(
    unit, period, iterations_per_epoch, points, pattern
):
    def make():
        return triggers.IntervalTrigger(period, unit), triggers.ManualScheduleTrigger(points, unit)

    updater = NumbersUpdater(iterations_per_epoch)
    trainer = Trainer(updater)
    interval, schedule = make()
    before = Fraction(0)
    for iteration, word in enumerate(pattern, 1):
        updater.iteration = iteration
        if word == "skip":
            continue
        if word == "reload":
            interval, schedule = map(load, make(), map(saved, (interval, schedule)))
        now = Fraction(iteration, 1 if unit == "iteration" else iterations_per_epoch)
        expected = (
            floor(before / period) != floor(now / period),
            any(before < point <= now for point in points),
        )
        for _ in range(2 if word == "twice" else 1):
            assert (interval(trainer), schedule(trainer)) == expected
        before = now


leaves = st.tuples(st.sampled_from(["every", "at", "function"]), st.integers(1, 7))
combinations = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(st.sampled_from(["and", "or"]), inner, inner) | st.tuples(st.just("not"), inner)
    ),
    max_leaves=5,
)


def trigger_of(tree):
    match tree:
        case "every", period:
            return triggers.IntervalTrigger(period, "iteration")
        case "at", point:
            return triggers.ManualScheduleTrigger([point, 3 * point], "iteration")
        case "function", period:
            return triggers.FunctionTrigger(lambda t: t.updater.iteration % period == 1, "odd")
        case "and", left, right:
            return trigger_of(left) & trigger_of(right)
        case "or", left, right:
            return trigger_of(left) | trigger_of(right)
        case "not", inner:
            return ~trigger_of(inner)


def answer_of(tree, before, now):
    match tree:
        case "every", period:
            return before // period != now // period
        case "at", point:
            return before < point <= now or before < 3 * point <= now
        case "function", period:
            return now % period == 1
        case "and", left, right:
            return answer_of(left, before, now) and answer_of(right, before, now)
        case "or", left, right:
            return answer_of(left, before, now) or answer_of(right, before, now)
        case "not", inner:
            return not answer_of(inner, before, now)


@examples()
@given(combinations, questions)
def test_combinations_answer_as_their_parts_together(tree, pattern):
    updater = NumbersUpdater()
    trainer = Trainer(updater)
    trigger, before = trigger_of(tree), 0
    for iteration, word in enumerate(pattern, 1):
        updater.iteration = iteration
        if word == "skip":
            continue
        if word == "reload":
            trigger = load(trigger_of(tree), saved(trigger))
        for _ in range(2 if word == "twice" else 1):
            assert trigger(trainer) == answer_of(tree, before, iteration)
        before = iteration
