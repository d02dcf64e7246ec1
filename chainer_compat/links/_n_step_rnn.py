"""Stacked recurrent networks over whole sequences, of any lengths in any order."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from chainer_compat import _version1, functions
from chainer_compat._chain_list import ChainList
from chainer_compat._variable import Variable
from chainer_compat.backend import using_device
from chainer_compat.errors import UnexpectedArrayError
from chainer_compat.functions import _n_step_kernels as kernels
from chainer_compat.functions._n_step_rnn import over_sequences
from chainer_compat.functions._packing import falling_order
from chainer_compat.initializers import _get_initializer
from chainer_compat.link import Link
from chainer_compat.utils.argument import assert_kwargs_empty, check_unexpected_kwargs
from chainer_compat.variable import Parameter

__all__ = [
    "NStepBiGRU",
    "NStepBiLSTM",
    "NStepBiRNNReLU",
    "NStepBiRNNTanh",
    "NStepGRU",
    "NStepGRUBase",
    "NStepLSTM",
    "NStepLSTMBase",
    "NStepRNNBase",
    "NStepRNNReLU",
    "NStepRNNTanh",
    "argsort_list_descent",
    "permutate_list",
]

_B = TypeVar("_B", bound="NStepRNNBase")


def argsort_list_descent(lst: Sequence[Any]) -> Any:
    """Returns the places of sequences by falling length, as int32.

    Args:
        lst: The sequences.

    Example:
        >>> from chainer_compat.links import argsort_list_descent
        >>> argsort_list_descent(['ab', 'abc', 'a'])
        array([1, 0, 2], dtype=int32)
    """
    return falling_order([len(x) for x in lst]).astype(np.int32)


def permutate_list(lst: Sequence[Any], indices: Sequence[int], inv: bool) -> list[Any]:
    """Returns a list in another order.

    Args:
        lst: The list.
        indices: Which element comes at each place.
        inv: Do the reverse: at which place each element comes.

    Example:
        >>> from chainer_compat.links import permutate_list
        >>> permutate_list('abc', [2, 0, 1], inv=False)
        ['c', 'a', 'b']
        >>> permutate_list('cab', [2, 0, 1], inv=True)
        ['a', 'b', 'c']
    """
    if not inv:
        return [lst[i] for i in indices]
    placed: list[Any] = [None] * len(lst)
    for place, i in enumerate(indices):
        placed[i] = lst[place]
    return placed


class NStepRNNBase(ChainList):
    """The weights of a stacked recurrent network, for links that say which cell it has.

    A subclass sets ``n_weights``, how many matrices a cell has, and ``use_bi_direction``, and
    defines :meth:`rnn` and :attr:`n_cells`.

    Args:
        n_layers: The number of layers.
        in_size: The size of the input.
        out_size: The number of units of a layer, for each direction.
        dropout: The ratio of dropout between layers.
        *version_1: ``use_cudnn``, Chainer 1's, which changes nothing.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the biases; zeros if None.
        **kwargs: Nothing that is taken.

    Attributes:
        ws: For each direction of each layer its weights: the parameters ``w0``, ``w1``, … of the
            child link of that place.
        bs: Likewise the biases ``b0``, ``b1``, …
        direction: 1, or 2 with both.

    Raises:
        ValueError: If ``use_bi_direction`` or ``activation`` is given, which the class says.

    Source: Chainer's reference, *chainer.links.NStepRNN*.
    """

    n_weights: int
    use_bi_direction: bool
    # Which kernel does the same as `rnn`; None for a cell of a user's.
    _cell: kernels.Cell | None = None

    @_version1.takes(use_cudnn="")
    def __init__(
        self,
        n_layers: int,
        in_size: int,
        out_size: int,
        dropout: float,
        *version_1: Any,
        initialW: Any = None,
        initial_bias: Any = None,
        **kwargs: Any,
    ) -> None:
        _version1.switches({}, version_1, "use_cudnn")
        check_unexpected_kwargs(
            kwargs,
            use_bi_direction="use_bi_direction is what the class says: take an NStepBi… link",
            activation="the activation is what the class says: take NStepRNNTanh or NStepRNNReLU",
        )
        assert_kwargs_empty(kwargs)
        direction = 2 if self.use_bi_direction else 1
        weight_initializer = _get_initializer(initialW)
        bias_initializer = _get_initializer(0 if initial_bias is None else initial_bias)
        cells = []
        for place in range(n_layers * direction):
            behind = in_size if place < direction else out_size * direction
            cell = Link()
            with cell.init_scope():
                for j in range(self.n_weights):
                    columns = behind if j < self.n_weights // 2 else out_size
                    setattr(cell, f"w{j}", Parameter(weight_initializer, (out_size, columns)))
                    setattr(cell, f"b{j}", Parameter(bias_initializer, out_size))
            cells.append(cell)
        super().__init__(*cells)
        self._gather()
        self.n_layers = n_layers
        self.dropout = dropout
        self.out_size = out_size
        self.direction = direction

    def _gather(self) -> None:
        self.ws, self.bs = (
            [[getattr(cell, f"{name}{j}") for j in range(self.n_weights)] for cell in self]
            for name in "wb"
        )

    def copy(self: _B, mode: str = "share") -> _B:
        """Returns a copy of the structure.

        Args:
            mode: ``"share"``, ``"copy"`` or ``"init"``, as in :meth:`Link.copy`.
        """
        fresh = super().copy(mode)
        fresh._gather()
        return fresh

    def init_hx(self, xs: Sequence[Any]) -> Variable:
        """Returns zeros to start from, for as many sequences as there are.

        Args:
            xs: The sequences.
        """
        shape = (self.n_layers * self.direction, len(xs), self.out_size)
        with using_device(self.device):
            return Variable(self.xp.zeros(shape, dtype=xs[0].dtype))

    def rnn(self, *args: Any) -> Any:
        """Runs the network over batches of each time; a subclass defines it.

        Args:
            *args: ``n_layers``, ``dropout``, the states, ``ws``, ``bs`` and the batches.

        Raises:
            NotImplementedError: If a subclass does not.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no `rnn`")

    @property
    def n_cells(self) -> int:
        """How many states there are.

        Raises:
            NotImplementedError: If a subclass with a cell of its own does not say.
        """
        if self._cell is not None:
            return self._cell.states
        raise NotImplementedError(f"{type(self).__name__} defines no `n_cells`")

    def forward(
        self, hx: Any, xs: Any, *version_1: Any, **kwargs: Any
    ) -> tuple[Variable, list[Variable]]:
        """Runs the network over sequences.

        Args:
            hx: The states to start from, of shape ``(n_layers * direction, sequences, out_size)``;
                None for zeros.
            xs: The sequences, a list of variables or arrays of shape ``(length, in_size)``, in any
                order of lengths.
            *version_1: ``train``, as below.
            **kwargs: ``train``, Chainer 1's switch, instead of ``config.train``.

        Returns:
            The states at the ends, of ``hx``'s shape; and for each sequence the outputs of the last
            layer, of shape ``(length, out_size * direction)``.
        """
        (hy,), ys = self._call([hx], xs, *version_1, **kwargs)
        return hy, ys

    def _call(
        self, hs: list[Any], xs: Any, *version_1: Any, **kwargs: Any
    ) -> tuple[list[Variable], list[Variable]]:
        if version_1:
            _version1.switches(kwargs, version_1, "train")
        if kwargs:
            switch = _version1.take(kwargs, "train")
            assert_kwargs_empty(kwargs)
            with switch or contextlib.nullcontext():
                return self._call(hs, xs)
        if not isinstance(xs, (list, tuple)):
            raise UnexpectedArrayError(f"the sequences are a list or a tuple; got {type(xs)}")
        return self._call_at_once(hs, xs) or self._call_by_time(hs, xs)

    def _call_at_once(self, hs: list[Any], xs: Any) -> tuple[list[Variable], list[Variable]] | None:
        # A user's cell, in a subclass or in place of `rnn`, is to be called.
        defined = next(vars(kind) for kind in type(self).__mro__ if "rnn" in vars(kind))
        if defined.get("_cell") is None or "rnn" in vars(self):
            return None
        cell: Any = self._cell
        found = over_sequences(
            cell, self.direction, self.n_layers, self.dropout, hs, self.ws, self.bs, xs
        )
        if found is None:
            return None
        return list(found[: cell.states]), list(found[cell.states :])

    def _call_by_time(self, hs: list[Any], xs: Any) -> tuple[list[Variable], list[Variable]]:
        order = argsort_list_descent(xs)
        xs = permutate_list(xs, order, inv=False)
        states = [
            self.init_hx(xs) if h is None else functions.permutate(h, order, axis=1) for h in hs
        ]
        by_time = functions.transpose_sequence(xs)
        *ends, ys = self.rnn(self.n_layers, self.dropout, *states, self.ws, self.bs, by_time)
        ends = [functions.permutate(h, order, axis=1, inv=True) for h in ends]
        return ends, permutate_list(functions.transpose_sequence(ys), order, inv=True)


