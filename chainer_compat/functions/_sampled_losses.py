"""Losses that look at a few classes only, for large vocabularies (Chainer: *Loss functions*)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.backends import _crossing
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._connection import embed_id
from chainer_compat.utils.argument import parse_kwargs
from chainer_compat.utils.type_check import fail

__all__ = ["black_out", "check_labelled_rows", "negative_sampling"]

_IGNORED = -1


def check_labelled_rows(x: Tensor, t: Tensor, W: Tensor) -> None:
    """Fails unless there are rows, an int32 label for each, and weights of the rows' dtype.

    Args:
        x: The rows, of shape ``(N, size)``.
        t: The labels, of shape ``(N,)``.
        W: The weights.

    Raises:
        InvalidType: If a dtype or shape does not fit.
    """
    _checks.expect_floating(x, "x")
    _checks.expect_ndim(x, "x", 2)
    if t.dtype is not torch.int32:
        fail("t.dtype == <class 'numpy.int32'>", f"{t.dtype} != <class 'numpy.int32'>")
    _checks.expect_ndim(t, "t", 1)
    if x.shape[0] != t.shape[0]:
        fail("x.shape[0] == t.shape[0]", f"{x.shape[0]} != {t.shape[0]}")
    _checks.expect_same_dtype(W, x, "W", "x")


def _check_negative_sampling(x: Tensor, t: Tensor, W: Tensor, *options: Any) -> None:
    check_labelled_rows(x, t, W)
    _checks.expect_ndim(W, "W", 2)


@function("NegativeSamplingFunction", check=_check_negative_sampling)
def _negative_sampling(
    x: Tensor,
    t: Tensor,
    W: Tensor,
    sampler: Callable[[tuple[int, int]], Any],
    sample_size: int,
    reduce: str,
    drawn: list[Any],
) -> Tensor:
    """Appends the samples to ``drawn``, for who runs it again: drawn once the types are right."""
    if x.shape[1] != W.shape[1]:
        raise InvalidArgumentError(
            f"the vectors have size {x.shape[1]}, and the rows of W {W.shape[1]}"
        )
    if not drawn:
        drawn.append(sampler((len(t), sample_size + 1)))
    classes = _crossing.as_tensor(drawn[0])
    classes[:, 0] = t
    counts = t != _IGNORED
    if x.is_cuda or not counts.all():  # looking costs nothing on the CPU
        classes = torch.where(counts.unsqueeze(1), classes, 0)
    # A sum of many terms in half precision would be far off.
    wide = torch.float32 if x.dtype is torch.float16 else x.dtype
    rows = torch.nn.functional.embedding(classes.to(x.device), W).to(wide)
    scores = torch.bmm(rows, x.to(wide).unsqueeze(2)).squeeze(2)
    sides = torch.full_like(scores[:1], -1.0, requires_grad=False)
    sides[:, 0] = 1.0
    loss = -torch.nn.functional.logsigmoid(sides * scores).sum(1)
    loss = torch.where(counts, loss, 0.0)
    return (loss if reduce == "no" else loss.sum()).to(x.dtype)


def negative_sampling(
    x: Any,
    t: Any,
    W: Any,
    sampler: Callable[[tuple[int, int]], Any],
    sample_size: int,
    reduce: str = "sum",
    **kwargs: Any,
) -> Any:
    r"""Returns the loss of telling each class from a few that are drawn at random.

    With the samples :math:`S` of an example it is :math:`-\log \sigma(x^\top w_t) -
    \sum_{s \in S} \log \sigma(-x^\top w_s)`.

    Source: Mikolov et al., *Distributed Representations of Words and Phrases and their
    Compositionality*, 2013.

    Args:
        x: The vectors, of shape ``(N, D)`` and floating point.
        t: The classes, int32 of shape ``(N,)``; -1 for an example that does not count.
        W: A row for each class, of shape ``(V, D)`` and ``x``'s dtype.
        sampler: Called with a shape; returns an array of classes of this shape, such as
            :meth:`WalkerAlias.sample <chainer_compat.utils.WalkerAlias.sample>`. Its first column
            is overwritten by ``t``.
        sample_size: How many classes to draw for each example.
        reduce: ``"sum"``, or ``"no"`` for the loss of each example.
        **kwargs: ``return_samples``, whether to return the samples too.

    Returns:
        A scalar variable of ``x``'s dtype, or one of shape ``(N,)`` with ``reduce="no"``. With
        ``return_samples`` also the array of ``t`` and the samples, ``(N, sample_size + 1)``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If ``reduce`` is another one, or the rows of ``W`` have another size.
        IndexError: If a label or a sample is no class.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x, W = np.zeros((1, 2), np.float32), np.ones((3, 2), np.float32)
        >>> F.negative_sampling(
        ...     x, np.array([2], np.int32), W, lambda shape: np.zeros(shape, np.int32), 1,
        ...     return_samples=True)
        (variable(1.3862944), array([[2, 0]], dtype=int32))
    """
    (return_samples,) = parse_kwargs(kwargs, ("return_samples", False))
    if reduce not in ("sum", "no"):
        raise InvalidArgumentError(f"reduce is 'sum' or 'no'; got {reduce!r}")
    drawn: list[Any] = []
    loss: Variable = _negative_sampling(x, t, W, sampler, sample_size, reduce, drawn)
    return (loss, drawn[0]) if return_samples else loss


def _check_black_out(x: Tensor, t: Tensor, W: Tensor, samples: Tensor, reduce: str) -> None:
    _checks.expect_floating(x, "x")
    _checks.expect_ndim(x, "x", 2)
    _checks.expect_floating(W, "W")
    _checks.expect_ndim(W, "W", 2)
    if x.shape[1] != W.shape[1]:
        fail("x.shape[1] == W.shape[1]", f"{x.shape[1]} != {W.shape[1]}")
    for labels, name, ndim in ((t, "t", 1), (samples, "samples", 2)):
        _checks.expect_integer(labels, name)
        _checks.expect_ndim(labels, name, ndim)
        if labels.shape[0] not in (1, x.shape[0]):
            fail(f"x.shape[0] == {name}.shape[0]", f"{x.shape[0]} != {labels.shape[0]}")


@function("BlackOut", check=_check_black_out)
def black_out(x: Tensor, t: Tensor, W: Tensor, samples: Tensor, reduce: str = "mean") -> Tensor:
    r"""Returns the loss of telling each class from samples, by a softmax among these only.

    With :math:`p` the softmax of :math:`w_c^\top x` among the class :math:`t` and its samples
    :math:`S`, it is :math:`-\log p(t) - \sum_{s \in S} \log(1 - p(s))`.

    Source: Ji et al., *BlackOut: Speeding up Recurrent Neural Network Language Models With Very
    Large Vocabularies*, 2015.

    Args:
        x: The vectors, of shape ``(N, D)`` and floating point.
        t: The classes, integers of shape ``(N,)``; from -1 down, those from the end.
        W: A row for each class, of shape ``(V, D)`` and floating point.
        samples: The samples of each example, integers of shape ``(N, S)``; or ``(1, S)``, those
            of all examples.
        reduce: ``"mean"``, or ``"no"`` for the loss of each example.

    Returns:
        A scalar variable, or one of shape ``(N,)`` with ``reduce="no"``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If ``reduce`` is another one.
        IndexError: If a label or a sample is no class.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x, W = np.zeros((1, 2), np.float32), np.ones((3, 2), np.float32)
        >>> F.black_out(x, np.array([2], np.int32), W, np.array([[0]], np.int32))
        variable(1.3862944)
    """
    if reduce not in ("mean", "no"):
        raise InvalidArgumentError(f"reduce is 'mean' or 'no'; got {reduce!r}")
    batch = len(x)
    classes = torch.cat([t.unsqueeze(1).expand(batch, 1), samples.expand(batch, -1)], 1)
    wide = torch.promote_types(x.dtype, W.dtype)
    rows = embed_id.body(classes, W).to(wide)
    scores = torch.bmm(rows, x.to(wide).unsqueeze(2)).squeeze(2)
    log_p = torch.log_softmax(scores, 1)
    loss = -log_p[:, 0] - torch.log1p(-torch.exp(log_p[:, 1:])).sum(1)
    return loss if reduce == "no" else loss.mean()
