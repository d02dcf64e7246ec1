"""Normalization gives what Chainer's gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.functions._contract import Arguments, Row, array, check, exact_dtypes, shapes


def keyed(weights: int, **extra: Any) -> Any:
    """An array and weights for the axes behind the first one."""

    def draw_arguments(draw: Any) -> Arguments:
        batch, channels = draw(st.integers(2, 4)), draw(st.integers(1, 3))
        rest = draw(shapes(max_dims=2, min_side=1, max_side=3))
        dtype = draw(exact_dtypes)
        x = array(draw, (batch, channels, *rest), dtype)
        keys = x.shape[1 : draw(st.integers(2, x.ndim))]
        arrays = [array(draw, keys, dtype) for _ in range(weights)]
        if weights == 4:
            arrays[3] = abs(arrays[3]) + 0.1
        options = {name: draw(values) for name, values in extra.items()}
        return [("v", x), *(("v", a) for a in arrays)], options

    return draw_arguments


def over_axes(draw: Any) -> Arguments:
    dtype = draw(exact_dtypes)
    x = array(draw, (3, 2, 2, 3), dtype)
    axis = draw(st.sampled_from([(0,), (0, 2), (0, 3), (0, 2, 3), (0, 1, 2)]))
    keys = tuple(n for a, n in enumerate(x.shape) if a not in axis)
    return [("v", x), ("v", array(draw, keys, dtype)), ("v", array(draw, keys, dtype))], {
        "axis": axis
    }


def rows(draw: Any) -> Arguments:
    size, dtype = draw(st.integers(2, 5)), draw(exact_dtypes)
    x = array(draw, (draw(st.integers(1, 4)), size), dtype)
    return [("v", x), ("v", array(draw, (size,), dtype)), ("v", array(draw, (size,), dtype))], {}


def grouped(draw: Any) -> Arguments:
    # A group of two or three may have next to no variance, which float32 cannot divide by.
    groups, dtype = draw(st.integers(1, 3)), "float64"
    channels = groups * draw(st.integers(2, 3))
    x = array(draw, (2, channels, *draw(shapes(max_dims=2, min_side=1))), dtype)
    weights = [("v", array(draw, (channels,), dtype)) for _ in range(2)]
    return [("v", x), ("o", groups), *weights], {}


def neighbours(draw: Any) -> Arguments:
    x = array(draw, draw(shapes(min_dims=2, min_side=1)), draw(exact_dtypes))
    return [("v", x)], {"n": draw(st.integers(1, 5)), "alpha": draw(st.sampled_from([1e-4, 0.5]))}


def normed(draw: Any) -> Arguments:
    x = array(draw, draw(shapes(min_dims=2, min_side=1)), draw(exact_dtypes))
    axes = st.integers(0, x.ndim - 1)
    return [("v", x)], {"axis": draw(axes | st.just((0, 1))), "eps": draw(st.just(1e-3))}


ROWS = [
    Row("batch_normalization", keyed(2, eps=st.sampled_from([2e-5, 0.1])), looser=20),
    Row("batch_normalization", over_axes, looser=20, label=" over axes"),
    Row("fixed_batch_normalization", keyed(4), looser=20),
    Row("group_normalization", grouped, looser=1000),
    Row("layer_normalization", rows, looser=20),
    Row("local_response_normalization", neighbours, order=1, looser=5),
    Row("normalize", normed, looser=5),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)
