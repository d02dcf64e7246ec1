"""Stacked recurrent networks over whole sequences (Chainer: *RNN*).

Arguments of the documented shapes go to torch's kernels. All others go step by step through
:func:`n_step_rnn_impl`, which computes what Chainer would (batches that grow from time to time, or
larger states) or says what is wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from chainer_compat import _version1
from chainer_compat._variable import Variable, as_variable
from chainer_compat.configuration import config
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions._activation import relu, sigmoid, tanh
from chainer_compat.functions._connection import linear
from chainer_compat.functions._joining import concat, separate, split_axis, stack
from chainer_compat.functions._n_step_kernels import GRU, LSTM, RELU, TANH, Cell, Plan
from chainer_compat.functions._noise import dropout
from chainer_compat.functions._packing import Packing
from chainer_compat.functions._recurrent import lstm
from chainer_compat.functions._shape import reshape
from chainer_compat.utils.argument import assert_kwargs_empty

__all__ = [
    "n_step_bigru",
    "n_step_bilstm",
    "n_step_birnn",
    "n_step_gru",
    "n_step_gru_base",
    "n_step_lstm",
    "n_step_lstm_base",
    "n_step_rnn",
    "n_step_rnn_base",
    "n_step_rnn_impl",
    "over_sequences",
]

_Step = Callable[[Any, Any, Any, Any, Any], tuple[Any, Any]]

_ACTIVATIONS = {"tanh": (TANH, tanh), "relu": (RELU, relu)}


# -- whole sequences --------------------------------------------------------------------------


def _fit(plan: Plan, states: Sequence[Any], xs: Sequence[Tensor], cells: Sequence[Any]) -> bool:
    """Whether the tensors have the documented shapes and dtypes; a state may be None."""
    first, own = xs[0], cells[0][0]
    if not first.is_floating_point() or first.ndim != 2 or own.ndim == 0 or len(own) == 0:
        return False
    dtype, (_, width), units = first.dtype, first.shape, len(own)
    for x in xs:
        if x.ndim != 2 or x.shape[1] != width or x.dtype is not dtype:
            return False
    sizes = plan.batch_sizes
    batch = sizes[0] if plan.packing is None else len(xs)
    if batch == 0 or any(after > before for before, after in itertools.pairwise(sizes)):
        return False
    shape = (plan.layers * plan.directions, batch, units)
    if any(h is not None and (h.shape != shape or h.dtype is not dtype) for h in states):
        return False
    return _cells_fit(plan, cells, (units, width, dtype))


def _cells_fit(plan: Plan, cells: Sequence[Any], sizes: tuple[int, int, torch.dtype]) -> bool:
    units, width, dtype = sizes
    half = plan.cell.matrices // 2
    for place, cell in enumerate(cells):
        columns = width if place < plan.directions else plan.directions * units
        shapes = [(units, columns)] * half + [(units, units)] * half
        for matrix, shape in zip(cell, shapes, strict=False):
            # Matrices may be of another precision, as in `linear`.
            if matrix.shape != shape or not matrix.is_floating_point():
                return False
        for bias in cell[2 * half :]:
            if bias.shape != (units,) or bias.dtype is not dtype:
                return False
    return True


def _known(value: Any) -> Any:
    return value if value is None or isinstance(value, Variable) else as_variable(value)


def over_sequences(
    cell: Cell,
    directions: int,
    layers: int,
    ratio: float,
    states: Sequence[Any],
    ws: Sequence[Any],
    bs: Sequence[Any],
    xs: Sequence[Any],
    by_sequence: bool = True,
) -> tuple[Variable, ...] | None:
    """Runs a network by one call of torch's kernel.

    Args:
        cell: The kind of cell.
        directions: 1, or 2 for both.
        layers: How many layers.
        ratio: The dropout ratio between layers.
        states: The states to start from, each of shape ``(layers * directions, batch, units)``;
            None for zeros.
        ws: For each direction of each layer the weights.
        bs: Likewise the biases.
        xs: The sequences, of shapes ``(length, size)`` in any order of lengths.
        by_sequence: False if ``xs`` are the batches of each time instead.

    Returns:
        The states at the end and then, as ``xs`` are, the outputs; None if the arguments do not
        have these shapes and one floating dtype.
    """
    xs = [_known(x) for x in xs]
    inputs = [x.tensor for x in xs]
    if not inputs or layers < 1 or any(x.ndim == 0 for x in inputs):
        return None
    states = [_known(h) for h in states]
    places, count = range(layers * directions), cell.matrices
    cells = [
        [_known(group[place][i]) for group in (ws, bs) for i in range(count)] for place in places
    ]
    given = [group[place] for group in (ws, bs) for place in places]
    if any(len(own) != count for own in given):
        return None
    lengths = tuple(len(x) for x in inputs)
    packing = Packing.of(lengths) if by_sequence else None
    sizes = lengths if packing is None else packing.batch_sizes
    plan = Plan(cell, layers, directions, ratio, config.train, len(xs), sizes or (0,), packing)
    starts = [None if h is None else h.tensor for h in states]
    if not _fit(plan, starts, inputs, [[w.tensor for w in own] for own in cells]):
        return None
    if config.train and layers > 1 and not 0.0 <= ratio < 1.0:
        raise ValueError(f"the ratio of dropout must be in [0, 1); got {ratio}")
    run = cell.one_way if directions == 1 else cell.both_ways
    result: tuple[Variable, ...] = run([*states, *xs, *(w for own in cells for w in own)], plan)
    return result


def _n_step(
    cell: Cell,
    step: _Step,
    both_ways: bool,
    layers: int,
    ratio: float,
    states: Sequence[Any],
    ws: Any,
    bs: Any,
    xs: Any,
    version_1: AbstractContextManager[Any] | None,
) -> tuple[Any, ...]:
    if version_1 is not None:
        with version_1:
            return _n_step(cell, step, both_ways, layers, ratio, states, ws, bs, xs, None)
    if all(h is not None for h in states):
        directions = 2 if both_ways else 1
        found = over_sequences(cell, directions, layers, ratio, states, ws, bs, xs, False)
        if found is not None:
            return (*found[: cell.states], found[cell.states :])
    hx, cx = states if cell.states == 2 else (states[0], None)
    hy, cy, ys = n_step_rnn_impl(step, layers, ratio, hx, cx, ws, bs, xs, both_ways)
    return (hy, cy, ys) if cell.states == 2 else (hy, ys)


def _check_input_size(xs: Any, ws: Any) -> None:
    size, expected = xs[0].shape[1], ws[0][0].shape[1]
    if size != expected:
        raise InvalidArgumentError(
            f"the input has {size} columns, but the first weights take {expected}"
        )


# -- step by step -----------------------------------------------------------------------------


def n_step_rnn_impl(
    f: _Step,
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    cx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    use_bi_direction: bool,
) -> tuple[Variable, Any, tuple[Variable, ...]]:
    """Runs a stacked recurrent network of any cell, step by step.

    Args:
        f: One step: given the input, the output before, the cells before (None without), the
            weights and the biases, it returns the output and the cells.
        n_layers: The number of layers.
        dropout_ratio: The dropout ratio between layers.
        hx: The outputs to start from, for each direction of each layer.
        cx: The cells to start from; None without.
        ws: The weights, for each direction of each layer.
        bs: The biases, likewise.
        xs: The batches of each time.
        use_bi_direction: Go both ways, and join the outputs.

    Returns:
        The last outputs, the last cells (None without), and the outputs of the last layer.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.functions import n_step_rnn_impl
        >>> def add(x, h, c, w, b):
        ...     return x + h, None
        >>> xs = [np.ones((1, 1), np.float32)] * 3
        >>> hx = np.zeros((1, 1, 1), np.float32)
        >>> hy, cy, ys = n_step_rnn_impl(add, 1, 0, hx, None, [None], [None], xs, False)
        >>> hy
        variable([[[3.]]])
    """
    directions = 2 if use_bi_direction else 1
    outputs_before = separate(hx)
    cells_before = [None] * len(outputs_before) if cx is None else separate(cx)
    hy, cy = [], []
    for layer in range(n_layers):
        found = []
        for direction in range(directions):
            place = layer * directions + direction
            inputs = list(xs) if layer == 0 else [dropout(x, dropout_ratio) for x in xs]
            if direction:
                inputs.reverse()
            h, c, ys = _unrolled(
                f, inputs, outputs_before[place], cells_before[place], ws[place], bs[place]
            )
            hy.append(h)
            cy.append(c)
            found.append(ys[::-1] if direction else ys)
        xs = [concat(pair, axis=1) for pair in zip(*found, strict=True)] if directions == 2 else ys
    return stack(hy), None if cx is None else stack(cy), tuple(xs)


def _unrolled(f: _Step, xs: Any, h: Any, c: Any, w: Any, b: Any) -> tuple[Any, Any, list[Any]]:
    ys = []
    for x in xs:
        batch, h_rest, c_rest = len(x), None, None
        if len(h) > batch:
            # Sequences that have ended, or have not begun, keep their state.
            h, h_rest = split_axis(h, [batch], axis=0)
            if c is not None:
                c, c_rest = split_axis(c, [batch], axis=0)
        h, c = f(x, h, c, w, b)
        ys.append(h)
        if h_rest is not None:
            h = concat([h, h_rest], axis=0)
        if c_rest is not None:
            c = concat([c, c_rest], axis=0)
    return h, c, ys


def _side_by_side(gates: Sequence[Any]) -> Variable:
    """The gates of each unit side by side, as :func:`lstm` takes them."""
    stacked: Variable = stack(gates, axis=1)
    flat: Variable = reshape(stacked, (-1, *stacked.shape[2:]))
    return flat


def _lstm_step(x: Any, h: Any, c: Any, w: Any, b: Any) -> tuple[Any, Any]:
    sums: Any = 0
    for value, first in ((x, 0), (h, 4)):
        # torch's kernels and ours have i, f, a, o; `lstm` has a, i, f, o.
        order = [first + gate for gate in (2, 0, 1, 3)]
        matrix, bias = (_side_by_side([parts[i] for i in order]) for parts in (w, b))
        sums = sums + linear(value, matrix, bias)
    c_next, h_next = lstm(c, sums)
    return h_next, c_next


def _gru_step(x: Any, h: Any, c: Any, w: Any, b: Any) -> tuple[Any, None]:
    from_x = linear(x, concat(w[:3], axis=0), concat(b[:3], axis=0))
    from_h = linear(h, concat(w[3:6], axis=0), concat(b[3:6], axis=0))
    r_x, z_x, candidate_x = split_axis(from_x, 3, axis=1)
    r_h, z_h, candidate_h = split_axis(from_h, 3, axis=1)
    update = sigmoid(z_x + z_h)
    candidate = tanh(candidate_x + sigmoid(r_x + r_h) * candidate_h)
    return (1 - update) * candidate + update * h, None


def _rnn_step(activation: Callable[[Any], Any]) -> _Step:
    def step(x: Any, h: Any, c: Any, w: Any, b: Any) -> tuple[Any, None]:
        w_x, w_h = w
        b_x, b_h = b
        from_x: Any = linear(x, w_x, b_x)
        return activation(from_x + linear(h, w_h, b_h)), None

    return step


# -- Chainer's functions ----------------------------------------------------------------------


def n_step_lstm_base(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    cx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    use_bi_direction: bool,
    **kwargs: Any,
) -> tuple[Variable, Variable, tuple[Variable, ...]]:
    """Runs :func:`n_step_lstm` or :func:`n_step_bilstm`.

    Args:
        n_layers: The number of layers.
        dropout_ratio: The dropout ratio between layers.
        hx: The outputs to start from.
        cx: The cells to start from.
        ws: The weights.
        bs: The biases.
        xs: The batches of each time.
        use_bi_direction: Go both ways.
        **kwargs: ``train`` and ``use_cudnn``, Chainer 1's switches.

    Returns:
        The last outputs, the last cells, and the outputs of the last layer at each time.
    """
    switch = _version1.take(kwargs, "train", "use_cudnn")
    assert_kwargs_empty(kwargs)
    _check_input_size(xs, ws)
    states = (hx, cx)
    hy, cy, ys = _n_step(
        LSTM, _lstm_step, use_bi_direction, n_layers, dropout_ratio, states, ws, bs, xs, switch
    )
    return hy, cy, ys


def n_step_lstm(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    cx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    *version_1: Any,
    **kwargs: Any,
) -> tuple[Variable, Variable, tuple[Variable, ...]]:
    """Runs layers of long short-term memory over sequences of several lengths.

    One step of a layer is::

        i = sigmoid(W0 x + W4 h + b0 + b4)
        f = sigmoid(W1 x + W5 h + b1 + b5)
        a = tanh(W2 x + W6 h + b2 + b6)
        o = sigmoid(W3 x + W7 h + b3 + b7)
        c' = f * c + i * a
        h' = o * tanh(c')

    The sequences are sorted by falling length and given time by time, as
    :func:`transpose_sequence` does it. All layers and times are one call of torch's kernel, and on
    the CPU its gradients can be differentiated further; on a GPU only with
    ``config.use_cudnn = "never"``, for cuDNN has no second derivatives.

    Source: Hochreiter & Schmidhuber, *Long Short-Term Memory*, 1997; Gers et al., 2000.

    Args:
        n_layers: The number of layers.
        dropout_ratio: The ratio of dropout between layers, in ``[0, 1)``. On the CPU masks are
            drawn from NumPy's global generator, as in Chainer.
        hx: The outputs to start from, of shape ``(n_layers, batch, units)``.
        cx: The cells to start from, likewise.
        ws: For each layer eight matrices: four of the input, of shape ``(units, in_size)``
            (``(units, units)`` behind the first layer), and four of the output before.
        bs: For each layer eight vectors of shape ``(units,)``.
        xs: For each time an array of shape ``(sequences that last so long, in_size)``, floating.
        *version_1: ``train`` and ``use_cudnn``, as below, in this order.
        **kwargs: ``train`` and ``use_cudnn``, Chainer 1's switches.

    Returns:
        The last outputs and the last cells, of ``hx``'s shape; and a tuple with the last layer's
        outputs for each time, of shapes ``(sequences, units)``.

    Raises:
        ValueError: If the size of the input is not that of the weights, or the ratio is not in its
            range.
        InvalidType: If other dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> ones = lambda *shape: np.ones(shape, np.float32)
        >>> ws, bs = [[ones(2, 3)] * 4 + [ones(2, 2)] * 4], [[ones(2)] * 8]
        >>> state = ones(1, 2, 2)
        >>> hy, cy, ys = F.n_step_lstm(1, 0.0, state, state, ws, bs, [ones(2, 3), ones(1, 3)])
        >>> hy.shape, cy.shape, [y.shape for y in ys]
        ((1, 2, 2), (1, 2, 2), [(2, 2), (1, 2)])
    """
    _version1.switches(kwargs, version_1, "train", "use_cudnn")
    return n_step_lstm_base(n_layers, dropout_ratio, hx, cx, ws, bs, xs, False, **kwargs)


def n_step_bilstm(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    cx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    *version_1: Any,
    **kwargs: Any,
) -> tuple[Variable, Variable, tuple[Variable, ...]]:
    """Runs layers of long short-term memory over sequences, both ways.

    As :func:`n_step_lstm`, but each layer has a cell for each direction. Their outputs are joined.

    Source: Graves et al., *Hybrid Speech Recognition with Deep Bidirectional LSTM*, 2013.

    Args:
        n_layers: The number of layers.
        dropout_ratio: The ratio of dropout between layers, in ``[0, 1)``.
        hx: The outputs to start from, of shape ``(2 * n_layers, batch, units)``: first those of the
            first layer, forward and backward.
        cx: The cells to start from, likewise.
        ws: For each direction of each layer eight matrices. Behind the first layer those of the
            input have the shape ``(units, 2 * units)``.
        bs: For each direction of each layer eight vectors of shape ``(units,)``.
        xs: For each time an array of shape ``(sequences that last so long, in_size)``, floating.
        *version_1: ``train`` and ``use_cudnn``, as below, in this order.
        **kwargs: ``train`` and ``use_cudnn``, Chainer 1's switches.

    Returns:
        The last outputs and the last cells, of ``hx``'s shape; and a tuple with the last layer's
        outputs for each time, of shapes ``(sequences, 2 * units)``.

    Raises:
        ValueError: If the size of the input is not that of the weights, or the ratio is not in its
            range.
        InvalidType: If other dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> ones = lambda *shape: np.ones(shape, np.float32)
        >>> ws, bs = [[ones(2, 3)] * 4 + [ones(2, 2)] * 4] * 2, [[ones(2)] * 8] * 2
        >>> state = ones(2, 1, 2)
        >>> hy, cy, ys = F.n_step_bilstm(1, 0.0, state, state, ws, bs, [ones(1, 3)] * 4)
        >>> hy.shape, len(ys), ys[0].shape
        ((2, 1, 2), 4, (1, 4))
    """
    _version1.switches(kwargs, version_1, "train", "use_cudnn")
    return n_step_lstm_base(n_layers, dropout_ratio, hx, cx, ws, bs, xs, True, **kwargs)


def n_step_gru_base(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    use_bi_direction: bool,
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Runs :func:`n_step_gru` or :func:`n_step_bigru`.

    Args:
        n_layers: The number of layers.
        dropout_ratio: The dropout ratio between layers.
        hx: The states to start from.
        ws: The weights.
        bs: The biases.
        xs: The batches of each time.
        use_bi_direction: Go both ways.
        **kwargs: ``train`` and ``use_cudnn``, Chainer 1's switches.

    Returns:
        The last states, and the outputs of the last layer at each time.
    """
    switch = _version1.take(kwargs, "train", "use_cudnn")
    assert_kwargs_empty(kwargs)
    hy, ys = _n_step(
        GRU, _gru_step, use_bi_direction, n_layers, dropout_ratio, (hx,), ws, bs, xs, switch
    )
    return hy, ys


