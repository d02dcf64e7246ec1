"""Every trigger against Chainer's, over generated schedules.

Where Chainer's answers depend on rounding, on being asked twice or on state that it does not save,
Chainer runs `ideal` (see bodies/triggers.py): the right answers are its own, without those faults.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import triggers

IDEAL = (True,)

WORDS = ("ask", "ask", "twice", "skip", "reload")
schedules = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60)
unbroken = st.lists(st.sampled_from(["ask", "twice", "reload"]), min_size=1, max_size=60)
units = st.sampled_from(["iteration", "epoch"])
sizes = st.integers(1, 50).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size)))
fractions = st.tuples(st.integers(1, 30), st.integers(1, 20))
forgotten = st.lists(
    st.sampled_from(["previous_iteration", "previous_epoch_detail"]), unique=True
).map(tuple)


def periods(unit):
    return fractions if unit == "epoch" else st.integers(1, 12)


@st.composite
def schedules_with_values(draw, missing):
    """A schedule, and what is reported at each of its iterations."""
    schedule = draw(schedules)
    # Eighths add up without rounding: a tie is a tie for everybody.
    values = st.integers(-40, 40).map(lambda eighths: eighths / 8)
    reported = st.none() | values if missing else values
    length = len(schedule)
    return schedule, draw(st.lists(reported, min_size=length, max_size=length))


@examples()
@given(schedules, st.data(), units, sizes, forgotten)
def test_interval_trigger(both, schedule, data, unit, size, forget):
    period = data.draw(periods(unit))

    both(triggers.interval, schedule, period, unit, *size, forget, theirs=IDEAL)


@examples()
@given(schedules, st.data(), units, sizes, forgotten, st.booleans())
def test_manual_schedule_trigger(both, schedule, data, unit, size, forget, forgets_finished):
    points = data.draw(st.lists(periods(unit), min_size=1, max_size=5))
    forget += ("finished",) * forgets_finished

    both(triggers.manual_schedule, schedule, points, unit, *size, forget, theirs=IDEAL)


@examples()
@given(
    st.lists(st.sampled_from(["ask", "skip", "reload"]), min_size=1, max_size=60),
    st.booleans(),
    st.booleans(),
)
def test_once_trigger(both, schedule, call_on_resume, forgets):
    both(triggers.once, schedule, call_on_resume, ("_flag_first",) * forgets)


@pytest.mark.parametrize("which", ["MinValueTrigger", "MaxValueTrigger"])
@examples()
@given(case=schedules_with_values(missing=True), period=st.integers(1, 4), unit=units, size=sizes)
def test_best_value_triggers(both, which, case, period, unit, size):
    schedule, values = case

    both(triggers.best_value, schedule, which, values, period, unit, *size, theirs=IDEAL)


@examples()
@given(
    schedules_with_values(missing=True),
    st.sampled_from(["main/loss", "main/accuracy"]),
    st.sampled_from(["auto", "min", "max"]),
    st.integers(1, 4),
    st.tuples(st.integers(1, 4), units),
    st.tuples(st.integers(5, 40), units),
    sizes,
)
def test_early_stopping_trigger(both, case, monitor, mode, patience, check, maximum, size):
    schedule, values = case
    case = (schedule, monitor, mode, values, patience, check, maximum, *size)

    both(triggers.early_stopping, *case, theirs=IDEAL)


@examples()
@given(st.data(), unbroken, st.integers(4, 40))
def test_time_trigger_if_it_is_asked_within_each_period(both, data, schedule, eighths):
    """After a longer pause Chainer fires at every question until it has caught up; we do not."""
    length = len(schedule)
    lengths = st.integers(0, eighths).map(lambda n: n / 8)
    seconds = data.draw(st.lists(lengths, min_size=length, max_size=length))

    both(triggers.time, schedule, eighths / 8, seconds, theirs=IDEAL)


@pytest.mark.parametrize("unit", ["iteration", "epoch"])
def test_a_period_of_zero_is_a_division_by_zero(both, unit):
    both(triggers.interval, ["ask"], 0, unit, 4, 2, ())


@pytest.mark.parametrize("body", [triggers.interval, triggers.manual_schedule])
def test_an_unknown_unit_is_a_value_error(both, body):
    value = 1 if body is triggers.interval else [1]

    both(body, ["ask"], value, "second", 4, 2, ())
