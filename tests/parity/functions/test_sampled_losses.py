"""Losses that look at a few classes give what Chainer's give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import functions, sampled_losses
from tests.parity.functions._contract import (
    Arguments,
    Row,
    array,
    check,
    dtypes,
    exact_dtypes,
    labels,
    variable_kinds,
)

integers = st.sampled_from(["int32", "int64"])


X = np.ones((2, 3), np.float32)
T = np.array([0, 1], np.int32)
W = np.ones((4, 3), np.float32)
SAMPLES = np.zeros((2, 2), np.int32)


def test_arrays_may_be_raw_and_samples_stay_behind(both: Any) -> None:
    both(sampled_losses.negative_sampling, X, T, W, [1, 2, 3, 4], 2, {}, rtol=1e-5, atol=1e-5)
    both(sampled_losses.forward_only, X, T, W, (2, 4), rtol=1e-5)
    both(sampled_losses.forward_only, X[:0], T[:0], W, (0, 4))


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([X, T, W], {"reduce": "mean"}),
        ([X, T, W], {"colour": 1}),
        ([X, T[:1], W], {}),
        ([X, T.astype("l"), W], {}),
        ([X, T.astype("f"), W], {}),
        ([X[0], T, W], {}),
        ([X, T[:, None], W], {}),
        ([X, T, W[0]], {}),
        ([X, T, W[:, :2]], {}),
        ([X, T, W.astype("d")], {}),
        ([T[:, None], T, T[:, None]], {}),
        ([X, T + 3, W], {}),
        ([[1.0], T, W], {}),
    ],
)
def test_bad_inputs_of_negative_sampling_give_the_same_class_of_error(
    both: Any, arguments: list[Any], options: dict[str, Any]
) -> None:
    assert both(sampled_losses.refused, *arguments, options) is None  # both raised


def test_a_sample_that_is_no_class_is_an_index_error(both: Any) -> None:
    assert both(sampled_losses.refused, X, T, W, {}, 4) is None


def sampled(draw: Any) -> Arguments:
    batch, size, classes = (draw(st.integers(1, 4)) for _ in range(3))
    dtype = draw(exact_dtypes)
    x, weights = (
        array(draw, (batch, size), dtype, -1, 1),
        array(draw, (classes, size), dtype, -1, 1),
    )
    t = labels(draw, (batch,), classes, draw(integers), lowest=-1)
    samples = labels(draw, (batch, draw(st.integers(1, 4))), classes, draw(integers), lowest=-1)
    options = {"reduce": draw(st.sampled_from(["mean", "no"]))}
    arrays = [(draw(variable_kinds), x), ("a", t), ("v", weights), ("a", samples)]
    return arrays, options


def sampled_apart(draw: Any) -> Arguments:
    """Where all classes are the same, Chainer's second derivative is 0 and ours next to it."""
    (x, (_, t), _, (_, samples)), options = sampled(draw)
    weights = array(draw, (5, x[1].shape[1]), x[1].dtype.name, -1, 1)
    return [x, ("a", abs(t) % 3), ("v", weights), ("a", 4 - abs(samples) % 2)], options


def drawn(draw: Any) -> Arguments:
    batch, size, classes = (draw(st.integers(1, 4)) for _ in range(3))
    dtype = draw(dtypes)
    x, weights = array(draw, (batch, size), dtype), array(draw, (classes, size), dtype)
    t = labels(draw, (batch,), classes, lowest=-1)
    counts = [draw(st.integers(1, 9)) for _ in range(classes)]
    sampler = ("sampler", (counts, draw(integers)))
    options = {"reduce": draw(st.sampled_from(["sum", "no"])), "return_samples": True}
    # No raw arrays: Chainer's second derivatives fail where an input has no gradient.
    arrays = [(draw(st.sampled_from(["v", "v'"])), x), ("a", t), ("v", weights)]
    return [*arrays, sampler, ("o", draw(st.integers(0, 4)))], options


ROWS = [
    Row("black_out", sampled, order=1),
    Row("black_out", sampled_apart, label=" twice"),
    Row("negative_sampling", drawn),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


@pytest.mark.parametrize(
    "arguments",
    [
        [X, np.append(T, T), W, SAMPLES],
        [X, T, W, np.append(SAMPLES, SAMPLES, 0)],
        [X, T, W[:, :2], SAMPLES],
        [X, T.astype("f"), W, SAMPLES],
        [X, T, W, SAMPLES.astype("f")],
        [X, T, W[0], SAMPLES],
        [X, T + 4, W, SAMPLES],
        [X, T - 5, W, SAMPLES],
        [X, T, W, SAMPLES + 4],
    ],
)
def test_bad_inputs_of_black_out_give_the_same_class_of_error(
    both: Any, arguments: list[Any]
) -> None:
    assert both(functions.call, "black_out", [("o", a) for a in arguments], {}, 0) is None


@pytest.mark.parametrize(
    "arguments", [[X, T, W, SAMPLES[:1]], [X, T[:1], W, SAMPLES], [X, T, W.astype("d"), SAMPLES]]
)
def test_samples_may_be_shared_and_dtypes_mixed(both: Any, arguments: list[Any]) -> None:
    kinds = [("v" if a.dtype.kind == "f" else "a", a) for a in arguments]
    both(functions.call, "black_out", kinds, {}, 1, rtol=1e-5, atol=1e-6)
