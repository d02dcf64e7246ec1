"""Functions that choose, pad, convert and resample arrays give what Chainer's give."""

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
    exact_dtypes,
    labels,
    shapes,
    variable_kinds,
)

sides = st.integers(1, 4)


def padded(draw: Any) -> Arguments:
    x = array(draw, draw(shapes()), draw(dtypes))
    widths = st.integers(0, 2)
    pair = st.tuples(widths, widths)
    width = draw(widths | pair | st.tuples(*[pair] * x.ndim)) if x.ndim else draw(widths)
    value = draw(st.none() | st.integers(-2, 2) | st.tuples(widths, widths))
    options = {} if value is None else {"constant_values": value}
    return [(draw(variable_kinds), x), ("o", width), ("o", "constant")], options


def padded_by_itself(draw: Any) -> Arguments:
    """The modes whose gradients Chainer has wrong."""
    modes = ["edge", "reflect", "symmetric", "wrap", "maximum", "minimum", "mean", "median"]
    x = array(draw, draw(shapes(min_side=2)), draw(exact_dtypes))
    mode = draw(st.sampled_from([*modes, "linear_ramp"]))
    # NumPy below 1.25 wraps wrongly where the padding is longer than the array.
    widths = st.integers(0, 2 if mode == "wrap" else 5)
    width = draw(widths | st.tuples(widths, widths))
    options: dict[str, Any] = {}
    if mode == "linear_ramp":
        options["end_values"] = draw(st.integers(-2, 2))
    elif mode in modes[4:] and draw(st.booleans()):
        options["stat_length"] = draw(st.integers(1, 3))
    return [("v", x), ("o", width), ("o", mode)], options


def diagonals(draw: Any) -> Arguments:
    x = array(draw, draw(shapes(min_dims=2)), draw(dtypes))
    axes = draw(st.permutations(range(x.ndim)))[:2]
    return [
        (draw(variable_kinds), x),
        ("o", draw(st.integers(-4, 4))),
        ("o", axes[0]),
        ("o", axes[1] - draw(st.sampled_from([0, x.ndim]))),
    ], {}


def chosen(draw: Any) -> Arguments:
    shape, dtype = draw(shapes(min_side=1)), draw(dtypes)
    sources = [tuple(1 if draw(st.booleans()) else n for n in shape) for _ in range(3)]
    condition = labels(draw, sources[0], 2).astype(bool)
    arrays = [(draw(variable_kinds), array(draw, s, dtype)) for s in sources[1:]]
    return [(draw(st.sampled_from(["v", "a"])), condition), *arrays], {}


def cast(draw: Any) -> Arguments:
    x = array(draw, draw(shapes()), draw(dtypes))
    target = draw(st.sampled_from(["f", "d", "e", "float32", "i", "l"]))
    return [(draw(variable_kinds), x), ("o", target)], {}


def copied(draw: Any) -> Arguments:
    x = array(draw, draw(shapes()), draw(dtypes))
    return [(draw(variable_kinds), x), ("o", draw(st.sampled_from([-1, "@numpy"])))], {}


def items(draw: Any) -> Arguments:
    n, classes = draw(st.integers(0, 4)), draw(sides)
    x = array(draw, (n, classes), draw(dtypes))
    dtype = draw(st.sampled_from(["int32", "int64"]))
    t = labels(draw, (n,), classes, dtype, lowest=-classes)
    return [(draw(variable_kinds), x), (draw(st.sampled_from(["a", "v"])), t)], {}


def added(draw: Any) -> Arguments:
    x = array(draw, (3, 4), draw(exact_dtypes))
    slices = draw(st.sampled_from([0, -1, None, [0, 0], [2, 1, 2], ([0, 0], [1, 1]), (1, [3, 3])]))
    if isinstance(slices, list) and draw(st.booleans()):
        slices = np.array(slices)
    b = array(draw, x[slices].shape, x.dtype.name)
    if isinstance(slices, tuple) and draw(st.booleans()):
        slices = list(slices)
    return [("v", x), ("o", slices), ("v", b)], {}


def taken(draw: Any) -> Arguments:
    x = array(draw, (3, 4, 2), draw(dtypes))
    mask = labels(draw, (3,), 2).astype(bool)
    turned, nothing, middle = ("slice", None, None, -1), ("slice", 1, 1), ("slice", 1, 3)
    several = [[turned], [nothing], [middle, None, -1], [[0, 0], ("slice", None), [1, 1]]]
    several += [[1, ("slice", None), [0, 1]], [[0, 2], ("slice", None), 1]]
    lists = [[[0, 1], [1, 2]], [[0, 2]], [None, 1], [0, [1, 2]], [True, 1, 0]]
    alone = [0, -1, None, (), [0, 0], np.array([[0, 1]]), mask, *lists]
    choice = draw(st.integers(0, len(alone) + len(several) - 1))
    index = [*(("o", x) for x in alone), *(("index", x) for x in several)][choice]
    return [(draw(variable_kinds), x), index], {}


