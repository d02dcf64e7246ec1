"""Functions that change an array's shape, not its elements (Chainer: *Array manipulations*)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable, as_variable
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import InvalidType, fail

__all__ = [
    "broadcast",
    "broadcast_to",
    "expand_dims",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
    "moveaxis",
    "repeat",
    "reshape",
    "rollaxis",
    "squeeze",
    "swapaxes",
    "tile",
    "transpose",
]


def _check_reshape(x: Tensor, shape: Sequence[int]) -> None:
    shape = tuple(shape)
    unknown = shape.count(-1)
    if unknown > 1:
        raise ValueError(f"only one length of a shape may be -1; got {shape}")
    known = 1
    for length in shape:
        if length != -1:
            known *= length
    if unknown:
        if known == 0 or x.numel() % known:
            fail(f"prod(x.shape) % {known} == 0", f"{x.numel()} % {known} != 0")
    elif x.numel() != known:
        fail(f"prod(x.shape) == prod({shape})", f"{x.numel()} != {known}")


def _shortcut_reshape(x: Tensor, shape: Sequence[int]) -> Tensor:
    # torch counts the elements.
    shape = tuple(shape)
    return x if x.shape == shape else x.reshape(shape)


@function("Reshape", check=_check_reshape, shortcut=_shortcut_reshape)
def reshape(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Returns an array in another shape.

    Args:
        x: A variable or array, of any dtype.
        shape: The lengths of the new axes; one may be -1, and is then worked out.

    Returns:
        A variable of that shape; ``x`` itself if it has it already.

    Raises:
        InvalidType: If the number of elements does not fit.
        ValueError: If more than one length is -1.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.reshape(np.zeros((2, 3), np.float32), (3, -1)).shape
        (3, 2)
    """
    shape = tuple(shape)
    return x if x.shape == shape else x.reshape(shape)


def _shortcut_transpose(x: Tensor, axes: Any) -> Tensor | None:
    # torch looks whether they are a permutation.
    return None if axes is None or isinstance(axes, int) else x.permute(tuple(axes))


@function("Transpose", shortcut=_shortcut_transpose)
def transpose(x: Tensor, axes: Any = None) -> Tensor:
    """Returns an array with its axes permuted.

    Args:
        x: A variable or array, of any dtype.
        axes: The axes in their new order, or the only one; reversed if None.

    Returns:
        A variable over the same elements.

    Raises:
        ValueError: If ``axes`` is no permutation of the axes.
        AxisError: If there is no such axis.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.transpose(np.zeros((2, 3), np.float32)).shape
        (3, 2)
    """
    if axes is None:
        return x.permute(tuple(range(x.ndim - 1, -1, -1)))
    ndim = x.ndim
    order = (axes,) if isinstance(axes, int) else tuple(axes)
    if len(order) == ndim:
        for axis in order:
            if not -ndim <= axis < ndim:
                raise np.exceptions.AxisError(axis, ndim)
    if len(order) != ndim or len({axis % ndim for axis in order}) < ndim:
        raise ValueError(f"axes {order} are no permutation of the {ndim} axes of x")
    return x.permute(order)


def _expect_axis(x: Tensor, axis: int, name: str = "x") -> None:
    if axis >= x.ndim:
        fail(f"{name}.ndim > {axis}", f"{x.ndim} <= {axis}")
    if axis < -x.ndim:
        fail(f"-{name}.ndim <= {axis}", f"{-x.ndim} > {axis}")


def _expect_int(axis: Any) -> int:
    if not isinstance(axis, (int, np.integer)):
        raise TypeError(f"axis must be an int; got {axis!r}")
    return int(axis)


def _check_broadcast_to(x: Tensor, shape: tuple[int, ...]) -> None:
    if x.ndim > len(shape):
        fail("x.ndim <= len(shape)", f"{x.ndim} > {len(shape)}")
    for i in range(-1, -x.ndim - 1, -1):
        if x.shape[i] not in (shape[i], 1):
            fail(
                f"in_type[0].shape[{i}] == {shape[i]} or in_type[0].shape[{i}] == 1",
                f"in_type[0].shape: {tuple(x.shape)}",
            )


