"""A serialized state in the form that ``torch.load(weights_only=True)`` reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

__all__ = ["KEY", "from_checkpoint", "to_checkpoint"]

# Where the state is in a Lightning checkpoint, under "callbacks".
KEY = "chainer_compat"


def to_checkpoint(state: dict[str, np.ndarray]) -> dict[str, Any]:
    """Turns arrays into tensors, and arrays of text or None into what they hold.

    Args:
        state: Arrays by their paths.
    """
    return {key: _packed(array) for key, array in state.items()}


def _packed(array: np.ndarray) -> Any:
    if array.dtype.kind in "USO":
        return array.item()
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:
        # torch.save() of torch 2.5 takes no such tensors: their bits, as signed numbers.
        bits = np.array(array).view(f"i{array.dtype.itemsize}")
        return array.dtype.name, torch.from_numpy(bits)
    return torch.from_numpy(np.array(array))


def _unpacked(value: Any) -> np.ndarray:
    if isinstance(value, tuple):
        dtype, bits = value
        return bits.cpu().numpy().view(dtype)  # type: ignore[no-any-return]  # a tensor's
    return value.cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def from_checkpoint(state: dict[str, Any]) -> dict[str, np.ndarray]:
    """Turns the state back into arrays.

    Args:
        state: What :func:`to_checkpoint` returned.
    """
    return {key: _unpacked(value) for key, value in state.items()}
