"""One step of recurrent networks (Chainer: *Activation functions*)."""

from __future__ import annotations

import torch
from torch import Tensor

from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["lstm"]


def _check_lstm(c_prev: Tensor, x: Tensor) -> None:
    _checks.expect_floating(c_prev, "c")
    _checks.expect_floating(x, "x")
    if c_prev.ndim < 2:
        fail("c.ndim >= 2", f"{c_prev.ndim} < 2")
    if x.ndim < 2:
        fail("x.ndim >= 2", f"{x.ndim} < 2")
    if x.ndim != c_prev.ndim:
        fail("c.ndim == x.ndim", f"{c_prev.ndim} != {x.ndim}")
    if x.shape[0] > c_prev.shape[0]:
        fail("x.shape[0] <= c.shape[0]", f"{x.shape[0]} > {c_prev.shape[0]}")
    if x.shape[1] != 4 * c_prev.shape[1]:
        fail("x.shape[1] == 4 * c.shape[1]", f"{x.shape[1]} != {4 * c_prev.shape[1]}")
    for axis in range(2, x.ndim):
        if x.shape[axis] != c_prev.shape[axis]:
            fail(f"x.shape[{axis}] == c.shape[{axis}]", f"{x.shape[axis]} != {c_prev.shape[axis]}")


@function("LSTM", check=_check_lstm)
def lstm(c_prev: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the next cell and output of a long short-term memory.

    The four gates of a unit lie side by side in ``x``: the candidate, the input gate, the forget
    gate and the output gate. A batch of ``x`` may be shorter than that of ``c_prev``, as sequences
    that are sorted by length end one after the other: the rest of the cells stays.

    Source: Gers et al., *Learning to Forget*, 2000; Graves et al., 2013.

    Args:
        c_prev: The cells, of shape ``(N, units, ...)`` and floating point.
        x: The gates' inputs, of shape ``(M, 4 * units, ...)``, with ``M <= N``.

    Returns:
        The next cells, of ``c_prev``'s shape, and the outputs, of shape ``(M, units, ...)``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> c, h = F.lstm(np.zeros((2, 1), np.float32), np.zeros((1, 4), np.float32))
        >>> c.shape, h.shape
        ((2, 1), (1, 1))
    """
    gates = x.reshape(x.shape[0], x.shape[1] // 4, 4, *x.shape[2:])
    candidate, i, f, o = gates.unbind(2)
    batch = x.shape[0]
    c_next = torch.tanh(candidate) * torch.sigmoid(i) + torch.sigmoid(f) * c_prev[:batch]
    h = torch.sigmoid(o) * torch.tanh(c_next)
    if batch < c_prev.shape[0]:
        c_next = torch.cat((c_next, c_prev[batch:]))
    return c_next, h
