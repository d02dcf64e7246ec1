"""How an index in brackets is read."""

from __future__ import annotations

from typing import Any

__all__ = ["per_axis"]


def per_axis(slices: Any) -> tuple[Any, ...]:
    """The indices that an index of Chainer's is made of, one for an axis.

    Args:
        slices: What stands in the brackets.
    """
    if isinstance(slices, tuple):
        return slices
    # As in the NumPy of Chainer's time; today's takes any list for an array.
    if isinstance(slices, list) and not all(isinstance(index, int) for index in slices):
        return tuple(slices)
    return (slices,)
