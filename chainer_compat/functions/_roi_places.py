"""Where the cells of a region of interest lie, for functions that scripts derive from Chainer's.

``chainer.functions.pooling.roi_pooling_2d`` and ``roi_average_align_2d`` have these for one place
at a time; the functions of this package work out all places at once.
"""

from __future__ import annotations

import math
from typing import Any

__all__: list[str] = []


def _pair(x: Any) -> Any:
    """Returns a pair as it is, and anything else twice."""
    return x if hasattr(x, "__getitem__") else (x, x)


def _roi_pooling_slice(
    size: int, stride: float, max_size: int, roi_offset: int
) -> tuple[slice, int]:
    """Returns the rows, or columns, that a cell covers, and how many.

    Args:
        size: The number of the cell.
        stride: The length of a cell.
        max_size: The length of the image.
        roi_offset: Where the region starts.
    """
    start, end = (
        min(max(edge + roi_offset, 0), max_size)
        for edge in (math.floor(size * stride), math.ceil((size + 1) * stride))
    )
    return slice(start, end), end - start


def _get_bounds(p: float, limit: int) -> tuple[Any, Any, Any]:
    """Returns a place that lies in the image, and the pixels before and behind it.

    Args:
        p: The place along an axis.
        limit: The length of the axis.

    Returns:
        Three times None for a place more than one pixel outside.
    """
    if p < -1 or p > limit:
        return None, None, None
    low = min(math.floor(p), limit - 1)
    return min(limit - 1, max(p, 0)), low, low + 1


def _get_bilinear_interp_params(
    y: float, x: float, y_low: int, x_low: int, y_high: int, x_high: int
) -> tuple[float, float, float, float]:
    """Returns the weights of the four pixels around a place: above before below, left before right.

    Args:
        y: The place's row.
        x: Its column.
        y_low: The row above.
        x_low: The column to the left.
        y_high: The row below; the one behind ``y_low``.
        x_high: The column to the right; the one behind ``x_low``.
    """
    below, right = y - y_low, x - x_low
    above, left = 1 - below, 1 - right
    return above * left, above * right, below * left, below * right
