"""Linear-chain conditional random fields (Chainer: *Loss functions*)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError, UnexpectedArrayError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["argmax_crf1d", "crf1d"]


def _check_costs(arrays: Sequence[Tensor]) -> None:
    cost, *xs = arrays
    _checks.expect_floating(cost, "cost")
    classes = cost.shape[0]
    if cost.shape != (classes, classes):
        fail("cost.shape[0] == cost.shape[1]", f"cost.shape = {tuple(cost.shape)}")
    batch = xs[0].shape[0]
    for i, x in enumerate(xs):
        _checks.expect_same_dtype(x, cost, f"xs[{i}]", "cost")
        _checks.expect_ndim(x, f"xs[{i}]", 2)
        if x.shape[1] != classes:
            fail(f"xs[{i}].shape[1] == cost.shape[0]", f"{x.shape[1]} != {classes}")
        if x.shape[0] > batch:
            fail(f"xs[{i - 1}].shape[0] >= xs[{i}].shape[0]", f"{batch} < {x.shape[0]}")
        batch = x.shape[0]


def _check_crf1d(arrays: Sequence[Tensor], reduce: str) -> None:
    steps = len(arrays) // 2
    _check_costs(arrays[: steps + 1])
    for i, (x, y) in enumerate(zip(arrays[1:], arrays[steps + 1 :], strict=False)):
        _checks.expect_integer(y, f"ys[{i}]")
        _checks.expect_ndim(y, f"ys[{i}]", 1)
        if x.shape[0] != y.shape[0]:
            fail(f"xs[{i}].shape[0] == ys[{i}].shape[0]", f"{x.shape[0]} != {y.shape[0]}")


@function("CRF1d", check=_check_crf1d)
def _crf1d(arrays: Sequence[Tensor], reduce: str) -> Tensor:
    steps = len(arrays) // 2
    # A loss is the small difference of two large numbers, which half precision does not hold.
    (cost, *xs), ys = _widened(arrays[: steps + 1]), arrays[steps + 1 :]
    loss = _log_partition(cost, xs) - _scores(cost, xs, ys)
    return (loss if reduce == "no" else loss.sum() / len(loss)).to(arrays[0].dtype)


def _widened(arrays: Sequence[Tensor]) -> list[Tensor]:
    wide = torch.promote_types(arrays[0].dtype, torch.float32)
    return [x.to(wide) for x in arrays]


def _log_partition(cost: Tensor, xs: Sequence[Tensor]) -> Tensor:
    """The logarithm of the sum over all paths, of each sequence."""
    alpha = xs[0]
    ended = []
    for x in xs[1:]:
        if len(x) < len(alpha):
            ended.append(alpha[len(x) :])
            alpha = alpha[: len(x)]
        alpha = torch.logsumexp(alpha.unsqueeze(2) + cost, 1) + x
    return torch.logsumexp(torch.cat([alpha, *reversed(ended)]) if ended else alpha, 1)


def _scores(cost: Tensor, xs: Sequence[Tensor], ys: Sequence[Tensor]) -> Tensor:
    """The score of the labels, of each sequence; all steps at once."""
    labels = torch.cat(tuple(ys)).long()
    rows = [torch.arange(len(y), device=cost.device) for y in ys]
    costs = torch.cat(tuple(xs))
    scores = costs[torch.arange(len(costs), device=cost.device), labels]
    total = cost.new_zeros(len(xs[0]), requires_grad=False)
    total = total.index_add(0, torch.cat(rows), scores)
    if len(ys) == 1:
        return total
    before = [y[: len(after)] for y, after in itertools.pairwise(ys)]
    steps = cost[torch.cat(before).long(), labels[len(ys[0]) :]]
    return total.index_add(0, torch.cat(rows[1:]), steps)


def crf1d(cost: Any, xs: Sequence[Any], ys: Sequence[Any], reduce: str = "mean") -> Variable:
    r"""Returns the negative log-likelihood of labels under a linear-chain random field.

    The score of a sequence is :math:`\sum_i x_{i, y_i} + \sum_i c_{y_i, y_{i+1}}`; its
    likelihood is the exponential of that, over the sum of those of all paths.

    Sequences come step by step: ``xs[i]`` has the ``i``-th elements of all sequences that are so
    long, the longest first, as :func:`transpose_sequence` gives them.

    Source: Lafferty et al., *Conditional Random Fields: Probabilistic Models for Segmenting and
    Labeling Sequence Data*, 2001.

    Args:
        cost: The score of each step from one label to another, of shape ``(K, K)`` and floating
            point.
        xs: For each step the scores of the labels, of shape ``(B, K)`` and ``cost``'s dtype; ``B``
            may only get smaller.
        ys: For each step the labels, integers of shape ``(B,)``.
        reduce: ``"mean"``, or ``"no"`` for the loss of each sequence.

    Returns:
        A scalar variable, or one with an element for each sequence with ``reduce="no"``.

    Raises:
        AssertionError: If ``xs`` has another number of labels than ``cost``.
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If ``reduce`` is another one, or ``xs`` and ``ys`` are not equally long.
        IndexError: If a label is none, or there is no step.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> cost = np.zeros((2, 2), np.float32)
        >>> xs = [np.zeros((2, 2), np.float32), np.zeros((1, 2), np.float32)]
        >>> ys = [np.array([0, 1], np.int32), np.array([1], np.int32)]
        >>> F.crf1d(cost, xs, ys, reduce='no')
        variable([1.3862944, 0.6931472])
    """
    if reduce not in ("mean", "no"):
        raise InvalidArgumentError(f"reduce is 'mean' or 'no'; got {reduce!r}")
    _expect_labels(cost, xs)
    if len(xs) != len(ys):
        raise InvalidArgumentError(f"there are {len(xs)} steps of scores and {len(ys)} of labels")
    loss: Variable = _crf1d([cost, *xs, *ys], reduce)
    return loss


def _expect_labels(cost: Any, xs: Sequence[Any]) -> None:
    if xs[0].shape[1] != cost.shape[0]:
        raise UnexpectedArrayError(
            f"cost is for {cost.shape[0]} labels, and xs[0] has scores for {xs[0].shape[1]}"
        )


@function("ArgmaxCRF1d", check=_check_costs)
def _argmax_crf1d(arrays: Sequence[Tensor]) -> tuple[Tensor, ...]:
    cost, *xs = arrays
    alpha = xs[0]
    ended: list[Tensor] = []  # of each step, the scores of the sequences that it is the last of
    origins = []  # of each step but the first, and each label, the best label before
    for x in xs[1:]:
        ended.append(alpha[len(x) :])
        best, origin = (alpha[: len(x)].unsqueeze(2) + cost).max(1)
        origins.append(origin)
        alpha = best + x
    ended.append(alpha)
    scores, labels = torch.cat(ended[::-1]).max(1)
    path = [labels[: len(alpha)]]
    for origin in reversed(origins):
        going_on = origin.gather(1, path[-1].unsqueeze(1)).squeeze(1)
        more = len(ended[len(origins) - len(path)])
        path.append(torch.cat([going_on, labels[len(going_on) : len(going_on) + more]]))
    return scores, *(step.int() for step in reversed(path))


def argmax_crf1d(cost: Any, xs: Sequence[Any]) -> tuple[Variable, list[Any]]:
    """Returns the best labels under a linear-chain random field, and their scores.

    Source: Viterbi, *Error bounds for convolutional codes and an asymptotically optimum decoding
    algorithm*, 1967.

    Args:
        cost: The score of each step from one label to another, of shape ``(K, K)`` and floating
            point.
        xs: For each step the scores of the labels, of shape ``(B, K)`` and ``cost``'s dtype; ``B``
            may only get smaller, as in :func:`crf1d`.

    Returns:
        A variable with the best score of each sequence, and for each step an array of int32 with
        the labels.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        IndexError: If there is no step.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> cost = np.array([[0, 3], [0, 0]], np.float32)
        >>> F.argmax_crf1d(cost, [np.array([[0, 1]], np.float32)] * 2)
        (variable([4.]), [array([0], dtype=int32), array([1], dtype=int32)])
    """
    if len(xs) == 0:
        raise IndexError("xs has no step")
    scores, *path = _argmax_crf1d([cost, *xs])
    return scores, [labels.array for labels in path]
