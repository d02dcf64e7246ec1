"""Activation functions give what Chainer's give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import functions
from tests.parity.functions._contract import Row, check, elementwise

ROWS = [
    Row("relu", elementwise()),
    Row("sigmoid", elementwise()),
    Row("tanh", elementwise()),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("bad", [np.zeros(2, np.int32), [1.0], 2.0, "text", None], ids=repr)
def test_bad_inputs_give_the_same_class_of_error(both: Any, name: str, bad: Any) -> None:
    both(functions.call, name, [("v" if isinstance(bad, np.ndarray) else "o", bad)], {})
