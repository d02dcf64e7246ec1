"""Products of sparse and dense matrices (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.backends import _crossing
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._linear_algebra import promoted
from chainer_compat.utils.type_check import fail

__all__ = ["sparse_matmul"]


def _check_product(
    sp: Tensor,
    dn: Tensor,
    sp_row: Any,
    sp_col: Any,
    sp_shape: tuple[int, int],
    sp_order: str,
    transa: bool,
    transb: bool,
    *rest: Any,
) -> None:
    _checks.expect_floating(sp, "sp")
    _checks.expect_floating(dn, "dn")
    if sp.ndim != dn.ndim - 1:
        fail("sp.ndim == dn.ndim - 1", f"{sp.ndim} != {dn.ndim - 1}")
    axis = -1 if transb else -2
    length = sp_shape[0 if transa else 1]
    if dn.shape[axis] != length:
        fail(f"dn.shape[{axis}] == {length}", f"{dn.shape[axis]} != {length}")
    if sp.ndim == 2 and len(sp) != len(dn):
        fail("sp.shape[0] == dn.shape[0]", f"{len(sp)} != {len(dn)}")


@function("CooMatMul", check=_check_product)
def _product(
    sp: Tensor,
    dn: Tensor,
    sp_row: Any,
    sp_col: Any,
    sp_shape: tuple[int, int],
    sp_order: str,
    transa: bool,
    transb: bool,
    transc: bool,
    dtype: None = None,
) -> Tensor:
    """The product of a sparse matrix, or a batch of them, and a dense one.

    By gathering and adding rows, as torch's sparse kernels have no second derivatives.
    """
    sp, dn = promoted(sp, dn)
    if transb:
        dn = dn.mT
    if transa:
        sp_row, sp_col, sp_shape = sp_col, sp_row, sp_shape[::-1]
    rows = _crossing.as_tensor(sp_row).to(dn.device, torch.int64)
    columns = _crossing.as_tensor(sp_col).to(dn.device, torch.int64)
    there = (rows >= 0) & (columns >= 0)
    sp = torch.where(there, sp, 0)
    rows, columns = rows.clamp(min=0), columns.clamp(min=0)
    index = columns[..., None].expand(*columns.shape, dn.shape[-1])
    terms = sp[..., None] * dn.gather(-2, index)
    y = terms.new_zeros((*dn.shape[:-2], sp_shape[0], dn.shape[-1]))
    y = y.scatter_add(-2, rows[..., None].expand_as(terms), terms)
    return y.mT if transc else y


def sparse_matmul(a: Any, b: Any, transa: bool = False, transb: bool = False) -> Variable:
    """Returns the product of a sparse and a dense matrix, or of batches of them.

    Args:
        a: A :class:`~chainer_compat.utils.CooMatrix`, or a variable or array of floating point.
        b: The other one of them.
        transa: Transpose the matrices of ``a``.
        transb: Transpose the matrices of ``b``.

    Returns:
        A variable, dense.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If not exactly one of the two is sparse.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> from chainer_compat import utils
        >>> swap = utils.to_coo(np.array([[0.0, 1.0], [1.0, 0.0]], np.float32))
        >>> F.sparse_matmul(swap, np.array([[1.0], [2.0]], np.float32))
        variable([[2.],
                  [1.]])
    """
    # utils.sparse is above the functions: it makes variables.
    from chainer_compat.utils import CooMatrix

    sparse = isinstance(a, CooMatrix), isinstance(b, CooMatrix)
    if sparse == (True, False):
        return _multiply(a, b, transa, transb, False)
    if sparse == (False, True):
        # The transposed product, with the sparse matrix first.
        return _multiply(b, a, not transb, not transa, True)
    raise InvalidArgumentError(
        f"one of a and b is a utils.CooMatrix, the other dense; got {type(a)} and {type(b)}"
    )


def _multiply(sparse: Any, dense: Any, transa: bool, transb: bool, transc: bool) -> Variable:
    shape = tuple(sparse.shape)
    result: Variable = _product(
        sparse.data, dense, sparse.row, sparse.col, shape, sparse.order, transa, transb, transc
    )
    return result
