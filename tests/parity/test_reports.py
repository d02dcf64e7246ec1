"""Reporters and summaries give what Chainer's give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import reports

numbers = st.floats(-1e3, 1e3, width=32)
scalars = st.one_of(
    numbers,
    st.integers(-1000, 1000),
    st.booleans(),
    numbers.map(np.float32),
    numbers.map(np.float64),
    numbers.map(lambda x: np.array(x, np.float32)),
    st.integers(-100, 100).map(np.int32),
)
weights = st.integers(1, 50) | st.floats(0.125, 8, width=16)
events = st.lists(
    st.tuples(
        st.sampled_from(["plain", "observer", "nested", "scope"]),
        st.sampled_from(["x", "y"]),
        st.integers(),
    )
)


@examples()
@given(events)
def test_reporter(both, events):
    both(reports.reported, events)


def test_unknown_observer(both):
    both(reports.reported, [("unknown", "x", 1)])


@examples()
@given(st.lists(st.tuples(scalars, weights), max_size=6))
def test_summary(both, values):
    # The variance is a difference of near equals, so that NumPy's rounding shows in it.
    both(reports.summary, _with_spread(values), rtol=1e-9, atol=1e-6)


def _with_spread(values):
    """Chainer's standard deviation of equal values may be NaN; see the unit tests."""
    return [*values, (1e4, 1)] if values else values


pairs = st.lists(st.integers(-9, 9), min_size=2, max_size=2)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(pairs | st.integers(-9, 9), st.integers(1, 9)), min_size=1, max_size=5),
    st.sampled_from(["float32", "float64", "int32"]),
)
def test_summary_of_arrays(both, values, dtype):
    # Far apart, so that no variance is near 0: Chainer's may be NaN there.
    values = [*values, ([1000, -1000], 1), ([-1000, 1000], 2)]
    arrays = [(np.array(value, dtype), weight) for value, weight in values]
    both(reports.summary, arrays, rtol=1e-5)


@examples()
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from("abc"),
            st.one_of(scalars, st.tuples(scalars, st.integers(1, 9)), st.lists(scalars)),
        ),
        max_size=5,
    )
)
def test_dict_summary(both, dicts):
    spread = [*dicts, dict.fromkeys("abc", 1e4)] if dicts else []
    both(reports.dict_summary, spread, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("weight", [[2], None, np.zeros(2)], ids=repr)
def test_weights_are_scalars(both, weight):
    both(reports.dict_summary, [{"a": (1.0, weight)}])