class NStepLSTMBase(NStepRNNBase):
    """The weights of stacked long short-term memory: :class:`NStepLSTM`, :class:`NStepBiLSTM`.

    Source: Chainer's reference, *chainer.links.NStepLSTM*.
    """

    n_weights = 8

    def forward(  # type: ignore[override]  # as Chainer's, it takes one state more
        self, hx: Any, cx: Any, xs: Any, *version_1: Any, **kwargs: Any
    ) -> tuple[Variable, Variable, list[Variable]]:
        """Runs the network over sequences.

        Args:
            hx: The outputs to start from, of shape ``(n_layers * direction, sequences, out_size)``;
                None for zeros.
            cx: The cells to start from, likewise.
            xs: The sequences, a list of variables or arrays of shape ``(length, in_size)``, in any
                order of lengths.
            *version_1: ``train``, as below.
            **kwargs: ``train``, Chainer 1's switch, instead of ``config.train``.

        Returns:
            The outputs and the cells at the ends, of ``hx``'s shape; and for each sequence the
            outputs of the last layer, of shape ``(length, out_size * direction)``.
        """
        (hy, cy), ys = self._call([hx, cx], xs, *version_1, **kwargs)
        return hy, cy, ys


class NStepLSTM(NStepLSTMBase):
    """Layers of long short-term memory over sequences; see :func:`~functions.n_step_lstm`.

    Args:
        n_layers: The number of layers.
        in_size: The size of the input.
        out_size: The number of units of a layer.
        dropout: The ratio of dropout between layers.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the biases; zeros if None.

    Source: Chainer's reference, *chainer.links.NStepLSTM*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.NStepLSTM(2, 3, 4, 0.0)
        >>> hy, cy, ys = layer(None, None, [np.ones((2, 3), 'f'), np.ones((5, 3), 'f')])
        >>> hy.shape, cy.shape, [y.shape for y in ys]
        ((2, 2, 4), (2, 2, 4), [(2, 4), (5, 4)])
    """

    use_bi_direction = False
    _cell = kernels.LSTM

    def rnn(self, *args: Any) -> Any:
        """Calls :func:`~functions.n_step_lstm`.

        Args:
            *args: Its arguments.
        """
        return functions.n_step_lstm(*args)


