"""Backward passes: one call of torch's engine where that is enough, function by function where
Chainer's record says more than torch's graph (hooks, kept gradients, cut graphs, debug mode)."""

from __future__ import annotations

import heapq
import sys
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from chainer_compat import _graph
from chainer_compat.configuration import config

if TYPE_CHECKING:
    from chainer_compat._graph import VariableNode
    from chainer_compat._variable import Variable
    from chainer_compat.function_node import FunctionNode

__all__ = ["backward", "backward_from", "grad", "grad_was_exposed", "unchain_backward"]

# Variables whose gradient was handed out as a raw array. torch adds to a gradient in place, while
# Chainer makes a new array, so that the one handed out stays as it was.
_exposed: list[weakref.ref[Variable]] = []

# Whether any variable was ever made volatile: only then does the boundary look for it.
_volatile_in_use = False

# Whether any function has a hook of its own: then every backward pass goes step by step.
_local_hooks_in_use = False


def volatile_seen() -> None:
    """Notes that a volatile variable exists."""
    global _volatile_in_use  # noqa: PLW0603 -- a switch of the process, off for all but v1 scripts
    _volatile_in_use = True


def volatile_in_use() -> bool:
    """Whether a volatile variable was ever made."""
    return _volatile_in_use


def local_hook_seen() -> None:
    """Notes that a function has a hook of its own."""
    global _local_hooks_in_use  # noqa: PLW0603 -- a switch of the process, hardly ever on
    _local_hooks_in_use = True


def local_hooks_in_use() -> bool:
    """Whether any function ever got a hook of its own."""
    return _local_hooks_in_use


def grad_was_exposed(variable: Variable) -> None:
    """Notes that a variable's gradient was handed out as a raw array.

    Args:
        variable: The variable.
    """
    _exposed.append(weakref.ref(variable))


def _protect_exposed() -> None:
    # What refers to the array: the cache's tuple and getrefcount's argument; the user's are more.
    held_by_us = 2
    while _exposed:
        variable = _exposed.pop()()
        if variable is None or variable._grad_cache is None:
            continue
        tensor, _ = variable._grad_cache
        if sys.getrefcount(variable._grad_cache[1]) > held_by_us and (
            variable._grad_tensor() is tensor
        ):
            variable._set_grad_tensor(tensor.clone())
        variable._grad_cache = None


def _needs_steps(retain_grad: bool, create_graph: bool = False) -> bool:
    mode = config._mode
    # torch warns of a gradient whose graph holds its own leaf when it puts it there itself.
    return bool(
        retain_grad
        or create_graph
        or mode.function_hooks
        or mode.debug
        or _local_hooks_in_use
        or _graph.any_cut_alive()
    )


def _seed_of(variable: Variable, loss_scale: float | None) -> torch.Tensor:
    seed = variable._own_grad
    tensor = variable.tensor
    if seed is None:
        if tensor.numel() != 1:
            raise TypeError(
                f"backward() of a variable of shape {variable.shape} needs its `grad` set first: "
                "only a variable of one element starts from 1 by itself"
            )
        seed = torch.ones_like(tensor, requires_grad=False)
    return seed if loss_scale is None else seed * loss_scale


def backward_from(
    variable: Variable,
    retain_grad: bool,
    enable_double_backprop: bool,
    loss_scale: float | None,
) -> None:
    """What `Variable.backward` does.

    Args:
        variable: Where to start.
        retain_grad: Keep the gradients between.
        enable_double_backprop: Build a graph of the gradients.
        loss_scale: A factor of the first gradient.
    """
    tensor = variable.tensor
    node = variable._node
    if tensor.grad_fn is None or (
        node is not None and node.creator_node is None and node._grad_fn is None
    ):
        # A leaf: there is nothing behind it, and its gradient is what it starts from.
        if variable._grad_tensor() is None and tensor.numel() == 1:
            variable._set_grad_tensor(torch.ones_like(tensor, requires_grad=False))
        return
    seed = _seed_of(variable, loss_scale)
    _protect_exposed()
    if _needs_steps(retain_grad, enable_double_backprop):
        _backward_in_steps([variable], [seed], retain_grad, enable_double_backprop)
    else:
        torch.autograd.backward(tensor, seed, retain_graph=True)
    if not retain_grad:
        variable._own_grad = variable._grad_cache = None


