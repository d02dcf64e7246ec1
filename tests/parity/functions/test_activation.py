"""Activation functions give what Chainer's give."""

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
    shapes,
    variable_kinds,
)


def along_axis(**options: Any) -> Any:
    """Arguments of a function of an array and an axis; the axis is never empty."""

    def draw_arguments(draw: Any) -> Arguments:
        x = array(draw, draw(shapes(min_dims=1, min_side=1)), draw(dtypes))
        axis = draw(st.integers(-x.ndim, x.ndim - 1))
        return [(draw(variable_kinds), x)], {"axis": axis, **options}

    return draw_arguments


def with_option(name: str, values: Any) -> Any:
    """Arguments of a function of one array with one option."""

    def draw_arguments(draw: Any) -> Arguments:
        arguments, options = elementwise()(draw)
        return arguments, {name: draw(values), **options}

    return draw_arguments


def weighted(draw: Any) -> Arguments:
    """An array and weights for its leading axes behind the batch axis."""
    shape, dtype = draw(shapes(min_dims=1, min_side=1)), draw(dtypes)
    weights = shape[1 : 1 + draw(st.integers(0, len(shape) - 1))]
    x, w = array(draw, shape, dtype), array(draw, weights, dtype)
    # Not a raw array: the second derivative of Chainer's prelu fails without a gradient for x.
    return [(draw(st.sampled_from(["v", "v'"])), x), ("v", w)], {}


def pooled(draw: Any) -> Arguments:
    """An array whose axis is a multiple of the pool size."""
    shape = list(draw(shapes(min_dims=1, min_side=1, max_side=3)))
    axis, size = draw(st.integers(0, len(shape) - 1)), draw(st.integers(1, 3))
    shape[axis] *= size
    x = array(draw, tuple(shape), draw(dtypes))
    return [(draw(variable_kinds), x), ("o", size)], {"axis": axis}


ROWS = [
    Row("clipped_relu", with_option("z", st.sampled_from([0.5, 2.0, 20.0]))),
    Row("crelu", along_axis()),
    Row("elu", with_option("alpha", st.sampled_from([0.5, 1, 2.0]))),
    Row("hard_sigmoid", elementwise()),
    Row("leaky_relu", with_option("slope", st.sampled_from([0.0, 0.01, 0.2]))),
    Row("log_softmax", along_axis()),
    Row("maxout", pooled),
    Row("prelu", weighted),
    Row("relu", elementwise()),
    Row("relu6", elementwise(low=-8, high=8)),
    Row("rrelu", elementwise()),
    Row("rrelu", elementwise(), config={"train": False}, label=" in testing"),
    Row("selu", with_option("alpha", st.sampled_from([1.6732632423543772, 1.0]))),
    Row("selu", with_option("scale", st.sampled_from([1.0, 2.0])), label=" scaled"),
    Row("sigmoid", elementwise()),
    Row("softmax", along_axis()),
    Row("softplus", with_option("beta", st.sampled_from([0.5, 1.0, 2.0]))),
    Row("swish", weighted),
    Row("tanh", elementwise()),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "elu", "leaky_relu", "hard_sigmoid"])
@pytest.mark.parametrize("bad", [np.zeros(2, np.int32), [1.0], 2.0, "text", None], ids=repr)
def test_bad_inputs_give_the_same_class_of_error(both: Any, name: str, bad: Any) -> None:
    both(functions.call, name, [("v" if isinstance(bad, np.ndarray) else "o", bad)], {})
