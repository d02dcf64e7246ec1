"""Functions of one matrix, and of batches of them (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._shape import reshape
from chainer_compat.utils.type_check import fail

__all__ = ["batch_det", "batch_inv", "cholesky", "det", "inv"]


def _widely(kernel: Callable[[Tensor], Tensor], a: Tensor) -> Tensor:
    """Half precision by way of single precision, which torch's kernels take."""
    if a.dtype in (torch.float16, torch.bfloat16):
        return kernel(a.float()).to(a.dtype)
    return kernel(a)


def _expect_matrix(a: Tensor, ndim: int) -> None:
    _checks.expect_floating(a, "a")
    _checks.expect_ndim(a, "a", ndim)


def _check_inv(a: Tensor) -> None:
    _expect_matrix(a, 2)
    if a.shape[0] != a.shape[1]:
        fail("a.shape[0] == a.shape[1]", f"{a.shape[0]} != {a.shape[1]}")


def _check_batch_inv(a: Tensor) -> None:
    _expect_matrix(a, 3)
    if a.shape[-2] != a.shape[-1]:
        fail("a.shape[-2] == a.shape[-1]", f"{a.shape[-2]} != {a.shape[-1]}")


def _inverse(a: Tensor) -> Tensor:
    try:
        return _widely(torch.linalg.inv, a)
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]  # not in its list
        raise InvalidArgumentError("a matrix is singular: it has no inverse") from error


@function("Inv", check=_check_inv)
def inv(a: Tensor) -> Tensor:
    """Returns the inverse of a matrix.

    Args:
        a: A variable or array of floating point, of shape ``(n, n)``.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``a`` is no square matrix of floating point.
        ValueError: If it is singular.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.inv(np.array([[2.0, 0.0], [0.0, 4.0]], np.float32))
        variable([[0.5 , 0.  ],
                  [0.  , 0.25]])
    """
    return _inverse(a)


@function("BatchInv", check=_check_batch_inv)
def batch_inv(a: Tensor) -> Tensor:
    """Returns the inverses of a batch of matrices.

    Args:
        a: A variable or array of floating point, of shape ``(N, n, n)``.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``a`` is no batch of square matrices of floating point.
        ValueError: If one is singular.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.batch_inv(np.array([[[2.0]], [[4.0]]], np.float32))
        variable([[[0.5 ]],
        <BLANKLINE>
                  [[0.25]]])
    """
    return _inverse(a)


def _check_det(x: Tensor) -> None:
    _checks.floating(x)
    _checks.expect_ndim(x, "x", 3)
    if x.shape[-1] != x.shape[-2]:
        fail("x.shape[-1] == x.shape[-2]", f"{x.shape[-1]} != {x.shape[-2]}")


@function("BatchDet", label="det", check=_check_det)
def batch_det(a: Tensor) -> Tensor:
    """Returns the determinants of a batch of matrices.

    Args:
        a: A variable or array of floating point, of shape ``(N, n, n)``.

    Returns:
        A variable of shape ``(N,)``.

    Raises:
        InvalidType: If ``a`` is no batch of square matrices of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.batch_det(np.array([[[2.0]], [[4.0]]], np.float32))
        variable([2., 4.])
    """
    return _widely(torch.linalg.det, a)


def det(a: Any) -> Variable:
    """Returns the determinant of a matrix.

    Args:
        a: A variable or array of floating point, of shape ``(n, n)``.

    Returns:
        A scalar variable.

    Raises:
        InvalidType: If ``a`` is no square matrix of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.det(np.array([[2.0, 0.0], [0.0, 4.0]], np.float32))
        variable(8.)
    """
    result: Variable = reshape(batch_det(reshape(a, (1, *a.shape))), ())
    return result


def _check_cholesky(a: Tensor) -> None:
    _expect_matrix(a, 2)


@function("Cholesky", label="cholesky", check=_check_cholesky)
def cholesky(a: Tensor) -> Tensor:
    """Returns the lower triangular matrix ``l`` for which ``l @ l.T`` is a matrix.

    Args:
        a: A variable or array of floating point, of shape ``(n, n)``, symmetric and positive
            definite.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``a`` is no matrix of floating point.
        numpy.linalg.LinAlgError: If it is not square or not positive definite.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.cholesky(np.array([[4.0, 0.0], [0.0, 9.0]], np.float32))
        variable([[2., 0.],
                  [0., 3.]])
    """
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError(f"the matrix is not square; its shape is {tuple(a.shape)}")
    try:
        return _widely(torch.linalg.cholesky, a)
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]  # not in its list
        raise np.linalg.LinAlgError("the matrix is not positive definite") from error
