"""Penalties on covariances (Chainer: *Loss functions*)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["cross_covariance", "decov"]


def _check_reduce(reduce: str) -> None:
    if reduce not in ("half_squared_sum", "no"):
        raise InvalidArgumentError(f"reduce is 'half_squared_sum' or 'no'; got {reduce!r}")


def _covariance(y: Tensor, z: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """The centered matrices, and their covariance; without ``z`` that of ``y`` among itself."""
    a = y - y.mean(0, keepdim=True)
    if z is None:
        return a, a, ((a.T / len(y)) @ a).fill_diagonal_(0)
    b = z - z.mean(0, keepdim=True)
    return a, b, (a.T / len(y)) @ b


class _HalfSquaredSum(torch.autograd.Function):
    """Half the sum of the squared covariances, with half the products that autograd would make."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, z: Tensor | None) -> Tensor:
        a, b, covariance = _covariance(y, z)
        ctx.save_for_backward(y, z, a, b, covariance)
        flat = covariance.flatten()
        return torch.dot(flat, flat) * 0.5

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        y, z, a, b, covariance = ctx.saved_tensors
        if torch.is_grad_enabled():  # the gradient is to be differentiated: again, in a graph
            a, b, covariance = _covariance(y, z)
        factor = grads[0] / len(y)
        if z is None:
            return a @ covariance * (2 * factor), None
        needs_y, needs_z = ctx.needs_input_grad
        return (
            b @ covariance.T * factor if needs_y else None,
            a @ covariance * factor if needs_z else None,
        )


def _reduced(y: Tensor, z: Tensor | None, reduce: str) -> Tensor:
    _check_reduce(reduce)
    if reduce == "no":
        return _covariance(y, z)[2]
    result: Tensor = _HalfSquaredSum.apply(y, z)  # type: ignore[no-untyped-call]  # torch's
    return result


def _check_cross_covariance(y: Tensor, z: Tensor, reduce: str) -> None:
    _checks.expect_floating(y, "y")
    _checks.expect_same_dtype(y, z, "y", "z")
    _checks.expect_ndim(y, "y", 2)
    _checks.expect_ndim(z, "z", 2)
    if y.shape[0] != z.shape[0]:
        fail("y.shape[0] == z.shape[0]", f"{y.shape[0]} != {z.shape[0]}")


@function("CrossCovariance", check=_check_cross_covariance)
def cross_covariance(y: Tensor, z: Tensor, reduce: str = "half_squared_sum") -> Tensor:
    r"""Returns the covariance between the columns of two matrices, as a penalty.

    It is half the squared Frobenius norm of :math:`C_{ij} = \frac{1}{N} \sum_n
    (y_{ni} - \bar y_i)(z_{nj} - \bar z_j)`.

    Source: Cheung et al., *Discovering Hidden Factors of Variation in Deep Networks*, 2014.

    Args:
        y: A matrix with a row for each example, of shape ``(N, I)`` and floating point.
        z: Another one, of shape ``(N, J)`` and the same dtype.
        reduce: ``"half_squared_sum"``, or ``"no"`` for the covariances.

    Returns:
        A scalar variable of the same dtype, or one of shape ``(I, J)`` with ``reduce="no"``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If ``reduce`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> y = np.array([[0], [2]], np.float32)
        >>> F.cross_covariance(y, 2 * y, reduce='no'), F.cross_covariance(y, 2 * y)
        (variable([[2.]]), variable(2.))
    """
    return _reduced(y, z, reduce)


def _check_decov(h: Tensor, reduce: str) -> None:
    _checks.expect_floating(h, "h")
    _checks.expect_ndim(h, "h", 2)


@function("DeCov", check=_check_decov)
def decov(h: Tensor, reduce: str = "half_squared_sum") -> Tensor:
    r"""Returns the covariances among the columns of a matrix, without variances, as a penalty.

    Source: Cogswell et al., *Reducing Overfitting in Deep Networks by Decorrelating
    Representations*, 2015.

    Args:
        h: A matrix with a row for each example, of shape ``(N, K)`` and floating point.
        reduce: ``"half_squared_sum"`` for half the squared Frobenius norm of the covariances, or
            ``"no"`` for the covariances, with zeros on the diagonal.

    Returns:
        A scalar variable of ``h``'s dtype, or one of shape ``(K, K)`` with ``reduce="no"``.

    Raises:
        InvalidType: If ``h`` is no matrix of floating point.
        ValueError: If ``reduce`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.decov(np.array([[0, 0], [2, 4]], np.float32), reduce='no')
        variable([[0., 2.],
                  [2., 0.]])
    """
    return _reduced(h, None, reduce)