def backward(
    outputs: Sequence[Variable],
    grad_outputs: Sequence[Variable | None] | None = None,
    **kwargs: Any,
) -> None:
    """Runs one backward pass from several variables at once.

    Args:
        outputs: Where to start.
        grad_outputs: Their gradients; None for one that has its :attr:`~Variable.grad` set, or
            is of one element and starts from 1.
        **kwargs: ``enable_double_backprop`` and ``retain_grad``, False by default.

    Raises:
        TypeError: If an argument is no sequence, or an output has nothing to start from.
        ValueError: If there are not as many gradients as outputs.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> x = chainer.Variable(np.ones(2, np.float32))
        >>> chainer.backward([(x * 2)[0], (x * 3)[1]])
        >>> x.grad
        array([2., 3.], dtype=float32)
    """
    double = kwargs.pop("enable_double_backprop", False)
    retain_grad = kwargs.pop("retain_grad", False)
    if kwargs:
        raise TypeError(f"backward() got an unexpected keyword argument {next(iter(kwargs))!r}")
    _check_sequence("outputs", outputs)
    if grad_outputs is not None:
        _check_sequence("grad_outputs", grad_outputs)
        if len(grad_outputs) != len(outputs):
            raise ValueError(f"{len(grad_outputs)} gradients were given for {len(outputs)} outputs")
    given = grad_outputs or [None] * len(outputs)
    seeds = [
        _seed_of(y, None) if g is None else g.tensor for y, g in zip(outputs, given, strict=True)
    ]
    pairs = [(y, g) for y, g in zip(outputs, seeds, strict=True) if y.tensor.grad_fn is not None]
    _protect_exposed()
    if not pairs:
        return
    ys, gys = [y for y, _ in pairs], [g for _, g in pairs]
    if _needs_steps(retain_grad, double):
        _backward_in_steps(ys, gys, retain_grad, double)
    else:
        torch.autograd.backward([y.tensor for y in ys], gys, retain_graph=True)
    if not retain_grad:
        for y in ys:
            y._own_grad = y._grad_cache = None


def _check_sequence(name: str, value: Any) -> None:
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a tuple or a list, not {type(value)}")


class _Sums:
    """The gradients that have arrived so far, by node."""

    def __init__(self, create_graph: bool) -> None:
        self.create_graph = create_graph
        self.grads: dict[VariableNode, torch.Tensor] = {}

    def add(self, node: VariableNode, grad: torch.Tensor) -> None:
        old = self.grads.get(node)
        self.grads[node] = grad if old is None else old + grad

    def pop(self, node: VariableNode | None) -> torch.Tensor | None:
        return None if node is None else self.grads.pop(node, None)


class _Queue:
    """Functions whose turn comes by rank, the highest first, each once."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, FunctionNode]] = []
        self._seen: set[FunctionNode] = set()

    def push(self, function: FunctionNode) -> None:
        if function not in self._seen:
            self._seen.add(function)
            heapq.heappush(self._heap, (-function.rank, len(self._seen), function))

    def __bool__(self) -> bool:
        return bool(self._heap)

    def pop(self) -> FunctionNode:
        return heapq.heappop(self._heap)[2]


def _backward_in_steps(
    outputs: Sequence[Variable],
    seeds: Sequence[torch.Tensor],
    retain_grad: bool,
    create_graph: bool,
) -> None:
    sums = _Sums(create_graph)
    queue = _Queue()
    ends: dict[VariableNode, None] = {}
    for output, seed in zip(outputs, seeds, strict=True):
        _arrive(output.node, seed, sums, queue, ends)
    with torch.set_grad_enabled(create_graph):
        while queue:
            function = queue.pop()
            nodes = [ref() for ref in function.outputs or ()]
            grads = [sums.pop(node) for node in nodes]
            if retain_grad:
                _retain(nodes, grads)
            for node, grad in _through(function, nodes, grads, create_graph):
                if node.requires_grad:
                    _arrive(node, grad, sums, queue, ends)
        for node in ends:
            _deposit(node, sums.grads[node], create_graph)


def _arrive(
    node: VariableNode, grad: torch.Tensor, sums: _Sums, queue: _Queue, ends: dict[Any, None]
) -> None:
    sums.add(node, grad)
    if node.creator_node is None:
        ends[node] = None
    else:
        queue.push(node.creator_node)


def _retain(nodes: Sequence[VariableNode | None], grads: Sequence[torch.Tensor | None]) -> None:
    for node, grad in zip(nodes, grads, strict=True):
        variable = None if node is None else node.get_variable_or_none()
        if variable is not None:
            variable._own_grad = grad
            variable._grad_cache = None


def _through(
    function: FunctionNode,
    outputs: Sequence[VariableNode | None],
    grads: Sequence[torch.Tensor | None],
    create_graph: bool,
) -> list[tuple[VariableNode, torch.Tensor]]:
    """One function's backward pass, with its hooks around it."""
    hooks = [*config._mode.function_hooks.values(), *function.local_function_hooks.values()]
    raw_inputs, raw_grads = (), ()
    if hooks:
        raw_inputs = tuple(node.data for node in function.inputs or ())
        raw_grads = tuple(None if g is None else g.detach().numpy(force=True) for g in grads)
    for hook in hooks:
        hook.backward_preprocess(function, raw_inputs, raw_grads)
    arrived = _differentiate(function, outputs, grads, create_graph)
    if config._mode.debug:
        _check_nan(function, arrived)
    for hook in hooks:
        hook.backward_postprocess(function, raw_inputs, raw_grads)
    return arrived


