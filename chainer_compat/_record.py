"""The part of Chainer's record behind some variables, and how a backward pass is watched by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from chainer_compat._graph import VariableNode, is_cut
from chainer_compat.backends import _crossing
from chainer_compat.configuration import _this_thread

if TYPE_CHECKING:
    from chainer_compat.function_node import FunctionNode

__all__ = ["Record", "observe"]


class Record:
    """What lies behind some variables, down to where the record ends.

    Args:
        functions: The functions, from the highest rank down.
        ends: The variables that no function made: leaves, and where the graph was cut.
        between: The variables that functions made.
        opaque: The variables that something unknown to the record made.
    """

    def __init__(
        self,
        functions: list[FunctionNode],
        ends: list[VariableNode],
        between: list[VariableNode],
        opaque: list[VariableNode],
    ) -> None:
        self.functions = functions
        self.ends = ends
        self.between = between
        self.opaque = opaque

    @classmethod
    def behind(cls, nodes: Sequence[VariableNode]) -> Record:
        """Walks back from variables.

        Args:
            nodes: The variables' nodes.
        """
        functions: dict[FunctionNode, None] = {}
        seen: dict[VariableNode, None] = {}
        todo = [node for node in nodes if node.requires_grad]
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen[node] = None
            function = node.recorded_creator
            if function is not None and function not in functions:
                functions[function] = None
                todo.extend(n for n in function.inputs or () if n.requires_grad)
        made = [node for node in seen if node.recorded_creator is not None]
        rest = [node for node in seen if node.recorded_creator is None]
        return cls(
            sorted(functions, key=lambda f: f.rank, reverse=True),
            [node for node in rest if not node.opaque()],
            made,
            [node for node in rest if node.opaque()],
        )

    def foreign_leaves(self) -> list[torch.Tensor]:
        """Returns torch's leaves behind what only torch knows."""
        starts = [node.edge().node for node in self.opaque]  # type: ignore[union-attr]  # opaque: has one
        leaves: list[torch.Tensor] = []
        seen = set(starts)
        todo = list(starts)
        while todo:
            function = todo.pop()
            if hasattr(function, "variable"):
                leaves.append(function.variable)
            for behind, _ in function.next_functions:
                if behind is not None and behind not in seen:
                    seen.add(behind)
                    todo.append(behind)
        known = {id(node.leaf) for node in self.ends if node.leaf is not None}
        return [leaf for leaf in leaves if id(leaf) not in known]


@contextmanager
def observe(record: Record) -> Iterator[None]:
    """While it is entered, a pass of torch's engine stops at cuts and calls function hooks.

    Args:
        record: What the pass goes through.
    """
    handles = [_stop_at(node) for node in record.ends if is_cut(node)]
    common = list(_this_thread.mode.function_hooks.values())
    for function in record.functions:
        hooks = [*common, *function.local_function_hooks.values()]
        if hooks:
            handles.extend(_call_hooks_of(function, hooks))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _stop_at(node: VariableNode) -> Any:
    """Lets nothing flow on behind a cut; what arrives there was taken down before."""
    torch_node, position = node._grad_fn, node._output_nr

    def stop(grads: tuple[torch.Tensor | None, ...]) -> tuple[torch.Tensor | None, ...]:
        return tuple(
            torch.zeros_like(g) if i == position and g is not None else g
            for i, g in enumerate(grads)
        )

    return torch_node.register_prehook(stop)


def _call_hooks_of(function: FunctionNode, hooks: list[Any]) -> list[Any]:
    """Calls hooks when the first of a function's torch nodes begins and when the last ends."""
    inside = _torch_nodes_of(function)
    waiting = len(inside)
    begun = False
    data: tuple[Any, ...] = ()
    grads_of_outputs: tuple[Any, ...] = ()

    def begin(grads: tuple[torch.Tensor | None, ...]) -> None:
        nonlocal begun, data, grads_of_outputs
        if begun:
            return
        begun = True
        data = tuple(node.data for node in function.inputs or ())
        grads_of_outputs = tuple(
            None if g is None else _crossing.as_raw(g) for g in grads[: len(function.outputs or ())]
        )
        for hook in hooks:
            hook.backward_preprocess(function, data, grads_of_outputs)

    def end(*_: Any) -> None:
        nonlocal waiting
        waiting -= 1
        if waiting == 0:
            for hook in hooks:
                hook.backward_postprocess(function, data, grads_of_outputs)

    handles = [node.register_prehook(begin) for node in inside]
    return handles + [node.register_hook(end) for node in inside]


def _torch_nodes_of(function: FunctionNode) -> list[Any]:
    """The nodes of torch's graph between a function's outputs and its inputs."""
    borders = {node._grad_fn for node in function.inputs or ()}
    outputs = (ref() for ref in function.outputs or ())
    todo = [node._grad_fn for node in outputs if node is not None and node._grad_fn is not None]
    inside: dict[Any, None] = {}
    while todo:
        torch_node = todo.pop()
        if torch_node in inside or torch_node in borders or hasattr(torch_node, "variable"):
            continue
        inside[torch_node] = None
        todo.extend(behind for behind, _ in torch_node.next_functions if behind is not None)
    return list(inside)
