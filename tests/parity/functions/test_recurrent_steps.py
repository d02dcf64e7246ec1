"""Steps of recurrent networks over trees, and what they drop, are Chainer's."""

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
    shapes,
    variable_kinds,
)


def binary(draw: Any) -> Arguments:
    batch, units, dtype = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(dtypes)
    rest = draw(shapes(max_dims=2, min_side=1, max_side=2))
    kind = draw(variable_kinds)
    cells = [(kind, array(draw, (batch, units, *rest), dtype)) for _ in range(2)]
    return [*cells, *(("v", array(draw, (batch, 4 * units, *rest), dtype)) for _ in range(2))], {}


def children(draw: Any) -> Arguments:
    batch, units, count = (draw(st.integers(1, 3)) for _ in range(3))
    dtype = draw(dtypes)
    cells = [(draw(variable_kinds), array(draw, (batch, units), dtype)) for _ in range(count)]
    return [*cells, ("v", array(draw, (batch, (3 + count) * units), dtype))], {}


def kept(draw: Any) -> Arguments:
    shape, dtype = draw(shapes()), draw(dtypes)
    arrays = [(draw(variable_kinds), array(draw, shape, dtype)) for _ in range(2)]
    return arrays, {"ratio": draw(st.sampled_from([0.0, 0.3, 0.5, 1.0]))}


def dropped(masked: bool) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        batch, out, dtype = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(exact_dtypes)
        rest = draw(shapes(min_dims=1, max_dims=2, min_side=1, max_side=3))
        x, W = array(draw, (batch, *rest), dtype), array(draw, (out, int(np.prod(rest))), dtype)
        arguments = [("v", x), ("v", W)]
        if draw(st.booleans()):
            arguments.append(("v", array(draw, (out,), dtype)))
        each = draw(st.booleans())
        options = {
            "ratio": draw(st.sampled_from([0.0, 0.25, 0.5])),
            "train": draw(st.booleans()),
            "use_batchwise_mask": each,
        }
        if masked:
            shape = (batch, *W.shape) if each else W.shape
            options["mask"] = array(draw, shape, dtype) > 0
        return arguments, options

    return draw_arguments


ROWS = [
    Row("slstm", binary),
    # Chainer's has no second derivative.
    Row("tree_lstm", children, order=1),
    Row("zoneout", kept),
    Row("zoneout", kept, config={"train": False}, label=" in testing"),
    Row("simplified_dropconnect", dropped(masked=False)),
    Row("simplified_dropconnect", dropped(masked=True), label=" masked"),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


def ones(*shape: int, dtype: str = "f") -> tuple[str, Any]:
    return "v", np.ones(shape, dtype)


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("slstm", [ones(2, 1), ones(2, 1), ones(2, 4), ones(2, 3)], {}),
        ("slstm", [ones(2, 1), ones(2, 1), ones(2, 4), ones(2, 4, dtype="d")], {}),
        ("slstm", [ones(2, 1), ones(1, 1), ones(2, 4), ones(2, 4)], {}),
        ("slstm", [ones(2, 1, dtype="i")] * 2 + [ones(2, 4, dtype="i")] * 2, {}),
        ("slstm", [ones(2, 1), ones(2, 1), ones(2, 4, 1), ones(2, 4)], {}),
        ("tree_lstm", [ones(2, 1)], {}),
        ("tree_lstm", [], {}),
        ("tree_lstm", [ones(2, 1), ones(2, 5)], {}),
        ("tree_lstm", [ones(2, 1), ones(1, 4)], {}),
        ("tree_lstm", [ones(2, 1), ones(2, 1, 1), ones(2, 5)], {}),
        ("tree_lstm", [ones(2, 1, dtype="d"), ones(2, 4)], {}),
        ("tree_lstm", [ones(2), ones(8)], {}),
        ("tree_lstm", [ones(2, 1, dtype="i"), ones(2, 4, dtype="i")], {}),
        ("zoneout", [ones(2), ones(2)], {"other": 1}),
        ("simplified_dropconnect", [ones(2), ones(1, 2)], {}),
        ("simplified_dropconnect", [ones(2, 2), ones(1, 3)], {}),
        ("simplified_dropconnect", [ones(2, 2, dtype="i"), ones(1, 2)], {}),
        ("simplified_dropconnect", [ones(2, 2), ones(1, 2, dtype="i")], {}),
        ("simplified_dropconnect", [ones(2, 2), ones(1, 2), ones(2)], {}),
        ("simplified_dropconnect", [ones(2, 2), ones(1, 2), ones(1, dtype="d")], {}),
        ("simplified_dropconnect", [ones(2, 2), ones(1, 2)], {"mask": np.ones((1, 1, 2), "?")}),
        ("simplified_dropconnect", [ones(2, 2), ones(1, 2)], {"ratio": 1.0}),
        ("simplified_dropconnect", [ones(2, 2), ones(1, 2, dtype="d")], {}),
    ],
    ids=str,
)
def test_bad_arguments_give_the_same_class_of_error(
    both: Any, name: str, arguments: Any, options: Any
) -> None:
    both(functions.call, name, arguments, options, 1, rtol=1e-5, atol=1e-6)
