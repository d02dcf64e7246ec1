"""Shapes and sums of raw arrays (Chainer: *chainer.utils.array*)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from typing import Any

from chainer_compat.backends import cuda
from chainer_compat.errors import InvalidArgumentTypeError

__all__ = ["as_mat", "as_vec", "empty_like", "size_of_shape", "sum_to"]


def _deprecated(name: str, instead: str) -> None:
    warnings.warn(
        f"chainer.utils.array.{name} is deprecated; use {instead}",
        DeprecationWarning,
        stacklevel=3,
    )


def as_vec(x: Any) -> Any:
    """Returns an array with all its elements along one axis (deprecated).

    Args:
        x: An array.
    """
    _deprecated("as_vec", "x.ravel()")
    return x if x.ndim == 1 else x.ravel()


def as_mat(x: Any) -> Any:
    """Returns an array with all axes but the first as one (deprecated).

    Args:
        x: An array.
    """
    _deprecated("as_mat", "x.reshape(len(x), -1)")
    return x if x.ndim == 2 else x.reshape(len(x), -1)


def empty_like(x: Any) -> Any:
    """Returns a new array of the same shape and dtype (deprecated).

    Args:
        x: An array of NumPy or CuPy.
    """
    _deprecated("empty_like", "xp.empty_like(x)")
    return cuda.get_array_module(x).empty_like(x)


def size_of_shape(shape: Iterable[int]) -> int:
    """Returns the number of elements of an array.

    Args:
        shape: The array's shape.

    Example:
        >>> from chainer_compat import utils
        >>> utils.size_of_shape((2, 3)), utils.size_of_shape(())
        (6, 1)
    """
    return int(math.prod(shape))


def sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    """Sums an array over the axes along which the shape would be broadcast to it.

    Args:
        x: An array of NumPy or CuPy, or a torch tensor.
        shape: The shape of the result.

    Raises:
        TypeError: If it is given a Variable.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import utils
        >>> utils.sum_to(np.array([[1, 2, 3], [4, 5, 6]]), (2, 1))
        array([[ 6],
               [15]])
    """
    if x.shape == shape:
        return x
    if hasattr(x, "tensor"):
        raise InvalidArgumentTypeError(
            "utils.sum_to takes arrays; use functions.sum_to for a Variable"
        )
    lead = x.ndim - len(shape)
    kept = tuple(lead + i for i, size in enumerate(shape) if size == 1)
    return x.sum((*range(lead), *kept), keepdims=True).reshape(shape)
