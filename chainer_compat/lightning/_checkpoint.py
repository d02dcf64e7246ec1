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
    return torch.from_numpy(np.array(array))


def from_checkpoint(state: dict[str, Any]) -> dict[str, np.ndarray]:
    """Turns the state back into arrays.

    Args:
        state: What :func:`to_checkpoint` returned.
    """
    return {
        key: value.cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
        for key, value in state.items()
    }
