"""Comparing arrays, wherever they live (Chainer: *chainer.testing*)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat.backends import cuda
from chainer_compat.utils import force_array

__all__ = ["assert_allclose"]


def assert_allclose(
    x: Any, y: Any, atol: float = 1e-5, rtol: float = 1e-4, verbose: bool = True
) -> None:
    """Asserts that two arrays agree: ``abs(x - y) <= atol + rtol * abs(y)``, element by element.

    Args:
        x: An array of NumPy or CuPy, a torch tensor, or a scalar.
        y: What it is compared with.
        atol: The absolute tolerance.
        rtol: The tolerance relative to ``y``.
        verbose: Whether the message shows the arrays.

    Raises:
        AssertionError: If they disagree; the message tells where most, and by how much.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import testing
        >>> testing.assert_allclose(np.array([1.0, 2.0]), np.array([1.0, 2.0001]))
    """
    x, y = (cuda.to_cpu(force_array(array)) for array in (x, y))
    try:
        np.testing.assert_allclose(x, y, atol=atol, rtol=rtol, verbose=verbose)
    except AssertionError as error:
        raise AssertionError(f"{error}\n\n{_explained(x, y, atol, rtol)}") from None


def _explained(x: Any, y: Any, atol: float, rtol: float) -> str:
    lines = [
        "assert_allclose failed:",
        f"  shape: {x.shape} {y.shape}",
        f"  dtype: {x.dtype} {y.dtype}",
    ]
    if x.shape == y.shape:
        lines += _worst(np.atleast_1d(x), np.atleast_1d(y), atol, rtol)
    with np.printoptions(threshold=10000):
        lines += [
            f"x: {np.array2string(x, prefix='x: ')}",
            f"y: {np.array2string(y, prefix='y: ')}",
        ]
    return "\n".join(lines) + "\n"


def _worst(x: Any, y: Any, atol: float, rtol: float) -> list[str]:
    with np.errstate(all="ignore"):
        error = np.abs(x.astype(np.float64) - y.astype(np.float64))
        tolerance = atol + rtol * np.abs(y.astype(np.float64))
        i = np.unravel_index(np.argmax(error - tolerance), error.shape)
        relative = error[i] / np.abs(y[i])
    return [
        f"  i: {tuple(map(int, i))}",
        f"  x[i]: {x[i]}",
        f"  y[i]: {y[i]}",
        f"  relative error[i]: {relative}",
        f"  absolute error[i]: {error[i]}",
        f"  relative tolerance * |y[i]|: {tolerance[i] - atol}",
        f"  absolute tolerance: {atol}",
        f"  total tolerance: {tolerance[i]}",
    ]


def noncontiguous(arrays: Any) -> Any:
    """Returns copies whose memory is not contiguous, so that code which assumes it fails.

    Args:
        arrays: An array, None, or a list or tuple of these. An array of at most one element, or
            a tensor, is returned as it is.
    """
    if isinstance(arrays, (list, tuple)):
        return type(arrays)([noncontiguous(array) for array in arrays])
    if not isinstance(arrays, (np.ndarray, cuda.ndarray)) or arrays.size <= 1:
        return arrays
    xp = cuda.get_array_module(arrays)
    roomy = xp.empty([2 * size for size in arrays.shape], dtype=arrays.dtype)
    view = roomy[(slice(None, None, -2),) * arrays.ndim]
    view[...] = arrays
    return view


# The name under which Chainer has it.
_as_noncontiguous_array = noncontiguous
