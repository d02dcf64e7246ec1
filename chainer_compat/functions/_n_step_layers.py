"""One direction of one recurrent layer on the CPU, forward and backward through time.

torch's kernel lets autograd take each step's gradient, with a product for the weights at each and
arrays as long as the sequences. Here the steps of the backward pass find the gradients of the gates
only; those of weights and inputs are one product over all times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

__all__ = ["GRU", "LSTM", "RELU", "TANH", "Steps", "run_layer", "stacked"]

_Parts = Sequence[Tensor]

# So many steps cost less one by one than oneDNN's preparations.
_FEW = 8


class Steps(NamedTuple):
    """How a kind of cell goes through time.

    Attributes:
        forward: Given what the gates get from the input, the states, the weights and the bias of
            the output before, and the batch sizes: the outputs, the cells, and what the way back
            needs.
        backward: Given what it needs, the outputs before, the weights, the gradients of the
            outputs and of the states at the end, and the batch sizes: the gradients of the gates
            where the input goes in, where the output before does, and of the states.
        own_bias: Whether the bias of the output before goes its own way.
        kernel: torch's function that does the same, differentiable twice.
        states: How many states there are.
        turn: How many of torch's last gates stand first here.
        fused: Whether torch's kernel is oneDNN's where it can be.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    own_bias: bool
    kernel: Callable[..., Any]
    states: int
    turn: int = 0
    fused: bool = False


def _lstm_forward(
    from_x: Tensor, states: _Parts, w_h: Tensor, _: Tensor, sizes: list[int]
) -> tuple[Tensor, Tensor | None, _Parts]:
    # The gates stand in the order o, i, f, a: sigmoids and what the cell gets lie side by side.
    rows, units = len(from_x), w_h.shape[1]
    y, c_all, bent = (from_x.new_empty((rows, units)) for _ in range(3))
    h, c = states
    turned = w_h.t()
    o, i, f, a = (g.split_with_sizes(sizes) for g in from_x.view(rows, 4, units).unbind(1))
    sigmoids, tanhs = (
        from_x[:, : 3 * units].split_with_sizes(sizes),
        from_x[:, 3 * units :].split_with_sizes(sizes),
    )
    found = (t.split_with_sizes(sizes) for t in (from_x, y, c_all, bent))
    steps = zip(sizes, sigmoids, tanhs, o, i, f, a, *found, strict=True)
    batch = len(h)
    for n, low, high, o_t, i_t, f_t, a_t, gates, y_t, c_t, bent_t in steps:
        if n != batch:
            h, c, batch = h[:n], c[:n], n
        gates.addmm_(h, turned)
        low.sigmoid_()
        high.tanh_()
        torch.mul(f_t, c, out=c_t)
        c_t.addcmul_(i_t, a_t)
        torch.tanh(c_t, out=bent_t)
        torch.mul(o_t, bent_t, out=y_t)
        h, c = y_t, c_t
    return y, c_all, (from_x, bent)


def _lstm_backward(
    kept: _Parts, before: _Parts, w_h: Tensor, gy: Tensor, ends: _Parts, sizes: list[int]
) -> tuple[Tensor, Tensor, _Parts]:
    gates, bent = kept
    rows, units = bent.shape
    o, i, f, a = gates.view(rows, 4, units).unbind(1)
    _, c_before = before
    # What the gradients of the output (to o, and to the cell) and of the cell are multiplied by.
    slopes = gates.new_empty((rows, 4, units))
    torch.mul(o * (1 - o), bent, out=slopes[:, 0])
    torch.mul(i * (1 - i), a, out=slopes[:, 1])
    torch.mul(f * (1 - f), c_before, out=slopes[:, 2])
    torch.mul(torch.addcmul(gates.new_ones(()), a, a, value=-1), i, out=slopes[:, 3])
    to_cell = torch.addcmul(o, o * bent, bent, value=-1)
    found = torch.empty_like(slopes)
    gh, gc = (end.clone(memory_format=torch.contiguous_format) for end in ends)
    steps = zip(
        *(t.split_with_sizes(sizes) for t in (
            gy, to_cell, f, slopes[:, 0], slopes[:, 1:], found[:, 0], found[:, 1:],
            found.view(rows, -1),
        )), strict=True,
    )  # fmt: skip
    for gy_t, to_cell_t, f_t, slope_o, slopes_c, found_o, found_c, found_t in reversed(list(steps)):
        n = len(gy_t)
        gh_t, gc_t = gh[:n], gc[:n]
        gh_t.add_(gy_t)
        gc_t.addcmul_(gh_t, to_cell_t)
        torch.mul(gh_t, slope_o, out=found_o)
        torch.mul(gc_t.unsqueeze(1), slopes_c, out=found_c)
        gc_t.mul_(f_t)
        torch.mm(found_t, w_h, out=gh_t)
    flat = found.view(rows, -1)
    return flat, flat, (gh, gc)


