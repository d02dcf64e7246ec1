"""Functions that join, split and reshape arrays give what Chainer's give."""

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
    shapes,
    variable_kinds,
)


def one(draw: Any, **kwargs: Any) -> tuple[str, Any]:
    """One array of any layout."""
    return draw(variable_kinds), array(draw, draw(shapes(**kwargs)), draw(dtypes))


def an_axis(draw: Any, ndim: int) -> int:
    return draw(st.integers(-ndim, ndim - 1))


def joined(draw: Any) -> Arguments:
    shape, dtype = draw(shapes(min_dims=1, min_side=1)), draw(dtypes)
    axis = an_axis(draw, len(shape))
    parts = []
    for length in draw(st.lists(st.integers(0, 3), min_size=1, max_size=3)):
        part = list(shape)
        part[axis] = length
        parts.append((draw(variable_kinds), array(draw, tuple(part), dtype)))
    return [("s", parts)], {"axis": axis}


def alike(draw: Any) -> Arguments:
    shape, dtype = draw(shapes()), draw(dtypes)
    count = draw(st.integers(1, 3))
    return [("s", [(draw(variable_kinds), array(draw, shape, dtype)) for _ in range(count)])], {}


def stacked(draw: Any) -> Arguments:
    arguments, _ = alike(draw)
    ndim = arguments[0][1][0][1].ndim
    return arguments, {"axis": draw(st.integers(-ndim - 1, ndim))}


def split_by_number(draw: Any) -> Arguments:
    shape = list(draw(shapes(min_dims=1, min_side=1, max_side=2)))
    axis, parts = an_axis(draw, len(shape)), draw(st.integers(1, 3))
    shape[axis] *= parts
    x = array(draw, tuple(shape), draw(dtypes))
    force = draw(st.booleans())
    return [(draw(variable_kinds), x), ("o", parts), ("o", axis)], {"force_tuple": force}


def split_by_indices(draw: Any) -> Arguments:
    kind, x = one(draw, min_dims=1, min_side=1)
    axis = an_axis(draw, x.ndim)
    borders = sorted(draw(st.lists(st.integers(0, x.shape[axis]), max_size=3)))
    return [(kind, x), ("o", borders), ("o", axis)], {}


def with_axis(draw: Any) -> Arguments:
    kind, x = one(draw, min_dims=1, min_side=1)
    return [(kind, x)], {"axis": an_axis(draw, x.ndim)}


def reshaped(draw: Any) -> Arguments:
    kind, x = one(draw)
    targets = [x.shape, x.shape[::-1], (x.size,), (1, x.size)] + ([(-1,)] if x.size else [])
    return [(kind, x), ("o", draw(st.sampled_from(targets)))], {}


def permuted(draw: Any) -> Arguments:
    kind, x = one(draw)
    orders = st.permutations(range(x.ndim)).map(tuple)
    return [(kind, x)], {"axes": draw(st.none() | orders)}


def broadcast_to(draw: Any) -> Arguments:
    shape = draw(shapes(min_side=1))
    source = tuple(1 if draw(st.booleans()) else n for n in shape)[
        draw(st.integers(0, len(shape))) :
    ]
    x = array(draw, source, draw(dtypes))
    return [(draw(variable_kinds), x), ("o", shape)], {}


def broadcast(draw: Any) -> Arguments:
    shape, dtype = draw(shapes(min_side=1)), draw(dtypes)
    count = draw(st.integers(1, 3))
    sources = [tuple(1 if draw(st.booleans()) else n for n in shape) for _ in range(count)]
    return [(draw(variable_kinds), array(draw, source, dtype)) for source in sources], {}


def expanded(draw: Any) -> Arguments:
    kind, x = one(draw)
    return [(kind, x), ("o", draw(st.integers(-x.ndim - 1, x.ndim)))], {}


def squeezed(draw: Any) -> Arguments:
    kind, x = one(draw, max_side=2)
    ones = [axis for axis, length in enumerate(x.shape) if length == 1]
    axes = st.just(None)
    if ones:
        axes = (
            axes | st.sampled_from(ones) | st.lists(st.sampled_from(ones), unique=True).map(tuple)
        )
    return [(kind, x)], {"axis": draw(axes)}


