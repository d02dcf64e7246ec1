"""Reductions over axes (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from chainer_compat._variable import Variable, as_variable
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._shape import reshape
from chainer_compat.utils.type_check import fail

__all__ = ["average", "check_axes", "mean", "sum"]


def check_axes(ndim: int, axis: Any) -> tuple[int, ...]:
    """Returns axes as a tuple of numbers from 0 on; all of them for None.

    Args:
        ndim: How many there are.
        axis: None, an axis, or a tuple of axes.

    Raises:
        TypeError: If it is none of these.
        ValueError: If an axis stands twice.
        InvalidType: If there is no such axis.
    """
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not all(isinstance(a, (int, np.integer)) for a in axes):
        raise TypeError(f"axis is None, an int or a tuple of ints; got {axis!r}")
    for a in axes:
        if a >= ndim:
            fail(f"x.ndim > {a}", f"{ndim} <= {a}")
        if a < -ndim:
            fail(f"x.ndim >= {-a}", f"{ndim} < {-a}")
    found = tuple(int(a) % ndim for a in axes)
    if len(set(found)) < len(found):
        raise ValueError(f"duplicate value in axis: {axis}")
    return found


def _check_reduction(x: Tensor, axis: Any, keepdims: bool) -> None:
    _checks.floating(x)
    if axis is not None:
        check_axes(x.ndim, axis)


@function("Sum", check=_check_reduction)
def sum(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Returns the sum over axes.

    Args:
        x: A variable or array of floating point.
        axis: An axis or a tuple of axes; all of them if None.
        keepdims: Keep the axes, with length 1.

    Returns:
        A variable of ``x``'s dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        ValueError: If an axis stands twice.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.sum(np.ones((2, 3), np.float32), axis=1)
        variable([3., 3.])
    """
    if axis is None and not keepdims:
        return x.sum()
    axes = check_axes(x.ndim, axis)
    return x.sum(axes, keepdim=keepdims) if axes else x.clone()


@function("Mean", check=_check_reduction)
def _mean(x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    if axis is None and not keepdims:
        return x.mean()
    axes = check_axes(x.ndim, axis)
    return x.mean(axes, keepdim=keepdims) if axes else x.clone()


def average(x: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Variable:
    """Returns the mean over axes, with weights if there are any.

    Args:
        x: A variable or array of floating point.
        axis: An axis or a tuple of axes; all of them if None.
        weights: A variable or array with the lengths of those axes; weights of the elements.
        keepdims: Keep the axes, with length 1.

    Returns:
        A variable of ``x``'s dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        ValueError: If an axis stands twice, or the weights have another shape.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.average(np.array([1.0, 3.0], np.float32), weights=np.array([3.0, 1.0], np.float32))
        variable(1.5)
    """
    result: Variable
    if weights is None:
        result = _mean(x, axis, keepdims)
        return result
    x, weights = as_variable(x), as_variable(weights)
    axes = check_axes(x.ndim, axis)
    lengths = tuple(x.shape[a] for a in axes)
    if weights.shape != lengths:
        raise ValueError(f"the weights have shape {weights.shape}; the axes have {lengths}")
    divisor = sum(weights)
    spread = reshape(weights, tuple(n if a in axes else 1 for a, n in enumerate(x.shape)))
    result = sum(x * spread, axes, keepdims) / divisor
    return result


mean = average
