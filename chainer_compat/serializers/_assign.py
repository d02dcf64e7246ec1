"""What a stored array becomes in the target: checked first, then written.

An array is written in place and cast within its kind; a scalar is converted to the type that the
target holds. Anything else says which key, and what was expected and found.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from chainer_compat.errors import DtypeMismatchError, ShapeMismatchError, TextMismatchError
from chainer_compat.serializers._steps import Step

if TYPE_CHECKING:
    from chainer_compat.serializers._npy import NpyHeader
    from chainer_compat.serializers._stored import Stored

__all__ = [
    "check_array",
    "check_dtype",
    "copy_into",
    "copy_of",
    "to_scalar",
    "write_array",
    "writing",
]


def _dtype_of(value: Any) -> np.dtype[Any]:
    if isinstance(value, torch.Tensor):
        # torch's half formats (bfloat16, float8) have no NumPy dtype; all that counts is the kind.
        if value.dtype.is_floating_point and not _has_numpy_dtype(value.dtype):
            return np.dtype(np.float32)
        return np.dtype(str(value.dtype).removeprefix("torch."))
    dtype: np.dtype[Any] = np.dtype(value.dtype)
    return dtype


def _has_numpy_dtype(dtype: torch.dtype) -> bool:
    return dtype in {torch.float16, torch.float32, torch.float64}


def check_array(key: str, value: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Refuses a stored array that does not fit the target's.

    Args:
        key: The array's name, for the message.
        value: The target's array.
        dtype: The stored dtype.
        shape: The stored shape.

    Raises:
        ShapeMismatchError: If the shapes differ (one element fits one element).
        DtypeMismatchError: If the dtype cannot be cast within its kind.
    """
    expected = tuple(value.shape)
    if expected != shape and not (np.prod(expected, dtype=int) == 1 == np.prod(shape, dtype=int)):
        raise ShapeMismatchError(f"{key}: expected shape {expected}, found {shape} in the file")
    check_dtype(key, value, dtype)


def check_dtype(key: str, value: Any, dtype: np.dtype[Any]) -> None:
    """Refuses a stored array that cannot be cast into the target's within its kind.

    Args:
        key: The array's name, for the message.
        value: The target's array.
        dtype: The stored dtype.

    Raises:
        DtypeMismatchError: If it cannot.
    """
    wanted = _dtype_of(value)
    if not np.can_cast(dtype, wanted, "same_kind"):
        raise DtypeMismatchError(
            f"{key}: expected dtype {wanted}, found {dtype} in the file (no safe cast)"
        )
    if isinstance(value, np.ndarray) and not value.flags.writeable:
        raise DtypeMismatchError(f"{key}: the target's array may not be written")


def copy_of(value: Any) -> Any:
    """Returns a copy of an array of any library.

    Args:
        value: The array.
    """
    return value.detach().clone() if isinstance(value, torch.Tensor) else value.copy()


def write_array(value: Any, stored: Stored) -> None:
    """Fills the target's array, which must have been checked.

    Args:
        value: The target's array.
        stored: Where the data comes from.
    """
    for step in writing(value, stored):
        step.run()


def writing(value: Any, stored: Stored) -> list[Step]:
    """Returns the steps, to be done in any order, that fill the target's array.

    Args:
        value: The target's array, which must have been checked.
        stored: Where the data comes from.
    """
    array = value
    if isinstance(value, torch.Tensor):
        tensor = value.detach()
        if tensor.device.type != "cpu" or tensor.layout != torch.strided or not _has_view(tensor):
            return [Step(stored.header.nbytes, partial(_write_tensor, tensor, stored))]
        array = tensor.numpy()
    flat = _flattened(array, stored.header)
    if flat is not None:
        return stored.filling(flat)
    return [Step(stored.header.nbytes, partial(_write_whole, array, stored))]


def _flattened(array: Any, header: NpyHeader) -> np.ndarray | None:
    """The array's own memory in the order of the file, if that is one piece."""
    if type(array) is not np.ndarray:
        return None
    flags = array.flags
    if not (flags.f_contiguous if header.fortran_order else flags.c_contiguous):
        return None
    return array.reshape(-1, order="F" if header.fortran_order else "C")


def _write_whole(array: Any, stored: Stored) -> None:
    data = stored.read().reshape(array.shape)
    if isinstance(array, np.ndarray):
        np.copyto(array, data, casting="same_kind")
    else:
        array.set(np.ascontiguousarray(data, dtype=array.dtype).reshape(array.shape))


def _write_tensor(tensor: torch.Tensor, stored: Stored) -> None:
    copy_into(tensor, stored.read())


def copy_into(tensor: torch.Tensor, array: np.ndarray) -> None:
    """Copies an array into a tensor of as many elements, on whatever device.

    Args:
        tensor: The tensor, detached.
        array: The array.
    """
    # torch wants to be able to write, and a mapping's array may be read-only.
    data = np.require(array, requirements=["C", "W"])
    # Any thread may come here, and each has its own mode.
    with torch.inference_mode(tensor.is_inference()):
        tensor.copy_(torch.from_numpy(data.reshape(tuple(tensor.shape))))


def _has_view(tensor: torch.Tensor) -> bool:
    dtype = tensor.dtype
    return not dtype.is_floating_point or _has_numpy_dtype(dtype)


def to_scalar(key: str, value: Any, data: np.ndarray) -> Any:
    """Converts a stored array to the type of what the target holds.

    Args:
        key: The value's name, for the message.
        value: The target's value, of which only the type counts.
        data: The stored array.

    Raises:
        DtypeMismatchError: If the conversion would lose something, or is not possible.
    """
    kind = type(value)
    integer = isinstance(value, int) and not isinstance(value, bool)
    numeric = isinstance(value, (bool, int, float, complex, np.number, np.bool_))
    if np.issubdtype(data.dtype, np.number):
        exact = integer and np.issubdtype(data.dtype, np.integer)
        if not exact and numeric and not np.can_cast(data.dtype, kind, "safe"):
            raise DtypeMismatchError(
                f"{key}: expected {kind.__name__}, found {data.dtype} in the file, "
                "which would lose precision"
            )
    if numeric and data.size != 1:
        raise ShapeMismatchError(
            f"{key}: expected one {kind.__name__}, found shape {data.shape} in the file"
        )
    try:
        return kind(data.reshape(()) if numeric else data)
    except (TypeError, ValueError) as error:
        kind_of_error = TextMismatchError if data.dtype.kind in "US" else DtypeMismatchError
        raise kind_of_error(
            f"{key}: expected {kind.__name__}, found {data.dtype} in the file ({error})"
        ) from error
