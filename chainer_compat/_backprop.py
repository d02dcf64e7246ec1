"""Backward passes: always one call of torch's engine.

Chainer's record stands beside it where that says more than torch's graph: hooks, kept gradients,
cut graphs, debug mode.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.graph import get_gradient_edge

from chainer_compat import _graph
from chainer_compat._record import Record, observe
from chainer_compat.configuration import _this_thread

if TYPE_CHECKING:
    from chainer_compat._graph import VariableNode
    from chainer_compat._variable import Variable
    from chainer_compat.function_node import FunctionNode

__all__ = ["backward", "backward_from", "grad", "grad_was_exposed", "unchain_backward"]

# Variables whose gradient was handed out as a raw array. torch adds to a gradient in place, while
# Chainer makes a new array, so that the one handed out stays as it was.
_exposed: list[weakref.ref[Variable]] = []

_Tensor = torch.Tensor
_engine: Any = torch.autograd.Variable._execution_engine
# Inside torch.func's transformations, where torch's own backward has the say.
_is_transformed: Any = torch._C._are_functorch_transforms_active

# Whether any function has a hook of its own: then every backward pass goes step by step.
_local_hooks_in_use = False

# Whether any backward pass was ever scaled: only then do optimizers ask parameters for it.
_loss_scales_in_use = False


def local_hook_seen() -> None:
    """Notes that a function has a hook of its own."""
    global _local_hooks_in_use  # noqa: PLW0603 -- a switch of the process, hardly ever on
    _local_hooks_in_use = True


def local_hooks_in_use() -> bool:
    """Whether any function ever got a hook of its own."""
    return _local_hooks_in_use


def loss_scale_seen() -> None:
    """Notes that a backward pass was scaled."""
    global _loss_scales_in_use  # noqa: PLW0603 -- a switch of the process, for float16 training
    _loss_scales_in_use = True


def loss_scales_in_use() -> bool:
    """Whether any backward pass was ever scaled."""
    return _loss_scales_in_use


def _note_loss_scale(variable: Variable, loss_scale: float | None) -> None:
    """Notes the scale at each leaf, where optimizers take it out again."""
    loss_scale_seen()
    seen: set[FunctionNode] = set()
    todo = [variable.node.recorded_creator]
    while todo:
        function = todo.pop()
        if function is None or function in seen:
            continue
        seen.add(function)
        for node in function.inputs or ():
            creator = node.recorded_creator
            leaf = node.get_variable_or_none() if creator is None else None
            if leaf is not None:
                leaf._loss_scale = loss_scale
            todo.append(creator)


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
        if variable._tensor is not None and variable._tensor.grad_fn is not None:
            continue  # torch adds to the gradients of leaves only
        tensor, _ = variable._grad_cache
        if sys.getrefcount(variable._grad_cache[1]) > held_by_us and (
            variable._grad_tensor() is tensor
        ):
            variable._set_grad_tensor(tensor.clone())
        variable._grad_cache = None


def _needs_record(retain_grad: bool, create_graph: bool = False) -> bool:
    mode = _this_thread.mode
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
        node is not None and node._grad_fn is None and node.creator_node is None
    ):
        # A leaf: there is nothing behind it, and its gradient is what it starts from.
        if variable._grad_tensor() is None and tensor.numel() == 1:
            variable._set_grad_tensor(torch.ones_like(tensor, requires_grad=False))
        return
    seed = _seed_of(variable, loss_scale)
    _protect_exposed()
    if loss_scale is not None or _loss_scales_in_use:
        _note_loss_scale(variable, loss_scale)
    if _needs_record(retain_grad, enable_double_backprop) and not _is_transformed():
        _run_observed([variable], [seed], retain_grad, enable_double_backprop).deposit()
    else:
        _accumulate((tensor,), (seed,))
    if not retain_grad:
        variable._own_grad = variable._grad_cache = None


def _accumulate(tensors: tuple[torch.Tensor, ...], seeds: tuple[torch.Tensor, ...]) -> None:
    """Adds to the gradients of all leaves; the graph is kept."""
    for tensor, seed in zip(tensors, seeds, strict=True):
        if type(tensor) is not _Tensor or tensor.shape != seed.shape or not tensor.is_cpu:
            break
    else:
        has_devices = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]  # torch's
        if not (has_devices or _is_transformed()):
            # What `torch.autograd.backward` ends in. Its questions, answered here already, cost
            # as much as a function of a hundred thousand elements; its context, which compiled
            # functions look for, goes to the threads of other devices.
            _engine.run_backward(
                tensors, seeds, True, False, (), allow_unreachable=True, accumulate_grad=True
            )
            return
    torch.autograd.backward(tensors, seeds, retain_graph=True)


def backward(
    outputs: Sequence[Variable],
    grad_outputs: Sequence[Variable | None] | None = None,
    **kwargs: Any,
) -> None:
    """Runs one backward pass from several variables at once.

    Args:
        outputs: Where to start.
        grad_outputs: Their gradients; their :attr:`~Variable.grad` if not given. An output
            without one is passed over, also if it is of one element.
        **kwargs: ``enable_double_backprop`` and ``retain_grad``, False by default.

    Raises:
        TypeError: If an argument is no tuple or list.
        ValueError: If there are not as many gradients as outputs.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> x = chainer.Variable(np.ones(2, np.float32))
        >>> g = chainer.Variable(np.ones(2, np.float32))
        >>> chainer.backward([x * 2, x * 3], [g, g])
        >>> x.grad
        array([5., 5.], dtype=float32)
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
    pairs = _starts(outputs, grad_outputs)
    _protect_exposed()
    if pairs:
        ys, gys = [y for y, _ in pairs], [g for _, g in pairs]
        if _needs_record(retain_grad, double) and not _is_transformed():
            _run_observed(ys, gys, retain_grad, double).deposit()
        else:
            _accumulate(tuple(y.tensor for y in ys), tuple(gys))
    if grad_outputs is None and not retain_grad:
        for y, _ in pairs:
            y._own_grad = y._grad_cache = None