def _gru_forward(
    from_x: Tensor, states: _Parts, w_h: Tensor, b_h: Tensor, sizes: list[int]
) -> tuple[Tensor, Tensor | None, _Parts]:
    rows, units = len(from_x), w_h.shape[1]
    y = from_x.new_empty((rows, units))
    from_h = b_h.repeat(rows, 1)
    h, turned = states[0], w_h.t()
    (z, a), a_h = from_x.view(rows, 3, units).unbind(1)[1:], from_h[:, 2 * units :]
    both, both_h = from_x[:, : 2 * units], from_h[:, : 2 * units]
    steps = zip(
        sizes,
        *(
            t.split_with_sizes(sizes)
            for t in (from_h, both, both_h, from_x[:, :units], z, a, a_h, y)
        ),
        strict=True,
    )
    batch = len(h)
    for n, from_h_t, both_t, both_h_t, r_t, z_t, a_t, a_h_t, y_t in steps:
        if n != batch:
            h, batch = h[:n], n
        from_h_t.addmm_(h, turned)
        both_t.add_(both_h_t).sigmoid_()
        a_t.addcmul_(r_t, a_h_t).tanh_()
        torch.lerp(a_t, h, z_t, out=y_t)
        h = y_t
    return y, None, (from_x, a_h)


def _gru_backward(
    kept: _Parts, before: _Parts, w_h: Tensor, gy: Tensor, ends: _Parts, sizes: list[int]
) -> tuple[Tensor, Tensor, _Parts]:
    gates, a_h = kept
    rows, units = a_h.shape
    r, z, a = gates.view(rows, 3, units).unbind(1)
    # The candidate comes twice: what it gets from the output before, and from the input.
    slopes = gates.new_empty((rows, 4, units))
    to_candidate = (1 - z) * torch.addcmul(gates.new_ones(()), a, a, value=-1)
    torch.mul(to_candidate * a_h, r * (1 - r), out=slopes[:, 0])
    torch.mul(before[0] - a, z * (1 - z), out=slopes[:, 1])
    torch.mul(to_candidate, r, out=slopes[:, 2])
    slopes[:, 3] = to_candidate
    found = torch.empty_like(slopes)
    flat = found.view(rows, -1)
    to_h = flat[:, : 3 * units]
    gh = ends[0].clone(memory_format=torch.contiguous_format)
    steps = zip(*(t.split_with_sizes(sizes) for t in (gy, slopes, found, to_h, z)), strict=True)
    for gy_t, slopes_t, found_t, to_h_t, z_t in reversed(list(steps)):
        gh_t = gh[: len(gy_t)]
        gh_t.add_(gy_t)
        torch.mul(gh_t.unsqueeze(1), slopes_t, out=found_t)
        gh_t.mul_(z_t).addmm_(to_h_t, w_h)
    to_x = torch.cat((flat[:, : 2 * units], flat[:, 3 * units :]), 1)
    return to_x, to_h, (gh,)


def _simple(bend: Callable[[Tensor], Any], slope: Callable[[Tensor], Tensor]) -> tuple[Any, Any]:
    """The two ways of a cell with one activation, which takes place in memory."""

    def forward(
        from_x: Tensor, states: _Parts, w_h: Tensor, _: Tensor, sizes: list[int]
    ) -> tuple[Tensor, Tensor | None, _Parts]:
        h, turned = states[0], w_h.t()
        batch = len(h)
        for n, y_t in zip(sizes, from_x.split_with_sizes(sizes), strict=True):
            if n != batch:
                h, batch = h[:n], n
            bend(y_t.addmm_(h, turned))
            h = y_t
        return from_x, None, ()

    def backward(
        kept: _Parts, before: _Parts, w_h: Tensor, gy: Tensor, ends: _Parts, sizes: list[int]
    ) -> tuple[Tensor, Tensor, _Parts]:
        slopes = slope(kept[0])
        found = torch.empty_like(slopes)
        gh = ends[0].clone(memory_format=torch.contiguous_format)
        steps = zip(*(t.split_with_sizes(sizes) for t in (gy, slopes, found)), strict=True)
        for gy_t, slopes_t, found_t in reversed(list(steps)):
            gh_t = gh[: len(gy_t)]
            torch.mul(gh_t.add_(gy_t), slopes_t, out=found_t)
            torch.mm(found_t, w_h, out=gh_t)
        return found, found, (gh,)

    return forward, backward


LSTM = Steps(_lstm_forward, _lstm_backward, False, torch.lstm, 2, turn=1, fused=True)
GRU = Steps(_gru_forward, _gru_backward, True, torch.gru, 1)
TANH = Steps(*_simple(torch.tanh_, lambda y: 1 - y * y), False, torch.rnn_tanh, 1)
RELU = Steps(*_simple(torch.relu_, lambda y: (y > 0).to(y.dtype)), False, torch.rnn_relu, 1)


def stacked(cell: _Parts, turn: int = 0) -> list[Tensor]:
    """Returns the matrices of the input and of the output before, and their biases: torch's order.

    Args:
        cell: The weights of all gates, in this order.
        turn: How many of the last gates are to stand first.
    """
    gates = len(cell) // 4
    if gates == 1:
        return list(cell)
    groups = [cell[i : i + gates] for i in range(0, len(cell), gates)]
    return [torch.cat([*group[gates - turn :], *group[: gates - turn]]) for group in groups]


