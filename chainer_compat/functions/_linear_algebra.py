"""Products of matrices (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import InvalidType, fail

__all__ = ["batch_matmul", "matmul", "promoted", "tensordot"]


def promoted(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Returns two arrays in the more precise of their dtypes.

    Args:
        a: An array.
        b: Another one.
    """
    if a.dtype is b.dtype:
        return a, b
    dtype = torch.promote_types(a.dtype, b.dtype)
    return a.to(dtype), b.to(dtype)


def _check_matmul(a: Tensor, b: Tensor, transa: bool, transb: bool) -> None:
    left, right = a.shape, b.shape
    if (
        len(left) == len(right) == 2
        and left[not transa] == right[bool(transb)]
        and _checks.all_of_one_floating(a, b)
    ):
        return  # two matrices, nearly always
    _checks.expect_floating(a, "a")
    _checks.expect_floating(b, "b")
    for tensor, name in ((a, "a"), (b, "b")):
        if tensor.ndim < 1:
            fail(f"{name}.ndim >= 1", f"{tensor.ndim} < 1")
    axis_a = -1 if a.ndim == 1 or not transa else -2
    axis_b = 0 if b.ndim == 1 else (-1 if transb else -2)
    if a.shape[axis_a] != b.shape[axis_b]:
        place = 0 if a.ndim == 1 else axis_a
        fail(f"a.shape[{place}] == b.shape[{axis_b}]", f"{a.shape[axis_a]} != {b.shape[axis_b]}")
    if a.ndim > 2 and b.ndim > 2 and a.shape[:-2] != b.shape[:-2]:
        _expect_stacks(a.shape[:-2], b.shape[:-2])


def _expect_stacks(a: Sequence[int], b: Sequence[int]) -> None:
    for n, m in zip(reversed(a), reversed(b), strict=False):
        if n not in (m, 1) and m != 1:
            shapes = f"a.shape[:-2] = {tuple(a)}\nb.shape[:-2] = {tuple(b)}"
            raise InvalidType(
                "a.shape[:-2] and b.shape[:-2] broadcast",
                f"{tuple(a)} and {tuple(b)}",
                f"cannot broadcast inputs of the following shapes:\n{shapes}",
            )


def _shortcut_matmul(a: Tensor, b: Tensor, transa: bool, transb: bool) -> Tensor | None:
    # torch compares the sizes.
    if transa or transb or not (a.dtype is b.dtype is torch.float32 and a.ndim == b.ndim == 2):
        return None
    return torch.mm(a, b)


@function("MatMul", check=_check_matmul, shortcut=_shortcut_matmul)
def matmul(a: Tensor, b: Tensor, transa: bool = False, transb: bool = False) -> Tensor:
    """Returns the product of two matrices, or of stacks of matrices.

    Args:
        a: A variable or array of floating point: vector, matrix or stack of matrices.
        b: Another one.
        transa: Transpose the matrices of ``a``.
        transb: Transpose the matrices of ``b``.

    Returns:
        A variable of the more precise of the two dtypes.

    Raises:
        InvalidType: If the dtypes are not of floating point or the sizes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[1.0, 2.0]], np.float32)
        >>> F.matmul(x, x, transb=True)
        variable([[5.]])
    """
    if a.dtype is not b.dtype:
        a, b = promoted(a, b)
    if transa and a.ndim > 1:
        a = a.transpose(-1, -2)
    if transb and b.ndim > 1:
        b = b.transpose(-1, -2)
    return a @ b


def _check_batch_matmul(a: Tensor, b: Tensor, transa: bool, transb: bool) -> None:
    left, right = a.shape, b.shape
    if (
        len(left) == len(right) == 3
        and left[1 if transa else 2] == right[2 if transb else 1]
        and _checks.all_of_one_floating(a, b)
    ):
        return
    _checks.expect_floating(a, "a")
    _checks.expect_same_dtype(b, a, "b", "a")
    for tensor, name in ((a, "a"), (b, "b")):
        if tensor.ndim < 2:
            fail(f"{name}.ndim >= 2", f"{tensor.ndim} < 2")
        if tensor.ndim > 3:
            fail(f"{name}.ndim <= 3", f"{tensor.ndim} > 3")
    rows = _as_matrices(a).shape[1 if transa else 2]
    columns = _as_matrices(b).shape[2 if transb else 1]
    if rows != columns:
        axes = 1 if transa else 2, 2 if transb else 1
        fail(f"a.shape[{axes[0]}] == b.shape[{axes[1]}]", f"{rows} != {columns}")


