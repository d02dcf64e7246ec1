"""Links of variants of the long short-term memory: with peepholes, and with zoneout."""

from __future__ import annotations

from typing import Any

from chainer_compat import _version1, functions
from chainer_compat._variable import Variable
from chainer_compat.links._linear import Linear
from chainer_compat.links._state import KeepsState, zero_state
from chainer_compat.utils.argument import assert_kwargs_empty

__all__ = ["StatefulPeepholeLSTM", "StatefulZoneoutLSTM"]


class _Stateful(KeepsState):
    """The layers of the gates, and the state."""

    _states = ("c", "h")
    c: Any = None
    h: Any = None

    def __init__(self, in_size: int | None, out_size: int) -> None:
        super().__init__()
        self.state_size = out_size
        self.reset_state()
        with self.init_scope():
            self.upward = Linear(in_size, 4 * out_size)
            self.lateral = Linear(out_size, 4 * out_size, nobias=True)

    def _gates(self, x: Any) -> Any:
        gates = self.upward(x)
        return gates if self.h is None else gates + self.lateral(self.h)


class StatefulPeepholeLSTM(_Stateful):
    """A long short-term memory whose gates see the cells, and which keeps its state.

    With the gates' sums ``a``, ``i``, ``f`` and ``o`` of the input and the last output, a step is::

        c' = tanh(a) * sigmoid(i + P_i c) + sigmoid(f + P_f c) * c
        h' = sigmoid(o + P_o c') * tanh(c')

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The number of units.

    Attributes:
        upward: The layer of the input, with the biases.
        lateral: The layer of the last output, without any.
        peep_i, peep_f, peep_o: The layers of the cells, full matrices without biases.
        c: The cells; None before the first step.
        h: The last output; None before the first step.

    Source: Chainer's reference, *chainer.links.StatefulPeepholeLSTM*; Gers & Schmidhuber,
    *Recurrent Nets that Time and Count*, 2000.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.StatefulPeepholeLSTM(4, 3)
        >>> layer(np.ones((2, 4), np.float32)).shape, layer.c.shape
        ((2, 3), (2, 3))
        >>> layer.reset_state()
    """

    def __init__(self, in_size: int | None, out_size: int) -> None:
        super().__init__(in_size, out_size)
        with self.init_scope():
            self.peep_i = Linear(out_size, out_size, nobias=True)
            self.peep_f = Linear(out_size, out_size, nobias=True)
            self.peep_o = Linear(out_size, out_size, nobias=True)

    def forward(self, x: Any) -> Variable:
        """Does one step.

        Args:
            x: The input, of shape ``(N, in_size)``.

        Returns:
            The output, of shape ``(N, out_size)``.
        """
        gates = self._gates(x)
        if self.c is None:
            self.c = zero_state(self, x, self.state_size)
        # The four gates of a unit lie side by side.
        sides = functions.reshape(gates, (len(gates), self.state_size, 4))
        a, i, f, o = functions.separate(sides, axis=2)
        i = functions.sigmoid(i + self.peep_i(self.c))
        f = functions.sigmoid(f + self.peep_f(self.c))
        self.c = functions.tanh(a) * i + f * self.c
        o = functions.sigmoid(o + self.peep_o(self.c))
        y: Variable = o * functions.tanh(self.c)
        self.h = y
        return y


class StatefulZoneoutLSTM(_Stateful):
    """A long short-term memory in which random units keep their state, in training.

    See :func:`~chainer_compat.functions.zoneout`.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The number of units.
        c_ratio: The probability of a cell to keep its value.
        h_ratio: The probability of an output to keep its value.
        *version_1: ``train``, Chainer 1's switch, instead of ``config.train``.
        **kwargs: Nothing that is taken.

    Attributes:
        upward: The layer of the input, with the biases.
        lateral: The layer of the last output, without any.
        c: The cells; None before the first step.
        h: The last output; None before the first step.

    Raises:
        ValueError: If ``train`` is given, which the configuration says.

    Source: Chainer's reference, *chainer.links.StatefulZoneoutLSTM*; Krueger et al., 2016.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.StatefulZoneoutLSTM(4, 3, c_ratio=0.1, h_ratio=0.1)
        >>> layer(np.ones((2, 4), np.float32)).shape, layer.c.shape
        ((2, 3), (2, 3))
        >>> layer.reset_state()
    """

    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        c_ratio: float = 0.5,
        h_ratio: float = 0.5,
        *version_1: Any,
        **kwargs: Any,
    ) -> None:
        _version1.switches(kwargs, version_1, "train")
        train = kwargs.pop("train", None)
        assert_kwargs_empty(kwargs)
        super().__init__(in_size, out_size)
        self._train = train
        self.c_ratio = c_ratio
        self.h_ratio = h_ratio

    def set_state(self, c: Variable, h: Variable) -> None:
        """Sets the state, and moves it to the link's device.

        Args:
            c: The cells, of shape ``(N, out_size)``.
            h: The last output, of shape ``(N, out_size)``.

        Raises:
            AssertionError: If one is no variable.
        """
        self._keep(c=c, h=h)

    def forward(self, x: Any) -> Variable:
        """Does one step.

        Args:
            x: The input, of shape ``(N, in_size)``.

        Returns:
            The output, of shape ``(N, out_size)``.
        """
        gates = self._gates(x)
        if self.h is None:
            self.h = zero_state(self, x, self.state_size)
        if self.c is None:
            self.c = zero_state(self, x, self.state_size)
        c, h = functions.lstm(self.c, gates)
        self.c = functions.zoneout(self.c, c, self.c_ratio, train=self._train)
        y: Variable = functions.zoneout(self.h, h, self.h_ratio, train=self._train)
        self.h = y
        return y
