"""Products of matrices (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from torch import Tensor

from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["matmul"]


def _check_matmul(a: Tensor, b: Tensor, transa: bool, transb: bool) -> None:
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


@function("MatMul", check=_check_matmul)
def matmul(a: Tensor, b: Tensor, transa: bool = False, transb: bool = False) -> Tensor:
    """Returns the product of two matrices, or of stacks of matrices.

    Args:
        a: A variable or array of floating point: vector, matrix or stack of matrices.
        b: Another one.
        transa: Transpose the matrices of ``a``.
        transb: Transpose the matrices of ``b``.

    Returns:
        A variable.

    Raises:
        InvalidType: If the dtypes are not of floating point or the sizes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[1.0, 2.0]], np.float32)
        >>> F.matmul(x, x, transb=True)
        variable([[5.]])
    """
    if transa and a.ndim > 1:
        a = a.transpose(-1, -2)
    if transb and b.ndim > 1:
        b = b.transpose(-1, -2)
    return a @ b
