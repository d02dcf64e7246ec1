"""Choosing and moving elements (Chainer: *Array manipulations*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable, as_variable, is_raw_array
from chainer_compat.backends import _crossing
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._indexing import get_item
from chainer_compat.functions._indices import per_axis
from chainer_compat.functions._packing import permuted
from chainer_compat.utils.type_check import InvalidType, fail

__all__ = ["diagonal", "permutate", "scatter_add", "select_item", "where"]


def _check_where(x: Tensor, y: Tensor, condition: Any) -> None:
    if not is_raw_array(condition):
        fail("isinstance(condition, ndarray)", f"type(condition) == {type(condition)}")
    chosen = _crossing.as_tensor(condition)
    if chosen.dtype is torch.bool and x.dtype is y.dtype and chosen.shape == x.shape == y.shape:
        return
    if chosen.dtype is not torch.bool:
        fail(
            "condition.dtype == <class 'numpy.bool_'>",
            f"{_crossing.numpy_dtype(chosen.dtype)} != <class 'numpy.bool_'>",
        )
    _checks.expect_same_dtype(x, y, "x", "y")
    try:
        torch.broadcast_shapes(chosen.shape, x.shape, y.shape)  # type: ignore[no-untyped-call]  # torch's
    except RuntimeError:
        raise InvalidType(
            "condition, x and y broadcast",
            f"{tuple(chosen.shape)}, {tuple(x.shape)} and {tuple(y.shape)}",
            "cannot broadcast inputs of the following shapes:\n"
            f"condition.shape = {tuple(chosen.shape)}\n"
            f"x.shape = {tuple(x.shape)}\ny.shape = {tuple(y.shape)}",
        ) from None


def _shortcut_where(x: Tensor, y: Tensor, condition: Any) -> Tensor | None:
    # torch compares the shapes; it also mixes dtypes, and takes numbers for truth.
    if x.dtype is not y.dtype or not is_raw_array(condition):
        return None
    chosen = _crossing.as_tensor(condition)
    return torch.where(chosen, x, y) if chosen.dtype is torch.bool else None


@function("Where", check=_check_where, shortcut=_shortcut_where)
def _where(x: Tensor, y: Tensor, condition: Any) -> Tensor:
    return torch.where(_crossing.as_tensor(condition), x, y)


def where(condition: Any, x: Any, y: Any) -> Variable:
    """Returns elements of one array where a condition holds, and of another elsewhere.

    Args:
        condition: A variable or array of bool.
        x: A variable or array.
        y: Another one of the same dtype.

    Returns:
        A variable of that dtype, and of the shape to which all three broadcast.

    Raises:
        InvalidType: If the condition is not of bool, the dtypes differ or the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([1.0, -2.0], np.float32)
        >>> F.where(x > 0, x, np.zeros_like(x))
        variable([1., 0.])
    """
    if isinstance(condition, Variable):
        condition = condition.tensor
    result: Variable = _where(x, y, condition)
    return result


def _check_select_item(x: Tensor, t: Tensor) -> None:
    shape = x.shape
    if len(shape) == 2 and t.shape == (shape[0],) and t.dtype in _checks.INTEGERS:
        return
    _checks.expect_integer(t, "t")
    _checks.expect_ndim(x, "x", 2)
    _checks.expect_ndim(t, "t", 1)
    if x.shape[0] != t.shape[0]:
        fail("x.shape[0] == t.shape[0]", f"{x.shape[0]} != {t.shape[0]}")


_losses_of: Any = torch._C._nn.nll_loss_nd
# What labels would have to be to be passed over, and no cast or mistake makes them.
_NO_COLUMN = -(2**62) - 1


def _shortcut_select_item(x: Tensor, t: Tensor) -> Tensor | None:
    # Only on a CPU torch refuses columns from the end; elsewhere it ends the process.
    if x.ndim != 2 or not x.is_cpu:
        return None
    dtype = t.dtype
    if dtype is not torch.int64:
        if dtype is not torch.int32:
            return None
        t = t.long()
    # The loss of a label is its score with the other sign: two kernels; gathering takes three.
    losses: Tensor = _losses_of(x, t, None, 0, _NO_COLUMN)
    return -losses


@function(
    "SelectItem",
    check=_check_select_item,
    shortcut=_shortcut_select_item,
    enters={"t": _checks.labels_of},
)
def select_item(x: Tensor, t: Tensor) -> Tensor:
    """Returns one element of each row.

    Args:
        x: A variable or array of shape ``(N, C)``.
        t: A variable or array of integers, of shape ``(N,)``: the columns; from -1 down, those
            from the end.

    Returns:
        A variable of shape ``(N,)`` and ``x``'s dtype.

    Raises:
        IndexError: If there is no such column.
        InvalidType: If ``t`` is not of integers or the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.select_item(np.array([[0.0, 1.0], [2.0, 3.0]], np.float32), np.array([1, 0]))
        variable([1., 2.])
    """
    return x[torch.arange(len(t), device=x.device), t.long()]


def _axes_taken(slices: Any) -> int:
    plain = [i for i in per_axis(slices) if i is not None and i is not Ellipsis]
    return sum(getattr(i, "ndim", 1) if _is_mask(i) else 1 for i in plain)


def _is_mask(index: Any) -> bool:
    return is_raw_array(index) and _crossing.as_tensor(index).dtype is torch.bool


def _check_scatter_add(a: Tensor, b: Tensor, slices: Any) -> None:
    taken = _axes_taken(slices)
    if a.ndim < taken:
        fail(f"a.ndim >= {taken}", f"{a.ndim} < {taken}")


@function("ScatterAdd", check=_check_scatter_add)
def _scatter_add(a: Tensor, b: Tensor, slices: Any) -> Tensor:
    places = torch.arange(a.numel(), device=a.device).reshape(a.shape)
    places = get_item.body(places, slices)
    if places.shape != b.shape:
        raise InvalidArgumentError(
            f"the slices have shape {tuple(places.shape)}, but b has {tuple(b.shape)}; "
            "they are not broadcast"
        )
    flat = a.reshape(-1).index_add(0, places.reshape(-1), b.reshape(-1).to(a.dtype))
    return flat.reshape(a.shape)


def scatter_add(a: Any, slices: Any, b: Any) -> Variable:
    """Returns an array with others added at indices; where an index stands twice, both are added.

    Args:
        a: A variable or array.
        slices: An index, as :func:`get_item` takes it.
        b: A variable or array of the shape of ``a[slices]``.

    Returns:
        A variable of ``a``'s shape and dtype.

    Raises:
        IndexError: If an index is out of bounds or of a wrong type.
        InvalidType: If there are more indices than axes.
        ValueError: If ``b`` has another shape.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.scatter_add(np.zeros(3, np.float32), [0, 2, 2], np.ones(3, np.float32))
        variable([1., 0., 2.])
    """
    result: Variable = _scatter_add(a, b, slices)
    return result


def _check_permutate(x: Tensor, indices: Any, axis: int, inv: bool) -> None:
    if axis >= x.ndim:
        fail(f"x.ndim > {axis}", f"{x.ndim} <= {axis}")
    if axis < -x.ndim:
        fail(f"x.ndim >= {-axis}", f"{x.ndim} < {-axis}")


@function("Permutate", check=_check_permutate)
def _permutate(x: Tensor, indices: Any, axis: int, inv: bool) -> Tensor:
    count = len(indices) if inv else x.shape[axis]
    wanted = indices.numpy(force=True).astype(np.int64)
    if len(wanted) and not (-count <= wanted.min() and wanted.max() < count):
        raise IndexError(f"an index is out of bounds for an axis of length {count}")
    wanted %= max(count, 1)  # from the end, if below 0
    back = np.full(count, -1)
    back[wanted] = np.arange(len(wanted))
    is_permutation = len(wanted) == count and back.min(initial=0) >= 0
    if inv:
        if not is_permutation:
            raise InvalidArgumentError("indices with a repetition have no inverse")
        if count > x.shape[axis]:
            raise IndexError(f"{count} indices are inverted for an axis of length {x.shape[axis]}")
        wanted, back = back, wanted
    if is_permutation and count == x.shape[axis]:
        return permuted(x, wanted, back, axis)
    return x.index_select(axis, torch.from_numpy(wanted).to(x.device))


def permutate(x: Any, indices: Any, axis: int = 0, inv: bool = False) -> Variable:
    """Returns an array in another order along an axis.

    Args:
        x: A variable or array.
        indices: A variable or array of integers, with one axis: which element comes at each place.
        axis: The axis.
        inv: Do the reverse: at which place each element comes.

    Returns:
        A variable of ``x``'s dtype.

    Raises:
        IndexError: If an index is out of bounds.
        InvalidType: If there is no such axis.
        ValueError: If the indices are no integers in one axis, or are to be inverted and repeat.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([1.0, 2.0, 3.0], np.float32)
        >>> F.permutate(x, np.array([2, 0, 1]))
        variable([3., 1., 2.])
        >>> F.permutate(x, np.array([2, 0, 1]), inv=True)
        variable([2., 3., 1.])
    """
    if indices.dtype.kind != "i" or indices.ndim != 1:
        raise InvalidArgumentError("the indices of permutate are an array of integers, of one axis")
    # An option: in the graph there is x only.
    order = as_variable(indices).tensor
    result: Variable = _permutate(x, order, axis, inv)
    return result


def _check_diagonal(x: Tensor, offset: int, axis1: int, axis2: int) -> None:
    for axis in (axis1, axis2):
        if axis >= x.ndim:
            fail(f"x.ndim > {axis}", f"{x.ndim} <= {axis}")
        if axis < -x.ndim:
            fail(f"x.ndim >= {-axis}", f"{x.ndim} < {-axis}")


@function("Diagonal", check=_check_diagonal)
def _diagonal(x: Tensor, offset: int, axis1: int, axis2: int) -> Tensor:
    return torch.diagonal(x, offset, axis1, axis2)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Variable:
    """Returns the diagonals of matrices.

    Args:
        x: A variable or array, of two axes or more.
        offset: How far above the main diagonal; below it, if negative.
        axis1: The axis of the rows.
        axis2: The axis of the columns.

    Returns:
        A variable with the diagonals along its last axis.

    Raises:
        InvalidType: If there is no such axis.
        TypeError: If ``offset`` is no int.
        ValueError: If the two axes are one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.diagonal(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32))
        variable([1., 4.])
    """
    for name, value in (("offset", offset), ("axis1", axis1), ("axis2", axis2)):
        if not isinstance(value, (int, np.integer)):
            raise InvalidArgumentTypeError(f"{name} of diagonal is an int; got {value!r}")
    _checks.expect_array(x, "Diagonal")
    ndim = len(x.shape)
    inside = all(-ndim <= axis < ndim for axis in (axis1, axis2))
    if inside and axis1 % ndim == axis2 % ndim:
        raise InvalidArgumentError("the rows and columns of a diagonal are two different axes")
    result: Variable = _diagonal(x, offset, axis1, axis2)
    return result