def _starts(
    outputs: Sequence[Variable], grad_outputs: Sequence[Variable | None] | None
) -> list[tuple[Variable, torch.Tensor]]:
    """The outputs that have a gradient to start from; one without any is passed over."""
    if grad_outputs is None:
        given = [y._own_grad for y in outputs]
    else:
        given = [None if g is None else g.tensor for g in grad_outputs]
    return [
        (y, g)
        for y, g in zip(outputs, given, strict=True)
        if g is not None and y.tensor.requires_grad
    ]


def _check_sequence(name: str, value: Any) -> None:
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a tuple or a list, not {type(value)}")


def _run_observed(
    outputs: Sequence[Variable],
    seeds: Sequence[torch.Tensor],
    retain_grad: bool,
    create_graph: bool,
    wanted: Sequence[VariableNode] = (),
) -> _Found:
    """One call of torch's engine that looks at everything the record asks for."""
    record = Record.behind([y.node for y in outputs])
    nodes = dict.fromkeys([*wanted, *(record.ends if not wanted else ())])
    if retain_grad or _this_thread.mode.debug:
        nodes.update(dict.fromkeys(record.between))
    edges = {node: node.edge() for node in nodes}
    foreign = [] if wanted else record.foreign_leaves()
    places = [node for node, edge in edges.items() if edge is not None]
    with observe(record):
        grads = _differentiate(
            [y.tensor for y in outputs],
            [edges[node] for node in places] + [get_gradient_edge(leaf) for leaf in foreign],
            seeds,
            create_graph,
        )
    by_node = dict(zip(places, grads, strict=False))
    found = _Found(record, by_node, list(zip(foreign, grads[len(places) :], strict=True)))
    if _this_thread.mode.debug:
        found.check_nan()
    if retain_grad:
        for node in (*record.between, *(y.node for y in outputs)):
            _retain(node, by_node.get(node))
        for y, seed in zip(outputs, seeds, strict=True):
            if y.node not in by_node:
                _retain(y.node, seed)
    return found


