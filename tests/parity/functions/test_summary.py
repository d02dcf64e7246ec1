"""Measures of predictions give what Chainer's give."""

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
)


def signs(draw: Any) -> Arguments:
    shape = draw(shapes())
    t = labels(draw, shape, 2, draw(st.sampled_from(["int32", "int64"])), lowest=-1)
    return [("v", array(draw, shape, draw(dtypes))), ("v", t)], {}


def classified(with_beta: bool = False) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        n, classes = draw(st.integers(1, 8)), draw(st.integers(1, 4))
        rest = draw(shapes(max_dims=2, min_side=1, max_side=3))
        y = array(draw, (n, classes, *rest), draw(dtypes))
        ignored = draw(st.sampled_from([-1, 0]))
        t = labels(draw, (n, *rest), classes, lowest=ignored)
        t.flat[0] = 0
        label_num = draw(st.sampled_from([None, classes, classes + 1]))
        options = {"label_num": label_num, "ignore_label": ignored}
        if with_beta:
            options["beta"] = draw(st.sampled_from([0.5, 1.0, 2.0]))
        return [("v", y), ("v", t)], options

    return draw_arguments


def predicted(draw: Any) -> Arguments:
    shape, dtype = draw(shapes(min_dims=1, min_side=1)), draw(exact_dtypes)
    pred, true = array(draw, shape, dtype), array(draw, shape, dtype)
    if draw(st.booleans()):
        true[:] = 1
    output = draw(st.sampled_from(["uniform_average", "raw_values"]))
    return [("v", pred), ("v", true)], {"multioutput": output}


ROWS = [
    Row("binary_accuracy", signs, order=0),
    Row("classification_summary", classified(with_beta=True), order=0),
    Row("f1_score", classified(), order=0),
    Row("precision", classified(), order=0),
    Row("r2_score", predicted, order=0),
    Row("recall", classified(), order=0),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


X = np.arange(6, dtype=np.float32).reshape(2, 3)
T = np.array([0, 2], np.int32)
BAD = [
    ("binary_accuracy", [X, np.ones((2, 2), "i")], {}),
    ("binary_accuracy", [X, X], {}),
    ("binary_accuracy", [X, X > 0], {}),
    ("recall", [X, T.astype("f")], {}),
    ("recall", [X, T[:1]], {}),
    ("recall", [np.ones((2, 3, 2), "f"), np.zeros((2, 1), "i")], {}),
    ("recall", [X[:0], T[:0]], {}),
    ("r2_score", [X, X[:1]], {}),
    ("r2_score", [X.astype("i"), X], {}),
    ("r2_score", [X, X], {"sample_weight": 1}),
    ("r2_score", [X, X], {"multioutput": "unknown"}),
]


@pytest.mark.parametrize(("name", "values", "options"), BAD)
def test_bad_inputs_give_the_same_class_of_error(
    both: Any, name: str, values: list[Any], options: dict[str, Any]
) -> None:
    both(functions.call, name, [("v", value) for value in values], options, 0)
