"""Stacked recurrent networks by torch's kernels: all layers and times at once."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat.backends import cuda
from chainer_compat.functions import _noise, _packing
from chainer_compat.functions._boundary import function
from chainer_compat.functions._packing import Packing

__all__ = ["GRU", "LSTM", "RELU", "TANH", "Cell", "Plan"]


@dataclass(frozen=True)
class Plan:
    """What a body does with its tensors: the states, the inputs, and the weights cell by cell.

    Attributes:
        cell: The kind of cell.
        layers: How many layers.
        directions: 1, or 2 for both.
        ratio: The dropout ratio between layers.
        train: Whether to drop.
        inputs: How many inputs there are: one for each time, or one for each sequence.
        batch_sizes: How many sequences there are at each time, falling.
        packing: Where the elements of the sequences lie; None if the inputs are in order of time.
    """

    cell: Cell
    layers: int
    directions: int
    ratio: float
    train: bool
    inputs: int
    batch_sizes: tuple[int, ...]
    packing: Packing | None = None

    def part(self, flat: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """Returns the states, the inputs, and for each cell its weights and then its biases.

        Args:
            flat: All of them in one sequence.
        """
        start, size = self.cell.states + self.inputs, 2 * self.cell.matrices
        cells = [flat[i : i + size] for i in range(start, len(flat), size)]
        return list(flat[: self.cell.states]), list(flat[self.cell.states : start]), cells

    def of_layer(self, layer: int, values: Any) -> Any:
        """Returns what belongs to one layer, of something that has each direction of each.

        Args:
            layer: The layer.
            values: The cells, or a state.
        """
        return values[layer * self.directions : (layer + 1) * self.directions]


def _run(flat: Sequence[Any], plan: Plan) -> tuple[Tensor, ...]:
    states, xs, cells = plan.part(flat)
    x, packing, dtype = torch.cat(xs), plan.packing, xs[0].dtype
    lengths = plan.batch_sizes
    if packing is not None:
        lengths = packing.lengths
        back = _packing.inverse(packing.places)
        x = _packing.permuted(x, packing.places, back)
    shape = (plan.layers * plan.directions, len(lengths), cells[0][0].shape[0])
    states = [x.new_zeros(shape) if h is None else _sorted(h, packing) for h in states]
    # Weights of another precision meet the inputs in the wider one, as in `linear`.
    wide = functools.reduce(torch.promote_types, {w.dtype for cell in cells for w in cell}, dtype)
    if wide is not dtype:
        x, *states = (t.to(wide) for t in (x, *states))
    if any(w.dtype is not wide for cell in cells for w in cell):
        cells = [[w.to(wide) for w in cell] for cell in cells]
    y, *states = _run_packed(x, states, cells, plan)
    if packing is not None:
        y = _packing.permuted(y, back, packing.places)
        states = [_sorted(h, packing, undo=True) for h in states]
    if wide is not dtype:
        y, *states = (t.to(dtype) for t in (y, *states))
    return (*states, *y.split_with_sizes(list(lengths)))


def _sorted(h: Tensor, packing: Packing | None, undo: bool = False) -> Tensor:
    if packing is None or packing.is_sorted:
        return h
    order, back = packing.order, _packing.inverse(packing.order)
    return _packing.permuted(h, *((back, order) if undo else (order, back)), axis=1)


def _run_packed(x: Tensor, states: list[Tensor], cells: Any, plan: Plan) -> tuple[Tensor, ...]:
    if len(x) == 0:
        return (x.new_zeros((0, plan.directions * states[0].shape[2])), *states)
    sizes = torch.tensor(plan.batch_sizes)
    living = plan.batch_sizes[0]
    if states[0].shape[1] == living:
        return _all_layers(x, sizes, states, cells, plan)
    # Sequences without elements keep their state.
    y, *after = _all_layers(x, sizes, [h[:, :living] for h in states], cells, plan)
    rest = [h[:, living:] for h in states]
    return (y, *(torch.cat(pair, 1) for pair in zip(after, rest, strict=True)))


def _all_layers(
    x: Tensor, sizes: Tensor, states: list[Tensor], cells: Any, plan: Plan
) -> tuple[Tensor, ...]:
    drops = plan.train and plan.layers > 1
    if drops and not 0.0 <= plan.ratio < 1.0:
        raise ValueError(f"the ratio of dropout must be in [0, 1); got {plan.ratio}")
    if drops and not x.is_cuda:
        if plan.ratio > 0:
            return _layer_by_layer(x, sizes, states, cells, plan)
        # Chainer draws masks of ones too, and what comes next depends on it.
        width = plan.directions * states[0].shape[2]
        np.random.rand((plan.layers - 1) * plan.directions * len(x) * width)  # noqa: NPY002 -- Chainer's stream
    ratio = plan.ratio if drops else 0.0
    return _call(x, sizes, states, cells, plan.cell, plan.layers, plan.directions == 2, ratio)


def _layer_by_layer(
    x: Tensor, sizes: Tensor, states: list[Tensor], cells: Any, plan: Plan
) -> tuple[Tensor, ...]:
    """With masks drawn as Chainer draws them: for each direction its own, time after time."""
    turn = _packing.reversal(plan.batch_sizes)
    after: list[list[Tensor]] = [[] for _ in states]
    for layer in range(plan.layers):
        own = [plan.of_layer(layer, h) for h in states]
        weights = plan.of_layer(layer, cells)
        if layer == 0:
            x, *ends = _call(x, sizes, own, weights, plan.cell, 1, plan.directions == 2, 0.0)
            _gather(after, ends)
            continue
        outputs = []
        for direction, cell in enumerate(weights):
            dropped = x * _noise._mask(x, plan.ratio)
            if direction:
                dropped = _packing.permuted(dropped, turn, turn)
            start = [h[direction : direction + 1] for h in own]
            y, *ends = _call(dropped, sizes, start, [cell], plan.cell, 1, False, 0.0)
            outputs.append(_packing.permuted(y, turn, turn) if direction else y)
            _gather(after, ends)
        x = torch.cat(outputs, 1)
    return (x, *(torch.cat(ends) for ends in after))


def _gather(after: list[list[Tensor]], ends: Sequence[Tensor]) -> None:
    for found, end in zip(after, ends, strict=True):
        found.append(end)


def _call(
    x: Tensor,
    sizes: Tensor,
    states: list[Tensor],
    cells: Any,
    cell: Cell,
    layers: int,
    both_ways: bool,
    ratio: float,
) -> tuple[Tensor, ...]:
    start = states if cell.states == 2 else states[0].contiguous()
    use_cudnn = x.is_cuda and cuda.should_use_cudnn(">=auto")
    weights = _in_one_buffer(cells) if use_cudnn else _stacked(cells)
    # cuDNN's kernels for inference leave nothing for a backward pass.
    train = torch.is_grad_enabled() or ratio > 0
    with _without_cudnn() if x.is_cuda and not use_cudnn else contextlib.nullcontext():
        result: tuple[Tensor, ...] = cell.kernel(
            x, sizes, start, weights, True, layers, ratio, train, both_ways
        )
    return result


def _without_cudnn() -> Any:
    return torch.backends.cudnn.flags(enabled=False)


def _stacked(cells: Any) -> list[Tensor]:
    """For each cell the matrices of the input and of the state, and their biases: torch's order."""
    stacked = []
    for cell in cells:
        half = len(cell) // 4
        for i in range(0, len(cell), half):
            gates = cell[i : i + half]
            stacked.append(torch.cat(gates) if half > 1 else gates[0])
    return stacked


