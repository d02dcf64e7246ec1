"""Dtypes and array types as a whole: `config.dtype`, `mixed16`, what counts as an array."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from chainer_compat.backends import _crossing, cuda
from chainer_compat.configuration import config

__all__ = [
    "get_array_types",
    "get_compute_mode",
    "get_cpu_array_types",
    "get_dtype",
    "is_arrays_compatible",
    "mixed16",
]


class _Mixed16:
    """``config.dtype`` for half-precision arrays with single-precision parameters."""

    dtype = np.dtype(np.float16)

    def __repr__(self) -> str:
        return "dtype('mixed16')"

    __str__ = __repr__

    def __reduce__(self) -> str:
        return "mixed16"


mixed16 = _Mixed16()


def get_dtype(dtype: Any = None, map_mixed16: Any = None) -> Any:
    """Returns a dtype, or the configured one.

    Args:
        dtype: What ``numpy.dtype`` takes, :data:`mixed16`, or None for ``config.dtype``.
        map_mixed16: What stands for :data:`mixed16`, if it comes out.

    Returns:
        A NumPy dtype, or :data:`mixed16`.

    Example:
        >>> import chainer_compat as chainer
        >>> chainer.get_dtype()
        dtype('float32')
    """
    if dtype is None:
        dtype = config.dtype
    if dtype is mixed16:
        return mixed16 if map_mixed16 is None else np.dtype(map_mixed16)
    return np.dtype(dtype)


def get_compute_mode() -> Any:
    """Returns ``config.compute_mode``."""
    return config.compute_mode


def get_cpu_array_types() -> tuple[type, ...]:
    """Returns the types of arrays on the CPU."""
    return (np.ndarray,)


def get_array_types() -> tuple[type, ...]:
    """Returns the types of arrays that go into functions: CuPy's only where it is installed."""
    types: tuple[type, ...] = (np.ndarray, torch.Tensor)
    if _crossing.cupy_or_none() is not None:
        types += (cuda.ndarray,)
    return types


def is_arrays_compatible(arrays: Any) -> bool:
    """Whether arrays live on one kind of device, so that one function can take them all.

    Args:
        arrays: Arrays; None among them counts for nothing.
    """
    kinds = set()
    for array in arrays:
        if array is None:
            continue
        if not isinstance(array, get_array_types()):
            return False
        on_gpu = array.is_cuda if isinstance(array, torch.Tensor) else type(array) is not np.ndarray
        kinds.add(on_gpu and not isinstance(array, np.ndarray))
    return len(kinds) <= 1
