"""Reductions over axes (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable, as_variable
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._shape import reshape
from chainer_compat.utils.type_check import fail

__all__ = [
    "average",
    "check_axes",
    "check_reduction",
    "cumprod",
    "cumsum",
    "logsumexp",
    "mean",
    "prod",
    "sum",
    "sum_to",
]


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
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
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


def check_reduction(x: Tensor, axis: Any, keepdims: bool = False) -> None:
    """The check of a function of an array and axes.

    Args:
        x: The array.
        axis: None, an axis, or a tuple of axes.
        keepdims: Not looked at.
    """
    _checks.floating(x)
    if axis is not None:
        check_axes(x.ndim, axis)


def _along_axes(kernel: Any) -> Any:
    def shortcut(x: Tensor, axis: Any, keepdims: bool) -> Tensor | None:
        # torch refuses an axis that is not there or stands twice, and takes all for none.
        if x.dtype is not torch.float32:
            return None
        y: Tensor
        if axis is None and not keepdims:
            y = kernel(x)
        elif (type(axis) is int or (type(axis) is tuple and axis)) and x.ndim:
            y = kernel(x, axis, keepdims)
        else:
            return None
        return y

    return shortcut


@function("Sum", check=check_reduction, shortcut=_along_axes(torch.sum))
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


@function("Mean", check=check_reduction, shortcut=_along_axes(torch.mean))
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


@function("SumTo")
def _sum_to(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x.sum_to_size(shape)


def sum_to(x: Any, shape: Any) -> Variable:
    """Returns sums over axes, so that the result has a shape; the reverse of broadcasting.

    Args:
        x: A variable or array.
        shape: A shape that broadcasts to ``x``'s.

    Returns:
        A variable of that shape; ``x`` itself if it has it already.

    Raises:
        ValueError: If the shape does not broadcast to ``x``'s.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.sum_to(np.ones((2, 3), np.float32), (1, 3))
        variable([[2., 2., 2.]])
    """
    shape = tuple(shape)
    if tuple(x.shape) == shape:
        return as_variable(x)
    own = tuple(x.shape)[len(x.shape) - len(shape) :]
    if len(shape) > len(x.shape) or any(n not in (1, m) for n, m in zip(shape, own, strict=True)):
        raise InvalidArgumentError(
            f"an array of shape {tuple(x.shape)} cannot be summed to {shape}, which does not "
            "broadcast to it"
        )
    result: Variable = _sum_to(x, shape)
    return result


@function("Prod", check=check_reduction)
def prod(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Returns the product over axes.

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
        >>> F.prod(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), axis=1)
        variable([ 2., 12.])
    """
    axes = check_axes(x.ndim, axis)
    if not axes:
        return x.clone()
    # torch takes one axis.
    kept = [a for a in range(x.ndim) if a not in axes]
    y = x.permute(*kept, *axes).flatten(len(kept)).prod(-1)
    return y.reshape([1 if a in axes else n for a, n in enumerate(x.shape)]) if keepdims else y


def _shortcut_logsumexp(x: Tensor, axis: Any) -> Tensor | None:
    # torch refuses an axis that is not there.
    if type(axis) is not int or x.dtype is not torch.float32 or not (x.ndim and x.numel()):
        return None
    return torch.logsumexp(x, axis)


@function("LogSumExp", check=check_reduction, shortcut=_shortcut_logsumexp)
def logsumexp(x: Tensor, axis: Any = None) -> Tensor:
    """Returns ``log(sum(exp(x)))`` over axes, exact also where ``exp(x)`` is too large.

    Args:
        x: A variable or array of floating point.
        axis: An axis or a tuple of axes; all of them if None.

    Returns:
        A variable of ``x``'s dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        ValueError: If an axis stands twice or has no elements.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.logsumexp(np.array([1000.0, 1000.0], np.float32))
        variable(1000.6932)
    """
    axes = check_axes(x.ndim, axis)
    if any(x.shape[a] == 0 for a in axes):
        raise InvalidArgumentError(
            f"logsumexp needs elements along each axis; the shape is {tuple(x.shape)}"
        )
    return torch.logsumexp(x, axes) if axes else x.clone()


def _expect_axis(axis: Any) -> None:
    if axis is not None and not isinstance(axis, int):
        raise InvalidArgumentTypeError(f"axis is None or an int; got {axis!r}")


def _check_running(x: Tensor, axis: int | None) -> None:
    _checks.floating(x)
    if axis is not None and axis >= x.ndim:
        fail(f"x.ndim > {axis}", f"{x.ndim} <= {axis}")
    if axis is not None and -axis - 1 >= x.ndim:
        fail(f"x.ndim > {-axis - 1}", f"{x.ndim} <= {-axis - 1}")


@function("Cumsum", check=_check_running)
def _cumsum(x: Tensor, axis: int | None) -> Tensor:
    return x.reshape(-1).cumsum(0) if axis is None else x.cumsum(axis)


@function("Cumprod", check=_check_running)
def _cumprod(x: Tensor, axis: int | None) -> Tensor:
    # torch's derivatives divide, which half precision does not bear.
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return (wide.reshape(-1).cumprod(0) if axis is None else wide.cumprod(axis)).to(x.dtype)


def cumsum(x: Any, axis: int | None = None) -> Variable:
    """Returns the running sums along an axis.

    Args:
        x: A variable or array of floating point.
        axis: The axis; the array is flattened if None.

    Returns:
        A variable of ``x``'s dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        TypeError: If ``axis`` is no int.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.cumsum(np.array([1.0, 2.0, 3.0], np.float32))
        variable([1., 3., 6.])
    """
    _expect_axis(axis)
    result: Variable = _cumsum(x, axis)
    return result


def cumprod(x: Any, axis: int | None = None) -> Variable:
    """Returns the running products along an axis.

    Args:
        x: A variable or array of floating point.
        axis: The axis; the array is flattened if None.

    Returns:
        A variable of ``x``'s dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        TypeError: If ``axis`` is no int.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.cumprod(np.array([1.0, 2.0, 3.0], np.float32))
        variable([1., 2., 6.])
    """
    _expect_axis(axis)
    result: Variable = _cumprod(x, axis)
    return result
