"""Links of the minimal gated unit: one that keeps its state, one that does not."""

from __future__ import annotations

from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable
from chainer_compat.link import Chain
from chainer_compat.links._linear import Linear
from chainer_compat.links._state import KeepsState, zero_state

__all__ = ["MGUBase", "StatefulMGU", "StatelessMGU"]


class MGUBase(Chain):
    """The weights of a minimal gated unit, for links that say how it is stepped.

    Args:
        n_inputs: The size of the input.
        n_units: The number of units.

    Attributes:
        W_f: The layer of the gate.
        W_h: The layer of the candidate.

    Source: Chainer's reference, *chainer.links.StatelessMGU*; Zhou et al., *Minimal Gated Unit for
    Recurrent Neural Networks*, 2016.
    """

    def __init__(self, n_inputs: int, n_units: int) -> None:
        super().__init__()
        with self.init_scope():
            self.W_f = Linear(n_inputs + n_units, n_units)
            self.W_h = Linear(n_inputs + n_units, n_units)

    def _call_mgu(self, h: Any, x: Any) -> Variable:
        gate = functions.sigmoid(self.W_f(functions.concat([h, x])))
        candidate = functions.tanh(self.W_h(functions.concat([gate * h, x])))
        result: Variable = functions.linear_interpolate(gate, candidate, h)
        return result


class StatelessMGU(MGUBase):
    """A minimal gated unit that is given its state at each step.

    The next state is ``(1 - f) * h + f * tanh(W_h [f * h, x])``, with the gate
    ``f = sigmoid(W_f [h, x])``.

    Args:
        n_inputs: The size of the input.
        n_units: The number of units.

    Source: Chainer's reference, *chainer.links.StatelessMGU*; Zhou et al., 2016.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.StatelessMGU(4, 3)
        >>> layer(np.zeros((2, 3), np.float32), np.ones((2, 4), np.float32)).shape
        (2, 3)
    """

    def forward(self, h: Any, x: Any) -> Variable:
        """Does one step.

        Args:
            h: The state, of shape ``(N, n_units)``.
            x: The input, of shape ``(N, n_inputs)``.

        Returns:
            The next state.
        """
        return self._call_mgu(h, x)


class StatefulMGU(KeepsState, MGUBase):
    """A minimal gated unit that keeps its state from step to step; see :class:`StatelessMGU`.

    Args:
        in_size: The size of the input.
        out_size: The number of units.

    Attributes:
        h: The state; None before the first step.

    Source: Chainer's reference, *chainer.links.StatefulMGU*; Zhou et al., 2016.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.StatefulMGU(4, 3)
        >>> layer(np.ones((2, 4), np.float32)).shape, layer.h.shape
        ((2, 3), (2, 3))
        >>> layer.reset_state()
    """

    h: Any = None

    def __init__(self, in_size: int, out_size: int) -> None:
        super().__init__(in_size, out_size)
        self._state_size = out_size
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
            The next state.
        """
        if self.h is None:
            self.h = zero_state(self, x, self._state_size)
        self.h = h = self._call_mgu(self.h, x)
        return h
