"""Largest and smallest elements (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._derivatives import caller
from chainer_compat.functions._reduction import check_axes, check_reduction
from chainer_compat.utils.type_check import InvalidType, fail

__all__ = ["argmax", "argmin", "clip", "index_of", "max", "maximum", "min", "minimum"]


class _Taken(torch.autograd.Function):
    """What a kernel takes of the elements; each that equals its result gets the whole gradient.

    torch's own extrema share it out among equal ones, or give it to one of them, and its clamp()
    passes none at a bound from torch 2.14 on.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Any, *how: Any) -> Tensor:
        y: Tensor = kernel(x, *how)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx: Any, gy: Tensor) -> tuple[Any, ...]:
        x, y = ctx.saved_tensors
        return _kept(gy, torch.eq, x, y), None, None, None


def _kept(gy: Tensor, holds: Any, a: Tensor, b: Tensor) -> Tensor:
    """The gradient where a comparison holds, and 0 elsewhere.

    The comparison writes numbers: torch's kernels for that have vector instructions, those from and
    to bool have not.
    """
    shape = torch.broadcast_shapes(a.shape, b.shape)  # type: ignore[no-untyped-call]  # torch's
    flags: Tensor = holds(a.detach(), b.detach(), out=gy.new_empty(shape))
    return gy * flags if torch.is_grad_enabled() else flags.mul_(gy)


_taken = caller(_Taken)


class _TakenAlong(torch.autograd.Function):
    """What a kernel takes along one axis, which is gone; as :class:`_Taken` otherwise."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Any, axis: int) -> Tensor:
        y: Tensor = kernel(x, axis)
        ctx.save_for_backward(x, y)
        ctx.axis = axis
        return y

    @staticmethod
    def backward(ctx: Any, gy: Tensor) -> tuple[Any, ...]:
        x, y = ctx.saved_tensors
        axis = ctx.axis
        return _kept(gy.unsqueeze(axis), torch.eq, x, y.unsqueeze(axis)), None, None


_taken_along = caller(_TakenAlong)


def _extremum(x: Tensor, kernel: Any, axis: Any, keepdims: bool) -> Tensor:
    axes = check_axes(x.ndim, axis)
    if any(x.shape[a] == 0 for a in axes):
        raise InvalidArgumentError(
            f"an axis without elements has no extremum; the shape is {tuple(x.shape)}"
        )
    if not axes:
        return x.clone()
    if not (x.requires_grad and torch.is_grad_enabled()):
        plain: Tensor = kernel(x, axes, keepdims)
        return plain
    y: Tensor = _taken(x, kernel, axes, True)
    if keepdims:
        return y
    return y.reshape([n for a, n in enumerate(x.shape) if a not in axes])


def _of_all_or_along_one(kernel: Any) -> Any:
    def shortcut(x: Tensor, axis: Any, keepdims: bool) -> Tensor | None:
        # torch refuses an axis that is not there or has no elements.
        if x.dtype is not torch.float32 or x.ndim == 0:
            return None
        y: Tensor
        derives = x.requires_grad and torch.is_grad_enabled()
        if keepdims:
            if type(axis) is not int:
                return None
            y = _taken(x, kernel, axis, True) if derives else kernel(x, axis, True)
        elif axis is None:
            y = _taken(x, kernel) if derives else kernel(x)
        elif type(axis) is int:
            y = _taken_along(x, kernel, axis) if derives else kernel(x, axis)
        else:
            return None
        return y

    return shortcut


@function("Max", check=check_reduction, shortcut=_of_all_or_along_one(torch.amax))
def max(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Returns the largest elements over axes.

    Args:
        x: A variable or array of floating point.
        axis: An axis or a tuple of axes; all of them if None.
        keepdims: Keep the axes, with length 1.

    Returns:
        A variable of ``x``'s dtype. Of several largest elements each gets the whole gradient.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        ValueError: If an axis stands twice or has no elements.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.max(np.array([[1.0, 3.0], [4.0, 2.0]], np.float32), axis=1)
        variable([3., 4.])
    """
    return _extremum(x, torch.amax, axis, keepdims)


