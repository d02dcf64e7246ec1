"""Functions that join arrays and split them (Chainer: *Array manipulations*)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["concat", "dstack", "hstack", "separate", "split_axis", "stack", "vstack"]


def _check_some(xs: Sequence[Tensor]) -> None:
    if not xs:
        fail("in_types.size > 0", "0 <= 0")
    for i, x in enumerate(xs):
        if x.dtype is not xs[0].dtype:
            _checks.expect_same_dtype(xs[0], x, "in_types[0]", f"in_types[{i}]")


def _shapes_of_one_dtype(xs: Sequence[Tensor]) -> list[torch.Size]:
    """The shapes of tensors that have one dtype; none if they do not."""
    dtype = xs[0].dtype if xs else None
    shapes = []
    for x in xs:
        if x.dtype is not dtype:
            return []
        shapes.append(x.shape)
    return shapes


@functools.lru_cache(maxsize=1024)
def _differ_along(axis: int, *shapes: tuple[int, ...]) -> bool:
    """Whether shapes are the same but for one axis."""
    ndim = len(shapes[0])
    if not -ndim <= axis < ndim or any(len(shape) != ndim for shape in shapes):
        return False
    axis %= ndim
    return len({(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}) == 1


def _check_concat(xs: Sequence[Tensor], axis: int) -> None:
    shapes = _shapes_of_one_dtype(xs)
    if shapes and _differ_along(axis, *shapes):
        return  # nearly always so; what follows finds out what does not fit
    _check_some(xs)
    first = xs[0]
    if axis >= first.ndim:
        fail("in_types[0].ndim > axis", f"{first.ndim} <= {axis}")
    if axis < -first.ndim:
        fail(f"-in_types[0].ndim <= {axis}", f"{-first.ndim} > {axis}")
    _check_lengths(xs, axis % first.ndim)


def _check_lengths(xs: Sequence[Tensor], axis: int) -> None:
    """Fails unless all axes but one have the same lengths."""
    first = xs[0]
    for i, x in enumerate(xs):
        if x.ndim != first.ndim:
            fail(f"in_types[0].ndim == in_types[{i}].ndim", f"{first.ndim} != {x.ndim}")
        for d in range(first.ndim):
            if d != axis and x.shape[d] != first.shape[d]:
                fail(
                    f"in_types[0].shape[{d}] == in_types[{i}].shape[{d}]",
                    f"{first.shape[d]} != {x.shape[d]}",
                )


def _joined(kernel: Any) -> Any:
    def shortcut(xs: Sequence[Tensor], *axis: int) -> Tensor | None:
        # torch compares the lengths; it also mixes dtypes, and passes over vectors without
        # elements.
        dtype, ndim = xs[0].dtype, xs[0].ndim
        for x in xs:
            if x.dtype is not dtype or x.ndim != ndim:
                return None
        joined: Tensor = kernel(xs, *axis)
        return joined

    return shortcut


@function("Concat", check=_check_concat, shortcut=_joined(torch.cat))
def _concat(xs: Sequence[Tensor], axis: int) -> Tensor:
    return torch.cat(tuple(xs), axis)


def concat(xs: Any, axis: int = 1) -> Variable:
    """Joins arrays along an axis.

    Args:
        xs: Variables or arrays of one dtype, whose shapes differ along ``axis`` only.
        axis: The axis.

    Returns:
        A variable.

    Raises:
        InvalidType: If there are none, or dtypes or shapes do not fit.
        TypeError: If ``axis`` is no int.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.concat([np.zeros((1, 2), np.float32), np.ones((1, 1), np.float32)])
        variable([[0., 0., 1.]])
    """
    if type(axis) is not int:
        if not isinstance(axis, (int, np.integer)):
            raise TypeError(f"axis must be an int; got {axis!r}")
        axis = int(axis)
    result: Variable = _concat(xs, axis)
    return result


def _check_stack(xs: Sequence[Tensor], axis: int) -> None:
    shapes = _shapes_of_one_dtype(xs)
    if shapes and shapes.count(shapes[0]) == len(shapes) and 0 <= axis <= len(shapes[0]):
        return
    _check_some(xs)
    first = xs[0]
    if axis > first.ndim:
        fail(f"in_types[0].ndim >= {axis}", f"{first.ndim} < {axis}")
    if axis < -first.ndim - 1:
        fail(f"in_types[0].ndim >= {-axis - 1}", f"{first.ndim} < {-axis - 1}")
    for i, x in enumerate(xs):
        if x.shape != first.shape:
            fail(
                f"in_types[{i}].shape == in_types[0].shape",
                f"{tuple(x.shape)} != {tuple(first.shape)}",
            )


@function("Stack", check=_check_stack, shortcut=_joined(torch.stack))
def stack(xs: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Joins arrays along a new axis.

    Args:
        xs: Variables or arrays of one dtype and shape.
        axis: The place of the new axis.

    Returns:
        A variable with one axis more.

    Raises:
        InvalidType: If there are none, or dtypes or shapes differ.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.stack([np.zeros(2, np.float32), np.ones(2, np.float32)], axis=1)
        variable([[0., 1.],
                  [0., 1.]])
    """
    return torch.stack(list(xs), axis)


def _check_hstack(xs: Sequence[Tensor]) -> None:
    _check_some(xs)
    _check_lengths(xs, 0 if xs[0].ndim <= 1 else 1)


