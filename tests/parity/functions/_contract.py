"""The contract of every function: values, gradients and errors are Chainer's.

A family's test file lists its functions as rows; a row is a name and how to draw its arguments.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import chainer_compat
from tests.parity import _comparing, _running
from tests.parity._running import Returned
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
    label: str = ""

    def __str__(self) -> str:
        return self.name + self.label


def check(both: Any, row: Row, data: st.DataObject) -> None:
    """Draws arguments and compares with the oracle.

    The seeds of NumPy's generator are the same on both sides, so that noise is, too.
    """
    arguments, options = row.draw(data.draw)
    # A copy: what the function moves in place is moved once on either side.
    fresh = copy.deepcopy(options)
    case = row.name, arguments, options, row.order, row.config
    ours, theirs = both.outcomes(functions.call, *case)
    assert_alike(row, arguments, fresh, row.order, ours, theirs)


def assert_alike(
    row: Row, arguments: Any, options: Any, order: int, ours: Any, theirs: Any
) -> None:
    """Compares two outcomes of a case.

    Where they are farther apart than the tolerance, but not in double precision, a sum of many
    terms has been rounded in another order, or something was divided by next to nothing: then ours
    is within the tolerance of the result in double precision, or at most four times as far from it
    as Chainer's, for which of the two is nearer is chance: 2.2 times has been met in 5,000 cases of
    batch normalization, of two examples with a variance of 0.003.
    """
    char = precision(arguments)
    different = _comparing.differences(ours, theirs, *TOLERANCES[char])
    if different and char != "d" and isinstance(ours, Returned) and isinstance(theirs, Returned):
        case = row.name, cast(arguments, "d"), cast(options, "d"), order, row.config, char
        true = _running.run(chainer_compat, functions.call, case)
        assert isinstance(true, Returned), str(true)
        different = list(_farther(ours.value, theirs.value, true.value, *TOLERANCES[char]))
    assert not different, "\n".join([f"{row} {arguments} {options}", *different])


def _farther(ours: Any, theirs: Any, true: Any, rtol: float, atol: float) -> Iterator[str]:
    for key in theirs:
        for i, (own, wanted, exact) in enumerate(
            zip(ours[key], theirs[key], true[key], strict=True)
        ):
            if wanted is None or own is None or wanted.dtype.kind != "f" or exact is None:
                same = (wanted is None) == (own is None)
                if not (same or np.abs(wanted if own is None else own).max(initial=0) <= atol):
                    yield f"{key}[{i}]: {own!r}, Chainer's {wanted!r}"
                continue
            off = np.abs(wanted - exact).max(initial=0)
            allowed = max(4 * off, atol + rtol * np.abs(exact).max(initial=0))
            if own.dtype != wanted.dtype or np.abs(own - exact).max(initial=0) > allowed:
                yield f"{key}[{i}]: {own!r}, Chainer's {wanted!r}, in double precision {exact!r}"


def cast(value: Any, dtype: str) -> Any:
    """Arguments or options with their arrays of floating point cast."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(dtype)
    if isinstance(value, (list, tuple)):
        return type(value)(cast(item, dtype) for item in value)
    if isinstance(value, dict):
        return {key: cast(item, dtype) for key, item in value.items()}
    return value


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