def _in_one_buffer(cells: Any) -> list[Tensor]:
    """The same, as views of one buffer: cuDNN has all matrices first, and then all biases."""
    count = len(cells[0]) // 2
    ordered = [w for cell in cells for w in cell[:count]]
    ordered += [b for cell in cells for b in cell[count:]]
    half = count // 2
    blocks = [ordered[i : i + half] for i in range(0, len(ordered), half)]
    sizes = [sum(t.numel() for t in block) for block in blocks]
    parts = torch.cat([t.reshape(-1) for t in ordered]).split_with_sizes(sizes)
    views = [
        part if block[0].ndim == 1 else part.view(-1, block[0].shape[1])
        for part, block in zip(parts, blocks, strict=True)
    ]
    matrices, biases = views[: len(views) // 2], views[len(views) // 2 :]
    pairs = zip(matrices[::2], matrices[1::2], biases[::2], biases[1::2], strict=True)
    return [view for four in pairs for view in four]


def _node(label: str) -> Any:
    def n_step(flat: Sequence[Tensor], plan: Plan) -> tuple[Tensor, ...]:
        return _run(flat, plan)

    return function(label)(n_step)


@dataclass(frozen=True)
class Cell:
    """One kind of recurrent cell.

    Attributes:
        kernel: torch's function over packed sequences.
        matrices: How many weights a cell has; the first half of them meets the input. The order of
            its gates is torch's.
        states: How many states: 2 with a cell state.
        one_way: Runs a plan, with one direction.
        both_ways: Runs a plan, with both.
    """

    kernel: Callable[..., Any]
    matrices: int
    states: int
    one_way: Any
    both_ways: Any


LSTM = Cell(torch.lstm, 8, 2, _node("NStepLSTM"), _node("NStepBiLSTM"))
GRU = Cell(torch.gru, 6, 1, _node("NStepGRU"), _node("NStepBiGRU"))
TANH = Cell(torch.rnn_tanh, 2, 1, _node("NStepRNNTanh"), _node("NStepBiRNNTanh"))
RELU = Cell(torch.rnn_relu, 2, 1, _node("NStepRNNReLU"), _node("NStepBiRNNReLU"))