def _before(start: Tensor, y: Tensor, sizes: list[int]) -> Tensor:
    """For each element the state before it: the start, and then what came a time ago."""
    past = y.split_with_sizes(sizes)
    return torch.cat([start, *(p[:n] for p, n in zip(past, sizes[1:], strict=False))])


def _last(y: Tensor, sizes: list[int]) -> Tensor:
    """For each sequence its last element."""
    if sizes[0] == sizes[-1]:
        return y[len(y) - sizes[0] :].clone()
    parts = y.split_with_sizes(sizes)
    ended = [p[n:] for p, n in zip(parts, (*sizes[1:], 0), strict=True) if len(p) > n]
    # The sequences that ended first are the last ones.
    return torch.cat(ended[::-1])


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kind: Steps, sizes: list[int], *given: Tensor) -> tuple[Tensor, ...]:
        x, *states, w_x, w_h, b_x, b_h = given
        from_x = torch.addmm(b_x if kind.own_bias else b_x + b_h, x, w_x.t())
        y, cells, kept = kind.forward(from_x, states, w_h, b_h, sizes)
        ctx.kind, ctx.sizes = kind, sizes
        ctx.save_for_backward(*given, y, *(() if cells is None else (cells,)), *kept)
        ends = [_last(t, sizes) for t in (y, cells) if t is not None]
        return (y, *ends)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        kind, sizes = ctx.kind, ctx.sizes
        count = 5 + kind.states
        given = ctx.saved_tensors[:count]
        if torch.is_grad_enabled():
            return (
                None,
                None,
                *_twice_differentiable(kind, sizes, given, grads, ctx.needs_input_grad[2:]),
            )
        x, *states, w_x, w_h, _, _ = given
        past = ctx.saved_tensors[count : count + kind.states]
        kept = ctx.saved_tensors[count + kind.states :] or past
        before = [_before(s, t, sizes) for s, t in zip(states, past, strict=True)]
        gy, *ends = grads
        to_x, to_h, g_states = kind.backward(kept, before, w_h, gy, ends, sizes)
        g_b = to_x.sum(0)
        return (
            None,
            None,
            to_x @ w_x if ctx.needs_input_grad[2] else None,
            *g_states,
            to_x.t() @ x,
            to_h.t() @ before[0],
            g_b,
            # A memory of its own: what scales gradients in place is to scale each once.
            to_h.sum(0) if kind.own_bias else g_b.clone(),
        )


def _twice_differentiable(
    kind: Steps, sizes: list[int], given: _Parts, grads: _Parts, needed: Sequence[bool]
) -> list[Tensor | None]:
    """The gradients as functions that can be differentiated further: those of torch's kernel."""
    wanted = [t for t, needs in zip(given, needed, strict=True) if needs]
    x, *states, w_x, w_h, b_x, b_h = given
    weights = [w.roll(-kind.turn * w_h.shape[1], 0) for w in (w_x, w_h, b_x, b_h)]
    y, *ends = _by_the_kernel(kind, x, [s.unsqueeze(0) for s in states], weights, sizes)
    outputs = [y, *(end.squeeze(0) for end in ends)]
    found = iter(torch.autograd.grad(outputs, wanted, grads, create_graph=True))
    return [next(found) if needs else None for needs in needed]


def run_layer(
    kind: Steps, x: Tensor, states: _Parts, cell: _Parts, sizes: Sequence[int]
) -> tuple[Tensor, ...]:
    """Runs a layer over packed sequences.

    Args:
        kind: The kind of cell.
        x: The packed inputs.
        states: The states to start from, each of shape ``(1, batch, units)``.
        cell: The weights, gate by gate in torch's order: those of the input, those of the output
            before, and likewise the biases.
        sizes: How many sequences there are at each time, falling.

    Returns:
        The outputs, and the states at the end, in the shape of those at the start.
    """
    # oneDNN has all steps of sequences of one length in one kernel.
    fused = kind.fused and sizes[0] == sizes[-1] and len(sizes) > _FEW and x.dtype is torch.float32
    if fused or not torch.is_grad_enabled():
        return _by_the_kernel(kind, x, states, stacked(cell), sizes)
    weights = stacked(cell, kind.turn)
    start = [h.squeeze(0) for h in states]
    y, *ends = _Layer.apply(kind, list(sizes), x, *start, *weights)  # type: ignore[no-untyped-call]  # torch's
    return (y, *(end.unsqueeze(0) for end in ends))


def _by_the_kernel(
    kind: Steps, x: Tensor, states: _Parts, weights: _Parts, sizes: Sequence[int]
) -> tuple[Tensor, ...]:
    start = list(states) if kind.states == 2 else states[0]
    found: tuple[Tensor, ...] = kind.kernel(
        x, torch.tensor(sizes), start, list(weights), True, 1, 0.0, False, False
    )
    return found