@function("Min", check=check_reduction, shortcut=_of_all_or_along_one(torch.amin))
def min(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Returns the smallest elements over axes.

    Args:
        x: A variable or array of floating point.
        axis: An axis or a tuple of axes; all of them if None.
        keepdims: Keep the axes, with length 1.

    Returns:
        A variable of ``x``'s dtype. Of several smallest elements each gets the whole gradient.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        ValueError: If an axis stands twice or has no elements.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.min(np.array([[1.0, 3.0], [4.0, 2.0]], np.float32), axis=1)
        variable([1., 2.])
    """
    return _extremum(x, torch.amin, axis, keepdims)


def _check_index(x: Tensor, axis: int | None) -> None:
    if not x.is_floating_point():
        fail("in_types[0].dtype.kind == f", f"{_checks.dtype_kind(x)} != f")
    if axis is not None and axis >= x.ndim:
        fail(f"in_types[0].ndim > {axis}", f"{x.ndim} <= {axis}")
    if axis is not None and axis < -x.ndim:
        fail(f"in_types[0].ndim >= {-axis}", f"{x.ndim} < {-axis}")


def index_of(name: str, x: Tensor, axis: int | None) -> Tensor:
    """Returns the place of an extremum; of several, and of NaNs, that of the first.

    Args:
        name: ``"argmax"`` or ``"argmin"``.
        x: The tensor; not empty.
        axis: The axis; None for the place among all elements.
    """
    if x.is_cpu and x.dtype is not torch.bfloat16:
        # NumPy's has vector instructions, torch's has not: up to twenty times as fast.
        return torch.from_numpy(np.asarray(getattr(x.numpy(force=True), name)(axis)))
    found: Tensor = getattr(torch, name)(x, axis)
    return found


def _index(x: Tensor, name: str, axis: int | None) -> Tensor:
    if (x.numel() if axis is None else x.shape[axis]) == 0:
        raise InvalidArgumentError(
            f"an axis without elements has no extremum; the shape is {tuple(x.shape)}"
        )
    return index_of(name, x, axis).to(torch.int32)


def _index_along_one(name: str) -> Any:
    def shortcut(x: Tensor, axis: int | None) -> Tensor | None:
        # NumPy refuses an axis that is not there or has no elements.
        # But an axis of a number is none to Chainer.
        if axis is None or x.dtype is not torch.float32 or not x.is_cpu or not x.ndim:
            return None
        found = getattr(x.numpy(force=True), name)(axis)
        return torch.from_numpy(np.asarray(found, np.int32))

    return shortcut


@function("ArgMax", check=_check_index, shortcut=_index_along_one("argmax"))
def _argmax(x: Tensor, axis: int | None) -> Tensor:
    return _index(x, "argmax", axis)


@function("ArgMin", check=_check_index, shortcut=_index_along_one("argmin"))
def _argmin(x: Tensor, axis: int | None) -> Tensor:
    return _index(x, "argmin", axis)


def _expect_axis(axis: Any) -> int | None:
    if axis is not None and not isinstance(axis, int):
        raise InvalidArgumentTypeError(f"axis is None or an int; got {axis!r}")
    return axis


def argmax(x: Any, axis: int | None = None) -> Variable:
    """Returns the indices of the largest elements along an axis.

    Args:
        x: A variable or array of floating point.
        axis: The axis; the flattened array if None.

    Returns:
        A variable of int32, without a gradient; of equal elements, the first.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        TypeError: If ``axis`` is no int.
        ValueError: If there are no elements.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.argmax(np.array([[1.0, 3.0], [4.0, 2.0]], np.float32), axis=1)
        variable([1, 0])
    """
    result: Variable = _argmax(x, _expect_axis(axis))
    return result


def argmin(x: Any, axis: int | None = None) -> Variable:
    """Returns the indices of the smallest elements along an axis.

    Args:
        x: A variable or array of floating point.
        axis: The axis; the flattened array if None.

    Returns:
        A variable of int32, without a gradient; of equal elements, the first.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        TypeError: If ``axis`` is no int.
        ValueError: If there are no elements.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.argmin(np.array([[1.0, 3.0], [4.0, 2.0]], np.float32), axis=1)
        variable([0, 1])
    """
    result: Variable = _argmin(x, _expect_axis(axis))
    return result


class _OfTwo(torch.autograd.Function):
    """The larger or smaller of two elements; of equal ones the first gets the gradient.

    torch's own halve it.
    """

    @staticmethod
    def forward(ctx: Any, x1: Tensor, x2: Tensor, kernel: Any, is_first: Any) -> Tensor:
        ctx.save_for_backward(x1, x2)
        ctx.is_first = is_first
        y: Tensor = kernel(x1, x2)
        return y

    @staticmethod
    def backward(ctx: Any, gy: Tensor) -> tuple[Any, ...]:
        x1, x2 = ctx.saved_tensors
        first = _kept(gy, ctx.is_first, x1, x2)
        return first.sum_to_size(x1.shape), (gy - first).sum_to_size(x2.shape), None, None


_of_two = caller(_OfTwo)


def _check_pair(x1: Tensor, x2: Tensor) -> None:
    if x1.shape == x2.shape and _checks.all_of_one_floating(x1, x2):
        return
    _checks.expect_floating(x1, "x1")
    _checks.expect_same_dtype(x1, x2, "x1", "x2")
    if x1.shape != x2.shape:
        _expect_broadcast(x1, x2)


def _expect_broadcast(x1: Tensor, x2: Tensor) -> None:
    try:
        torch.broadcast_shapes(x1.shape, x2.shape)  # type: ignore[no-untyped-call]  # torch's
    except RuntimeError:
        shapes = f"x1.shape = {tuple(x1.shape)}\nx2.shape = {tuple(x2.shape)}"
        raise InvalidType(
            "x1 and x2 broadcast",
            f"{tuple(x1.shape)} and {tuple(x2.shape)}",
            f"cannot broadcast inputs of the following shapes:\n{shapes}",
        ) from None


def _of_one_dtype(kernel: Any, is_first: Any) -> Any:
    def shortcut(x1: Tensor, x2: Tensor) -> Tensor | None:
        # torch broadcasts the shapes.
        if not (x1.dtype is x2.dtype is torch.float32):
            return None
        derives = (x1.requires_grad or x2.requires_grad) and torch.is_grad_enabled()
        y: Tensor = _of_two(x1, x2, kernel, is_first) if derives else kernel(x1, x2)
        return y

    return shortcut


@function("Maximum", check=_check_pair, shortcut=_of_one_dtype(torch.maximum, torch.ge))
def maximum(x1: Tensor, x2: Tensor) -> Tensor:
    """Returns the larger one of each two elements, with broadcasting.

    Args:
        x1: A variable or array of floating point.
        x2: Another one of the same dtype.

    Returns:
        A variable of that dtype. Of equal elements that of ``x1`` gets the gradient.

    Raises:
        InvalidType: If the dtypes differ or the shapes do not broadcast.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.maximum(np.array([1.0, 2.0], np.float32), np.array([0.0, 3.0], np.float32))
        variable([1., 3.])
    """
    if not torch.is_grad_enabled() or not (x1.requires_grad or x2.requires_grad):
        return torch.maximum(x1, x2)
    y: Tensor = _of_two(x1, x2, torch.maximum, torch.ge)
    return y


@function("Minimum", check=_check_pair, shortcut=_of_one_dtype(torch.minimum, torch.le))
def minimum(x1: Tensor, x2: Tensor) -> Tensor:
    """Returns the smaller one of each two elements, with broadcasting.

    Args:
        x1: A variable or array of floating point.
        x2: Another one of the same dtype.

    Returns:
        A variable of that dtype. Of equal elements that of ``x1`` gets the gradient.

    Raises:
        InvalidType: If the dtypes differ or the shapes do not broadcast.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.minimum(np.array([1.0, 2.0], np.float32), np.array([0.0, 3.0], np.float32))
        variable([0., 2.])
    """
    if not torch.is_grad_enabled() or not (x1.requires_grad or x2.requires_grad):
        return torch.minimum(x1, x2)
    y: Tensor = _of_two(x1, x2, torch.minimum, torch.le)
    return y


@function("Clip", check=_checks.floating)
def _clip(x: Tensor, x_min: Any, x_max: Any) -> Tensor:
    if not (x.requires_grad and torch.is_grad_enabled()):
        return torch.clamp(x, x_min, x_max)
    y: Tensor = _taken(x, torch.clamp, x_min, x_max)
    return y


def clip(x: Any, x_min: float | None, x_max: float | None) -> Variable:
    """Returns an array with each element brought between two bounds.

    Args:
        x: A variable or array of floating point.
        x_min: The lower bound, or None.
        x_max: The upper bound, or None.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.
        ValueError: If both bounds are None, or the lower one is not below the upper.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.clip(np.array([-1.0, 0.5, 2.0], np.float32), 0.0, 1.0)
        variable([0. , 0.5, 1. ])
    """
    for bound in (x_min, x_max):
        if isinstance(bound, Variable):
            raise InvalidArgumentTypeError(
                "a bound of clip is a number; use F.maximum and F.minimum with variables"
            )
    if x_min is None and x_max is None:
        raise InvalidArgumentError("clip needs x_min, x_max or both")
    if x_min is not None and x_max is not None and x_min >= x_max:
        raise InvalidArgumentError(f"x_min must be below x_max; got {x_min} and {x_max}")
    result: Variable = _clip(x, x_min, x_max)
    return result
