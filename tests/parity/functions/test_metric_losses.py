"""Losses of distances, margins and covariances give what Chainer's give."""

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
    variable_kinds,
)

reductions = st.sampled_from(["mean", "no"])
integers = st.sampled_from(["int8", "int32", "int64"])


def pairs(draw: Any) -> Arguments:
    shape, dtype = (draw(st.integers(1, 4)), draw(st.integers(1, 4))), draw(dtypes)
    x0, x1 = (array(draw, shape, dtype, -1, 1) for _ in range(2))
    if draw(st.booleans()):
        x1[0] = x0[0]
    y = labels(draw, shape[:1], 2, draw(integers))
    options = {"margin": draw(st.sampled_from([0.5, 1, 3.0])), "reduce": draw(reductions)}
    return [(draw(variable_kinds), x0), ("v", x1), ("a", y)], options


def pairs_apart(draw: Any) -> Arguments:
    """Chainer's second derivative is NaN where the two sides are the same, and noise nearby."""
    arguments, options = pairs(draw)
    x0, x1 = arguments[0][1], arguments[1][1]
    x1[...] = x0 + 0.27 + np.abs(x1)
    return arguments, options


def triplets(draw: Any) -> Arguments:
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 4)), *draw(st.sampled_from([(), (2,)])))
    dtype = draw(dtypes)
    arrays = [(draw(variable_kinds), array(draw, shape, dtype, -1, 1)) for _ in range(3)]
    return arrays, {"margin": draw(st.sampled_from([0.2, 1])), "reduce": draw(reductions)}


def hinged(draw: Any) -> Arguments:
    batch, classes = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    x = array(draw, (batch, classes), draw(dtypes))
    t = labels(draw, (batch,), classes, draw(integers), lowest=-1)
    options = {"norm": draw(st.sampled_from(["L1", "L2"])), "reduce": draw(reductions)}
    return [("v", x), ("a", t)], options


def matrices(count: int) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        batch, dtype = draw(st.integers(1, 4)), draw(dtypes)
        arrays = [
            (draw(variable_kinds), array(draw, (batch, draw(st.integers(1, 4))), dtype, -2, 2))
            for _ in range(count)
        ]
        return arrays, {"reduce": draw(st.sampled_from(["half_squared_sum", "no"]))}

    return draw_arguments


def clustered(norm: int) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        size = draw(st.integers(2, 4))
        batch = draw(st.sampled_from([1, size]))  # Chainer fails with other batches
        rest = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
        x = array(draw, (batch, size, *rest), draw(exact_dtypes))
        t = labels(draw, (batch, *rest), size + 2, draw(integers))
        options = {"alpha": draw(st.sampled_from([0.5, 1.0])), "gamma": 0.1}
        margins = [("o", draw(st.sampled_from([0.5, 1.5]))) for _ in range(2)]
        return [("v", x), ("a", t), *margins, ("o", size), ("o", norm)], options

    return draw_arguments


ROWS = [
    Row("contrastive", pairs, order=1),
    Row("contrastive", pairs_apart, label=" twice"),
    Row("cross_covariance", matrices(2)),
    Row("decov", matrices(1), order=1),
    Row("discriminative_margin_based_clustering_loss", clustered(1)),
    # Chainer's gradient is NaN, see deviations.md.
    Row(
        "discriminative_margin_based_clustering_loss", clustered(2), order=0,
        label=" of Euclidean distances",
    ),
    Row("hinge", hinged, order=1),
    Row("triplet", triplets),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)


X = np.ones((2, 3), np.float32)
T = np.ones(2, np.int32)
IMAGE = np.ones((1, 3, 2, 2), np.float32)
CLUSTERS = np.ones((1, 2, 2), np.int32)


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("contrastive", [X, X, T], {"margin": 0}),
        ("contrastive", [X, X, T], {"margin": -1}),
        ("contrastive", [X, X, T], {"reduce": "sum"}),
        ("contrastive", [X, X[:, :2], T], {}),
        ("contrastive", [X, X, X[:, 0]], {}),
        ("contrastive", [X, X, T[:1]], {}),
        ("contrastive", [X, X.astype("d"), T], {}),
        ("contrastive", [X.astype("i"), X.astype("i"), T], {}),
        ("contrastive", [X[0], X[0], T], {}),
        ("contrastive", [X[:0], X[:0], T[:0]], {}),
        ("contrastive", [X, X, T[:, None]], {}),
        ("contrastive", [X, X, [1, 0]], {}),
        ("triplet", [X, X, X], {"margin": 0}),
        ("triplet", [X, X, X], {"reduce": "sum"}),
        ("triplet", [X, X, X[:1]], {}),
        ("triplet", [X, X.astype("d"), X], {}),
        ("triplet", [X[:0], X[:0], X[:0]], {}),
        ("triplet", [X[0], X[0], X[0]], {}),
        ("triplet", [T, T, T], {}),
        ("hinge", [X, T], {"norm": "L3"}),
        ("hinge", [X, T], {"reduce": "sum"}),
        ("hinge", [X, T[:1]], {}),
        ("hinge", [X[0], T], {}),
        ("hinge", [X, X], {}),
        ("hinge", [X, T + 2], {}),
        ("hinge", [X, T - 5], {}),
        ("cross_covariance", [X, X], {"reduce": "mean"}),
        ("cross_covariance", [X, X[:1]], {}),
        ("cross_covariance", [X, X.astype("d")], {}),
        ("cross_covariance", [X[0], X[0]], {}),
        ("cross_covariance", [X.astype("i"), X.astype("i")], {}),
        ("decov", [X], {"reduce": "mean"}),
        ("decov", [X[0]], {}),
        ("decov", [X.astype("i")], {}),
        ("discriminative_margin_based_clustering_loss", [IMAGE, CLUSTERS, 1, 1, 2], {}),
        ("discriminative_margin_based_clustering_loss", [IMAGE, CLUSTERS, 1, 1, 0], {}),
        ("discriminative_margin_based_clustering_loss", [IMAGE, CLUSTERS, 1, 1, 3, 3], {}),
        ("discriminative_margin_based_clustering_loss", [IMAGE, CLUSTERS, 1, 1], {}),
        (
            "discriminative_margin_based_clustering_loss",
            [IMAGE, np.ones((1, 2, 3), np.int32), 1, 1, 3],
            {},
        ),
        (
            "discriminative_margin_based_clustering_loss",
            [IMAGE.astype("i"), CLUSTERS, 1, 1, 3],
            {},
        ),
    ],
)
def test_bad_inputs_give_the_same_class_of_error(
    both: Any, name: str, arguments: list[Any], options: dict[str, Any]
) -> None:
    kinds = [
        ("v" if isinstance(a, np.ndarray) and a.dtype.kind == "f" else "o", a) for a in arguments
    ]
    assert both(functions.call, name, kinds, options, 0) is None  # both raised
