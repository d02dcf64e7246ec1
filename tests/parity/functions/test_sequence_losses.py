"""Losses of whole sequences of labels give what Chainer's give."""

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
    exact_dtypes,
    labels,
    variable_kinds,
)

reductions = st.sampled_from(["mean", "no"])
integers = st.sampled_from(["int32", "int64"])


def chain(draw: Any, fewest: int = 1) -> tuple[Any, Any, list[int]]:
    classes, dtype = draw(st.integers(fewest, 4)), draw(exact_dtypes)
    batches = sorted(draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)), reverse=True)
    cost = array(draw, (classes, classes), dtype)
    return cost, [array(draw, (batch, classes), dtype) for batch in batches], batches


def labelled(fewest: int) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        cost, xs, batches = chain(draw, fewest)
        kind = draw(integers)
        ys = [labels(draw, (batch,), len(cost), kind) for batch in batches]
        steps = ("s", [(draw(variable_kinds), x) for x in xs])
        return [("v", cost), steps, ("s", [("a", y) for y in ys])], {"reduce": draw(reductions)}

    return draw_arguments


def to_be_labelled(draw: Any) -> Arguments:
    cost, xs, _ = chain(draw)
    return [("v", cost), ("s", [(draw(variable_kinds), x) for x in xs])], {}


def spoken(dtypes: Any) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        steps, batch, classes = (
            draw(st.integers(1, 6)),
            draw(st.integers(1, 3)),
            draw(st.integers(2, 4)),
        )
        dtype, longest = draw(dtypes), draw(st.integers(0, 3))
        blank = draw(st.integers(0, classes - 1))
        x = [array(draw, (batch, classes), dtype) for _ in range(steps)]
        t = labels(draw, (batch, longest), classes)
        # Labels that fit: Chainer's gradient of others is NaN.
        repeats = [
            (t[:, 1:n] == t[:, : n - 1]).sum(1) if n else 0 * t.sum(1) for n in range(longest + 1)
        ]
        need = np.array([n + r for n, r in enumerate(repeats)]).T
        lengths = [
            draw(st.sampled_from([n for n in range(longest + 1) if row[n] <= steps]))
            for row in need
        ]
        inputs = [
            draw(st.integers(max(row[n], 1), steps)) for row, n in zip(need, lengths, strict=True)
        ]
        options = {"reduce": draw(reductions)}
        if draw(st.booleans()) or (need[:, -1] > inputs).any():
            options["label_length"] = np.array(lengths, np.int32)
        if draw(st.booleans()) or (need[:, -1] > inputs).any():
            options["input_length"] = np.array(inputs, np.int32)
        return [("s", [("v", step) for step in x]), ("a", t), ("o", blank)], options

    return draw_arguments


ROWS = [
    Row("crf1d", labelled(1), order=1),
    # With one label Chainer's second derivative is 0, and ours next to it.
    Row("crf1d", labelled(2), label=" twice"),
    Row("argmax_crf1d", to_be_labelled),
    Row("connectionist_temporal_classification", spoken(exact_dtypes), order=1),
    Row(
        "connectionist_temporal_classification", spoken(st.just("float16")), order=1,
        label=" of half precision",
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


COST = np.zeros((3, 3), np.float32)
X = np.ones((2, 3), np.float32)
Y = np.zeros(2, np.int32)


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("crf1d", [COST, [X], [Y]], {"reduce": "sum"}),
        ("crf1d", [COST, [], []], {}),
        ("crf1d", [COST, [X[:, :2]], [Y]], {}),
        ("crf1d", [COST, [X, X[:, :2]], [Y, Y]], {}),
        ("crf1d", [COST, [X], [Y[:1]]], {}),
        ("crf1d", [COST, [X], [X[:, 0]]], {}),
        ("crf1d", [COST, [X], [Y[:, None]]], {}),
        ("crf1d", [COST, [X], [Y + 3]], {}),
        ("crf1d", [COST, [X, X], [Y, Y + 3]], {}),
        ("crf1d", [COST, [X, X.astype("d")], [Y, Y]], {}),
        ("argmax_crf1d", [COST, []], {}),
        ("argmax_crf1d", [COST, [X, X[:, :2]]], {}),
        ("argmax_crf1d", [COST, [X[:1], X]], {}),
    ],
)
def test_bad_inputs_of_fields_give_the_same_class_of_error(
    both: Any, name: str, arguments: list[Any], options: dict[str, Any]
) -> None:
    kinds = [("o", a) for a in arguments]
    assert both(functions.call, name, kinds, options, 0) is None  # both raised


T = np.array([[1], [2]], np.int32)
ONES = np.ones(2, np.int32)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([X, T, 0], {}),
        ([[], T, 0], {}),
        ([[X], T, "0"], {}),
        ([[X], T, np.int32(0)], {}),
        ([[X], T, 3], {}),
        ([[X], T, -1], {}),
        ([[X[..., None]], T, 0], {}),
        ([[X[0]], T[:1], 0], {}),
        ([[X], T, 0], {"reduce": "sum"}),
        ([[X], T.astype("l"), 0], {}),
        ([[X], T[:1], 0], {}),
        ([[X], T, 0], {"input_length": ONES[:1]}),
        ([[X], T, 0], {"label_length": ONES[:1]}),
        ([[X], T, 0], {"input_length": ONES.astype("l")}),
        ([[X], T, 0], {"label_length": ONES[:, None]}),
        ([[X], T, 0], {"label_length": [1, 1]}),
        ([[X], T + 1, 0], {}),
        ([[X], [[1], [2]], 0], {}),
        ([[X, X[:1]], T, 0], {}),
        ([[X.astype("i")], T, 0], {}),
    ],
)
def test_bad_inputs_of_ctc_give_the_same_class_of_error(
    both: Any, arguments: list[Any], options: dict[str, Any]
) -> None:
    kinds = [("o", a) for a in arguments]
    name = "connectionist_temporal_classification"
    assert both(functions.call, name, kinds, options, 0) is None  # both raised


@pytest.mark.parametrize("lengths", [{"input_length": ONES + 1}, {"label_length": ONES + 1}])
def test_lengths_beyond_the_arrays_are_refused_as_in_chainers_debug_mode(
    both: Any, lengths: dict[str, Any]
) -> None:
    arguments = [("o", [X]), ("o", T), ("o", 0)]
    name = "connectionist_temporal_classification"
    assert both(functions.call, name, arguments, lengths, 0, {"debug": True}) is None


def test_labels_that_do_not_fit_have_chainers_loss(both: Any) -> None:
    arguments = [("s", [("v", X), ("v", X)]), ("a", np.array([[1, 1], [1, 2]], np.int32)), ("o", 0)]
    both(functions.call, "connectionist_temporal_classification", arguments, {"reduce": "no"}, 0,
         rtol=1e-5)  # fmt: skip