def _shortcut_broadcast_to(x: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    # torch compares the lengths; -1 stands for that which there is.
    return None if -1 in shape else x.expand(shape)


@function("BroadcastTo", check=_check_broadcast_to, shortcut=_shortcut_broadcast_to)
def _broadcast_to(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x.expand(shape)


def broadcast_to(x: Any, shape: Sequence[int]) -> Variable:
    """Returns an array broadcast to a shape.

    Args:
        x: A variable or array.
        shape: The shape.

    Returns:
        A variable of that shape; ``x`` itself if it has it already.

    Raises:
        InvalidType: If it cannot be broadcast to it.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.broadcast_to(np.array([1.0, 2.0], np.float32), (2, 2))
        variable([[1., 2.],
                  [1., 2.]])
    """
    shape = tuple(shape)
    if tuple(x.shape) == shape:
        return as_variable(x)
    result: Variable = _broadcast_to(x, shape)
    return result


def _common_shape(xs: Sequence[Tensor]) -> tuple[int, ...]:
    return np.broadcast_shapes(*(tuple(x.shape) for x in xs))


def _check_broadcast(xs: Sequence[Tensor]) -> None:
    if not xs:
        fail("in_types.size > 0", "0 <= 0")
    try:
        _common_shape(xs)
    except ValueError:
        shapes = "\n".join(f"in_types[{i}].shape = {tuple(x.shape)}" for i, x in enumerate(xs))
        raise InvalidType(
            "the inputs broadcast",
            ", ".join(str(tuple(x.shape)) for x in xs),
            f"cannot broadcast inputs of the following shapes:\n{shapes}",
        ) from None


def _shortcut_broadcast(xs: Sequence[Tensor]) -> tuple[Tensor, ...] | None:
    # torch compares the shapes, and makes nothing of nothing.
    return tuple(torch.broadcast_tensors(*xs)) if xs else None  # type: ignore[no-untyped-call]  # torch's


@function("Broadcast", check=_check_broadcast, shortcut=_shortcut_broadcast)
def _broadcast(xs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    shape = _common_shape(xs)
    return tuple(x.expand(shape) for x in xs)


def broadcast(*args: Any) -> Any:
    """Broadcasts arrays to their common shape.

    Args:
        *args: Variables or arrays.

    Returns:
        A tuple of variables; of one array, just that.

    Raises:
        InvalidType: If there are none, or no common shape.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x, y = F.broadcast(np.zeros((2, 1), np.float32), np.zeros(3, np.float32))
        >>> x.shape, y.shape
        ((2, 3), (2, 3))
    """
    return as_variable(args[0]) if len(args) == 1 else _broadcast(args)


def _check_expand_dims(x: Tensor, axis: int) -> None:
    if axis > x.ndim or axis < -x.ndim - 1:
        needed = axis if axis >= 0 else -axis - 1
        fail(f"x.ndim >= {needed}", f"{x.ndim} < {needed}")


@function("ExpandDims", check=_check_expand_dims)
def _expand_dims(x: Tensor, axis: int) -> Tensor:
    return x.unsqueeze(axis)


def expand_dims(x: Any, axis: int) -> Variable:
    """Returns an array with a new axis of length 1.

    Args:
        x: A variable or array.
        axis: The place of the new axis.

    Returns:
        A variable with one axis more.

    Raises:
        InvalidType: If there is no such place.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.expand_dims(np.zeros(3, np.float32), axis=0).shape
        (1, 3)
    """
    result: Variable = _expand_dims(x, int(axis))
    return result


def _check_squeeze(x: Tensor, axis: tuple[int, ...] | None) -> None:
    for a in axis or ():
        _expect_axis(x, a, "in_types[0]")


def _shortcut_squeeze(x: Tensor, axis: tuple[int, ...] | None) -> Tensor | None:
    if axis is None or len(axis) != 1:
        return None
    y = x.squeeze(axis[0])
    return y if y.ndim < x.ndim else None  # an axis of another length stays


@function("Squeeze", check=_check_squeeze, shortcut=_shortcut_squeeze)
def _squeeze(x: Tensor, axis: tuple[int, ...] | None) -> Tensor:
    if axis is None:
        return x.squeeze()
    for a in axis:
        if x.shape[a] != 1:
            raise ValueError(
                f"only axes of length 1 are squeezed out; axis {a} has length {x.shape[a]}"
            )
    gone = {a % x.ndim for a in axis}
    return x.reshape([n for a, n in enumerate(x.shape) if a not in gone])


def squeeze(x: Any, axis: Any = None) -> Variable:
    """Returns an array without axes of length 1.

    Args:
        x: A variable or array.
        axis: The axis, or a tuple of axes, to take out; all of length 1 if None.

    Returns:
        A variable.

    Raises:
        InvalidType: If there is no such axis.
        TypeError: If ``axis`` is of another type.
        ValueError: If such an axis has another length.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.squeeze(np.zeros((1, 3, 1), np.float32)).shape
        (3,)
    """
    axes = axis
    if isinstance(axis, int):
        axes = (axis,)
    elif axis is not None and not (
        isinstance(axis, tuple) and all(isinstance(a, int) for a in axis)
    ):
        raise TypeError(f"axis must be None, an int or a tuple of ints; got {axis!r}")
    result: Variable = _squeeze(x, axes)
    return result


def flatten(x: Any) -> Variable:
    """Returns an array with one axis.

    Args:
        x: A variable or array.

    Returns:
        A variable; ``x`` itself if it has one axis already.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.flatten(np.zeros((2, 3), np.float32)).shape
        (6,)
    """
    result: Variable = reshape(x, (math.prod(x.shape),))
    return result


@function("Swapaxes")
def _swapaxes(x: Tensor, axis1: int, axis2: int) -> Tensor:
    return x.transpose(axis1, axis2)


def swapaxes(x: Any, axis1: int, axis2: int) -> Variable:
    """Returns an array with two axes exchanged.

    Args:
        x: A variable or array.
        axis1: An axis.
        axis2: Another one.

    Returns:
        A variable.

    Raises:
        IndexError: If there is no such axis.
        TypeError: If an axis is no int.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.swapaxes(np.zeros((2, 3, 4), np.float32), 0, 2).shape
        (4, 3, 2)
    """
    _checks.expect_array(x, "Swapaxes")
    for axis in (axis1, axis2):
        if not -x.ndim <= _expect_int(axis) < x.ndim:
            raise np.exceptions.AxisError(axis, x.ndim)
    result: Variable = _swapaxes(x, axis1, axis2)
    return result


def _as_axes(value: Any, name: str) -> tuple[int, ...]:
    axes = (value,) if isinstance(value, int) else value
    if not (isinstance(axes, (tuple, list, range)) and all(isinstance(a, int) for a in axes)):
        raise TypeError(f"{name} must be an int or a tuple of ints; got {value!r}")
    return tuple(axes)


def _check_moveaxis(x: Tensor, source: tuple[int, ...], destination: tuple[int, ...]) -> None:
    for axis in (*source, *destination):
        _expect_axis(x, axis)


@function("Moveaxis", check=_check_moveaxis)
def _moveaxis(x: Tensor, source: tuple[int, ...], destination: tuple[int, ...]) -> Tensor:
    return torch.movedim(x, source, destination)


def moveaxis(x: Any, source: Any, destination: Any) -> Variable:
    """Returns an array with axes moved to other places; the others keep their order.

    Args:
        x: A variable or array.
        source: An axis, or a tuple or list of axes.
        destination: Its new place, or theirs.

    Returns:
        A variable.

    Raises:
        InvalidType: If there is no such axis.
        TypeError: If an argument is of another type.
        ValueError: If the numbers of axes differ, or an axis stands twice.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.moveaxis(np.zeros((2, 3, 4), np.float32), 0, 2).shape
        (3, 4, 2)
    """
    sources, destinations = _as_axes(source, "source"), _as_axes(destination, "destination")
    if len(sources) != len(destinations):
        raise ValueError(
            f"source and destination must be as many; got {sources} and {destinations}"
        )
    _checks.expect_array(x, "Moveaxis")
    for axes, name in ((sources, "source"), (destinations, "destination")):
        if len({a % max(x.ndim, 1) for a in axes}) < len(axes):
            raise ValueError(f"an axis stands twice in {name}: {axes}")
    result: Variable = _moveaxis(x, sources, destinations)
    return result


def _check_rollaxis(x: Tensor, axis: int, start: int) -> None:
    _expect_axis(x, axis)
    if start > x.ndim:
        fail(f"x.ndim >= {start}", f"{x.ndim} < {start}")
    if start < -x.ndim:
        fail(f"x.ndim > {-start - 1}", f"{x.ndim} <= {-start - 1}")


@function("Rollaxis", check=_check_rollaxis)
def _rollaxis(x: Tensor, axis: int, start: int) -> Tensor:
    axis, start = axis % x.ndim, start if start >= 0 else start + x.ndim
    return torch.movedim(x, axis, start - 1 if axis < start else start)


def rollaxis(x: Any, axis: int, start: int = 0) -> Variable:
    """Returns an array with an axis moved before another one.

    Args:
        x: A variable or array.
        axis: The axis.
        start: The axis before which it goes.

    Returns:
        A variable.

    Raises:
        InvalidType: If there is no such axis.
        TypeError: If an argument is no int.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.rollaxis(np.zeros((2, 3, 4), np.float32), 2).shape
        (4, 2, 3)
    """
    result: Variable = _rollaxis(x, _expect_int(axis), _expect_int(start))
    return result


@function("Flip", check=_expect_axis)
def _flip(x: Tensor, axis: int) -> Tensor:
    return torch.flip(x, (axis,))


def flip(x: Any, axis: int) -> Variable:
    """Returns an array in the reverse order along an axis.

    Args:
        x: A variable or array.
        axis: The axis.

    Returns:
        A variable.

    Raises:
        InvalidType: If there is no such axis.
        TypeError: If ``axis`` is no int.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.flip(np.array([1.0, 2.0], np.float32), 0)
        variable([2., 1.])
    """
    result: Variable = _flip(x, _expect_int(axis))
    return result


def _check_fliplr(a: Tensor) -> None:
    _checks.expect_floating(a, "a")
    if a.ndim < 2:
        fail("a.ndim >= 2", f"{a.ndim} < 2")


@function("FlipLR", check=_check_fliplr)
def fliplr(a: Tensor) -> Tensor:
    """Returns an array in the reverse order along the second axis.

    Args:
        a: A variable or array of floating point, of two axes or more.

    Returns:
        A variable.

    Raises:
        InvalidType: If it is not of floating point or has fewer axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.fliplr(np.array([[1.0, 2.0]], np.float32))
        variable([[2., 1.]])
    """
    return torch.flip(a, (1,))


def _check_flipud(a: Tensor) -> None:
    _checks.expect_floating(a, "a")
    if a.ndim < 1:
        fail("a.ndim >= 1", f"{a.ndim} < 1")


@function("FlipUD", check=_check_flipud)
def flipud(a: Tensor) -> Tensor:
    """Returns an array in the reverse order along the first axis.

    Args:
        a: A variable or array of floating point, of one axis or more.

    Returns:
        A variable.

    Raises:
        InvalidType: If it is not of floating point or has no axis.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.flipud(np.array([1.0, 2.0], np.float32))
        variable([2., 1.])
    """
    return torch.flip(a, (0,))


# So many repetitions are joined as arrays; more would take long as arguments.
_FEW = 8


@function("Tile")
def _tile(x: Tensor, reps: tuple[int, ...]) -> Tensor:
    if not reps:
        return x.view_as(x)
    axes = [axis for axis, count in enumerate(reps, -len(reps)) if count != 1]
    if len(reps) <= x.ndim and len(axes) == 1 and 1 < reps[axes[0]] <= _FEW:
        # Whole rows are copied at once, where tile() goes by elements.
        return torch.cat([x] * reps[axes[0]], axes[0])
    return torch.tile(x, reps)


def tile(x: Any, reps: Any) -> Variable:
    """Returns an array repeated as a whole along its axes.

    Args:
        x: A variable or array.
        reps: How often along each axis, an int or a tuple of ints.

    Returns:
        A variable.

    Raises:
        TypeError: If ``reps`` is of another type.
        ValueError: If it is negative.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.tile(np.array([1.0, 2.0], np.float32), 2)
        variable([1., 2., 1., 2.])
    """
    times = (reps,) if isinstance(reps, int) else reps
    if not (isinstance(times, tuple) and all(isinstance(n, int) for n in times)):
        raise TypeError(f"reps must be an int or a tuple of ints; got {type(reps)}")
    if any(n < 0 for n in times):
        raise ValueError(f"reps must not be negative; got {reps}")
    result: Variable = _tile(x, times)
    return result


@function("Repeat")
def _repeat(x: Tensor, repeats: tuple[int, ...], axis: int | None) -> Tensor:
    if len(repeats) == 1:
        return torch.repeat_interleave(x, repeats[0], axis)
    counts = torch.tensor(repeats, device=x.device)
    return torch.repeat_interleave(x, counts, axis)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Variable:
    """Returns an array with each element repeated.

    Args:
        x: A variable or array.
        repeats: How often, an int, or a tuple with an int for each index along the axis.
        axis: The axis; the array is flattened if None.

    Returns:
        A variable.

    Raises:
        TypeError: If ``repeats`` is of another type.
        ValueError: If it is negative, has a wrong length, or there is no such axis.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.repeat(np.array([1.0, 2.0], np.float32), 2)
        variable([1., 1., 2., 2.])
    """
    if type(repeats) is int:
        counts: Any = (repeats,)
    else:
        counts = (repeats,) if isinstance(repeats, int) else repeats
        if not (isinstance(counts, tuple) and all(isinstance(n, int) for n in counts)):
            raise TypeError(f"repeats must be an int or a tuple of ints; got {repeats!r}")
        counts = tuple(map(int, counts))
    if min(counts, default=0) < 0:
        raise ValueError(f"repeats must not be negative; got {repeats}")
    if not isinstance(x, Variable):
        _checks.expect_array(x, "Repeat")
    if axis is not None and not -x.ndim <= axis < x.ndim:
        raise np.exceptions.AxisError(axis, x.ndim)
    length = x.size if axis is None else x.shape[axis]
    if len(counts) not in (1, length):
        raise ValueError(f"repeats has {len(counts)} elements; the axis has {length}")
    result: Variable = _repeat(x, counts, axis)
    return result
