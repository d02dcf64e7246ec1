"""The only crossing between raw arrays (NumPy, CuPy) and torch tensors; nothing is copied."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np
import torch
import torch.utils.dlpack

from chainer_compat.errors import InvalidArgumentTypeError, MissingDependencyError

__all__ = [
    "as_raw",
    "as_tensor",
    "cupy_or_none",
    "is_array",
    "numpy_dtype",
    "shares_memory",
    "torch_dtype",
]

_NUMPY_TO_TORCH: dict[np.dtype[Any], torch.dtype] = {
    np.dtype(np.bool_): torch.bool,
    np.dtype(np.int8): torch.int8,
    np.dtype(np.int16): torch.int16,
    np.dtype(np.int32): torch.int32,
    np.dtype(np.int64): torch.int64,
    np.dtype(np.uint8): torch.uint8,
    np.dtype(np.uint16): torch.uint16,
    np.dtype(np.uint32): torch.uint32,
    np.dtype(np.uint64): torch.uint64,
    np.dtype(np.float16): torch.float16,
    np.dtype(np.float32): torch.float32,
    np.dtype(np.float64): torch.float64,
    np.dtype(np.complex64): torch.complex64,
    np.dtype(np.complex128): torch.complex128,
}
_TORCH_TO_NUMPY = {ours: theirs for theirs, ours in _NUMPY_TO_TORCH.items()}


def is_array(value: Any) -> bool:
    """Whether a value is an array of NumPy, CuPy or torch.

    Args:
        value: Anything.
    """
    return isinstance(value, (np.ndarray, torch.Tensor)) or hasattr(
        value, "__cuda_array_interface__"
    )


def torch_dtype(dtype: Any) -> torch.dtype:
    """Returns torch's dtype of a NumPy dtype.

    Args:
        dtype: Anything that ``numpy.dtype`` takes.

    Raises:
        TypeError: If torch has no such dtype.
    """
    found = _NUMPY_TO_TORCH.get(np.dtype(dtype))
    if found is None:
        raise InvalidArgumentTypeError(
            f"torch has no dtype for {np.dtype(dtype)!r}; cast the array to one of "
            "bool, int8 to int64, uint8 to uint64, float16 to float64, complex64 or complex128"
        )
    return found


def numpy_dtype(dtype: torch.dtype) -> np.dtype[Any]:
    """Returns NumPy's dtype of a torch dtype.

    Args:
        dtype: A torch dtype.

    Raises:
        TypeError: If NumPy has no such dtype (``torch.bfloat16``).
    """
    try:
        return _TORCH_TO_NUMPY[dtype]
    except KeyError:
        raise InvalidArgumentTypeError(
            f"NumPy has no dtype for {dtype}; cast the tensor to float32 first"
        ) from None


def cupy_or_none() -> Any:
    """Returns the module CuPy, or None where it cannot be imported."""
    module = sys.modules.get("cupy")
    return _import_cupy() if module is None else module


@functools.cache  # a search of the whole path is for once, and this is asked often
def _import_cupy() -> Any:
    try:
        import cupy
    except ImportError:
        return None
    return cupy


def from_numpy(array: np.ndarray[Any, Any]) -> torch.Tensor:
    try:
        if array.flags.writeable:
            return torch.from_numpy(array)
    except (TypeError, ValueError):
        pass  # foreign byte order and negative strides, which torch cannot view: copied below
    if array.dtype.newbyteorder("=") not in _NUMPY_TO_TORCH:
        torch_dtype(array.dtype)  # raises, with the way out
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("=")))


def shares_memory(array: np.ndarray[Any, Any]) -> bool:
    """Whether :func:`as_tensor` gives a tensor over the array's own memory.

    Args:
        array: A NumPy array.
    """
    return bool(
        array.flags.writeable and array.dtype.isnative and all(s >= 0 for s in array.strides)
    )


def as_tensor(array: Any) -> torch.Tensor:
    """Returns a torch tensor over the memory of an array.

    A copy is made only where torch cannot view the memory: negative strides, a foreign byte
    order, or memory that may not be written.

    Args:
        array: A NumPy or CuPy array, a scalar, a torch tensor, or an object that holds one as
            ``.tensor`` (a Variable).

    Raises:
        TypeError: If it is none of these, or of a dtype that torch does not have.
    """
    if type(array) is np.ndarray:
        return from_numpy(array)
    if isinstance(array, torch.Tensor):
        return array
    tensor = getattr(array, "tensor", None)
    if isinstance(tensor, torch.Tensor):
        return tensor
    if isinstance(array, (np.ndarray, np.generic, int, float, complex)):
        return from_numpy(np.asarray(array))
    if hasattr(array, "__cuda_array_interface__") and hasattr(array, "__dlpack__"):
        shared: torch.Tensor = torch.utils.dlpack.from_dlpack(array)
        return shared
    raise InvalidArgumentTypeError(
        f"expected an array of NumPy, CuPy or torch, a scalar or a Variable; got {type(array)}"
    )


def as_raw(tensor: torch.Tensor) -> Any:
    """Returns an array over the memory of a tensor: NumPy on the CPU, CuPy on a GPU.

    Args:
        tensor: A torch tensor; its graph is left behind.

    Raises:
        ImportError: If the tensor is on a GPU and CuPy is not installed.
    """
    detached = tensor.detach()
    if detached._is_zerotensor():
        detached = detached.clone()  # a gradient of zeros that torch has no memory for
    if detached.device.type == "cpu":
        return detached.resolve_conj().resolve_neg().numpy()
    cupy = cupy_or_none()
    if cupy is None:
        raise MissingDependencyError(
            f"the raw array of a tensor on {detached.device} needs CuPy: "
            "pip install 'chainer-compat[cuda]'. Without it, work with Variable.tensor"
        )
    return cupy.from_dlpack(detached)
