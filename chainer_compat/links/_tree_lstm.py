"""Links of the long short-term memory over trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable, as_variable
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.link import Chain
from chainer_compat.links._linear import Linear

__all__ = ["ChildSumTreeLSTM", "NaryTreeLSTM"]


def _input(x: Any, states: Sequence[Any], in_size: int) -> Any:
    """The input of a node; zeros, for as many trees as its children have, if there is none."""
    if x is not None:
        return x
    for state in states:
        if state is not None:
            return Variable(_zeros_like(state, (state.shape[0], in_size)), requires_grad=False)
    raise InvalidArgumentError("a node needs an input, or a state of one of its children")


def _zeros_like(base: Any, shape: tuple[int, ...]) -> Any:
    return as_variable(base).tensor.detach().new_zeros(shape)


def _filled(states: Sequence[Any], x: Any, units: int) -> list[Any]:
    """The states of the children, with zeros for those that have none."""
    if all(state is not None for state in states):
        return list(states)
    zeros = Variable(_zeros_like(x, (x.shape[0], units)), requires_grad=False)
    return [zeros if state is None else state for state in states]


class ChildSumTreeLSTM(Chain):
    """A long short-term memory over trees whose nodes have any number of children, in no order.

    Args:
        in_size: The size of the input.
        out_size: The number of units.

    Attributes:
        W_x: The layer of the input, with the biases.
        W_h_aio: The layer of the sum of the children's outputs.
        W_h_f: The layer of each child's output that gives its forget gate.
        state_size: The number of units.

    Source: Chainer's reference, *chainer.links.ChildSumTreeLSTM*; Tai et al., *Improved Semantic
    Representations From Tree-Structured Long Short-Term Memory Networks*, 2015.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.ChildSumTreeLSTM(4, 3)
        >>> leaf = layer(np.ones((2, 4), np.float32))
        >>> c, h = layer(leaf[0], leaf[0], leaf[1], leaf[1], np.ones((2, 4), np.float32))
        >>> c.shape, h.shape
        ((2, 3), (2, 3))
    """

    def __init__(self, in_size: int, out_size: int) -> None:
        super().__init__()
        with self.init_scope():
            self.W_x = Linear(in_size, 4 * out_size)
            self.W_h_aio = Linear(out_size, 3 * out_size, nobias=True)
            self.W_h_f = Linear(out_size, out_size, nobias=True)
        self.in_size = in_size
        self.state_size = out_size

    def forward(self, *cshsx: Any) -> tuple[Variable, Variable]:
        """Computes a node.

        Args:
            *cshsx: The cells of all children, then their outputs, each of shape ``(N, out_size)``,
                and last the input, of shape ``(N, in_size)``. None stands for zeros.

        Returns:
            The cells and the output of the node.

        Raises:
            AssertionError: If there are not as many cells as outputs.
            ValueError: If all are None.
        """
        if len(cshsx) % 2 == 0:
            raise AssertionError(
                f"a node takes as many cells as outputs, and an input; got {len(cshsx)} arguments"
            )
        count = len(cshsx) // 2
        x = _input(cshsx[-1], cshsx[:-1], self.in_size)
        cells, outputs = (
            _filled(part, x, self.state_size) for part in (cshsx[:count], cshsx[count:-1])
        )
        aio, f = functions.split_axis(self.W_x(x), [3 * self.state_size], axis=1)
        if not outputs:
            a, i, o = functions.split_axis(aio, 3, axis=1)
            c = functions.sigmoid(i) * functions.tanh(a)
            return c, functions.sigmoid(o) * functions.tanh(c)
        aio = self.W_h_aio(sum(outputs)) + aio
        # One product for all children.
        forgets = functions.split_axis(self.W_h_f(functions.concat(outputs, axis=0)), count, axis=0)
        gates = functions.concat([aio, *(forget + f for forget in forgets)], axis=1)
        c, h = functions.tree_lstm(*cells, gates)
        return c, h


class NaryTreeLSTM(Chain):
    """A long short-term memory over trees whose nodes have a fixed number of children, in order.

    Args:
        in_size: The size of the input.
        out_size: The number of units.
        n_ary: The number of children.

    Attributes:
        W_x: The layer of the input, with the biases.
        W_h1, W_h2, …: The layers of the children's outputs.
        state_size: The number of units.

    Raises:
        AssertionError: If ``n_ary`` is less than 1.

    Source: Chainer's reference, *chainer.links.NaryTreeLSTM*; Tai et al., 2015; with the input seen
    by each forget gate in its own way, as in Bowman et al., *A Fast Unified Model for Parsing and
    Sentence Understanding*, 2016.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.NaryTreeLSTM(4, 3)
        >>> leaf = layer(None, None, None, None, np.ones((2, 4), np.float32))
        >>> c, h = layer(leaf[0], leaf[0], leaf[1], leaf[1], None)
        >>> c.shape, h.shape
        ((2, 3), (2, 3))
    """

    def __init__(self, in_size: int, out_size: int, n_ary: int = 2) -> None:
        if n_ary < 1:
            raise AssertionError(f"a node has 1 child or more; got n_ary={n_ary}")
        super().__init__()
        with self.init_scope():
            self.W_x = Linear(in_size, (3 + n_ary) * out_size)
            for i in range(1, n_ary + 1):
                layer = Linear(out_size, (3 + n_ary) * out_size, nobias=True)
                setattr(self, f"W_h{i}", layer)
        self.in_size = in_size
        self.state_size = out_size
        self.n_ary = n_ary

    def forward(self, *cshsx: Any) -> tuple[Variable, Variable]:
        """Computes a node.

        Args:
            *cshsx: The cells of the children, then their outputs, each of shape ``(N, out_size)``,
                and last the input, of shape ``(N, in_size)``. None stands for zeros.

        Returns:
            The cells and the output of the node.

        Raises:
            AssertionError: If there are not ``2 * n_ary + 1`` arguments.
            ValueError: If all are None.
        """
        if len(cshsx) != 2 * self.n_ary + 1:
            raise AssertionError(
                f"a node takes {self.n_ary} cells, as many outputs, and an input; got "
                f"{len(cshsx)} arguments"
            )
        x = _input(cshsx[-1], cshsx[:-1], self.in_size)
        gates = self.W_x(x)
        for i, h in enumerate(cshsx[self.n_ary : -1], 1):
            if h is not None:
                gates = gates + getattr(self, f"W_h{i}")(h)
        cells = _filled(cshsx[: self.n_ary], x, self.state_size)
        c, h = functions.tree_lstm(*cells, gates)
        return c, h
