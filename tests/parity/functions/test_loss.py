"""Losses, noise and the step of a recurrent network give what Chainer's give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
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

reductions = st.sampled_from(["mean", "no"])
three_reductions = st.sampled_from(["sum", "mean", "no"])


def alike(count: int, low: float = -3.0, **options: Any) -> Any:
    """So many arrays of one shape, and options."""

    def draw_arguments(draw: Any) -> Arguments:
        shape, dtype = draw(shapes(min_dims=1, min_side=1)), draw(exact_dtypes)
        arrays = [("v", array(draw, shape, dtype, low=low)) for _ in range(count)]
        return arrays, {name: draw(values) for name, values in options.items()}

    return draw_arguments


def classified(draw: Any) -> Arguments:
    batch, classes = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rest = draw(shapes(max_dims=2, min_side=1, max_side=3))
    x = array(draw, (batch, classes, *rest), draw(exact_dtypes))
    t = labels(draw, (batch, *rest), classes, draw(st.sampled_from(["int32", "int64"])), lowest=-1)
    weight = array(draw, (classes,), x.dtype.name, low=0.5) if draw(st.booleans()) else None
    options = {
        "normalize": draw(st.booleans()), "reduce": draw(reductions),
        "ignore_label": -1, "class_weight": weight,
        "enable_double_backprop": draw(st.booleans()),
    }  # fmt: skip
    return [("v", x), ("a", t)], options


def classified_twice(draw: Any) -> Arguments:
    arrays, options = classified(draw)
    return arrays, {**options, "enable_double_backprop": True}


def soft_targets(draw: Any) -> Arguments:
    batch, classes = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    dtype = draw(exact_dtypes)
    x = array(draw, (batch, classes), dtype)
    t = abs(array(draw, (batch, classes), dtype)) + 0.1
    options = {
        "reduce": draw(reductions),
        "soft_target_loss": draw(st.sampled_from(["cross-entropy", "kl-divergence"])),
    }
    return [("v", x), ("a", t / t.sum(1, keepdims=True))], options


def binary(draw: Any) -> Arguments:
    shape = draw(shapes(min_dims=1, min_side=1))
    x, t = array(draw, shape, draw(exact_dtypes)), labels(draw, shape, 2, lowest=-1)
    return [("v", x), ("a", t)], {"normalize": draw(st.booleans()), "reduce": draw(reductions)}


def huber(draw: Any) -> Arguments:
    shape, dtype = draw(shapes(min_dims=2, min_side=1)), draw(exact_dtypes)
    arrays = [("v", array(draw, shape, dtype)) for _ in range(2)]
    delta = draw(st.sampled_from([0.5, 1.0, 2.0]))
    reduce = draw(st.sampled_from(["sum_along_second_axis", "no"]))
    return [*arrays, ("o", delta)], {"reduce": reduce}


def scored(draw: Any) -> Arguments:
    batch, classes = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    y = array(draw, (batch, classes), draw(dtypes))
    t = labels(draw, (batch,), classes, lowest=-1)
    return [("v", y), ("a", t)], {"ignore_label": draw(st.sampled_from([None, -1, 0]))}


def gates(draw: Any) -> Arguments:
    longer, units = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    batch, dtype = draw(st.integers(1, longer)), draw(exact_dtypes)
    c = array(draw, (longer, units), dtype)
    return [("v", c), ("v", array(draw, (batch, 4 * units), dtype))], {}


def dropped(draw: Any) -> Arguments:
    x = array(draw, draw(shapes()), draw(dtypes))
    return [("v", x)], {"ratio": draw(st.sampled_from([0.0, 0.3, 0.9]))}


def gumbel(draw: Any) -> Arguments:
    x = array(draw, draw(shapes(min_dims=2, min_side=1)), draw(exact_dtypes))
    return [("v", x)], {"tau": draw(st.sampled_from([0.5, 1.0])), "axis": draw(st.integers(0, 1))}


ROWS = [
    Row("absolute_error", alike(2)),
    Row("accuracy", scored, order=0),
    Row("bernoulli_nll", alike(2, reduce=three_reductions)),
    Row("dropout", dropped),
    Row("dropout", dropped, config={"train": False}, label=" in testing"),
    Row("gaussian", alike(2, return_eps=st.booleans())),
    Row("gaussian_kl_divergence", alike(2, reduce=three_reductions)),
    Row("gaussian_nll", alike(3, reduce=three_reductions)),
    Row("gumbel_softmax", gumbel),
    Row("huber_loss", huber),
    Row("lstm", gates),
    Row("mean_absolute_error", alike(2)),
    Row("mean_squared_error", alike(2)),
    Row("sigmoid_cross_entropy", binary),
    Row("softmax_cross_entropy", classified, order=1),
    Row("softmax_cross_entropy", classified_twice, label=" twice"),
    Row("softmax_cross_entropy", soft_targets, order=1, label=" of probabilities"),
    Row("squared_difference", alike(2)),
    Row("squared_error", alike(2)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=50, slow=5000)
@given(data=st.data())
def test_values_and_gradients(both: Any, row: Row, data: st.DataObject) -> None:
    check(both, row, data)
