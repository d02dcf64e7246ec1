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
from chainer_compat.functions import _n_step_layers, _noise, _packing
from chainer_compat.functions._boundary import function
from chainer_compat.functions._n_step_layers import Steps, run_layer
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
    order = packing.undone if undo else packing.order
    return h.index_select(1, torch.from_numpy(order).to(h.device, non_blocking=True))


def _run_packed(x: Tensor, states: list[Tensor], cells: Any, plan: Plan) -> tuple[Tensor, ...]:
    if len(x) == 0:
        return (x.new_zeros((0, plan.directions * states[0].shape[2])), *states)
    run = _fused if x.is_cuda else _layer_by_layer
    living = plan.batch_sizes[0]
    if states[0].shape[1] == living:
        return run(x, states, cells, plan)
    # Sequences without elements keep their state.
    y, *after = run(x, [h[:, :living] for h in states], cells, plan)
    rest = [h[:, living:] for h in states]
    return (y, *(torch.cat(pair, 1) for pair in zip(after, rest, strict=True)))


def _fused(x: Tensor, states: list[Tensor], cells: Any, plan: Plan) -> tuple[Tensor, ...]:
    """All layers, times and directions by one call, on a GPU."""
    use_cudnn = cuda.should_use_cudnn(">=auto")
    weights = (
        _in_one_buffer(cells)
        if use_cudnn
        else [w for cell in cells for w in _n_step_layers.stacked(cell)]
    )
    ratio = plan.ratio if plan.train and plan.layers > 1 else 0.0
    # cuDNN's kernels for inference leave nothing for a backward pass.
    train = torch.is_grad_enabled() or ratio > 0
    start = states if plan.cell.states == 2 else states[0].contiguous()
    both_ways = plan.directions == 2
    with contextlib.nullcontext() if use_cudnn else _without_cudnn():
        result: tuple[Tensor, ...] = plan.cell.kernel(
            x,
            torch.tensor(plan.batch_sizes),
            start,
            weights,
            True,
            plan.layers,
            ratio,
            train,
            both_ways,
        )
    return result


def _layer_by_layer(x: Tensor, states: list[Tensor], cells: Any, plan: Plan) -> tuple[Tensor, ...]:
    """Each direction of each layer by itself, on the CPU, with masks drawn in Chainer's order."""
    turn = _packing.reversal(plan.batch_sizes) if plan.directions == 2 else None
    after: list[tuple[Tensor, ...]] = []
    for layer in range(plan.layers):
        outputs = []
        for direction in range(plan.directions):
            place = layer * plan.directions + direction
            inputs = _dropped(x, plan.ratio) if layer and plan.train else x
            if direction and turn is not None:
                inputs = _packing.permuted(inputs, turn, turn)
            own = [h[place : place + 1] for h in states]
            y, *ends = run_layer(plan.cell.steps, inputs, own, cells[place], plan.batch_sizes)
            if direction and turn is not None:
                y = _packing.permuted(y, turn, turn)
            outputs.append(y)
            after.append(tuple(ends))
        x = torch.cat(outputs, 1) if plan.directions == 2 else outputs[0]
    return (x, *(torch.cat(ends) for ends in zip(*after, strict=True)))


def _dropped(x: Tensor, ratio: float) -> Tensor:
    if ratio > 0:
        return x * _noise._mask(x, ratio)
    # Drawn for a ratio of 0 too, as Chainer does: what comes next depends on it.
    np.random.rand(*x.shape)  # noqa: NPY002 -- Chainer's stream
    return x


def _without_cudnn() -> Any:
    return torch.backends.cudnn.flags(enabled=False)


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
        steps: How it goes through time.
        matrices: How many weights a cell has; the first half of them meets the input. The order of
            its gates is torch's.
        one_way: Runs a plan, with one direction.
        both_ways: Runs a plan, with both.
    """

    steps: Steps
    matrices: int
    one_way: Any
    both_ways: Any

    @property
    def kernel(self) -> Callable[..., Any]:
        """The function of torch over packed sequences."""
        return self.steps.kernel

    @property
    def states(self) -> int:
        """How many states there are: 2 with a cell state."""
        return self.steps.states


LSTM = Cell(_n_step_layers.LSTM, 8, _node("NStepLSTM"), _node("NStepBiLSTM"))
GRU = Cell(_n_step_layers.GRU, 6, _node("NStepGRU"), _node("NStepBiGRU"))
TANH = Cell(_n_step_layers.TANH, 2, _node("NStepRNNTanh"), _node("NStepBiRNNTanh"))
RELU = Cell(_n_step_layers.RELU, 2, _node("NStepRNNReLU"), _node("NStepBiRNNReLU"))
