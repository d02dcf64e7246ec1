"""Brings any value that an object hands to a serializer into a NumPy array on the host."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from chainer_compat.errors import InvalidArgumentTypeError

__all__ = ["to_numpy"]


def _tensor_to_numpy(tensor: torch.Tensor) -> np.ndarray:
    host = tensor.detach().cpu().resolve_conj().resolve_neg()
    if host.dtype.is_floating_point and host.dtype.itemsize < 4 and host.dtype != torch.float16:
        # bfloat16 and float8, which NumPy lacks: float32 holds each of their values.
        host = host.float()
    return host.numpy()


def to_numpy(value: Any, key: str = "value") -> np.ndarray:
    """Returns a value as a NumPy array; an array of NumPy's comes back as it is, uncopied.

    Args:
        value: An array of NumPy, CuPy or torch, a number, text, None, or a list of these.
        key: The value's name, for the message.

    Raises:
        TypeError: If it is anything else, which only a pickle could hold.

    Example:
        >>> to_numpy(1.5)
        array(1.5)
    """
    if isinstance(value, np.ndarray):
        array = value
    elif isinstance(value, torch.Tensor):
        array = _tensor_to_numpy(value)
    elif hasattr(value, "__cuda_array_interface__"):
        array = value.get()
    elif isinstance(value, (list, tuple)):
        array = np.asarray([to_numpy(item, key) for item in value])
    else:
        array = np.asarray(value)
    if array.dtype.kind not in "biufcSU" and not (array.dtype.kind == "O" and array[()] is None):
        raise InvalidArgumentTypeError(
            f"{key}: a value of {type(value).__name__} (dtype {array.dtype}) cannot be saved; "
            "numbers, text, None and arrays of them can. Turn it into one of these, or JSON text"
        )
    return array
