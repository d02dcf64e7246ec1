"""Batch normalization that whitens (Chainer: *Normalization functions*)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.backends import _crossing
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.argument import parse_kwargs
from chainer_compat.utils.type_check import fail

__all__ = ["decorrelated_batch_normalization", "fixed_decorrelated_batch_normalization"]


class _InverseSqrt(torch.autograd.Function):
    r"""The inverse square root of symmetric positive matrices.

    With eigenvalues λ, the derivative weighs the entry i, j in the eigenvectors' base by the slope
    of :math:`λ^{-1/2}` between the two, which is taken in a form that does not divide by their
    difference: it holds for equal eigenvalues, too.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh(matrix)
        ctx.save_for_backward(values, vectors)
        result: Tensor = (vectors * values.rsqrt()[:, None, :]) @ vectors.mT
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gy: Tensor) -> Tensor:
        values, vectors = ctx.saved_tensors
        root = values.sqrt()
        rows, columns = root[:, :, None], root[:, None, :]
        slopes = -1 / (rows * columns * (rows + columns))
        inner = vectors.mT @ ((gy + gy.mT) / 2) @ vectors
        gradient: Tensor = vectors @ (slopes * inner) @ vectors.mT
        return gradient


def _by_group(x: Tensor, groups: int) -> Tensor:
    """Images as one matrix a group, with a row for each channel."""
    return x.transpose(0, 1).reshape(groups, x.shape[1] // groups, -1)


def _as_images(y: Tensor, like: Tensor) -> Tensor:
    return y.reshape(like.shape[1], len(like), *like.shape[2:]).transpose(0, 1)


def _check(x: Tensor, groups: int, *options: Any) -> None:
    _checks.expect_floating(x, "in_types[0]")
    if x.ndim < 2:
        fail("in_types[0].ndim >= 2", f"{x.ndim} < 2")
    if x.shape[1] % groups:
        fail(f"in_types[0].shape[1] % {groups} == 0", f"{x.shape[1] % groups} != 0")


@function("DecorrelatedBatchNormalization", check=_check)
def _decorrelated(
    x: Tensor,
    groups: int,
    eps: float,
    running_mean: Any,
    running_projection: Any,
    decay: float,
) -> Tensor:
    # Half precision has no eigenvalues in LAPACK.
    wide = torch.promote_types(x.dtype, torch.float32)
    rows = _by_group(x, groups).to(wide)
    count = rows.shape[2]
    mean = rows.mean(2, keepdim=True)
    centred = rows - mean
    size = centred.shape[1]
    covariance = centred @ centred.mT / count
    covariance = covariance + eps * torch.eye(size, dtype=wide, device=x.device)
    projection: Tensor = _InverseSqrt.apply(covariance)  # type: ignore[no-untyped-call]  # torch's
    _update(running_mean, mean[:, :, 0], decay)
    _update(running_projection, projection * (count / max(count - 1, 1)), decay)
    return _as_images(projection @ centred, x).to(x.dtype)


def _update(running: Any, fresh: Tensor, decay: float) -> None:
    if running is None:
        return
    kept = _crossing.as_tensor(running).data
    if kept.shape != fresh.shape:
        raise ValueError(
            f"a running statistic has shape {tuple(kept.shape)}; the batch's is "
            f"{tuple(fresh.shape)}"
        )
    kept.mul_(decay).add_(fresh.detach().to(kept.dtype), alpha=1 - decay)


def decorrelated_batch_normalization(x: Any, **kwargs: Any) -> Variable:
    r"""Makes the channels of each group uncorrelated, with mean 0 and variance 1 over the batch.

    .. math:: y = \Sigma^{-1/2} (x - \mu)

    with the mean and the covariance of the batch. Source: Huang et al., *Decorrelated Batch
    Normalization*, 2018.

    Args:
        x: The input, of shape ``(N, C, ...)`` and floating point.
        **kwargs: ``groups``, in how many groups the channels are parted (16); ``eps``, added to the
            variances (2e-5); ``running_mean``, of shape ``(groups, C / groups)``, and
            ``running_projection``, of shape ``(groups, C / groups, C / groups)``, arrays that are
            moved in place towards the batch's; ``decay``, how much of them is kept (0.9).

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or its channels do not part into groups.
        TypeError: If there are other arguments.
        ValueError: If a running statistic has another shape.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[1, 0], [-1, 0], [0, 2], [0, -2]], np.float32)
        >>> F.decorrelated_batch_normalization(x, groups=1, eps=0.0)[0]
        variable([1.4142135, 0.       ])
    """
    options = parse_kwargs(
        kwargs,
        ("groups", 16),
        ("eps", 2e-5),
        ("running_mean", None),
        ("running_projection", None),
        ("decay", 0.9),
    )
    result: Variable = _decorrelated(x, *options)
    return result


def _check_fixed(x: Tensor, mean: Tensor, projection: Tensor, groups: int) -> None:
    _checks.expect_floating(x, "in_types[0]")
    _checks.expect_same_dtype(mean, x, "in_types[1]", "in_types[0]")
    _checks.expect_same_dtype(projection, x, "in_types[2]", "in_types[0]")
    if x.ndim < 2:
        fail("in_types[0].ndim >= 2", f"{x.ndim} < 2")


@function("FixedDecorrelatedBatchNormalization", check=_check_fixed)
def fixed_decorrelated_batch_normalization(
    x: Tensor, mean: Tensor, projection: Tensor, groups: int = 16
) -> Tensor:
    """Whitens with a given mean and projection.

    Args:
        x: The input, of shape ``(N, C, ...)`` and floating point.
        mean: The mean, of ``x``'s dtype and shape ``(groups, C / groups)``.
        projection: The matrices, of ``x``'s dtype and shape
            ``(groups, C / groups, C / groups)``.
        groups: In how many groups the channels are parted.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If the shapes do not fit the number of groups.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x, mean = np.ones((1, 2), np.float32), np.zeros((1, 2), np.float32)
        >>> F.fixed_decorrelated_batch_normalization(x, mean, 2 * np.eye(2, dtype="f")[None], 1)
        variable([[2., 2.]])
    """
    size = x.shape[1] // groups
    if (
        size * groups != x.shape[1]
        or mean.shape != (groups, size)
        or projection.shape != (groups, size, size)
    ):
        raise ValueError(
            f"{x.shape[1]} channels in {groups} groups do not fit a mean of shape "
            f"{tuple(mean.shape)} and a projection of shape {tuple(projection.shape)}"
        )
    rows = _by_group(x, groups)
    return _as_images(projection @ (rows - mean[:, :, None]), x)