def _check_nan(function: FunctionNode, arrived: list[tuple[VariableNode, torch.Tensor]]) -> None:
    for _, grad in arrived:
        if grad.is_floating_point() and bool(torch.isnan(grad).any()):
            raise RuntimeError(f"NaN is detected on backward computation of {function.label}")


def _differentiate(
    function: FunctionNode,
    outputs: Sequence[VariableNode | None],
    grads: Sequence[torch.Tensor | None],
    create_graph: bool,
) -> list[tuple[VariableNode, torch.Tensor]]:
    pairs = [
        (node.edge(), grad)
        for node, grad in zip(outputs, grads, strict=True)
        if node is not None and grad is not None
    ]
    ends = [(edge, grad) for edge, grad in pairs if edge is not None]
    # The same variable may stand in several places; its edge gives the sum at once.
    nodes = {node: node.edge() for node in function.inputs or () if node.requires_grad}
    wanted = [(node, edge) for node, edge in nodes.items() if edge is not None]
    if not ends or not wanted:
        return []
    found = torch.autograd.grad(
        [edge for edge, _ in ends],
        [edge for _, edge in wanted],
        [grad for _, grad in ends],
        retain_graph=True,
        create_graph=create_graph,
        allow_unused=True,
    )
    return [(node, grad) for (node, _), grad in zip(wanted, found, strict=True) if grad is not None]


def _deposit(node: VariableNode, grad: torch.Tensor, create_graph: bool) -> None:
    """Adds a gradient to where the record ends: at a leaf, or at a graph that only torch knows."""
    if node.opaque():
        _deposit_behind(node, grad, create_graph)
        return
    variable = node.get_variable_or_none()
    if variable is None:
        return
    old = variable._grad_tensor()
    variable._grad_cache = None
    variable._set_grad_tensor(grad if old is None else old + grad)


def _deposit_behind(node: VariableNode, grad: torch.Tensor, create_graph: bool) -> None:
    """Goes on where only torch knows the graph: to its leaves."""
    edge = node.edge()
    assert edge is not None
    leaves = _leaves_behind(edge.node)
    found = torch.autograd.grad(
        [edge], leaves, [grad], retain_graph=True, create_graph=create_graph, allow_unused=True
    )
    for leaf, extra in zip(leaves, found, strict=True):
        if extra is not None:
            leaf.grad = extra if leaf.grad is None else leaf.grad + extra


def _leaves_behind(grad_fn: Any) -> list[torch.Tensor]:
    leaves: list[torch.Tensor] = []
    seen = {grad_fn}
    todo = [grad_fn]
    while todo:
        function = todo.pop()
        if hasattr(function, "variable"):
            leaves.append(function.variable)
        for behind, _ in function.next_functions:
            if behind is not None and behind not in seen:
                seen.add(behind)
                todo.append(behind)
    return leaves


def unchain_backward(variable: Variable) -> None:
    """What `Variable.unchain_backward` does.

    Args:
        variable: Whose past is cut off.
    """
    if variable.creator_node is None:
        variable.unchain()
        return
    seen: set[FunctionNode] = set()
    todo = [variable.creator_node]
    while todo:
        function = todo.pop()
        if function in seen:
            continue
        seen.add(function)
        for node in function.inputs or ():
            if node.creator_node is not None:
                todo.append(node.creator_node)
            elif node.opaque():
                node.unchain()
        function.unchain()


