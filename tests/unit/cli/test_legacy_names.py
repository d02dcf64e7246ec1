"""Removed names are back inside `legacy_names()`, and gone after it."""

from __future__ import annotations

import collections
import collections.abc
import fractions
import inspect
import time

import numpy as np
import pytest

from chainer_compat.cli._legacy_names import _MODULES, legacy_names

# NumPy 1 and Python 3.10 have some of the names still, and warn.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def state() -> dict[str, dict[str, object]]:
    return {module.__name__: dict(vars(module)) for module in _MODULES}


def test_everything_is_as_it_was_afterwards() -> None:
    before = state()
    with legacy_names():
        assert state() != before
    assert state() == before


def test_also_after_an_error() -> None:
    before = state()
    with pytest.raises(ZeroDivisionError), legacy_names():
        _ = 1 / 0
    assert state() == before


@pytest.mark.parametrize("module", _MODULES, ids=lambda module: module.__name__)
def test_every_name_is_there(module: object) -> None:
    with legacy_names():
        assert [name for name in _MODULES[module] if name not in vars(module)] == []


def test_a_name_that_is_still_there_is_left_alone() -> None:
    before = np.ravel, np.bool_, np.matrix, vars(np).get("row_stack"), vars(np).get("long")
    with legacy_names():
        assert before[:3] == (np.ravel, np.bool_, np.matrix)
        assert before[3] in {None, vars(np)["row_stack"]}
        assert before[4] in {None, vars(np)["long"]}


def test_types() -> None:
    with legacy_names():
        assert np.zeros(2, np.int).dtype == np.int64
        assert np.zeros(2, np.float).dtype == np.float64
        assert np.zeros(2, np.bool).dtype == np.bool_
        assert np.zeros(2, np.float_).dtype == np.float64
        assert np.array(["a"]).astype(np.unicode_).dtype.kind == "U"


def test_functions() -> None:
    with legacy_names():
        assert np.asscalar(np.array([3])) == 3
        assert np.product([2, 3]) == 6
        assert np.cumproduct([2, 3]).tolist() == [2, 6]
        assert np.sometrue([0, 1])
        assert not np.alltrue([0, 1])
        assert np.in1d([[1, 2], [3, 4]], [2, 3]).tolist() == [False, True, True, False]
        assert np.msort(np.array([[2, 1], [1, 2]])).tolist() == [[1, 1], [2, 2]]
        assert np.trapz([1, 2, 3]) == 4.0
        assert np.asfarray([1, 2], np.float32).dtype == np.float32
        assert np.asfarray([1, 2], np.int64).dtype == np.float64


def test_fromstring_reads_bytes_and_text() -> None:
    with legacy_names():
        read = np.fromstring(b"\x01\x02", dtype=np.uint8)
        assert read.tolist() == [1, 2]
        assert read.flags.writeable
        assert np.fromstring("1 2", dtype=np.int64, sep=" ").tolist() == [1, 2]


@pytest.mark.parametrize("name", ["array", "asarray"])
def test_rows_of_unequal_lengths_make_an_array_of_objects(name) -> None:
    rows = [np.array([1, 2]), np.array([3])]
    with pytest.raises(ValueError, match="inhomogeneous"):
        getattr(np, name)(rows)
    with legacy_names():
        made = getattr(np, name)(rows)
        assert made.dtype == object
        assert [row.tolist() for row in made] == [[1, 2], [3]]
        with pytest.raises(ValueError, match="inhomogeneous"):
            getattr(np, name)(rows, np.float32)
        with pytest.raises(ValueError, match="invalid literal"):
            getattr(np, name)("a", dtype=np.int32)


def test_no_copy_means_no_copy_that_can_be_saved() -> None:
    there = np.zeros(2)
    with legacy_names():
        assert np.array(there, copy=False) is there
        assert np.array([1, 2], copy=False).tolist() == [1, 2]
        assert np.array(there, copy=True) is not there
        assert np.array(there, np.float32, copy=False).dtype == np.float32


@pytest.mark.parametrize("name", ["column_stack", "dstack", "hstack", "stack", "vstack"])
def test_a_generator_of_arrays_is_joined(name) -> None:
    rows = [np.zeros(2), np.ones(2)]
    expected = getattr(np, name)(rows)
    with legacy_names():
        join = getattr(np, name)
        assert np.array_equal(join(row for row in rows), expected)
        assert np.array_equal(join(np.stack(rows)), expected)
        assert np.array_equal(join(map(np.copy, rows)), expected)


def test_random_integers_includes_the_end() -> None:
    module = _MODULES[np.random]["random_integers"]
    assert set(module(2, size=100).tolist()) == {1, 2}
    assert set(module(5, 6, 100).tolist()) == {5, 6}


def test_names_of_python() -> None:
    def function(a, b=2, *c, **d): ...

    with legacy_names():
        assert collections.Mapping is collections.abc.Mapping
        assert fractions.gcd(6, 4) == 2
        assert time.clock() >= 0
        assert inspect.getargspec(function) == (["a", "b"], "c", "d", (2,))