class NStepBiLSTM(NStepLSTMBase):
    """Layers of long short-term memory over sequences, both ways.

    See :func:`~functions.n_step_bilstm`.

    Args:
        n_layers: The number of layers.
        in_size: The size of the input.
        out_size: The number of units of a layer, for each direction.
        dropout: The ratio of dropout between layers.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the biases; zeros if None.

    Source: Chainer's reference, *chainer.links.NStepBiLSTM*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.NStepBiLSTM(2, 3, 4, 0.0)
        >>> hy, cy, ys = layer(None, None, [np.ones((2, 3), 'f'), np.ones((5, 3), 'f')])
        >>> hy.shape, cy.shape, [y.shape for y in ys]
        ((4, 2, 4), (4, 2, 4), [(2, 8), (5, 8)])
    """

    use_bi_direction = True
    _cell = kernels.LSTM

    def rnn(self, *args: Any) -> Any:
        """Calls :func:`~functions.n_step_bilstm`.

        Args:
            *args: Its arguments.
        """
        return functions.n_step_bilstm(*args)


class NStepGRUBase(NStepRNNBase):
    """The weights of stacked gated recurrent units: :class:`NStepGRU`, :class:`NStepBiGRU`.

    Source: Chainer's reference, *chainer.links.NStepGRU*.
    """

    n_weights = 6


class NStepGRU(NStepGRUBase):
    """Layers of gated recurrent units over sequences.

    See :func:`~functions.n_step_gru`.

    Args:
        n_layers: The number of layers.
        in_size: The size of the input.
        out_size: The number of units of a layer.
        dropout: The ratio of dropout between layers.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the biases; zeros if None.

    Source: Chainer's reference, *chainer.links.NStepGRU*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.NStepGRU(2, 3, 4, 0.0)
        >>> hy, ys = layer(None, [np.ones((2, 3), 'f'), np.ones((5, 3), 'f')])
        >>> hy.shape, [y.shape for y in ys]
        ((2, 2, 4), [(2, 4), (5, 4)])
    """

    use_bi_direction = False
    _cell = kernels.GRU

    def rnn(self, *args: Any) -> Any:
        """Calls :func:`~functions.n_step_gru`.

        Args:
            *args: Its arguments.
        """
        return functions.n_step_gru(*args)


class NStepBiGRU(NStepGRUBase):
    """Layers of gated recurrent units over sequences, both ways.

    See :func:`~functions.n_step_bigru`.

    Args:
        n_layers: The number of layers.
        in_size: The size of the input.
        out_size: The number of units of a layer, for each direction.
        dropout: The ratio of dropout between layers.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the biases; zeros if None.

    Source: Chainer's reference, *chainer.links.NStepBiGRU*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.NStepBiGRU(2, 3, 4, 0.0)
        >>> hy, ys = layer(None, [np.ones((2, 3), 'f'), np.ones((5, 3), 'f')])
        >>> hy.shape, [y.shape for y in ys]
        ((4, 2, 4), [(2, 8), (5, 8)])
    """

    use_bi_direction = True
    _cell = kernels.GRU

    def rnn(self, *args: Any) -> Any:
        """Calls :func:`~functions.n_step_bigru`.

        Args:
            *args: Its arguments.
        """
        return functions.n_step_bigru(*args)


