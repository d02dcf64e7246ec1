"""How values get into the array that is being initialized, whatever library it is of."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from chainer_compat._dtypes import get_dtype
from chainer_compat.backends import _crossing
from chainer_compat.backends._cpu import array_to_cpu
from chainer_compat.errors import UnexpectedArrayError

__all__ = ["assign", "is_on_cpu", "prepared"]


def prepared(initializer: Any, array: Any) -> Any:
    """Returns the array to fill: the one given, or a NumPy view of a tensor on the CPU.

    Args:
        initializer: Whose ``dtype``, unless None, must be that of the array.
        array: An array of NumPy or CuPy, or a torch tensor.

    Raises:
        AssertionError: If the dtypes differ.
    """
    if isinstance(array, torch.Tensor):
        dtype = _crossing.numpy_dtype(array.dtype)
        if array.device.type == "cpu":
            # NumPy casts float64 to float16 in one rounding, torch in two.
            array = _crossing.as_raw(array)
    else:
        dtype = array.dtype
    expected = initializer.dtype
    if expected is not None and dtype != get_dtype(expected, map_mixed16=np.float16):
        raise UnexpectedArrayError(
            f"{type(initializer).__name__} was made for {expected}; the array is of {dtype}"
        )
    return array


def is_on_cpu(array: Any) -> bool:
    """Whether an array is NumPy's.

    Args:
        array: What :func:`prepared` gave.
    """
    return isinstance(array, np.ndarray)


def assign(array: Any, values: Any) -> None:
    """Copies values into an array, with broadcasting and any cast.

    Args:
        array: What :func:`prepared` gave.
        values: A scalar or an array, wherever it lives.
    """
    if is_on_cpu(array):
        array[...] = array_to_cpu(values)
    elif isinstance(array, torch.Tensor):
        array.detach().copy_(_crossing.as_tensor(values))
    else:
        array[...] = _crossing.cupy_or_none().asarray(values)
