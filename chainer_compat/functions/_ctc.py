"""Connectionist temporal classification (Chainer: *Loss functions*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import (
    InvalidArgumentError,
    InvalidArgumentTypeError,
    UnexpectedArrayError,
)
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._joining import stack
from chainer_compat.utils.type_check import fail

__all__ = ["connectionist_temporal_classification"]


def _check(input_length: Tensor, label_length: Tensor, t: Tensor, x: Tensor, *options: Any) -> None:
    for integers, name, ndim in (
        (input_length, "input_length", 1),
        (label_length, "label_length", 1),
        (t, "t", 2),
    ):
        if integers.dtype is not torch.int32:
            fail(
                f"{name}.dtype == <class 'numpy.int32'>",
                f"{integers.dtype} != <class 'numpy.int32'>",
            )
        _checks.expect_ndim(integers, name, ndim)
        if integers.shape[0] != x.shape[1]:
            fail(f"{name}.shape[0] == x.shape[1]", f"{integers.shape[0]} != {x.shape[1]}")
    _checks.expect_floating(x, "x")


@function("ConnectionistTemporalClassification", check=_check)
def _ctc(
    input_length: Tensor, label_length: Tensor, t: Tensor, x: Tensor, blank_symbol: int, reduce: str
) -> Tensor:
    # What Chainer takes for the logarithm of 0, so that no loss is infinite.
    never = 1e4 if x.dtype is torch.float16 else 1e10
    wide = torch.float32 if x.dtype is torch.float16 else x.dtype
    log_p = torch.log_softmax(x, 2, dtype=wide).clamp(min=-never)
    _expect_lengths(input_length, len(x), "input_length", "steps")
    _expect_lengths(label_length, t.shape[1], "label_length", "labels")
    t = t.to(x.device)
    counts = torch.arange(t.shape[1], device=x.device) < label_length.to(x.device).unsqueeze(1)
    _expect_classes(t, counts, x.shape[2])
    # Steps between two labels that are the same, where a blank must be.
    repeats = (counts[:, 1:] & (t[:, 1:] == t[:, :-1])).sum(1)
    fits = label_length.to(x.device) + repeats <= input_length.to(x.device)
    lengths = (input_length, label_length)
    blanks = counts & (t == blank_symbol)
    if not t.shape[0]:  # torch's kernel does not take a batch of none
        loss = log_p.sum((0, 2))
    elif not x.is_cuda and blanks.any():
        loss = _of_blanks(log_p, torch.where(blanks, x.shape[2], t), *lengths, blank_symbol)
    else:
        loss = _kernel(log_p, t, *lengths, blank_symbol)
    loss = torch.where(fits, loss, never).to(x.dtype)
    return loss if reduce == "no" else loss.mean()


def _kernel(
    log_p: Tensor, t: Tensor, input_length: Tensor, label_length: Tensor, blank_symbol: int
) -> Tensor:
    return torch.nn.functional.ctc_loss(
        log_p, t, input_length, label_length, blank_symbol, reduction="none", zero_infinity=True
    )


def _of_blanks(
    log_p: Tensor, t: Tensor, input_length: Tensor, label_length: Tensor, blank_symbol: int
) -> Tensor:
    """The loss where blanks are among the labels, as a class behind all others.

    Torch's kernel for the CPU leaves out a part of the gradient where a label is the blank itself.
    """
    blank = log_p[:, :, blank_symbol]
    loss = _kernel(
        torch.cat([log_p, blank.unsqueeze(2)], 2), t, input_length, label_length, blank_symbol
    )
    # The kernel's gradient is that of all classes' probabilities summing to 1, which is not so
    # with one more: this is 0, and its gradient takes that back.
    p = blank.detach().exp()
    steps = torch.arange(len(log_p)).unsqueeze(1) < input_length
    return loss - (steps * p * (blank - blank.detach())).sum(0)


def _expect_lengths(lengths: Tensor, limit: int, name: str, what: str) -> None:
    # On a GPU torch asks, for it needs the lengths on the CPU.
    if not lengths.is_cuda and not ((lengths >= 0) & (lengths <= limit)).all():
        raise UnexpectedArrayError(f"{name} has {lengths.tolist()}, and there are {limit} {what}")


def _expect_classes(t: Tensor, counts: Tensor, classes: int) -> None:
    wrong = counts & ((t < 0) | (t >= classes))
    if t.is_cuda:
        torch._assert_async(~wrong.any(), "a label of t is no class")
    elif wrong.any():
        raise IndexError(f"label {int(t[wrong][0])} of t is none of {classes} classes")


def connectionist_temporal_classification(
    x: Sequence[Any],
    t: Any,
    blank_symbol: int,
    input_length: Any = None,
    label_length: Any = None,
    reduce: str = "mean",
) -> Variable:
    """Returns the negative log-likelihood of labels whose places in the input are not known.

    Each step of the input gives a label or a blank. The labels of a sequence are what is left
    when equal neighbours are made one, and then blanks are taken out; the likelihood is that of
    all ways in which the steps can give them.

    Source: Graves et al., *Connectionist Temporal Classification: Labelling Unsegmented Sequence
    Data with Recurrent Neural Networks*, 2006.

    Args:
        x: For each step the scores of the classes, before the softmax: a list of variables or
            arrays of shape ``(B, V)`` and floating point.
        t: The labels, int32 of shape ``(B, M)``.
        blank_symbol: Which class is the blank.
        input_length: How many steps each sequence has, int32 of shape ``(B,)``; all if None.
        label_length: How many labels each sequence has, int32 of shape ``(B,)``; all if None. What
            is behind them in ``t`` is not read.
        reduce: ``"mean"``, or ``"no"`` for the loss of each sequence.

    Returns:
        A scalar variable, or one of shape ``(B,)`` with ``reduce="no"``. Where the labels do not
        fit into the input the loss is 1e10 (1e4 in float16), with a gradient of 0. The gradient
        cannot be differentiated again. On a GPU, lengths that are there are copied to the CPU.

    Raises:
        AssertionError: If ``blank_symbol`` is no class, ``x`` has not two axes, or a length is
            beyond the array.
        IndexError: If a label is no class, or there is no step.
        InvalidType: If dtypes or shapes do not fit.
        TypeError: If ``x`` is no list or tuple, or ``blank_symbol`` no int.
        ValueError: If ``reduce`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = [np.zeros((1, 2), np.float32)] * 2  # three of four ways give [1]
        >>> F.connectionist_temporal_classification(x, np.array([[1]], np.int32), 0)
        variable(0.2876821)
    """
    if not isinstance(x, Sequence):
        raise InvalidArgumentTypeError(f"x is a list of the scores of each step; got {type(x)}")
    if not isinstance(blank_symbol, int):
        raise InvalidArgumentTypeError(f"blank_symbol is an int; got {type(blank_symbol)}")
    if not 0 <= blank_symbol < x[0].shape[1]:
        raise UnexpectedArrayError(
            f"blank_symbol is {blank_symbol}, and there are {x[0].shape[1]} classes"
        )
    if x[0].ndim != 2:
        raise UnexpectedArrayError(f"x[0] has shape {x[0].shape}; it must have two axes")
    if reduce not in ("mean", "no"):
        raise InvalidArgumentError(f"reduce is 'mean' or 'no'; got {reduce!r}")
    batch = x[0].shape[0]
    if input_length is None:
        input_length = torch.full((batch,), len(x), dtype=torch.int32)
    if label_length is None:
        label_length = torch.full((batch,), t.shape[1], dtype=torch.int32)
    loss: Variable = _ctc(input_length, label_length, t, stack(x), blank_symbol, reduce)
    return loss
