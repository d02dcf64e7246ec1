"""One step of recurrent networks (Chainer: *Activation functions*)."""

from __future__ import annotations

import torch
from torch import Tensor

from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["lstm", "slstm", "tree_lstm"]


def _check_lstm(c_prev: Tensor, x: Tensor) -> None:
    _checks.expect_floating(c_prev, "c")
    _checks.expect_floating(x, "x")
    _checks.expect_same_dtype(x, c_prev, "x", "c")
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


def _shortcut_lstm(c_prev: Tensor, x: Tensor) -> tuple[Tensor, Tensor] | None:
    batch, units = c_prev.shape
    if x.shape != (batch, 4 * units) or not _checks.all_of_one_floating(c_prev, x):
        return None
    return _step(c_prev, x.view(batch, units, 4))


@function("LSTM", check=_check_lstm, shortcut=_shortcut_lstm)
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
    batch = x.shape[0]
    by_unit = x.reshape(batch, x.shape[1] // 4, 4, *x.shape[2:])
    if batch == c_prev.shape[0]:
        return _step(c_prev, by_unit)
    c_next, h = _step(c_prev[:batch], by_unit)
    return torch.cat((c_next, c_prev[batch:])), h


def _step(c_prev: Tensor, by_unit: Tensor) -> tuple[Tensor, Tensor]:
    candidate, gates = _by_kind(by_unit).split_with_sizes((1, 3))
    i, f, o = gates.sigmoid().unbind(0)
    c_next = torch.addcmul(f * c_prev, i, candidate.tanh()[0])
    return c_next, o * c_next.tanh()


def _by_kind(by_unit: Tensor) -> Tensor:
    """Gates of a kind side by side, for kernels with vector instructions: one copy that pays."""
    return by_unit.movedim(2, 0).contiguous()


def _check_slstm(c_prev1: Tensor, c_prev2: Tensor, x1: Tensor, x2: Tensor) -> None:
    _checks.expect_floating(c_prev1, "c_prev1")
    if c_prev1.ndim < 2:
        fail("c_prev1.ndim >= 2", f"{c_prev1.ndim} < 2")
    batch, units, *rest = c_prev1.shape
    gates = (batch, 4 * units, *rest)
    wanted = (("c_prev2", c_prev2, c_prev1.shape), ("x1", x1, gates), ("x2", x2, gates))
    for name, tensor, shape in wanted:
        _checks.expect_same_dtype(tensor, c_prev1, name, "c_prev1")
        if tensor.shape != shape:
            fail(f"{name}.shape == {tuple(shape)}", f"{tuple(tensor.shape)} != {tuple(shape)}")


@function("SLSTM", check=_check_slstm)
def slstm(c_prev1: Tensor, c_prev2: Tensor, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the next cell and output of a long short-term memory over binary trees.

    The gates of a unit lie side by side in ``x1`` and in ``x2``, as in :func:`lstm`::

        c = tanh(a1) * sigmoid(i1) + tanh(a2) * sigmoid(i2) + sigmoid(f1) * c1 + sigmoid(f2) * c2
        h = sigmoid(o1 + o2) * tanh(c)

    The paper, and the text of Chainer's page, have one candidate and one input gate for both
    children; this is what Chainer computes.

    Source: Zhu et al., *Long Short-Term Memory Over Tree Structures*, 2015.

    Args:
        c_prev1: The cells of the first child, of shape ``(N, units, ...)`` and floating point.
        c_prev2: The cells of the second child, likewise.
        x1: The gates' inputs of the first child, of shape ``(N, 4 * units, ...)``.
        x2: The gates' inputs of the second child, likewise.

    Returns:
        The cells and the outputs, of ``c_prev1``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> c, x = np.ones((1, 2), np.float32), np.zeros((1, 8), np.float32)
        >>> F.slstm(c, c, x, x)[0]
        variable([[1., 1.]])
    """
    shape = (x1.shape[0], x1.shape[1] // 4, 4, *x1.shape[2:])
    a1, gates1, o1 = _by_kind(x1.reshape(shape)).split_with_sizes((1, 2, 1))
    a2, gates2, o2 = _by_kind(x2.reshape(shape)).split_with_sizes((1, 2, 1))
    i1, f1 = gates1.sigmoid().unbind(0)
    i2, f2 = gates2.sigmoid().unbind(0)
    c = torch.tanh(a1[0]) * i1 + torch.tanh(a2[0]) * i2
    c = c + f1 * c_prev1 + f2 * c_prev2
    return c, torch.sigmoid(o1 + o2)[0] * torch.tanh(c)


def _check_tree_lstm(*inputs: Tensor) -> None:
    if len(inputs) < 2:
        fail("in_types.size >= 2", f"{len(inputs)} < 2")
    *cells, x = inputs
    if x.ndim < 2:
        fail("x.ndim >= 2", f"{x.ndim} < 2")
    for i, c in enumerate(cells):
        name = f"in_types[{i}]"
        _checks.expect_floating(c, name)
        _checks.expect_same_dtype(x, c, "x", name)
        if c.ndim != x.ndim:
            fail(f"{name}.ndim == x.ndim", f"{c.ndim} != {x.ndim}")
        units = c.shape[1]
        expected = (c.shape[0], (3 + len(cells)) * units, *c.shape[2:])
        if x.shape != expected:
            fail(f"x.shape == {expected}", f"{tuple(x.shape)} != {expected}")


@function("TreeLSTM", check=_check_tree_lstm)
def tree_lstm(*inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the next cell and output of a long short-term memory over trees.

    Behind one another in the last input lie the candidate ``a``, the gates ``i`` and ``o``, and for
    each child a forget gate::

        c = tanh(a) * sigmoid(i) + sigmoid(f1) * c1 + sigmoid(f2) * c2 + ...
        h = sigmoid(o) * tanh(c)

    Source: Tai et al., *Improved Semantic Representations From Tree-Structured Long Short-Term
    Memory Networks*, 2015; Bowman et al., *A Fast Unified Model for Parsing and Sentence
    Understanding*, 2016.

    Args:
        *inputs: The cells of the children, each of shape ``(N, units, ...)`` and floating point,
            and last the gates' inputs, of shape ``(N, (3 + children) * units, ...)``.

    Returns:
        The cells and the outputs, of a child's shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit, or there are less than two inputs.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> c, x = np.ones((1, 2), np.float32), np.zeros((1, 10), np.float32)
        >>> F.tree_lstm(c, c, x)[0]
        variable([[1., 1.]])
    """
    *cells, x = inputs
    parts = 3 + len(cells)
    # All gradients go back in one copy; those of `tensor_split` go one by one.
    a, i, o, *forgets = x.split_with_sizes([x.shape[1] // parts] * parts, 1)
    c = torch.tanh(a) * torch.sigmoid(i)
    for f, cell in zip(forgets, cells, strict=True):
        c = c + torch.sigmoid(f) * cell
    return c, torch.sigmoid(o) * torch.tanh(c)
