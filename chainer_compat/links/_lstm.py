"""Links of the long short-term memory: one that keeps its state, one that does not."""

from __future__ import annotations

import math
from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable
from chainer_compat.backend import using_device
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.initializers import _get_initializer
from chainer_compat.link import Chain
from chainer_compat.links._linear import Linear
from chainer_compat.links._state import KeepsState, zero_state

__all__ = ["LSTM", "LSTMBase", "StatelessLSTM"]

_GATES = 4


class LSTMBase(Chain):
    """The weights of a long short-term memory, for links that say how it is stepped.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The number of units. With one size only, it is this one.
        lateral_init: The initializer of each gate's weights of the last output.
        upward_init: The initializer of each gate's weights of the input.
        bias_init: The initializer of the biases but the forget gate's; zeros if None.
        forget_bias_init: The initializer of the forget gate's biases; ones if None.

    Attributes:
        upward: The layer of the input, with the biases.
        lateral: The layer of the last output, without any.
        state_size: The number of units.

    Source: Chainer's reference, *chainer.links.LSTM*; Gers et al., *Learning to Forget*, 2000.
    """

    def __init__(
        self,
        in_size: int | None,
        out_size: int | None = None,
        lateral_init: Any = None,
        upward_init: Any = None,
        bias_init: Any = None,
        forget_bias_init: Any = None,
    ) -> None:
        if out_size is None:
            in_size, out_size = None, in_size
        super().__init__()
        self.state_size: Any = out_size
        self.lateral_init = lateral_init
        self.upward_init = upward_init
        self.bias_init = 0 if bias_init is None else bias_init
        self.forget_bias_init = 1 if forget_bias_init is None else forget_bias_init
        size = _GATES * out_size  # type: ignore[operator]  # one of the two sizes is given
        with self.init_scope():
            self.upward = Linear(in_size, size, initialW=0)
            self.lateral = Linear(out_size, size, initialW=0, nobias=True)
        if in_size is not None:
            self._initialize_params()

    def _initialize_params(self) -> None:
        units = self.state_size
        lateral = _get_initializer(self.lateral_init)
        upward = _get_initializer(self.upward_init)
        # Gate by gate, so that the fans of an initializer are those of one gate.
        for start in range(0, _GATES * units, units):
            rows = slice(start, start + units)
            lateral(self.lateral.W.array[rows])
            upward(self.upward.W.array[rows])
        # The four biases of a unit lie side by side.
        bias: Any = self.upward.b
        biases = bias.array.reshape(1, units, _GATES, 1)
        others = _get_initializer(self.bias_init)
        forget = _get_initializer(self.forget_bias_init)
        for gate, initializer in enumerate((others, others, forget, others)):
            initializer(biases[:, :, gate])

    def _prepare(self, x: Any) -> None:
        W = self.upward.W
        if W._tensor is None and not W.is_initialized:  # the first question is the cheaper one
            with using_device(self.device):
                self.upward._initialize_params(math.prod(x.shape[1:]))
                self._initialize_params()


class StatelessLSTM(LSTMBase):
    """A long short-term memory that is given its state at each step.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The number of units. With one size only, ``StatelessLSTM(out_size)``, it is
            this one.
        lateral_init: The initializer of each gate's weights of the last output; LeCun's normal
            one if None.
        upward_init: The initializer of each gate's weights of the input; likewise.
        bias_init: The initializer of the biases but the forget gate's; zeros if None.
        forget_bias_init: The initializer of the forget gate's biases; ones if None.

    Attributes:
        upward: The layer of the input, with the biases.
        lateral: The layer of the last output, without any.

    Source: Chainer's reference, *chainer.links.StatelessLSTM*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.StatelessLSTM(None, 3)
        >>> c, h = layer(None, None, np.ones((2, 4), np.float32))
        >>> c, h = layer(c, h, np.ones((2, 4), np.float32))
        >>> c.shape, h.shape
        ((2, 3), (2, 3))
    """

    def forward(self, c: Any, h: Any, x: Any) -> tuple[Variable, Variable]:
        """Does one step.

        Args:
            c: The cells, of shape ``(N, out_size)``; None for zeros.
            h: The last output, of shape ``(N, out_size)``; None for zeros.
            x: The input, of shape ``(N, in_size)``.

        Returns:
            The next cells and the output.
        """
        self._prepare(x)
        gates = self.upward(x)
        if h is not None:
            gates = gates + self.lateral(h)
        c_next, h_next = functions.lstm(
            zero_state(self, x, self.state_size) if c is None else c, gates
        )
        return c_next, h_next


class LSTM(KeepsState, LSTMBase):
    """A long short-term memory that keeps its state from step to step.

    A batch may be shorter than the one before it, as sequences that are sorted by length end one
    after the other: the state of those that ended stays.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The number of units. With one size only, ``LSTM(out_size)``, it is this one.
        lateral_init: The initializer of each gate's weights of the last output; LeCun's normal
            one if None.
        upward_init: The initializer of each gate's weights of the input; likewise.
        bias_init: The initializer of the biases but the forget gate's; zeros if None.
        forget_bias_init: The initializer of the forget gate's biases; ones if None.

    Attributes:
        upward: The layer of the input, with the biases.
        lateral: The layer of the last output, without any.
        c: The cells; None before the first step.
        h: The last output; None before the first step.

    Source: Chainer's reference, *chainer.links.LSTM*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.LSTM(4, 3)
        >>> layer(np.ones((2, 4), np.float32)).shape
        (2, 3)
        >>> layer(np.ones((1, 4), np.float32)).shape, layer.h.shape
        ((1, 3), (2, 3))
        >>> layer.reset_state()
    """

    _states = ("c", "h")
    c: Any = None
    h: Any = None

    def __init__(
        self,
        in_size: int | None,
        out_size: int | None = None,
        lateral_init: Any = None,
        upward_init: Any = None,
        bias_init: Any = None,
        forget_bias_init: Any = None,
    ) -> None:
        super().__init__(in_size, out_size, lateral_init, upward_init, bias_init, forget_bias_init)
        self.reset_state()

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
            x: The input, of shape ``(M, in_size)``, with no more rows than the state has.

        Returns:
            The output, of shape ``(M, out_size)``.

        Raises:
            TypeError: If there are more rows than the state has.
        """
        self._prepare(x)
        c, h = self.c, self.h
        gates = self.upward(x)
        ended = None
        if h is not None:
            gates, ended = self._add_lateral(gates, h, x.shape[0])
        if c is None:
            c = zero_state(self, x, self.state_size)
        self.c, y = functions.lstm(c, gates)
        if ended is None:
            self.h = y
        else:
            self.h = functions.concat([y, ended], axis=0) if x.shape[0] else ended
        result: Variable = y
        return result

    def _add_lateral(
        self, gates: Variable, h: Variable, batch: int
    ) -> tuple[Variable, Variable | None]:
        rows = h.shape[0]
        if rows < batch:
            raise InvalidArgumentTypeError(
                f"a batch of {batch} after one of {rows}: batches may only get shorter; call "
                "reset_state() before new sequences"
            )
        if batch == 0:
            return gates, h
        if rows == batch:
            return gates + self.lateral(h), None
        going_on, ended = functions.split_axis(h, [batch], axis=0)
        return gates + self.lateral(going_on), ended
