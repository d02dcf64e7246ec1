"""Links of the gated recurrent unit: one that keeps its state, one that does not."""

from __future__ import annotations

from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.link import Chain
from chainer_compat.links._linear import Linear
from chainer_compat.links._state import KeepsState

__all__ = ["GRU", "GRUBase", "StatefulGRU", "StatelessGRU"]


class GRUBase(Chain):
    """The weights of a gated recurrent unit, for links that say how it is stepped.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The number of units.
        init: The initializer of the weights of the input; LeCun's normal one if None.
        inner_init: The initializer of the weights of the state; likewise.
        bias_init: The initializer of the biases; zeros if None.

    Attributes:
        W_r, W_z, W: The layers of the input: of the reset gate, the update gate, the candidate.
        U_r, U_z, U: The layers of the state, likewise.

    Source: Chainer's reference, *chainer.links.StatelessGRU*; Cho et al., 2014.
    """

    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        init: Any = None,
        inner_init: Any = None,
        bias_init: Any = None,
    ) -> None:
        super().__init__()

        def layer(size: int | None, weights: Any) -> Linear:
            return Linear(size, out_size, initialW=weights, initial_bias=bias_init)

        # In this order the weights are drawn.
        with self.init_scope():
            self.W_r = layer(in_size, init)
            self.U_r = layer(out_size, inner_init)
            self.W_z = layer(in_size, init)
            self.U_z = layer(out_size, inner_init)
            self.W = layer(in_size, init)
            self.U = layer(out_size, inner_init)


class StatelessGRU(GRUBase):
    """A gated recurrent unit that is given its state at each step.

    The next state is ``(1 - z) * h + z * tanh(W x + U (r * h))``, with the reset gate
    ``r = sigmoid(W_r x + U_r h)`` and the update gate ``z = sigmoid(W_z x + U_z h)``.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The number of units.
        init: The initializer of the weights of the input; LeCun's normal one if None.
        inner_init: The initializer of the weights of the state; likewise.
        bias_init: The initializer of the biases; zeros if None.

    Source: Chainer's reference, *chainer.links.StatelessGRU*; Cho et al., 2014.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.StatelessGRU(4, 3)
        >>> layer(np.zeros((2, 3), np.float32), np.ones((2, 4), np.float32)).shape
        (2, 3)
    """

    def forward(self, h: Any, x: Any) -> Variable:
        """Does one step.

        Args:
            h: The state, of shape ``(N, out_size)``.
            x: The input, of shape ``(N, in_size)``.

        Returns:
            The next state.
        """
        reset = functions.sigmoid(self.W_r(x) + self.U_r(h))
        update = functions.sigmoid(self.W_z(x) + self.U_z(h))
        candidate = functions.tanh(self.W(x) + self.U(reset * h))
        result: Variable = functions.linear_interpolate(update, candidate, h)
        return result


class StatefulGRU(KeepsState, GRUBase):
    """A gated recurrent unit that keeps its state from step to step; see :class:`StatelessGRU`.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The number of units.
        init: The initializer of the weights of the input; LeCun's normal one if None.
        inner_init: The initializer of the weights of the state; likewise.
        bias_init: The initializer of the biases.

    Attributes:
        h: The state; None before the first step.
        state_size: The number of units.

    Source: Chainer's reference, *chainer.links.StatefulGRU*; Cho et al., 2014.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.StatefulGRU(4, 3)
        >>> layer(np.ones((2, 4), np.float32)).shape, layer.h.shape
        ((2, 3), (2, 3))
        >>> layer.reset_state()
    """

    h: Any = None

    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        init: Any = None,
        inner_init: Any = None,
        bias_init: Any = 0,
    ) -> None:
        super().__init__(in_size, out_size, init, inner_init, bias_init)
        self.state_size = out_size
        self.reset_state()

    def set_state(self, h: Variable) -> None:
        """Sets the state, and moves it to the link's device.

        Args:
            h: The state, of shape ``(N, out_size)``.

        Raises:
            AssertionError: If it is no variable.
        """
        self._keep(h=h)

    def forward(self, x: Any) -> Variable:
        """Does one step.

        Args:
            x: The input, of shape ``(N, in_size)``.

        Returns:
            The next state, of shape ``(N, out_size)``.
        """
        update, candidate = self.W_z(x), self.W(x)
        h = self.h
        if h is None:
            self.h = functions.sigmoid(update) * functions.tanh(candidate)
        else:
            reset = functions.sigmoid(self.W_r(x) + self.U_r(h))
            update = functions.sigmoid(update + self.U_z(h))
            candidate = functions.tanh(candidate + self.U(reset * h))
            self.h = functions.linear_interpolate(update, candidate, h)
        result: Variable = self.h
        return result


class GRU(StatefulGRU):
    """:class:`StatefulGRU` under its short name.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The number of units.
        init: The initializer of the weights of the input; LeCun's normal one if None.
        inner_init: The initializer of the weights of the state; likewise.
        bias_init: The initializer of the biases.

    Source: Chainer's reference, *chainer.links.GRU*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.GRU(4, 3)(np.ones((2, 4), np.float32)).shape
        (2, 3)
    """

    def forward(self, *args: Any) -> Variable:
        """Does one step.

        Args:
            *args: The input, alone.

        Returns:
            The next state, of shape ``(N, out_size)``.

        Raises:
            ValueError: If it is not one argument. In Chainer 1 this name was the stateless unit,
                which took two: now :class:`StatelessGRU`.
        """
        if len(args) != 1:
            raise InvalidArgumentError(
                f"GRU keeps its state and takes one argument, the input; got {len(args)}. Where "
                "the state is an argument (as in Chainer 1), use chainer.links.StatelessGRU"
            )
        return super().forward(args[0])