def n_step_gru(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    *version_1: Any,
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Runs layers of gated recurrent units over sequences of several lengths.

    One step of a layer is::

        r = sigmoid(W0 x + W3 h + b0 + b3)
        z = sigmoid(W1 x + W4 h + b1 + b4)
        a = tanh(W2 x + b2 + r * (W5 h + b5))
        h' = (1 - z) * a + z * h

    Where the reset gate stands, and what ``z`` is a factor of, is otherwise than in
    :class:`~chainer_compat.links.StatelessGRU`. On sorting, kernels and second derivatives see
    :func:`n_step_lstm`.

    Source: Cho et al., *Learning Phrase Representations using RNN Encoder-Decoder*, 2014.

    Args:
        n_layers: The number of layers.
        dropout_ratio: The ratio of dropout between layers, in ``[0, 1)``.
        hx: The states to start from, of shape ``(n_layers, batch, units)``.
        ws: For each layer six matrices: three of the input, of shape ``(units, in_size)``
            (``(units, units)`` behind the first layer), and three of the state.
        bs: For each layer six vectors of shape ``(units,)``.
        xs: For each time an array of shape ``(sequences that last so long, in_size)``, floating.
        *version_1: ``train`` and ``use_cudnn``, as below, in this order.
        **kwargs: ``train`` and ``use_cudnn``, Chainer 1's switches.

    Returns:
        The last states, of ``hx``'s shape; and a tuple with the last layer's outputs for each time,
        of shapes ``(sequences, units)``.

    Raises:
        ValueError: If the ratio is not in its range.
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> ones = lambda *shape: np.ones(shape, np.float32)
        >>> ws, bs = [[ones(2, 3)] * 3 + [ones(2, 2)] * 3], [[ones(2)] * 6]
        >>> hy, ys = F.n_step_gru(1, 0.0, ones(1, 2, 2), ws, bs, [ones(2, 3), ones(1, 3)])
        >>> hy.shape, [y.shape for y in ys]
        ((1, 2, 2), [(2, 2), (1, 2)])
    """
    _version1.switches(kwargs, version_1, "train", "use_cudnn")
    return n_step_gru_base(n_layers, dropout_ratio, hx, ws, bs, xs, False, **kwargs)


def n_step_bigru(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    *version_1: Any,
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Runs layers of gated recurrent units over sequences, both ways.

    As :func:`n_step_gru`, but each layer has a cell for each direction. Their outputs are joined.

    Args:
        n_layers: The number of layers.
        dropout_ratio: The ratio of dropout between layers, in ``[0, 1)``.
        hx: The states to start from, of shape ``(2 * n_layers, batch, units)``: first those of the
            first layer, forward and backward.
        ws: For each direction of each layer six matrices. Behind the first layer those of the input
            have the shape ``(units, 2 * units)``.
        bs: For each direction of each layer six vectors of shape ``(units,)``.
        xs: For each time an array of shape ``(sequences that last so long, in_size)``, floating.
        *version_1: ``train`` and ``use_cudnn``, as below, in this order.
        **kwargs: ``train`` and ``use_cudnn``, Chainer 1's switches.

    Returns:
        The last states, of ``hx``'s shape; and a tuple with the last layer's outputs for each time,
        of shapes ``(sequences, 2 * units)``.

    Raises:
        ValueError: If the ratio is not in its range.
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> ones = lambda *shape: np.ones(shape, np.float32)
        >>> ws, bs = [[ones(2, 3)] * 3 + [ones(2, 2)] * 3] * 2, [[ones(2)] * 6] * 2
        >>> hy, ys = F.n_step_bigru(1, 0.0, ones(2, 1, 2), ws, bs, [ones(1, 3)] * 4)
        >>> hy.shape, len(ys), ys[0].shape
        ((2, 1, 2), 4, (1, 4))
    """
    _version1.switches(kwargs, version_1, "train", "use_cudnn")
    return n_step_gru_base(n_layers, dropout_ratio, hx, ws, bs, xs, True, **kwargs)


def n_step_rnn_base(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    activation: str,
    use_bi_direction: bool,
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Runs :func:`n_step_rnn` or :func:`n_step_birnn`.

    Args:
        n_layers: The number of layers.
        dropout_ratio: The dropout ratio between layers.
        hx: The states to start from.
        ws: The weights.
        bs: The biases.
        xs: The batches of each time.
        activation: ``"tanh"`` or ``"relu"``.
        use_bi_direction: Go both ways.
        **kwargs: ``train`` and ``use_cudnn``, Chainer 1's switches.

    Returns:
        The last states, and the outputs of the last layer at each time.

    Raises:
        ValueError: If there is no such activation.
    """
    switch = _version1.take(kwargs, "train", "use_cudnn")
    assert_kwargs_empty(kwargs)
    if activation not in _ACTIVATIONS:
        raise InvalidArgumentError(f"activation is 'tanh' or 'relu'; got {activation!r}")
    _check_input_size(xs, ws)
    cell, nonlinearity = _ACTIVATIONS[activation]
    step = _rnn_step(nonlinearity)
    hy, ys = _n_step(
        cell, step, use_bi_direction, n_layers, dropout_ratio, (hx,), ws, bs, xs, switch
    )
    return hy, ys


def _activation_of(activation: Any, version_1: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The activation in either order; Chainer 1's switches go to the keyword arguments."""
    names = ("train", "use_cudnn") if _version1.is_switch(activation) else ()
    _version1.name(kwargs, (activation, *version_1), *names, "activation")
    return kwargs.pop("activation", "tanh")


def n_step_rnn(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    activation: str = "tanh",
    *version_1: Any,
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Runs layers of plain recurrent units over sequences of several lengths.

    One step of a layer is ``h' = f(W0 x + W1 h + b0 + b1)``. On sorting, kernels and second
    derivatives see :func:`n_step_lstm`.

    Source: Elman, *Finding Structure in Time*, 1990.

    Args:
        n_layers: The number of layers.
        dropout_ratio: The ratio of dropout between layers, in ``[0, 1)``.
        hx: The states to start from, of shape ``(n_layers, batch, units)``.
        ws: For each layer two matrices: of the input, of shape ``(units, in_size)``
            (``(units, units)`` behind the first layer), and of the state.
        bs: For each layer two vectors of shape ``(units,)``.
        xs: For each time an array of shape ``(sequences that last so long, in_size)``, floating.
        activation: The function ``f``: ``"tanh"`` or ``"relu"``.
        *version_1: Behind a bool for ``activation``: the two are then Chainer 1's ``train`` and
            ``use_cudnn``, and ``activation`` comes behind them.
        **kwargs: ``train`` and ``use_cudnn``, Chainer 1's switches.

    Returns:
        The last states, of ``hx``'s shape; and a tuple with the last layer's outputs for each time,
        of shapes ``(sequences, units)``.

    Raises:
        ValueError: If there is no such activation, the size of the input is not that of the
            weights, or the ratio is not in its range.
        InvalidType: If other dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> ones = lambda *shape: np.ones(shape, np.float32)
        >>> ws, bs = [[ones(1, 1), ones(1, 1)]], [[ones(1), ones(1)]]
        >>> hy, ys = F.n_step_rnn(1, 0.0, ones(1, 1, 1), ws, bs, [ones(1, 1)] * 2, 'relu')
        >>> ys
        (variable([[4.]]), variable([[7.]]))
    """
    activation = _activation_of(activation, version_1, kwargs)
    return n_step_rnn_base(n_layers, dropout_ratio, hx, ws, bs, xs, activation, False, **kwargs)


def n_step_birnn(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Any,
    bs: Any,
    xs: Any,
    activation: str = "tanh",
    *version_1: Any,
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Runs layers of plain recurrent units over sequences, both ways.

    As :func:`n_step_rnn`, but each layer has a cell for each direction. Their outputs are joined.

    Args:
        n_layers: The number of layers.
        dropout_ratio: The ratio of dropout between layers, in ``[0, 1)``.
        hx: The states to start from, of shape ``(2 * n_layers, batch, units)``: first those of the
            first layer, forward and backward.
        ws: For each direction of each layer two matrices. Behind the first layer that of the input
            has the shape ``(units, 2 * units)``.
        bs: For each direction of each layer two vectors of shape ``(units,)``.
        xs: For each time an array of shape ``(sequences that last so long, in_size)``, floating.
        activation: ``"tanh"`` or ``"relu"``.
        *version_1: Behind a bool for ``activation``: the two are then Chainer 1's ``train`` and
            ``use_cudnn``, and ``activation`` comes behind them.
        **kwargs: ``train`` and ``use_cudnn``, Chainer 1's switches.

    Returns:
        The last states, of ``hx``'s shape; and a tuple with the last layer's outputs for each time,
        of shapes ``(sequences, 2 * units)``.

    Raises:
        ValueError: If there is no such activation, the size of the input is not that of the
            weights, or the ratio is not in its range.
        InvalidType: If other dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> ones = lambda *shape: np.ones(shape, np.float32)
        >>> ws, bs = [[ones(1, 1), ones(1, 1)]] * 2, [[ones(1), ones(1)]] * 2
        >>> hy, ys = F.n_step_birnn(1, 0.0, ones(2, 1, 1), ws, bs, [ones(1, 1)] * 2, 'relu')
        >>> ys
        (variable([[4., 7.]]), variable([[7., 4.]]))
    """
    activation = _activation_of(activation, version_1, kwargs)
    return n_step_rnn_base(n_layers, dropout_ratio, hx, ws, bs, xs, activation, True, **kwargs)