class NStepRNNTanh(NStepRNNBase):
    """Layers of units with the hyperbolic tangent over sequences.

    See :func:`~functions.n_step_rnn`.

    Args:
        n_layers: The number of layers.
        in_size: The size of the input.
        out_size: The number of units of a layer.
        dropout: The ratio of dropout between layers.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the biases; zeros if None.

    Source: Chainer's reference, *chainer.links.NStepRNNTanh*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.NStepRNNTanh(2, 3, 4, 0.0)
        >>> hy, ys = layer(None, [np.ones((2, 3), 'f'), np.ones((5, 3), 'f')])
        >>> hy.shape, [y.shape for y in ys]
        ((2, 2, 4), [(2, 4), (5, 4)])
    """

    n_weights = 2
    use_bi_direction = False
    _cell = kernels.TANH

    def rnn(self, *args: Any) -> Any:
        """Calls :func:`~functions.n_step_rnn`.

        Args:
            *args: Its arguments.
        """
        arguments = (*args, "tanh")
        return functions.n_step_rnn(*arguments)


class NStepBiRNNTanh(NStepRNNBase):
    """Layers of units with the hyperbolic tangent over sequences, both ways.

    See :func:`~functions.n_step_birnn`.

    Args:
        n_layers: The number of layers.
        in_size: The size of the input.
        out_size: The number of units of a layer, for each direction.
        dropout: The ratio of dropout between layers.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the biases; zeros if None.

    Source: Chainer's reference, *chainer.links.NStepBiRNNTanh*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.NStepBiRNNTanh(2, 3, 4, 0.0)
        >>> hy, ys = layer(None, [np.ones((2, 3), 'f'), np.ones((5, 3), 'f')])
        >>> hy.shape, [y.shape for y in ys]
        ((4, 2, 4), [(2, 8), (5, 8)])
    """

    n_weights = 2
    use_bi_direction = True
    _cell = kernels.TANH

    def rnn(self, *args: Any) -> Any:
        """Calls :func:`~functions.n_step_birnn`.

        Args:
            *args: Its arguments.
        """
        arguments = (*args, "tanh")
        return functions.n_step_birnn(*arguments)


class NStepRNNReLU(NStepRNNBase):
    """Layers of rectified recurrent units over sequences.

    See :func:`~functions.n_step_rnn`.

    Args:
        n_layers: The number of layers.
        in_size: The size of the input.
        out_size: The number of units of a layer.
        dropout: The ratio of dropout between layers.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the biases; zeros if None.

    Source: Chainer's reference, *chainer.links.NStepRNNReLU*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.NStepRNNReLU(2, 3, 4, 0.0)
        >>> hy, ys = layer(None, [np.ones((2, 3), 'f'), np.ones((5, 3), 'f')])
        >>> hy.shape, [y.shape for y in ys]
        ((2, 2, 4), [(2, 4), (5, 4)])
    """

    n_weights = 2
    use_bi_direction = False
    _cell = kernels.RELU

    def rnn(self, *args: Any) -> Any:
        """Calls :func:`~functions.n_step_rnn`.

        Args:
            *args: Its arguments.
        """
        arguments = (*args, "relu")
        return functions.n_step_rnn(*arguments)


class NStepBiRNNReLU(NStepRNNBase):
    """Layers of rectified recurrent units over sequences, both ways.

    See :func:`~functions.n_step_birnn`.

    Args:
        n_layers: The number of layers.
        in_size: The size of the input.
        out_size: The number of units of a layer, for each direction.
        dropout: The ratio of dropout between layers.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the biases; zeros if None.

    Source: Chainer's reference, *chainer.links.NStepBiRNNReLU*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.NStepBiRNNReLU(2, 3, 4, 0.0)
        >>> hy, ys = layer(None, [np.ones((2, 3), 'f'), np.ones((5, 3), 'f')])
        >>> hy.shape, [y.shape for y in ys]
        ((4, 2, 4), [(2, 8), (5, 8)])
    """

    n_weights = 2
    use_bi_direction = True
    _cell = kernels.RELU

    def rnn(self, *args: Any) -> Any:
        """Calls :func:`~functions.n_step_birnn`.

        Args:
            *args: Its arguments.
        """
        arguments = (*args, "relu")
        return functions.n_step_birnn(*arguments)
