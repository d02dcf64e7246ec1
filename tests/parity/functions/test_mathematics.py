"""Mathematical functions give what Chainer's give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import functions
from tests.parity.functions._contract import (
    Arguments,
    Row,
    array,
    check,
    dtypes,
    elementwise,
    exact_dtypes,
    labels,
    shapes,
    variable_kinds,
)


def exactly(low: float, high: float) -> Any:
    """One array of single or double precision; half is compared apart, once it is rounded."""

    def draw_arguments(draw: Any) -> Arguments:
        x = array(draw, draw(shapes()), draw(exact_dtypes), low, high)
        return [(draw(variable_kinds), x)], {}

    return draw_arguments


def with_ties(draw: Any, shape: tuple[int, ...], dtype: str) -> Any:
    """An array in which elements are equal to one another."""
    return labels(draw, shape, 4, dtype, lowest=-3)


def drawn_axes(draw: Any, ndim: int) -> Any:
    one = st.integers(-ndim, ndim - 1)
    several = st.lists(st.integers(0, ndim - 1), unique=True).map(tuple)
    return draw(st.none() | one | several) if ndim else None


def reduced(
    *,
    keepdims: bool = True,
    ties: bool = False,
    low: float = -3.0,
    min_side: int = 1,
    max_dims: int = 4,
) -> Any:
    """An array and axes of it, none of them empty."""

    def draw_arguments(draw: Any) -> Arguments:
        shape, dtype = draw(shapes(min_side=min_side, max_dims=max_dims)), draw(exact_dtypes)
        x = with_ties(draw, shape, dtype) if ties else array(draw, shape, dtype, low)
        options = {"axis": drawn_axes(draw, x.ndim)}
        if keepdims:
            options["keepdims"] = draw(st.booleans())
        return [(draw(variable_kinds), x)], options

    return draw_arguments


def along_one_axis(ties: bool = False, max_dims: int = 4) -> Any:
    """An array and an axis, or none."""

    def draw_arguments(draw: Any) -> Arguments:
        shape, dtype = draw(shapes(1, max_dims, min_side=1)), draw(exact_dtypes)
        x = with_ties(draw, shape, dtype) if ties else array(draw, shape, dtype)
        axis = draw(st.none() | st.integers(-x.ndim, x.ndim - 1))
        return [(draw(variable_kinds), x)], {"axis": axis}

    return draw_arguments


def pair(*, low: float = -3.0, ties: bool = False) -> Any:
    """Two arrays that broadcast."""

    def draw_arguments(draw: Any) -> Arguments:
        shape, dtype = draw(shapes(min_side=1)), draw(exact_dtypes)
        other = tuple(1 if draw(st.booleans()) else n for n in shape)
        arrays = [
            with_ties(draw, s, dtype) if ties else array(draw, s, dtype, low)
            for s in draw(st.permutations([shape, other]))
        ]
        # No raw arrays: Chainer's second derivatives fail where an input has no gradient.
        return [(draw(st.sampled_from(["v", "v'"])), x) for x in arrays], {}

    return draw_arguments


def of_one_shape(count: int, low: float = -3.0) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        shape, dtype = draw(shapes()), draw(exact_dtypes)
        return [("v", array(draw, shape, dtype, low)) for _ in range(count)], {}

    return draw_arguments


def clipped(draw: Any) -> Arguments:
    arguments, _ = elementwise()(draw)
    low, high = draw(st.sampled_from([(-1.0, 1.0), (None, 0.5), (-2, None), (0, 2)]))
    return [*arguments, ("o", low), ("o", high)], {}


def with_orders(draw: Any) -> Arguments:
    shape = draw(shapes())
    n = labels(draw, shape, 4)
    return [("a", n), ("v", array(draw, shape, draw(exact_dtypes), 0.5, 4))], {}


def with_exponents(draw: Any) -> Arguments:
    shape, dtype = draw(shapes()), draw(exact_dtypes)
    return [("a", array(draw, shape, dtype, 1.5, 4)), ("v", array(draw, shape, dtype, 0.5, 4))], {}


def summed_to(draw: Any) -> Arguments:
    shape, dtype = draw(shapes(min_side=1)), draw(exact_dtypes)
    target = tuple(1 if draw(st.booleans()) else n for n in shape)
    target = target[draw(st.integers(0, len(target))) :]
    return [(draw(variable_kinds), array(draw, shape, dtype)), ("o", target)], {}


def spread(draw: Any) -> Arguments:
    shape, dtype = draw(shapes(min_dims=1, min_side=1)), draw(dtypes)
    first = draw(st.integers(0, len(shape)))
    behind = draw(st.integers(first, len(shape)))
    x, y = array(draw, shape, dtype), array(draw, shape[first:behind], dtype)
    return [("v", x), (draw(st.sampled_from(["v", "a"])), y)], {"axis": first}


def examples_of_vectors(draw: Any) -> Arguments:
    x = array(draw, draw(shapes(min_dims=2, min_side=1)), draw(exact_dtypes))
    return [(draw(variable_kinds), x)], {}


def averaged(draw: Any) -> Arguments:
    arguments, options = reduced()(draw)
    kind, x = arguments[0]
    axis = options["axis"]
    if draw(st.booleans()) and not isinstance(axis, tuple):
        axes = range(x.ndim) if axis is None else (axis,)
        shape = tuple(x.shape[a] for a in axes)
        options["weights"] = array(draw, shape, x.dtype.name, low=0.5)
    return [(kind, x)], options


def summands(draw: Any) -> Arguments:
    shape, dtype = draw(shapes(min_side=1)), draw(dtypes)
    count = draw(st.integers(2, 4))
    return [("v", array(draw, shape, dtype)) for _ in range(count)], {}


def several(draw: Any) -> Arguments:
    count = draw(st.integers(0, 3))
    return [elementwise()(draw)[0][0] for _ in range(count)], {}


ROWS = [
    Row("absolute", elementwise()),
    # Chainer loses one of two gradients that are one and the same variable.
    Row("add", pair(), order=1),
    Row("add", summands, order=1, label=" of several"),
    Row("average", averaged),
    Row("mean", averaged),
    Row("sum", reduced()),
    Row("arccos", exactly(-0.95, 0.95)),
    Row("arcsin", exactly(-0.95, 0.95)),
    Row("arctan", elementwise()),
    Row("arctan2", of_one_shape(2, low=0.1)),
    Row("arctanh", exactly(-0.9, 0.9)),
    Row("argmax", along_one_axis(ties=True)),
    Row("argmin", along_one_axis(ties=True)),
    Row("batch_l2_norm_squared", examples_of_vectors),
    # As with add.
    Row("bias", spread, order=1),
    Row("ceil", elementwise()),
    Row("clip", clipped),
    Row("cos", elementwise()),
    Row("cosh", exactly(-3, 3)),
    # Of few elements, as products of many overflow.
    Row("cumprod", along_one_axis(max_dims=2)),
    Row("cumsum", along_one_axis()),
    Row("digamma", exactly(0.5, 4)),
    Row("erf", exactly(-3, 3)),
    Row("erfc", exactly(-3, 3)),
    Row("erfcinv", exactly(0.1, 1.9)),
    Row("erfcx", exactly(-2, 3)),
    Row("erfinv", exactly(-0.9, 0.9)),
    Row("exp", exactly(-3, 3)),
    Row("expm1", exactly(-3, 3)),
    Row("fix", elementwise()),
    Row("floor", elementwise()),
    Row("fmod", of_one_shape(2, low=0.5)),
    Row("identity", several),
    Row("lgamma", exactly(0.5, 4)),
    Row("linear_interpolate", of_one_shape(3)),
    Row("log", exactly(0.1, 3)),
    Row("log10", exactly(0.1, 3)),
    Row("log1p", exactly(-0.9, 3)),
    Row("log2", exactly(0.1, 3)),
    Row("log_ndtr", exactly(-3, 3)),
    Row("logsumexp", reduced(keepdims=False)),
    Row("max", reduced()),
    Row("max", reduced(ties=True), label=" of equals"),
    Row("maximum", pair()),
    Row("maximum", pair(ties=True), label=" of equals"),
    Row("min", reduced()),
    Row("min", reduced(ties=True), label=" of equals"),
    Row("minimum", pair()),
    Row("minimum", pair(ties=True), label=" of equals"),
    Row("ndtr", exactly(-3, 3)),
    Row("ndtri", exactly(0.1, 0.9)),
    Row("polygamma", with_orders),
    Row("prod", reduced(low=0.5, min_side=2, max_dims=2)),
    Row("rsqrt", exactly(0.1, 3)),
    Row("scale", spread),
    Row("sign", elementwise()),
    Row("sin", elementwise()),
    Row("sinh", exactly(-3, 3)),
    Row("sqrt", exactly(0.1, 3)),
    Row("square", elementwise()),
    Row("sum_to", summed_to),
    Row("tan", exactly(-1.2, 1.2)),
    Row("zeta", with_exponents),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


HALF = np.array([0.25, 0.5, 0.75], np.float16)
OF_ONE_ARRAY = [
    "arccos", "arcsin", "arctan", "arctanh", "ceil", "cos", "cosh", "digamma", "erf", "erfc",
    "erfcinv", "erfcx", "erfinv", "exp", "expm1", "fix", "floor", "lgamma", "log", "log10",
    "log1p", "log2", "log_ndtr", "ndtr", "ndtri", "rsqrt", "sign", "sin", "sinh", "sqrt",
    "square", "tan",
]  # fmt: skip


@pytest.mark.parametrize("name", OF_ONE_ARRAY)
def test_half_precision(both: Any, name: str) -> None:
    both(functions.call, name, [("v", HALF)], {}, 0, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("name", [*OF_ONE_ARRAY, "max", "cumsum", "prod", "logsumexp", "argmax"])
def test_integers_give_the_same_class_of_error(both: Any, name: str) -> None:
    both(functions.call, name, [("v", np.arange(3, dtype=np.int32))], {}, 0)


X = np.arange(6, dtype=np.float32).reshape(2, 3)
I = np.arange(3, dtype=np.int32)  # noqa: E741 -- as in the names of dtypes
BAD = [
    ("arctan2", [X, 1.0], {}),
    ("arctan2", [X, X[:, :2]], {}),
    ("arctan2", [X, X.astype("i")], {}),
    ("fmod", [X, 2], {}),
    ("fmod", [X, X.astype("d")], {}),
    ("polygamma", [1, X], {}),
    ("polygamma", [X, X], {}),
    ("zeta", [X, I], {}),
    ("argmax", [X], {"axis": 5}),
    ("argmax", [X], {"axis": -3}),
    ("argmax", [X], {"axis": "a"}),
    ("argmax", [X], {"axis": (0, 1)}),
    ("argmax", [X[:0]], {}),
    ("max", [X], {"axis": 5}),
    ("max", [X], {"axis": (0, 0)}),
    ("max", [X], {"axis": "a"}),
    ("max", [X[:0]], {}),
    ("maximum", [X, 2], {}),
    ("maximum", [X, X.astype("d")], {}),
    ("maximum", [I, I], {}),
    ("maximum", [X, X[:, :2]], {}),
    ("clip", [X, 2.0, 1.0], {}),
    ("clip", [X, None, None], {}),
    ("cumsum", [X], {"axis": 5}),
    ("cumsum", [X], {"axis": -3}),
    ("cumprod", [X], {"axis": "a"}),
    ("prod", [X], {"axis": 5}),
    ("logsumexp", [X], {"axis": 5}),
    ("logsumexp", [X[:0]], {"axis": 0}),
    ("scale", [X, X[0, :2]], {}),
    ("scale", [X, X], {}),
    ("bias", [X, X], {"axis": -1}),
    ("linear_interpolate", [X, X, X.astype("d")], {}),
    ("linear_interpolate", [X, X, X[:1]], {}),
    ("batch_l2_norm_squared", [X[0]], {}),
    ("batch_l2_norm_squared", [X.astype("i")], {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values", "options"), BAD)
def test_bad_inputs_give_the_same_class_of_error(
    both: Any, name: str, values: list[Any], options: dict[str, Any]
) -> None:
    arguments = [("v" if isinstance(value, np.ndarray) else "o", value) for value in values]
    both(functions.call, name, arguments, options, 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("erfc", -2, 6),
        ("erfcx", -2, 2),  # further on Chainer loses them in its slope
        ("erfinv", -0.98, 0.98),
        ("erfcinv", 0.02, 1.98),
        ("ndtr", -8, 4),
        ("ndtri", 0.01, 0.99),
        ("log_ndtr", -8, 4),
    ],
)
def test_tails_and_their_slopes_have_all_digits(
    both: Any, name: str, low: float, high: float, dtype: str
) -> None:
    """However small: what comes out is the probability of what is rare."""
    x = np.linspace(low, high, 64).astype(dtype)
    rtol = 1e-5 if dtype == "float32" else 1e-10
    # A number that ends in 0 for a root.
    both(functions.call, name, [("v", x)], {}, 2, rtol=rtol, atol=rtol * 1e-9)
