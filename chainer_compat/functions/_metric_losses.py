"""Losses with a margin, of distances and of scores (Chainer: *Loss functions*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["contrastive", "hinge", "triplet"]


def _check_margin(margin: float, reduce: str) -> None:
    if margin <= 0:
        raise InvalidArgumentError(f"the margin must be positive; got {margin}")
    _check_reduce(reduce)


def _check_reduce(reduce: str) -> None:
    if reduce not in ("mean", "no"):
        raise InvalidArgumentError(f"reduce is 'mean' or 'no'; got {reduce!r}")


def _check_contrastive(x0: Tensor, x1: Tensor, y: Tensor, margin: float, reduce: str) -> None:
    _checks.expect_floating(x0, "x0")
    _checks.expect_same_dtype(x0, x1, "x0", "x1")
    _checks.expect_integer(y, "y")
    _checks.expect_ndim(x0, "x0", 2)
    _checks.expect_ndim(y, "y", 1)
    if x0.shape != x1.shape:
        fail("x0.shape == x1.shape", f"{tuple(x0.shape)} != {tuple(x1.shape)}")
    if x1.shape[0] != y.shape[0]:
        fail("x1.shape[0] == y.shape[0]", f"{x1.shape[0]} != {y.shape[0]}")
    if x1.shape[0] == 0:
        fail("x1.shape[0] > 0", "0 <= 0")


@function("Contrastive", check=_check_contrastive)
def contrastive(
    x0: Tensor, x1: Tensor, y: Tensor, margin: float = 1, reduce: str = "mean"
) -> Tensor:
    r"""Returns the contrastive loss of pairs, which draws like to like and pushes others apart.

    With the distance :math:`d = \|x_0 - x_1\|_2` of a pair it is
    :math:`\frac{1}{2} (y d^2 + (1 - y) \max(\mathrm{margin} - d, 0)^2)`.

    Source: Chopra et al., *Learning a Similarity Metric Discriminatively, with Application to
    Face Verification*, 2005.

    Args:
        x0: One side of each pair, of shape ``(N, K)`` and floating point.
        x1: The other side, of the same shape and dtype.
        y: 1 where the two sides are alike and 0 where they are not, integers of shape ``(N,)``.
        margin: How far apart those that are not alike are to be, above 0.
        reduce: ``"mean"``, or ``"no"`` for the loss of each pair.

    Returns:
        A scalar variable of ``x0``'s dtype, or one of shape ``(N,)`` with ``reduce="no"``.

    Raises:
        InvalidType: If dtypes or shapes do not fit, or there is no pair.
        ValueError: If an option has another value.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x0, x1 = np.zeros((2, 2), np.float32), np.array([[3, 4], [0.5, 0]], np.float32)
        >>> F.contrastive(x0, x1, np.array([1, 0], np.int32), reduce='no')
        variable([12.5  ,  0.125])
    """
    _check_margin(margin, reduce)
    difference = x0 - x1
    squared = (difference * difference).sum(1)
    short = torch.relu(margin - _distance(squared))
    alike = y.to(x0.dtype)
    loss = (alike * squared + (1 - alike) * short * short) * 0.5
    return loss if reduce == "no" else loss.sum() / len(x0)


def _distance(squared: Tensor) -> Tensor:
    """The root, whose slope is bounded near 0: Chainer divides by no distance below a floor."""
    floor = 5e-3 if squared.dtype is torch.float16 else 1e-7
    root = squared.clamp(min=floor * floor).sqrt()
    near = squared / (2 * floor)
    # Its value is the root, its slope that of a straight line.
    near = near + (squared.detach().sqrt() - near.detach())
    return torch.where(squared > floor * floor, root, near)


def _check_triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float, reduce: str
) -> None:
    _checks.expect_floating(anchor, "anchor")
    for other, name in ((positive, "positive"), (negative, "negative")):
        _checks.expect_same_dtype(anchor, other, "anchor", name)
        if anchor.shape != other.shape:
            fail(f"anchor.shape == {name}.shape", f"{tuple(anchor.shape)} != {tuple(other.shape)}")
    if anchor.ndim < 1 or anchor.shape[0] == 0:
        fail("anchor.shape[0] > 0", f"anchor.shape = {tuple(anchor.shape)}")


@function("Triplet", check=_check_triplet)
def triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 0.2, reduce: str = "mean"
) -> Tensor:
    r"""Returns the triplet loss: an anchor is to be nearer to its like than to another one.

    For each triplet it is
    :math:`\max(\|a - p\|_2^2 - \|a - n\|_2^2 + \mathrm{margin}, 0)`.

    Source: Wang et al., *Learning Fine-grained Image Similarity with Deep Ranking*, 2014.

    Args:
        anchor: The anchors, of shape ``(N, K)`` and floating point.
        positive: What is like each anchor, of the same shape and dtype.
        negative: What is not, of the same shape and dtype.
        margin: How much nearer the like is to be, above 0.
        reduce: ``"mean"``, or ``"no"`` for the loss of each triplet.

    Returns:
        A scalar variable of ``anchor``'s dtype, or one of shape ``(N,)`` with ``reduce="no"``.

    Raises:
        InvalidType: If dtypes or shapes do not fit, or there is no triplet.
        ValueError: If an option has another value.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> anchor, far = np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)
        >>> F.triplet(anchor, anchor, far), F.triplet(anchor, far, anchor)
        (variable(0.), variable(2.2))
    """
    _check_margin(margin, reduce)
    if anchor.ndim < 2:
        raise np.exceptions.AxisError(1, anchor.ndim)
    nearer = torch.square(anchor - positive) - torch.square(anchor - negative)
    # Not `clamp`, whose slope at 0 is 1.
    loss = torch.relu(nearer.sum(1) + margin)
    return loss if reduce == "no" else loss.sum() / len(anchor)


def _check_hinge(x: Tensor, t: Tensor, norm: str, reduce: str) -> None:
    _checks.expect_floating(x, "x")
    _checks.expect_integer(t, "t")
    _checks.expect_ndim(x, "x", 2)
    _checks.expect_ndim(t, "t", 1)
    if x.shape[0] != t.shape[0]:
        fail("x.shape[0] == t.shape[0]", f"{x.shape[0]} != {t.shape[0]}")


def _own(t: Tensor, classes: int) -> Tensor:
    """Labels as indexes of columns, also those that count from the end."""
    own = t.long()
    if t.is_cuda:
        return torch.where(own < 0, own + classes, own)
    if len(t):  # looking costs next to nothing on the CPU
        low, high = map(int, own.aminmax())
        if low < -classes or high >= classes:
            raise IndexError(f"a label is none of {classes} classes: {low} to {high}")
        if low < 0:
            return own % classes
    return own


class _Flipped(torch.autograd.Function):
    """One element of each row with its sign turned; the gradient likewise."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, places: Tensor) -> Tensor:
        ctx.save_for_backward(places)
        return x.scatter(1, places, -x.gather(1, places))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (places,) = ctx.saved_tensors
        return _Flipped.apply(grads[0], places), None  # type: ignore[no-untyped-call]  # torch's