def grad(
    outputs: Sequence[Variable],
    inputs: Sequence[Variable],
    grad_outputs: Sequence[Variable | None] | None = None,
    grad_inputs: Sequence[Variable | None] | None = None,
    set_grad: bool = False,
    retain_grad: bool = False,
    enable_double_backprop: bool = False,
    loss_scale: float | None = None,
) -> list[Variable | None]:
    """Returns the gradients of variables with respect to others, leaving the rest alone.

    Args:
        outputs: The variables to differentiate.
        inputs: What to differentiate by; leaves or not.
        grad_outputs: The gradients of the outputs; None counts as ones.
        grad_inputs: What to add to the results.
        set_grad: Put the results into the inputs' ``grad``, too.
        retain_grad: Keep the gradients of variables between, too.
        enable_double_backprop: Build a graph of the gradients, to differentiate them.
        loss_scale: A factor of the outputs' gradients.

    Returns:
        For each input its gradient, or None if no output depends on it.

    Raises:
        TypeError: If an argument is no tuple or list.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> x = chainer.Variable(np.array([2.0], np.float32))
        >>> gx, = chainer.grad([x ** 3], [x], enable_double_backprop=True)
        >>> gx
        variable([12.])
    """
    for name, value in (
        ("outputs", outputs),
        ("inputs", inputs),
        ("grad_outputs", grad_outputs),
        ("grad_inputs", grad_inputs),
    ):
        if value is not None or name in ("outputs", "inputs"):
            _check_sequence(name, value)
    seeds = _grad_seeds(outputs, grad_outputs, loss_scale)
    _protect_exposed()
    if _needs_steps(retain_grad):
        found = _grad_in_steps(outputs, inputs, seeds, retain_grad, enable_double_backprop)
    else:
        found = _grad_at_once(outputs, inputs, seeds, enable_double_backprop)
    extra = grad_inputs or [None] * len(inputs)
    return [_finish_grad(x, g, e, set_grad) for x, g, e in zip(inputs, found, extra, strict=True)]


def _grad_seeds(
    outputs: Sequence[Variable],
    grad_outputs: Sequence[Variable | None] | None,
    loss_scale: float | None,
) -> list[torch.Tensor]:
    given = grad_outputs or [None] * len(outputs)
    seeds = [
        torch.ones_like(y.tensor, requires_grad=False) if g is None else g.tensor
        for y, g in zip(outputs, given, strict=True)
    ]
    return seeds if loss_scale is None else [seed * loss_scale for seed in seeds]


def _grad_at_once(
    outputs: Sequence[Variable],
    inputs: Sequence[Variable],
    seeds: Sequence[torch.Tensor],
    create_graph: bool,
) -> list[torch.Tensor | None]:
    ends = [(y.tensor, g) for y, g in zip(outputs, seeds, strict=True) if y.tensor.requires_grad]
    wanted = [x.tensor for x in inputs]
    asked = [t for t in wanted if t.requires_grad]
    if not ends or not asked:
        return [None] * len(inputs)
    found = iter(
        torch.autograd.grad(
            [y for y, _ in ends],
            asked,
            [g for _, g in ends],
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=True,
        )
    )
    return [next(found) if t.requires_grad else None for t in wanted]


def _grad_in_steps(
    outputs: Sequence[Variable],
    inputs: Sequence[Variable],
    seeds: Sequence[torch.Tensor],
    retain_grad: bool,
    create_graph: bool,
) -> list[torch.Tensor | None]:
    sums = _Sums(create_graph)
    queue = _Queue()
    wanted = {x.node for x in inputs}
    results: dict[VariableNode, torch.Tensor | None] = {}
    ends: dict[VariableNode, None] = {}
    for output, seed in zip(outputs, seeds, strict=True):
        _arrive(output.node, seed, sums, queue, ends)
    with torch.set_grad_enabled(create_graph):
        while queue:
            function = queue.pop()
            nodes = [ref() for ref in function.outputs or ()]
            grads = [sums.pop(node) for node in nodes]
            results.update(
                (n, g) for n, g in zip(nodes, grads, strict=True) if n is not None and n in wanted
            )
            if retain_grad:
                _retain(nodes, grads)
            for node, grad_of_node in _through(function, nodes, grads, create_graph):
                if node.requires_grad:
                    _arrive(node, grad_of_node, sums, queue, ends)
    return [results.get(x.node, sums.grads.get(x.node)) for x in inputs]


def _finish_grad(
    x: Variable, found: torch.Tensor | None, extra: Variable | None, set_grad: bool
) -> Variable | None:
    from chainer_compat._variable import as_variable, make_result

    if extra is not None:
        found = extra.tensor if found is None else found + extra.tensor
    if found is None:
        result = None
    else:
        result = make_result(found) if found.requires_grad else as_variable(found, True)
    if set_grad:
        x.grad_var = result
    return result
