"""What Chainer 1 had in ``chainer.cuda``: `init`, and functions that make CuPy's arrays.

Scripts of its time take ``cuda`` or ``numpy`` for the module that makes their arrays. Here, as
there, the dtype is float32 if none is given.

Source: Chainer 1's reference, *chainer.cuda*.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat.backends import cuda

__all__ = [
    "empty",
    "empty_like",
    "full",
    "full_like",
    "init",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]


def init(device: int | None = None) -> None:
    """Checks that there is a GPU, and makes one the current one.

    Args:
        device: Its number; None leaves the current one.

    Raises:
        RuntimeError: If no GPU can be used.
    """
    cuda.check_cuda_available()
    if device is not None:
        cuda.get_device_from_id(device).use()


def empty(shape: Any, dtype: Any = np.float32) -> Any:
    """Returns an array whose values are whatever was in its memory.

    Args:
        shape: Its shape.
        dtype: Its dtype.
    """
    return cuda.cupy.empty(shape, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = np.float32, stream: Any = None) -> Any:
    """Returns an array of one value.

    Args:
        shape: Its shape.
        fill_value: The value.
        dtype: Its dtype.
        stream: Of no use: the current stream fills it.
    """
    return cuda.cupy.full(shape, fill_value, dtype)


def ones(shape: Any, dtype: Any = np.float32, stream: Any = None) -> Any:
    """Returns an array of ones; see :func:`full`.

    Args:
        shape: Its shape.
        dtype: Its dtype.
        stream: Of no use.
    """
    return full(shape, 1, dtype)


def zeros(shape: Any, dtype: Any = np.float32, stream: Any = None) -> Any:
    """Returns an array of zeros; see :func:`full`.

    Args:
        shape: Its shape.
        dtype: Its dtype.
        stream: Of no use.
    """
    return full(shape, 0, dtype)


def empty_like(array: Any) -> Any:
    """Returns an array of the shape and dtype of another, on its device.

    Args:
        array: An array of NumPy or CuPy.
    """
    return cuda.get_array_module(array).empty_like(array)


def full_like(array: Any, fill_value: Any, stream: Any = None) -> Any:
    """Returns an array of one value, with the shape and dtype of another, on its device.

    Args:
        array: An array of NumPy or CuPy.
        fill_value: The value.
        stream: Of no use.
    """
    return cuda.get_array_module(array).full_like(array, fill_value)


def ones_like(array: Any, stream: Any = None) -> Any:
    """Returns an array of ones; see :func:`full_like`.

    Args:
        array: An array of NumPy or CuPy.
        stream: Of no use.
    """
    return full_like(array, 1)


def zeros_like(array: Any, stream: Any = None) -> Any:
    """Returns an array of zeros; see :func:`full_like`.

    Args:
        array: An array of NumPy or CuPy.
        stream: Of no use.
    """
    return full_like(array, 0)
