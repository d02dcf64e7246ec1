"""Memory layouts (Chainer: *chainer.memory_layouts*): variables have the standard one only.

Chainer 7 kept some arrays with their channels last, for cuDNN. Here torch chooses: its format
``torch.channels_last`` keeps shapes as they are.
"""

from __future__ import annotations

from typing import Any

from chainer_compat._unsupported import unsupported
from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError

__all__ = [
    "CUDNN_CHANNEL_FIRST_W",
    "CUDNN_CHANNEL_FIRST_X",
    "CUDNN_CHANNEL_LAST_W",
    "CUDNN_CHANNEL_LAST_X",
    "AsLayout",
    "get_raw_shape",
    "get_semantic_shape",
]

CUDNN_CHANNEL_FIRST_X = None
CUDNN_CHANNEL_LAST_X = "CUDNN_CHANNEL_LAST_X"
CUDNN_CHANNEL_FIRST_W = None
CUDNN_CHANNEL_LAST_W = "CUDNN_CHANNEL_LAST_W"

AsLayout = unsupported(
    "chainer.memory_layouts.AsLayout",
    "Variables have the standard layout; for speed, give a torch module `torch.channels_last`.",
)

_UNSPECIFIED: Any = type("_Unspecified", (), {"__repr__": lambda _: "<unspecified>"})()


def get_raw_shape(arr_or_var: Any) -> tuple[int, ...]:
    """Returns the shape as it is in memory.

    Args:
        arr_or_var: A variable or array.
    """
    shape: tuple[int, ...] = arr_or_var.shape
    return shape


def get_semantic_shape(arr_or_var: Any, *, assumed_layout: Any = _UNSPECIFIED) -> tuple[int, ...]:
    """Returns the shape with the channels behind the batch axis.

    Args:
        arr_or_var: A variable or array.
        assumed_layout: The layout of an array: None, or one with the channels last.

    Raises:
        ValueError: If it is no layout, or not the one that a variable has.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import memory_layouts
        >>> memory_layouts.get_semantic_shape(
        ...     np.zeros((2, 5, 6, 3)), assumed_layout=memory_layouts.CUDNN_CHANNEL_LAST_X)
        (2, 3, 5, 6)
    """
    shape = get_raw_shape(arr_or_var)
    if assumed_layout is _UNSPECIFIED or assumed_layout is None:
        return shape
    if isinstance(arr_or_var, Variable) or assumed_layout not in (
        CUDNN_CHANNEL_LAST_X,
        CUDNN_CHANNEL_LAST_W,
    ):
        raise InvalidArgumentError(f"no {type(arr_or_var).__name__} has layout {assumed_layout!r}")
    return (shape[0], shape[-1], *shape[1:-1])
