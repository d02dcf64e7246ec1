"""The contract of every function: values, gradients and errors are Chainer's.

A family's test file lists its functions as rows; a row is a name and how to draw its arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.parity.bodies import functions

# By the lowest precision among the arrays; float32 and float64 are the floors of the project.
TOLERANCES = {"e": (2e-2, 2e-2), "f": (1e-5, 1e-5), "d": (1e-10, 1e-10)}

Arguments = tuple[list[tuple[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """One function, and how its arguments are drawn."""

    name: str
    draw: Callable[[Any], Arguments]
    order: int = 2
    config: dict[str, Any] = field(default_factory=dict)
    # For a sum of many terms, whose rounding is not that of one operation.
    looser: float = 1.0
    label: str = ""

    def __str__(self) -> str:
        return self.name + self.label


def check(both: Any, row: Row, data: st.DataObject) -> None:
    """Draws arguments and compares with the oracle.

    The seeds of NumPy's generator are the same on both sides, so that noise is, too.
    """
    arguments, options = row.draw(data.draw)
    rtol, atol = TOLERANCES[precision(arguments)]
    both(
        functions.call, row.name, arguments, options, row.order, row.config,
        rtol=rtol * row.looser, atol=atol * row.looser,
    )  # fmt: skip


def precision(arguments: list[tuple[str, Any]]) -> str:
    found = set()
    for kind, value in arguments:
        if kind == "s":
            found.add(precision(value))
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
            found.add(value.dtype.char)
    return next((char for char in "efd" if char in found), "f")


dtypes = st.sampled_from(["float32", "float32", "float64", "float16"])
exact_dtypes = st.sampled_from(["float32", "float64"])
variable_kinds = st.sampled_from(["v", "v", "v", "v'", "a"])


def shapes(min_dims: int = 0, max_dims: int = 4, min_side: int = 0, max_side: int = 4) -> Any:
    """Shapes; with sides of 0 among them unless told otherwise."""
    return hnp.array_shapes(
        min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side
    )


def array(
    draw: Any, shape: tuple[int, ...], dtype: str = "float32", low: float = -3.0, high: float = 3.0
) -> np.ndarray[Any, Any]:
    """An array whose elements differ and lie away from whole numbers, where kinks are."""
    seed = draw(st.integers(0, 2**16))
    random = np.random.RandomState(seed)
    values = random.uniform(low, high, shape)
    near = np.abs(values - np.round(values)) < 0.02
    moved = np.where(near, values + 0.05 * (high - low) / 6, values)
    return moved.clip(low, high).astype(dtype)


def labels(
    draw: Any, shape: tuple[int, ...], classes: int, dtype: str = "int32", lowest: int = 0
) -> np.ndarray[Any, Any]:
    """Integers below a number of classes."""
    seed = draw(st.integers(0, 2**16))
    return (
        np.random.RandomState(seed).randint(lowest, max(classes, lowest + 1), shape).astype(dtype)
    )


def elementwise(low: float = -3.0, high: float = 3.0) -> Callable[[Any], Arguments]:
    """Arguments of a function of one array of any shape."""

    def draw_arguments(draw: Any) -> Arguments:
        x = array(draw, draw(shapes()), draw(dtypes), low, high)
        return [(draw(variable_kinds), x)], {}

    return draw_arguments
