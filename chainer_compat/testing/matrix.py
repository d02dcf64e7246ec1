"""Matrices with given singular values (Chainer: *chainer.testing.generate_matrix*)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError

__all__ = ["generate_matrix"]


def generate_matrix(
    shape: tuple[int, ...], dtype: Any = float, *, singular_values: Any = None
) -> np.ndarray[Any, Any]:
    """Draws matrices with given singular values from NumPy's global stream.

    Args:
        shape: The shape, ``(*batch, m, n)``.
        dtype: A real or complex dtype.
        singular_values: Numbers from 0 on, of a shape that broadcasts to ``(*batch, min(m, n))``.

    Raises:
        ValueError: If the shape has less than two axes, or a singular value is negative.
        TypeError: If the dtype is neither, or ``singular_values`` is missing or not real.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import testing
        >>> a = testing.generate_matrix((3, 2), singular_values=[2.0, 1.0])
        >>> np.linalg.svd(a, compute_uv=False).round(6)
        array([2., 1.])
    """
    if len(shape) <= 1:
        raise InvalidArgumentError(f"a matrix has two axes or more; got shape {shape}")
    dtype = np.dtype(dtype)
    if dtype.kind not in "fc":
        raise InvalidArgumentTypeError(f"dtype is real or complex; got {dtype}")
    values = _checked(singular_values)
    wanted = np.broadcast_to(values, (*shape[:-2], min(shape[-2:])))
    matrices: Any = np.random.randn(*shape)
    if dtype.kind == "c":
        matrices = matrices + 1j * np.random.randn(*shape)
    left, _, right = np.linalg.svd(matrices, full_matrices=False)
    made: np.ndarray[Any, Any] = np.einsum("...ik,...k,...kj->...ij", left, wanted, right)
    return made.astype(dtype)


def _checked(singular_values: Any) -> np.ndarray[Any, Any]:
    if singular_values is None:
        raise InvalidArgumentTypeError("singular_values must be given")
    values = np.asarray(singular_values)
    if not np.isrealobj(values):
        raise InvalidArgumentTypeError("singular_values are real")
    if (values < 0).any():
        raise InvalidArgumentError("singular_values are not negative")
    return values