def forgotten(draw: Any) -> Arguments:
    shape, dtype = draw(shapes()), draw(dtypes)
    count = draw(st.integers(1, 3))
    arrays = [(draw(variable_kinds), array(draw, shape, dtype)) for _ in range(count)]
    return [("function", None), *arrays], {}


def permuted(draw: Any) -> Arguments:
    x = array(draw, draw(shapes(min_dims=1, min_side=1)), draw(dtypes))
    axis = draw(st.integers(0, x.ndim - 1))  # Chainer takes negative ones wrongly
    order = np.array(draw(st.permutations(range(x.shape[axis]))), np.int32)
    if draw(st.booleans()):
        order -= x.shape[axis]
    options = {"axis": axis, "inv": draw(st.booleans())}
    return [(draw(variable_kinds), x), (draw(st.sampled_from(["a", "v"])), order)], options


def of_falling_lengths(draw: Any) -> Arguments:
    rest, dtype = draw(shapes(max_dims=2)), draw(dtypes)
    lengths = sorted(draw(st.lists(st.integers(0, 4), max_size=4)), reverse=True)
    return [("s", [("v", array(draw, (n, *rest), dtype)) for n in lengths])], {}


def of_any_lengths(draw: Any) -> Arguments:
    # Chainer's gradient fails where there are no elements at all.
    rest, dtype = draw(shapes(max_dims=2, min_side=1)), draw(dtypes)
    lengths = [draw(sides), *draw(st.lists(st.integers(0, 4), max_size=3))]
    length = draw(st.none() | st.integers(max(lengths), 6))
    arrays = [(draw(variable_kinds), array(draw, (n, *rest), dtype)) for n in lengths]
    return [("s", arrays)], {"length": length, "padding": draw(st.sampled_from([0, -1.5]))}


def deep(draw: Any) -> Arguments:
    n, c, h, w, r = (draw(sides) for _ in range(5))
    return [(draw(variable_kinds), array(draw, (n, c * r * r, h, w), draw(dtypes))), ("o", r)], {}


def wide(draw: Any) -> Arguments:
    n, c, h, w, r = (draw(sides) for _ in range(5))
    x = array(draw, (n, c, h * r, w * r), draw(dtypes))
    return [(draw(variable_kinds), x), ("o", r)], {}


def strided(draw: Any) -> Arguments:
    x = array(draw, (24,), draw(exact_dtypes))
    # Chainer's gradients fail for one axis, and for strides of 0 or below.
    shape = draw(shapes(min_dims=2, max_dims=3, min_side=2, max_side=3))
    strides = tuple(draw(st.sampled_from([1, 2, 3])) for _ in shape)
    return [("v", x), ("o", shape), ("o", strides), ("o", draw(st.sampled_from([None, 4])))], {}


def patches(draw: Any) -> Arguments:
    x = array(draw, (draw(sides), draw(sides), 6, 7), draw(exact_dtypes))
    pairs = st.integers(1, 3)
    size = draw(pairs | st.tuples(pairs, pairs))
    return [(draw(variable_kinds), x), ("o", size)], {
        "stride": draw(pairs | st.tuples(pairs, pairs)),
        "pad": draw(st.integers(0, 2)),
        "cover_all": draw(st.booleans()),
        "dilate": draw(st.integers(1, 2)),
    }


def resized(**options: Any) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        x = array(draw, draw(shapes(min_dims=4, min_side=1, max_side=5)))
        return [(draw(variable_kinds), x), ("o", (draw(sides), draw(st.integers(1, 7))))], options

    return draw_arguments


def transforms(draw: Any) -> Arguments:
    theta = array(draw, (draw(sides), 2, 3), draw(exact_dtypes))
    return [("v", theta), ("o", (draw(sides), draw(sides)))], {}


def sampled(draw: Any) -> Arguments:
    dtype = draw(exact_dtypes)
    n, c, h, w = (draw(st.integers(1, 4)) for _ in range(4))
    x = array(draw, (n, c, h + 1, w + 1), dtype)
    # Not near the pixels themselves, where the gradient jumps.
    grid = array(draw, (n, 2, draw(sides), draw(sides)), dtype, -1.3, 1.3)
    return [("v", x), ("v", grid)], {}