@function("Hstack", check=_check_hstack, shortcut=_joined(torch.hstack))
def hstack(xs: Sequence[Tensor]) -> Tensor:
    """Joins arrays along the second axis, vectors along the only one.

    Args:
        xs: Variables or arrays of one dtype.

    Returns:
        A variable.

    Raises:
        InvalidType: If there are none, or dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.hstack([np.zeros(2, np.float32), np.ones(1, np.float32)])
        variable([0., 0., 1.])
    """
    return torch.hstack(list(xs))


def _check_vstack(xs: Sequence[Tensor]) -> None:
    _check_some(xs)
    _check_lengths(xs, -1 if xs[0].ndim <= 1 else 0)


@function("Vstack", check=_check_vstack, shortcut=_joined(torch.vstack))
def vstack(xs: Sequence[Tensor]) -> Tensor:
    """Joins arrays along the first axis; vectors become rows.

    Args:
        xs: Variables or arrays of one dtype.

    Returns:
        A variable of two axes or more.

    Raises:
        InvalidType: If there are none, or dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.vstack([np.zeros(2, np.float32), np.ones(2, np.float32)])
        variable([[0., 0.],
                  [1., 1.]])
    """
    return torch.vstack(list(xs))


def _check_dstack(xs: Sequence[Tensor]) -> None:
    _check_some(xs)
    _check_lengths(xs, -1 if xs[0].ndim <= 2 else 2)


@function("Dstack", check=_check_dstack)
def dstack(xs: Sequence[Tensor]) -> Tensor:
    """Joins arrays along the third axis; matrices and vectors get one.

    Args:
        xs: Variables or arrays of one dtype.

    Returns:
        A variable of three axes or more.

    Raises:
        InvalidType: If there are none, or dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.dstack([np.zeros(2, np.float32), np.ones(2, np.float32)]).shape
        (1, 2, 2)
    """
    return torch.dstack(list(xs))


def _check_split(x: Tensor, borders: Any, axis: int) -> None:
    if axis >= x.ndim:
        fail(f"in_types[0].ndim > {axis}", f"{x.ndim} <= {axis}")
    if axis < -x.ndim:
        fail(f"-in_types[0].ndim <= {axis}", f"{-x.ndim} > {axis}")
    length = x.shape[axis]
    if isinstance(borders, int):
        if length % borders:
            fail(f"in_types[0].shape[{axis}] % sections == 0", f"{length % borders} != 0")
    elif borders and max(borders) > length:
        fail(f"in_types[0].shape[{axis}] >= max_index", f"{length} < {max(borders)}")


@function("SplitAxis", check=_check_split)
def _split(x: Tensor, borders: Any, axis: int) -> tuple[Tensor, ...]:
    length = x.shape[axis]
    if isinstance(borders, int):
        size, rest = divmod(length, borders)
        if rest:
            return torch.tensor_split(x, borders, axis)
        # All gradients go back in one copy; those of `tensor_split` go one by one.
        return x.split_with_sizes([size] * borders, axis)
    starts, stops = [0, *borders], [*borders, length]
    sizes = [stop - start for start, stop in zip(starts, stops, strict=True)]
    if min(sizes) >= 0:
        return x.split_with_sizes(sizes, axis)
    # As NumPy splits: a border before the one ahead of it gives an empty part.
    return tuple(
        x.narrow(axis, start, max(stop - start, 0))
        for start, stop in zip(starts, stops, strict=True)
    )


def split_axis(x: Any, indices_or_sections: Any, axis: int, force_tuple: bool = True) -> Any:
    """Splits an array along an axis.

    Args:
        x: A variable or array.
        indices_or_sections: The number of equal parts, or the indices where parts begin.
        axis: The axis.
        force_tuple: Give a tuple also if there is only one part.

    Returns:
        A tuple of variables.

    Raises:
        InvalidType: If there is no such axis, or its length does not fit.
        TypeError: If ``indices_or_sections`` is neither an int nor a sequence of ints.
        ValueError: If the number of parts is not positive.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.split_axis(np.arange(4, dtype=np.float32), 2, axis=0)
        (variable([0., 1.]), variable([2., 3.]))
    """
    borders = _borders(indices_or_sections)
    parts = _split(x, borders, axis)
    return parts[0] if len(parts) == 1 and not force_tuple else parts


def _borders(given: Any) -> Any:
    if isinstance(given, (int, np.integer)):
        if given == 0:
            raise ZeroDivisionError("an array cannot be split into 0 parts")
        if given < 0:
            raise ValueError(f"the number of parts must be positive; got {given}")
        return int(given)
    if isinstance(given, (list, tuple, range, np.ndarray)) and np.ndim(given) == 1:
        return [int(index) for index in given]
    raise TypeError(f"indices_or_sections must be an int or a sequence of ints; got {type(given)}")


def _check_separate(x: Tensor, axis: int) -> None:
    if axis >= x.ndim:
        fail(f"x.ndim > {axis}", f"{x.ndim} <= {axis}")
    if axis < -x.ndim:
        fail(f"-x.ndim <= {axis}", f"{-x.ndim} > {axis}")


@function("Separate", check=_check_separate)
def separate(x: Tensor, axis: int = 0) -> tuple[Tensor, ...]:
    """Takes an array apart along an axis, which is gone from the parts.

    Args:
        x: A variable or array.
        axis: The axis.

    Returns:
        A tuple of variables, one for each index.

    Raises:
        InvalidType: If there is no such axis.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.separate(np.array([[1, 2], [3, 4]], np.float32))
        (variable([1., 2.]), variable([3., 4.]))
    """
    return torch.unbind(x, axis)
