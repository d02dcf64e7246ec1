"""Elementwise functions: known values, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F
from chainer_compat.utils.type_check import InvalidType

HALF = math.erf(0.5)
KNOWN = [
    ("arccos", 0.5, math.acos(0.5)), ("arcsin", 0.5, math.asin(0.5)), ("arctan", 2, math.atan(2)),
    ("arctanh", 0.5, math.atanh(0.5)), ("cos", 2, math.cos(2)), ("cosh", 2, math.cosh(2)),
    ("digamma", 1, -0.5772156649), ("erf", 0.5, HALF), ("erfc", 0.5, 1 - HALF),
    ("erfcinv", 1 - HALF, 0.5), ("erfcx", 0.5, math.exp(0.25) * (1 - HALF)), ("erfinv", HALF, 0.5),
    ("exp", 2, math.exp(2)), ("expm1", 2, math.expm1(2)), ("lgamma", 4.5, math.lgamma(4.5)),
    ("log", 2, math.log(2)), ("log10", 2, math.log10(2)), ("log1p", 2, math.log1p(2)),
    ("log2", 8, 3), ("log_ndtr", 0, -math.log(2)), ("ndtr", math.sqrt(0.5), (1 + HALF) / 2),
    ("ndtri", (1 + HALF) / 2, math.sqrt(0.5)), ("rsqrt", 4, 0.5), ("sin", 2, math.sin(2)),
    ("sinh", 2, math.sinh(2)), ("sqrt", 9, 3), ("square", -3, 9), ("tan", 1, math.tan(1)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "expected"), KNOWN)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_values(name: str, x: float, expected: float, dtype: type) -> None:
    y = getattr(F, name)(chainer.Variable(np.array([[x]], dtype)))
    assert (y.dtype, y.shape) == (dtype, (1, 1))
    tolerance = {np.float16: 5e-3, np.float32: 1e-5, np.float64: 1e-9}[dtype]
    assert y.item() == pytest.approx(expected, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("z", [1.0, 0.0, -1.0])
def test_clipped_relu_has_no_slope_at_its_bounds(z: float) -> None:
    x = chainer.Variable(np.array([-2, -1, 0, 0.5, 1, 2], np.float32))
    y = F.clipped_relu(x, z)
    np.testing.assert_array_equal(y.array, np.minimum(np.maximum(x.array, 0), z))
    (slope,) = chainer.grad([F.sum(y)], [x])
    np.testing.assert_array_equal(slope.array, (x.array > 0) & (x.array < z))


@pytest.mark.parametrize("name", [name for name, _, _ in KNOWN])
def test_integers_are_refused(name: str) -> None:
    with pytest.raises(InvalidType, match=r"dtype\.kind == f"):
        getattr(F, name)(np.arange(3))


@pytest.mark.parametrize(("name", "x", "_"), KNOWN)
def test_gradients_are_those_of_small_steps(name: str, x: float, _: float) -> None:
    function, step = getattr(F, name), 1e-6
    variable = chainer.Variable(np.array([x], np.float64))
    y = function(variable)
    y.backward()
    above, below = (function(np.array([x + s], np.float64)).item() for s in (step, -step))
    assert variable.grad.item() == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-5)


def test_nodes_have_the_names_of_chainer() -> None:
    x = chainer.Variable(np.array([0.5], np.float32))
    assert F.log_ndtr(x).creator.label == "log_ndtr"
    assert type(F.log_ndtr(x).creator).__name__ == "LogNdtr"
    assert F.rsqrt(x).creator.label == "1.0 / _"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ceil", [-1, 2, 0]), ("fix", [-1, 1, 0]), ("floor", [-2, 1, 0]), ("sign", [-1, 1, 0])],
)
def test_rounding_and_signs_are_no_part_of_a_graph(name: str, expected: list[int]) -> None:
    y = getattr(F, name)(chainer.Variable(np.array([-1.5, 1.5, 0], np.float32)))
    np.testing.assert_array_equal(y.array, np.array(expected, np.float32))
    assert (y.creator, y.requires_grad) == (None, False)
    integers = getattr(F, name)(np.array([1, 0]))
    np.testing.assert_array_equal(integers.array, [1, 0])


def test_signs_of_numbers_and_of_nan() -> None:
    assert F.sign(-2.5).item() == -1
    assert np.isnan(F.sign(np.array([np.nan])).array).all()
    several = F.sign(np.array([np.nan, np.inf, -np.inf, 0.0], np.float32)).array
    np.testing.assert_array_equal(several, [np.nan, 1, -1, 0])
    np.testing.assert_array_equal(F.sign(several[1:3]).array, [1, -1])