ROWS = [
    Row("as_strided", strided, order=1),
    Row("cast", cast),
    Row("copy", copied),
    Row("depth2space", deep),
    Row("diagonal", diagonals),
    # It cannot be differentiated twice.
    Row("forget", forgotten, order=1),
    Row("get_item", taken),
    Row("im2col", patches),
    Row("pad", padded),
    Row("pad", padded_by_itself, order=0, label=" by itself"),
    Row("pad_sequence", of_any_lengths),
    Row("permutate", permuted),
    Row("resize_images", resized()),
    Row("resize_images", resized(align_corners=False), label=" by their corners"),
    Row("resize_images", resized(mode="nearest"), label=" to the nearest"),
    Row("scatter_add", added),
    Row("select_item", items),
    Row("space2depth", wide),
    Row("spatial_transformer_grid", transforms, order=1),
    Row("spatial_transformer_sampler", sampled, order=1),
    Row("transpose_sequence", of_falling_lengths),
    Row("where", chosen),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


X = np.arange(6, dtype=np.float32).reshape(2, 3)
ONES = np.ones((1, 4, 3, 3), np.float32)
CONDITION = np.array([True, False, True])
BAD = [
    ("pad", [X, -1, "constant"], {}),
    ("pad", [X, 1.5, "constant"], {}),
    ("pad", [X, 1, "constant"], {"end_values": 1}),
    ("pad", [X, 1, "unknown"], {}),
    ("diagonal", [X[0]], {}),
    ("diagonal", [X, 0, 0, 0], {}),
    ("diagonal", [X, 0, 0, 2], {}),
    ("diagonal", [X, "a"], {}),
    ("where", [CONDITION.astype("i"), X, X], {}),
    ("where", [CONDITION, X, 2], {}),
    ("where", [[True], X, X], {}),
    ("where", [CONDITION, X, X.astype("d")], {}),
    ("where", [CONDITION[:2], X, X], {}),
    ("cast", [X, "unknown"], {}),
    ("select_item", [X, np.array([0, 5])], {}),
    ("select_item", [X, np.array([0, -4])], {}),
    ("select_item", [X, np.array([0.0, 1.0])], {}),
    ("select_item", [X, np.array([0])], {}),
    ("select_item", [X[None], np.array([0])], {}),
    ("scatter_add", [X, 0, np.ones(2, "f")], {}),
    ("scatter_add", [X, 5, np.ones(3, "f")], {}),
    ("scatter_add", [X, 0, 1.0], {}),
    ("scatter_add", [X, "a", np.ones(3, "f")], {}),
    ("scatter_add", [X, (0, 0, 0), np.ones(3, "f")], {}),
    ("permutate", [X, np.array([0.0, 1.0])], {}),
    ("permutate", [X, np.array([[0, 1]])], {}),
    ("permutate", [X, np.array([0, 5])], {}),
    ("permutate", [X, np.array([0, 3])], {"inv": True}),
    ("permutate", [X, np.array([0, 1])], {"axis": 5}),
    ("permutate", [X, np.array([0, 1])], {"axis": -3}),
    ("depth2space", [X, 2], {}),
    ("depth2space", [ONES[:, :3], 2], {}),
    ("depth2space", [ONES.astype("i"), 2], {}),
    ("space2depth", [ONES, 2], {}),
    ("as_strided", [X, (4, 4), (5, 5)], {}),
    ("as_strided", [X, (2, 2), (1, 1), -1], {}),
    ("as_strided", [X, (2,), (1, 1)], {}),
    ("im2col", [X, 3], {}),
    ("im2col", [ONES, 5], {}),
    ("im2col", [ONES.astype("i"), 2], {}),
    ("im2col", [ONES, (2,)], {}),
    ("resize_images", [X, (2, 2)], {}),
    ("resize_images", [ONES.astype("d"), (2, 2)], {}),
    ("spatial_transformer_grid", [X[None, :, :2], (2, 2)], {}),
    ("spatial_transformer_grid", [X[None].astype("i"), (2, 2)], {}),
    ("spatial_transformer_sampler", [ONES, ONES], {}),
    ("spatial_transformer_sampler", [ONES, ONES[:, :2].astype("d")], {}),
    ("spatial_transformer_sampler", [ONES, ONES[0]], {}),
    ("forget", [2, X], {}),
]


@pytest.mark.parametrize(("name", "values", "options"), BAD)
def test_bad_inputs_give_the_same_class_of_error(
    both: Any, name: str, values: list[Any], options: dict[str, Any]
) -> None:
    arguments = [("v" if isinstance(value, np.ndarray) else "o", value) for value in values]
    both(functions.call, name, arguments, options, 0)


@pytest.mark.parametrize("name", ["pad_sequence", "transpose_sequence"])
@pytest.mark.parametrize(
    "arrays",
    [[], [X, X[0]], [X, X[:, :2]], [X[:1], X]],
    ids=["none", "other axes", "other lengths", "rising"],
)
def test_sequences_that_do_not_fit(both: Any, name: str, arrays: list[Any]) -> None:
    both(functions.call, name, [("s", [("v", x) for x in arrays])], {}, 0)


def test_sequences_longer_than_wanted(both: Any) -> None:
    both(functions.call, "pad_sequence", [("s", [("v", X)])], {"length": 1}, 0)


@pytest.mark.parametrize("double", [False, True])
def test_functions_that_forget(both: Any, double: bool) -> None:
    both(functions.forget, double, rtol=1e-5, atol=1e-5)
