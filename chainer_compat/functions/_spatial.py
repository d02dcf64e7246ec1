"""What functions over spatial axes share: options for each axis, windows of tensors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from chainer_compat.errors import InvalidArgumentError

__all__ = ["crop_or_pad", "expect_spatial", "in_short", "planned", "spread"]


def spread(value: Any, ndim: int) -> tuple[int, ...]:
    """Returns an option for each spatial axis.

    Args:
        value: An int for all of them, or a sequence with one for each.
        ndim: How many there are.

    Raises:
        ValueError: If the sequence has another length.
    """
    if hasattr(value, "__getitem__"):
        values = tuple(int(v) for v in value)
        if len(values) != ndim:
            raise InvalidArgumentError(f"expected {ndim} numbers, one for each axis; got {values}")
        return values
    return (int(value),) * ndim


def in_short(value: Any) -> int | tuple[int, ...]:
    """Returns an option of images as torch reads it fastest: one number where both axes agree.

    Args:
        value: An int for both axes, or a pair.

    Raises:
        ValueError: If the sequence has another length.
    """
    pair = spread(value, 2)
    return pair[0] if pair[0] == pair[1] else pair


def crop_or_pad(x: Tensor, starts: tuple[int, ...], sizes: tuple[int, ...]) -> Tensor:
    """Returns a window of the spatial axes; beyond the tensor there are zeros.

    Args:
        x: A tensor of shape ``(N, C, ...)``.
        starts: Where the window begins, for each spatial axis.
        sizes: Its lengths.
    """
    pads: list[int] = []
    for length, start, size in zip(x.shape[:1:-1], starts[::-1], sizes[::-1], strict=True):
        pads += [-start, start + size - length]
    return torch.nn.functional.pad(x, pads) if any(pads) else x


def expect_spatial(x: Any, ndim: int) -> None:
    """Fails unless an input has a number of spatial axes.

    Args:
        x: A variable or array of shape ``(N, C, ...)``.
        ndim: The number.

    Raises:
        ValueError: If it has another one.
    """
    if x.ndim - 2 != ndim:
        raise ValueError(f"x must have {ndim} axes behind the channels; it has {x.ndim - 2}")


def planned(plan: Any, *geometry: Any) -> Any:
    """Returns what a cached function works out of shapes and options.

    Args:
        plan: The function, under ``functools.lru_cache``.
        *geometry: Its arguments; lists and arrays among the options cannot be looked up.
    """
    try:
        return plan(*geometry)
    except TypeError:
        return plan.__wrapped__(*geometry)
