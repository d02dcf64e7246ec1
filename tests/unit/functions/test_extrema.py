"""Largest and smallest elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F
from chainer_compat.utils.type_check import InvalidType

X = np.array([[1, 3, 3], [0, -1, 0]], np.float32)


def gradients(y: Any, *xs: chainer.Variable) -> list[Any]:
    return [None if g is None else g.array.tolist() for g in chainer.grad([F.sum(y)], xs)]


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_values_are_those_of_numpy(axis: Any, keepdims: bool) -> None:
    for ours, theirs in ((F.max, np.max), (F.min, np.min)):
        expected = theirs(X, axis=axis, keepdims=keepdims)
        for x in (X, chainer.Variable(X)):
            np.testing.assert_array_equal(ours(x, axis, keepdims).array, expected)


def test_each_of_equal_elements_gets_the_gradient() -> None:
    x = chainer.Variable(X)
    assert gradients(F.max(x, axis=1), x) == [[[0, 1, 1], [1, 0, 1]]]
    assert gradients(F.min(x), x) == [[[0, 0, 0], [0, 1, 0]]]


def test_the_first_of_two_equal_elements_gets_the_gradient() -> None:
    a, b = chainer.Variable(np.array([1, 2], "f")), chainer.Variable(np.array([1, 3], "f"))
    assert gradients(F.maximum(a, b), a, b) == [[1, 0], [0, 1]]
    assert gradients(F.minimum(a, b), a, b) == [[1, 1], [0, 0]]


@pytest.mark.parametrize("wrap", [chainer.Variable, np.asarray])
def test_pairs(wrap: Any) -> None:
    a, b = wrap(X), np.array([[1], [np.nan]], np.float32)
    np.testing.assert_array_equal(F.maximum(a, b).array, np.maximum(X, b))
    np.testing.assert_array_equal(F.minimum(a, b).array, np.minimum(X, b))
    nan = wrap(np.array([np.nan], np.float32))
    assert np.isnan(F.maximum(nan, np.ones(1, np.float32)).item())
    assert np.isnan(F.minimum(nan, np.ones(1, np.float32)).item())


def test_indices_are_int32_and_of_the_first() -> None:
    assert F.argmax(X).item() == 1
    np.testing.assert_array_equal(F.argmin(X, axis=1).array, np.array([0, 1], np.int32))
    assert F.argmax(X, axis=0).dtype == np.int32


def test_bounds() -> None:
    x = chainer.Variable(np.array([-1, 0, 0.5, 1, 2, np.nan], np.float32))
    y = F.clip(x, 0, 1)
    np.testing.assert_array_equal(y.array, [0, 0, 0.5, 1, 1, np.nan])
    np.testing.assert_array_equal(F.clip(x.array, 0, 1).array, y.array)
    assert gradients(y, x) == [[0, 1, 1, 1, 0, 0]]
    assert gradients(F.clip(x, None, 0.0), x) == [[1, 1, 0, 0, 0, 0]]
    assert gradients(F.clip(x, 0.5, None), x) == [[0, 0, 1, 1, 1, 0]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.max(X, axis=2), InvalidType, "ndim > 2"),
        (lambda: F.max(X, axis=(0, 0)), ValueError, "duplicate"),
        (lambda: F.max(X[:0]), ValueError, "without elements"),
        (lambda: F.min(np.arange(3)), InvalidType, "kind == f"),
        (lambda: F.argmax(X[:0], axis=0), ValueError, "without elements"),
        (lambda: F.argmax(X, axis=-3), InvalidType, "ndim >= 3"),
        (lambda: F.argmax(X, axis=2), InvalidType, "ndim > 2"),
        (lambda: F.argmin(np.arange(3)), InvalidType, "kind == f"),
        (lambda: F.argmin(X, axis="a"), TypeError, "axis is None or an int"),
        (lambda: F.maximum(X, X[:, :2]), InvalidType, "cannot broadcast"),
        (lambda: F.maximum(X, X.astype("d")), InvalidType, "dtype"),
        (lambda: F.clip(X, 2, 1), ValueError, "below"),
        (lambda: F.clip(X, None, None), ValueError, "needs x_min"),
        (lambda: F.clip(X, chainer.Variable(X), 1), TypeError, "number"),
    ],
)
def test_what_is_refused(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()
