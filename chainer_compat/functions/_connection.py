"""Connections: linear maps with parameters (Chainer: *Neural network connections*)."""

from __future__ import annotations

import torch
from torch import Tensor

from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["linear"]


def _check_linear(x: Tensor, W: Tensor, b: Tensor | None, n_batch_axes: int) -> None:
    _checks.floating(x)
    if n_batch_axes < 1:
        raise ValueError(f"n_batch_axes must be 1 or more; got {n_batch_axes}")
    if not W.is_floating_point():
        _checks.expect_floating(W, "W")
    _checks.expect_ndim(W, "W", 2)
    if x.ndim <= n_batch_axes:
        fail(f"x.ndim > {n_batch_axes}", f"{x.ndim} <= {n_batch_axes}")
    size = x.shape[n_batch_axes:].numel()
    if size != W.shape[1]:
        fail("x.shape[1] == W.shape[1]", f"{size} != {W.shape[1]}")
    if b is not None:
        _checks.expect_ndim(b, "b", 1)
        if b.shape[0] != W.shape[0]:
            fail("b.shape[0] == W.shape[0]", f"{b.shape[0]} != {W.shape[0]}")


@function("LinearFunction", check=_check_linear)
def linear(x: Tensor, W: Tensor, b: Tensor | None = None, n_batch_axes: int = 1) -> Tensor:
    """Returns ``x Wᵀ + b``.

    Args:
        x: The input; the axes behind the batch axes are flattened.
        W: The weight matrix, of shape ``(out_size, in_size)``.
        b: The bias, of shape ``(out_size,)``.
        n_batch_axes: How many leading axes of ``x`` are batch axes.

    Returns:
        A variable of shape ``(*batch axes, out_size)`` and of ``x``'s dtype.

    Raises:
        InvalidType: If dtypes are not of floating point or sizes do not fit.
        ValueError: If ``n_batch_axes`` is less than 1.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.linear(np.ones((1, 2), np.float32), np.ones((3, 2), np.float32)).shape
        (1, 3)
    """
    if x.ndim != n_batch_axes + 1:
        x = x.flatten(n_batch_axes)
    if x.dtype is not W.dtype:
        # Chainer lets float32 and float64 meet here, and answers in x's dtype.
        wide = torch.promote_types(x.dtype, W.dtype)
        bias = None if b is None else b.to(wide)
        return torch.nn.functional.linear(x.to(wide), W.to(wide), bias).to(x.dtype)
    return torch.nn.functional.linear(x, W, b)
