"""Sums and products over axes, and functions of several arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F
from chainer_compat.utils.type_check import InvalidType

X = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


@pytest.mark.parametrize("axis", [None, 0, (0, 1), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_products(axis: Any, keepdims: bool) -> None:
    expected = X.prod(axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(F.prod(X, axis, keepdims).array, expected)


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_running_sums_and_products(axis: Any) -> None:
    np.testing.assert_allclose(F.cumsum(X, axis).array, X.cumsum(axis))
    np.testing.assert_allclose(F.cumprod(X, axis).array, X.cumprod(axis))


@pytest.mark.parametrize("axis", [None, 0, (0, 1), ()])
def test_logarithms_of_sums(axis: Any) -> None:
    expected = np.log(np.exp(X.astype("d")).sum(axis)) if axis != () else X
    np.testing.assert_allclose(F.logsumexp(X, axis).array, expected, rtol=1e-6)


def test_sums_to_a_shape() -> None:
    assert F.sum_to(X, ()).item() == 21
    np.testing.assert_array_equal(F.sum_to(X, (3,)).array, [5, 7, 9])
    x = chainer.Variable(X)
    assert F.sum_to(x, [2, 3]) is x


@pytest.mark.parametrize("shape", [(2, 2), (4,), (1, 2, 3)])
def test_sums_to_a_shape_that_does_not_broadcast_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="does not broadcast"):
        F.sum_to(X, shape)


def test_angles_and_remainders() -> None:
    one = np.array([-1.0], np.float32)
    assert F.arctan2(one, one).item() == pytest.approx(math.atan2(-1, -1))
    assert F.arctan2(one, one.astype("d")).dtype == np.float64
    assert F.fmod(np.float32([-7]), np.float32([3])).item() == -1


def test_polygamma_by_its_order() -> None:
    x = chainer.Variable(np.array([1.0, 1.0, 1.0, 1.0]))
    y = F.polygamma(np.array([0, 1, 2, -1], np.int32), x)
    zeta = [math.pi**2 / 6, 1.2020569031595942, math.pi**4 / 90]
    np.testing.assert_allclose(y.array, [-0.5772156649015329, zeta[0], -2 * zeta[1], np.nan])
    F.sum(y[:3]).backward()
    np.testing.assert_allclose(x.grad[:3], [zeta[0], -2 * zeta[1], 6 * zeta[2]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_zeta(dtype: type) -> None:
    y = F.zeta(np.array([2.0]), np.array([1], dtype))
    assert y.dtype == dtype
    assert y.item() == pytest.approx(math.pi**2 / 6, rel=1e-3)
    assert F.zeta(2.0, np.array([1], dtype)).item() == y.item()


def test_interpolation_and_norms() -> None:
    p = np.full_like(X, 0.25)
    np.testing.assert_allclose(F.linear_interpolate(p, X, 2 * X).array, 1.75 * X)
    np.testing.assert_allclose(F.batch_l2_norm_squared(X).array, [14, 77])


def test_identity_gives_new_variables() -> None:
    x = chainer.Variable(X)
    y = F.identity(x)
    assert y is not x
    assert y.creator.label == "Identity"
    np.testing.assert_array_equal(y.array, X)
    assert [v.shape for v in F.identity(x, X[0])] == [(2, 3), (3,)]
    assert F.identity() == ()


def test_scale_and_bias_match_axes_from_one_on() -> None:
    rows, columns = np.array([1, 2], np.float32), np.array([1, 2, 3], np.float32)
    np.testing.assert_array_equal(F.scale(X, columns).array, X * columns)
    np.testing.assert_array_equal(F.scale(X, rows, axis=0).array, X * rows[:, None])
    np.testing.assert_array_equal(F.bias(X, columns).array, X + columns)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: F.prod(X, axis=2), InvalidType),
        (lambda: F.cumsum(X, axis=2), InvalidType),
        (lambda: F.cumsum(X, axis=-3), InvalidType),
        (lambda: F.cumprod(X, axis="a"), TypeError),
        (lambda: F.logsumexp(X[:0], axis=0), ValueError),
        (lambda: F.arctan2(X, X[:, :2]), ValueError),
        (lambda: F.fmod(X, X.astype("d")), InvalidType),
        (lambda: F.zeta(chainer.Variable(X), X), TypeError),
        (lambda: F.polygamma(X, X), InvalidType),
        (lambda: F.linear_interpolate(X, X, X[:1]), InvalidType),
        (lambda: F.linear_interpolate(X, X, X.astype("d")), InvalidType),
        (lambda: F.batch_l2_norm_squared(X[0]), InvalidType),
        (lambda: F.scale(X, X), InvalidType),
    ],
)
def test_what_is_refused(call: Any, error: Any) -> None:
    with pytest.raises(error):
        call()


def test_a_variable_that_is_asked_for_twice_counts_twice() -> None:
    x = chainer.Variable(X)
    (g,) = chainer.grad([x, x], [x], [chainer.Variable(X), chainer.Variable(2 * X)])
    np.testing.assert_array_equal(g.array, 3 * X)


def test_gradients_have_the_shapes_of_the_arguments() -> None:
    a, b = chainer.Variable(X), chainer.Variable(X[:1] + 1)
    F.sum(F.arctan2(a, b) + F.fmod(a, b)).backward()
    assert (a.grad.shape, b.grad.shape) == (a.shape, b.shape)
