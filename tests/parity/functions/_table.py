"""Every function's row, of all families."""

from __future__ import annotations

import importlib

from tests.parity.functions._contract import Row

__all__ = ["ROWS"]

_FAMILIES = (
    *("activation", "array", "array_shape", "convolution", "linear_algebra", "loss"),
    *("mathematics", "metric_losses", "n_step_rnn", "normalization", "recurrent_steps", "roi"),
    *("sampled_losses", "sequence_losses", "summary"),
)
ROWS: list[Row] = [
    row
    for family in _FAMILIES
    for row in importlib.import_module(f"tests.parity.functions.test_{family}").ROWS
]