def _differentiate(
    tensors: Sequence[torch.Tensor],
    places: Sequence[Any],
    seeds: Sequence[torch.Tensor],
    create_graph: bool,
) -> tuple[torch.Tensor | None, ...]:
    ends = [(t, g) for t, g in zip(tensors, seeds, strict=True) if t.requires_grad]
    if not ends or not places:
        return (None,) * len(places)
    return torch.autograd.grad(
        [t for t, _ in ends],
        places,
        [g for _, g in ends],
        retain_graph=True,
        create_graph=create_graph,
        allow_unused=True,
    )


class _Found:
    """The gradients that a backward pass has found, not yet put anywhere."""

    def __init__(
        self,
        record: Record,
        by_node: dict[VariableNode, torch.Tensor | None],
        foreign: list[tuple[torch.Tensor, torch.Tensor | None]],
    ) -> None:
        self.record = record
        self.by_node = by_node
        self.foreign = foreign

    def check_nan(self) -> None:
        """Raises if a function's backward pass gave NaN, naming the first one that did."""
        for function in self.record.functions:
            for node in function.inputs or ():
                grad = self.by_node.get(node)
                if grad is not None and bool(torch.isnan(grad).any()):
                    raise RuntimeError(
                        f"NaN is detected on backward computation of {function.label}"
                    )

    def deposit(self) -> None:
        """Adds the gradients to those of the leaves."""
        for node in self.record.ends:
            grad = self.by_node.get(node)
            variable = node.get_variable_or_none()
            if grad is None or variable is None:
                continue
            old = variable._grad_tensor()
            variable._grad_cache = None
            variable._set_grad_tensor(_own(grad) if old is None else old + grad)
        for leaf, grad in self.foreign:
            if grad is not None:
                leaf.grad = _own(grad) if leaf.grad is None else leaf.grad + grad


def _own(grad: torch.Tensor) -> torch.Tensor:
    """A gradient with memory of its own: torch shares one among leaves, and repeats elements."""
    return grad.clone(memory_format=torch.contiguous_format)


def _retain(node: VariableNode, grad: torch.Tensor | None) -> None:
    variable = node.get_variable_or_none()
    if variable is not None and grad is not None:
        variable._grad_cache = None
        variable._set_grad_tensor(_own(grad))


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
    wanted = [x.node for x in inputs]
    if _needs_record(retain_grad):
        by_node = _run_observed(outputs, seeds, retain_grad, enable_double_backprop, wanted).by_node
        found = [by_node.get(node) for node in wanted]
    else:
        found = _grad_at_once(outputs, inputs, seeds, enable_double_backprop)
    extra = grad_inputs or [None] * len(inputs)
    behind = []
    if enable_double_backprop:
        behind = [v.node for v in (*outputs, *(grad_outputs or ())) if v is not None]
    return [
        _finish_grad(x, g, e, set_grad, behind)
        for x, g, e in zip(inputs, found, extra, strict=True)
    ]


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
    wanted = [x.tensor for x in inputs]
    asked = [t for t in wanted if t.requires_grad]
    found = iter(_differentiate([y.tensor for y in outputs], asked, seeds, create_graph))
    return [next(found) if t.requires_grad else None for t in wanted]


def _finish_grad(
    x: Variable,
    found: torch.Tensor | None,
    extra: Variable | None,
    set_grad: bool,
    behind: Sequence[VariableNode],
) -> Variable | None:
    from chainer_compat._torch_graph import as_gradient
    from chainer_compat._variable import as_variable

    if extra is not None:
        found = extra.tensor if found is None else found + extra.tensor
    if found is None:
        result = None
    else:
        result = as_gradient(found, behind) if found.requires_grad else as_variable(found, True)
    if set_grad:
        x.grad_var = result
    return result