def two_axes(draw: Any) -> Arguments:
    kind, x = one(draw, min_dims=1)
    return [(kind, x), ("o", an_axis(draw, x.ndim)), ("o", an_axis(draw, x.ndim))], {}


def rolled(draw: Any) -> Arguments:
    kind, x = one(draw, min_dims=1)
    start = draw(st.integers(-x.ndim, x.ndim))
    return [(kind, x), ("o", an_axis(draw, x.ndim)), ("o", start)], {}


def at_least(ndim: int) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        return [one(draw, min_dims=ndim)], {}

    return draw_arguments


def tiled(draw: Any) -> Arguments:
    reps = st.integers(0, 3) | st.lists(st.integers(0, 2), max_size=5).map(tuple)
    return [one(draw), ("o", draw(reps))], {}


def repeated(draw: Any) -> Arguments:
    # Chainer's gradient of nothing, or of no repetition along an axis, fails.
    kind, x = one(draw, min_side=1)
    axis = draw(st.none() | st.integers(-x.ndim, x.ndim - 1)) if x.ndim else None
    length = x.size if axis is None else x.shape[axis]
    each = st.lists(st.integers(0, 3), min_size=length, max_size=length).filter(
        lambda repeats: axis is None or any(repeats)
    )
    count = st.integers(0 if axis is None else 1, 3)
    repeats = draw(count | each.map(tuple))
    return [(kind, x), ("o", repeats)], {"axis": axis}


ROWS = [
    Row("broadcast", broadcast),
    Row("broadcast_to", broadcast_to),
    Row("concat", joined),
    Row("dstack", alike),
    Row("expand_dims", expanded),
    Row("flatten", at_least(0)),
    Row("flip", with_axis),
    Row("fliplr", at_least(2)),
    Row("flipud", at_least(1)),
    Row("hstack", alike),
    Row("moveaxis", two_axes),
    Row("repeat", repeated),
    Row("reshape", reshaped),
    Row("rollaxis", rolled),
    Row("separate", with_axis),
    Row("split_axis", split_by_indices, label=" by indices"),
    Row("split_axis", split_by_number, label=" by number"),
    Row("squeeze", squeezed),
    Row("stack", stacked),
    Row("swapaxes", two_axes),
    Row("tile", tiled),
    Row("transpose", permuted),
    Row("vstack", alike),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
@pytest.mark.parametrize(
    "axes",
    [None, 0, 1, (), (0,), (1, 0), [1, 0], (-1, 0), (0, 0), (2, 0), (-3, 0), (0, 1, 2), 1.5],
    ids=repr,
)
def test_axes_that_are_transposed(both: Any, shape: Any, axes: Any) -> None:
    both(functions.call, "transpose", [("v", np.ones(shape, "f"))], {"axes": axes})


NUMBER = np.array(3, "f")
ROW = np.arange(3, dtype="f")


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("argmax", [("v", NUMBER)], {"axis": 0}),
        ("argmax", [("v", NUMBER)], {}),
        ("argmin", [("v", NUMBER)], {"axis": 0}),
        ("argmin", [("v", NUMBER)], {"axis": -1}),
        ("max", [("v", NUMBER)], {"axis": 0}),
        ("permutate", [("v", ROW), ("a", np.arange(4, dtype="i"))], {"inv": True}),
        ("permutate", [("v", ROW), ("a", np.arange(2, dtype="i"))], {"inv": True}),
        ("permutate", [("v", ROW), ("a", np.arange(4, dtype="i"))], {}),
        ("transpose_sequence", [("s", [("v", ROW), ("v", NUMBER)])], {}),
        ("transpose_sequence", [("s", [("v", ROW), ("v", NUMBER), ("v", ROW)])], {}),
    ],
)
def test_what_is_no_sequence_is_no_sequence_alike(
    both: Any, name: str, arguments: Any, options: Any
) -> None:
    both(functions.call, name, arguments, options, 0)
