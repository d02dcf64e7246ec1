"""A recurrent layer through time, beside torch's kernel of the same cell."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from chainer_compat.functions import _n_step_layers as layers

KINDS = {
    "lstm": (layers.LSTM, 4),
    "gru": (layers.GRU, 3),
    "tanh": (layers.TANH, 1),
    "relu": (layers.RELU, 1),
}
SIZES = [[3, 3, 3], [4, 3, 3, 1, 1], [2], [1], [2] * 10]
INPUT, UNITS = 5, 4


def made(kind: layers.Steps, gates: int, sizes: list[int], dtype: torch.dtype) -> Any:
    torch.manual_seed(0)
    x = torch.randn(sum(sizes), INPUT, dtype=dtype)
    states = [torch.randn(1, sizes[0], UNITS, dtype=dtype) for _ in range(kind.states)]
    shapes = [(UNITS, INPUT)] * gates + [(UNITS, UNITS)] * gates + [(UNITS,)] * 2 * gates
    cell = [torch.randn(shape, dtype=dtype) / 2 for shape in shapes]
    for tensor in (x, *states, *cell):
        tensor.requires_grad_()
    return x, states, cell


def by_the_kernel(kind: layers.Steps, x: Any, states: Any, cell: Any, sizes: list[int]) -> Any:
    start = states if kind.states == 2 else states[0]
    weights = layers.stacked(cell)
    return kind.kernel(x, torch.tensor(sizes), start, weights, True, 1, 0.0, False, False)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("name", KINDS)
def test_values_and_both_derivatives_are_those_of_the_kernel(name: str, sizes: list[int]) -> None:
    kind, gates = KINDS[name]
    x, states, cell = made(kind, gates, sizes, torch.float64)
    inputs = [x, *states, *cell]
    found = []
    for run in (by_the_kernel, layers.run_layer):
        torch.manual_seed(1)
        outputs = run(kind, x, states, cell, sizes)
        seeds = [torch.randn_like(y) for y in outputs]
        once = torch.autograd.grad(outputs, inputs, seeds, retain_graph=True)
        again = torch.autograd.grad(outputs, inputs, seeds, create_graph=True)
        seeds = [torch.randn_like(g) for g in again]
        twice = torch.autograd.grad(again, inputs, seeds, allow_unused=True)
        found.append([*outputs, *once, *again, *(g for g in twice if g is not None)])
    torch.testing.assert_close(found[1], found[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_arguments_and_what_is_kept_stay_as_they_were(name: str) -> None:
    kind, gates = KINDS[name]
    x, states, cell = made(kind, gates, [1], torch.float32)
    inputs = [x, *states, *cell]
    before = [t.detach().clone() for t in inputs]
    outputs = layers.run_layer(kind, x, states, cell, [1])
    seeds = [torch.ones_like(y) for y in outputs]
    first, second = (
        torch.autograd.grad(outputs, inputs, seeds, retain_graph=True) for _ in range(2)
    )
    torch.testing.assert_close([t.detach() for t in inputs], before, rtol=0, atol=0)
    torch.testing.assert_close(second, first, rtol=0, atol=0)


@pytest.mark.parametrize("name", KINDS)
def test_what_needs_no_gradient_gets_none(name: str) -> None:
    kind, gates = KINDS[name]
    x, states, cell = made(kind, gates, [2, 1], torch.float32)
    x.requires_grad_(False)
    layers.run_layer(kind, x, states, cell, [2, 1])[0].sum().backward()
    assert x.grad is None
    assert all(w.grad is not None for w in cell)