def _as_matrices(x: Tensor) -> Tensor:
    return x.unsqueeze(2) if x.ndim == 2 else x


def _shortcut_batch_matmul(a: Tensor, b: Tensor, transa: bool, transb: bool) -> Tensor | None:
    # torch compares the sizes.
    if transa or transb or not (a.dtype is b.dtype is torch.float32 and a.ndim == b.ndim == 3):
        return None
    return torch.bmm(a, b)


@function("BatchMatMul", check=_check_batch_matmul, shortcut=_shortcut_batch_matmul)
def batch_matmul(a: Tensor, b: Tensor, transa: bool = False, transb: bool = False) -> Tensor:
    """Returns the products of the matrices of two batches; kept for old scripts, as in Chainer.

    Use :func:`matmul` in new ones.

    Args:
        a: A variable or array of floating point, of shape ``(N, rows, columns)``; ``(N, rows)``
            stands for matrices of one column.
        b: Another one of the same dtype.
        transa: Transpose the matrices of ``a``.
        transb: Transpose the matrices of ``b``.

    Returns:
        A variable of shape ``(N, rows, columns)``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If the batches are of different sizes, and of none it is 1.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
        >>> F.batch_matmul(x, x, transa=True)
        variable([[[ 5.]],
        <BLANKLINE>
                  [[25.]]])
    """
    a, b = _as_matrices(a), _as_matrices(b)
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise InvalidArgumentError(f"batches of {len(a)} and {len(b)} matrices do not fit")
    a = a.transpose(1, 2) if transa else a
    b = b.transpose(1, 2) if transb else b
    return torch.bmm(a, b) if len(a) == len(b) else a @ b


def _check_tensordot(a: Tensor, b: Tensor, axes: Any) -> None:
    _checks.expect_floating(a, "a")
    _checks.expect_floating(b, "b")


@function("TensorDot", check=_check_tensordot)
def _tensordot(a: Tensor, b: Tensor, axes: Any) -> Tensor:
    a, b = promoted(a, b)
    y: Tensor = torch.tensordot(a, b, axes)
    return y


def _axes_to_sum(a: Any, b: Any, axes: Any) -> tuple[list[int], list[int]]:
    if not isinstance(axes, int):
        first, second = (list(x) if isinstance(x, (list, tuple)) else [x] for x in axes)
        if len(first) != len(second):
            raise InvalidArgumentError(f"axes must be as many of a as of b; got {axes}")
        return first, second
    if axes > min(len(a.shape), len(b.shape)):
        raise InvalidArgumentError(
            f"{axes} axes cannot be summed over, for arrays of {len(a.shape)} and {len(b.shape)}"
        )
    ndim = len(a.shape)
    return list(range(ndim - axes, ndim)), list(range(axes))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Variable:
    """Returns the products of the elements of two arrays, summed over axes of both.

    Args:
        a: A variable or array of floating point.
        b: Another one.
        axes: How many axes, the last ones of ``a`` and the first of ``b``; or the axes of both,
            two sequences of integers, or two integers.

    Returns:
        A variable of the more precise of the two dtypes, with the other axes of ``a`` and ``b``.

    Raises:
        IndexError: If there is no such axis.
        InvalidType: If a dtype is not of floating point.
        ValueError: If the axes are not as many or not as long.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((2, 3), np.float32)
        >>> F.tensordot(x, x, axes=([0, 1], [0, 1]))
        variable(6.)
    """
    for x in (a, b):
        _checks.expect_array(x, "TensorDot")
    pairs = _axes_to_sum(a, b, axes)
    for i, j in zip(*pairs, strict=True):
        if a.shape[i] != b.shape[j]:
            raise InvalidArgumentError(
                f"axis {i} of a has length {a.shape[i]}, axis {j} of b has {b.shape[j]}"
            )
    result: Variable = _tensordot(a, b, pairs)
    return result
