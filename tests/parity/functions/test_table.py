"""The comparison with Chainer leaves no function out, and none of what holds for functions."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chainer_compat import functions as F
from tests.parity.functions._contract import Row
from tests.parity.functions._table import ROWS

# It is fixed_batch_normalization, with a warning, for which there is a test of its own.
WITHOUT_ROW = {"fixed_batch_renormalization"}

# Measures, which have no derivative.
NEVER = {
    *("accuracy", "binary_accuracy", "classification_summary", "f1_score", "precision"),
    *("r2_score", "recall"),
}
# Chainer cannot differentiate them twice, or loses one of two gradients that are one variable, or
# gives an infinite one.
ONCE = {
    *("add", "as_strided", "batch_renormalization", "bias", "decorrelated_batch_normalization"),
    *("connectionist_temporal_classification", "decov", "deformable_convolution_2d_sampler"),
    *("fixed_decorrelated_batch_normalization", "forget", "hinge", "local_convolution_2d"),
    *("local_response_normalization", "roi_average_align_2d", "roi_average_pooling_2d"),
    *("roi_max_align_2d", "roi_max_pooling_2d", "roi_pooling_2d", "spatial_pyramid_pooling_2d"),
    *("spatial_transformer_grid", "spatial_transformer_sampler", "tree_lstm"),
}
# Chainer takes them in single precision only; half precision is compared apart.
SINGLE = {"batch_matmul", "bilinear", "resize_images", "roi_average_align_2d", "roi_max_align_2d"}


# What a function takes besides arrays.
WITH_OPTIONS = {
    row.name
    for row in ROWS
    if [
        p
        for p in signature(getattr(F, row.name)).parameters.values()
        if p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY} and p.default is not p.empty
    ]
}


def test_every_function_has_a_row() -> None:
    names = {row.name for row in ROWS}
    assert sorted(set(F.__all__) - names) == sorted(WITHOUT_ROW)
    assert names <= set(F.__all__)


def test_every_function_is_differentiated_as_often_as_chainer_can() -> None:
    orders: dict[str, int] = {}
    for row in ROWS:
        orders[row.name] = max(orders.get(row.name, 0), row.order)
    assert {name for name, order in orders.items() if order == 0} == NEVER
    assert {name for name, order in orders.items() if order == 1} == ONCE


@pytest.mark.parametrize("name", sorted({row.name for row in ROWS}))
def test_every_function_is_met_in_both_precisions_and_with_other_options(name: str) -> None:
    wanted = {"float32"} if name in SINGLE else {"float32", "float64"}
    dtypes: set[str] = set()
    cases: set[str] = set()

    def look(data: st.DataObject) -> None:
        for row in _rows(name):
            arguments, options = row.draw(data.draw)
            _note(arguments, dtypes)
            plain = [kind[0] if isinstance(v, np.ndarray) else v for kind, v in arguments]
            cases.add(repr((plain, options, row.config)))

    for count in (10, 30, 300):
        _draw(look, count)
        if wanted <= dtypes and (len(cases) > 1 or name not in WITH_OPTIONS):
            return
    assert wanted <= dtypes
    assert len(cases) > 1


def _draw(look: Callable[[st.DataObject], None], count: int) -> None:
    profile = settings(
        max_examples=count,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    profile(given(data=st.data())(look))()


def _rows(name: str) -> list[Row]:
    return [row for row in ROWS if row.name == name]


def _note(arguments: Any, dtypes: set[str]) -> None:
    for kind, value in arguments:
        if kind == "s":
            _note(value, dtypes)
        elif isinstance(value, np.ndarray):
            dtypes.add(value.dtype.name)