@function("Hinge", check=_check_hinge)
def hinge(x: Tensor, t: Tensor, norm: str = "L1", reduce: str = "mean") -> Tensor:
    r"""Returns the hinge loss of one classifier for each class against the rest.

    With :math:`\delta = 1` for an example's own class and :math:`-1` for the others, it is
    :math:`\max(0, 1 - \delta x)^p` for each score, where :math:`p` is 1 or 2.

    Args:
        x: The scores, of shape ``(N, K)`` and floating point.
        t: The classes, integers of shape ``(N,)``; from -1 down, those from the end.
        norm: ``"L1"`` for :math:`p = 1`, ``"L2"`` for :math:`p = 2`.
        reduce: ``"mean"`` for the sum over the classes and mean over the examples, or ``"no"``
            for the loss of each score.

    Returns:
        A scalar variable of ``x``'s dtype, or one of its shape with ``reduce="no"``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        NotImplementedError: If ``norm`` is another one.
        ValueError: If ``reduce`` is another one.
        IndexError: If a label is no class.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.hinge(np.array([[0.5, -2]], np.float32), np.array([0], np.int32), reduce='no')
        variable([[0.5, 0. ]])
    """
    if norm not in ("L1", "L2"):
        raise NotImplementedError(f"norm is 'L1' or 'L2'; got {norm!r}")
    _check_reduce(reduce)
    own = _own(t, x.shape[1]).unsqueeze(1)
    flipped: Tensor = _Flipped.apply(x, own)  # type: ignore[no-untyped-call]  # torch's
    loss = flipped.add_(1).relu_()
    if norm == "L2":
        loss = loss.square()
    return loss if reduce == "no" else loss.sum() / len(x)
