"""What made a gradient that can be differentiated: creators read out of torch's graph.

No function of this package made such a gradient, so Chainer's record does not have it; torch's
graph does. Nothing is read before somebody asks for a creator.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Sequence
from typing import Any

import torch

from chainer_compat._graph import VariableNode
from chainer_compat._variable import Variable, make_result
from chainer_compat.function_node import FunctionNode

__all__ = ["GradientNode", "TorchFunction", "as_gradient"]

# A place in torch's graph: a node of it, and the number of one of that node's outputs.
_Place = tuple[Any, int]


class TorchFunction(FunctionNode):
    """A function of torch that took part in computing a gradient.

    Args:
        torch_node: The node of torch's graph.
        graph: Where its inputs are looked up.
    """

    def __init__(self, torch_node: Any, graph: _TorchGraph) -> None:
        self._name = str(torch_node.name())
        self.rank = graph.rank_of(torch_node)
        self.inputs = tuple(graph.variable_at(place) for place in _behind(torch_node))
        self.outputs = ()

    @property
    def label(self) -> str:
        """What torch calls it: ``"Mul"`` for the node ``MulBackward0``."""
        return re.sub(r"Backward\d*$", "", self._name.rpartition("::")[2])

    @property
    def _impl_name(self) -> str:
        return self.label


class GradientNode(VariableNode):
    """The place of a gradient, or of what it was computed from, that only torch's graph has."""

    _torch_graph: _TorchGraph | None = None
    _torch_function: FunctionNode | None = None

    @property
    def creator_node(self) -> FunctionNode | None:
        """The function that made it, as torch's graph tells it."""
        if self._torch_graph is None:
            return self.recorded_creator
        if self._torch_function is None:
            self._torch_function = self._torch_graph.creator_of(self)
        return self._torch_function

    @creator_node.setter
    def creator_node(self, creator_node: FunctionNode | None) -> None:
        self._torch_graph = self._torch_function = None
        self._origin = None
        self._creator_node = creator_node


class _TorchGraph:
    """What lies behind gradients, down to variables that the record knows.

    Args:
        starts: Where the record begins.
    """

    def __init__(self, starts: Sequence[VariableNode]) -> None:
        self._starts = starts
        self._known: dict[_Place, VariableNode] | None = None
        self._ranks: dict[Any, int] = {}
        self._functions: weakref.WeakValueDictionary[Any, TorchFunction] = (
            weakref.WeakValueDictionary()
        )
        self._variables: weakref.WeakValueDictionary[_Place, VariableNode] = (
            weakref.WeakValueDictionary()
        )

    @property
    def known(self) -> dict[_Place, VariableNode]:
        """The variables of the record by their places, once somebody has asked."""
        if self._known is None:
            self._known = {}
            todo = list(self._starts)
            seen: set[VariableNode] = set()
            while todo:
                node = todo.pop()
                if node in seen:
                    continue
                seen.add(node)
                edge = node.edge()
                if edge is not None:
                    self._known[edge.node, edge.output_nr] = node
                creator = node.recorded_creator
                if creator is not None:
                    todo.extend(creator.inputs or ())
        return self._known

    def creator_of(self, node: GradientNode) -> FunctionNode | None:
        """The function that made a variable: of the record if it knows the place, else torch's."""
        torch_node = node._grad_fn
        known = self.known.get((torch_node, node._output_nr))
        if known is not None and known is not node:
            return known.creator_node
        of_a_user = getattr(torch_node, "node", None)
        if isinstance(of_a_user, FunctionNode):
            return of_a_user
        function = self._functions.get(torch_node)
        if function is None:
            function = self._functions[torch_node] = TorchFunction(torch_node, self)
        function.outputs = (*(function.outputs or ()), weakref.ref(node))
        node.rank = max(node.rank, function.rank + 1)
        return function

    def variable_at(self, place: _Place) -> VariableNode:
        """The variable at a place: the record's if it is known, else one that stands for it."""
        node = self.known.get(place) or self._variables.get(place)
        if node is None:
            torch_node, output_nr = place
            if hasattr(torch_node, "variable"):
                node = VariableNode(None, torch_node.variable, requires_grad=True)
            else:
                node = _at(torch_node, output_nr, self)
                node.rank = self.rank_of(torch_node) + 1
            self._variables[place] = node
        return node

    def rank_of(self, torch_node: Any) -> int:
        """The number of functions on the longest way to a function."""
        ranks, known = self._ranks, self.known
        todo = [torch_node]
        while todo:
            behind = _behind(todo[-1])
            unknown = [
                node
                for node, output_nr in behind
                if node not in ranks and (node, output_nr) not in known
            ]
            if unknown:
                leaves = [node for node in unknown if hasattr(node, "variable")]
                ranks.update(dict.fromkeys(leaves, -1))
                todo.extend(node for node in unknown if node not in ranks)
                continue
            ranks[todo.pop()] = max(
                (known[p].rank if p in known else ranks[p[0]] + 1 for p in behind), default=0
            )
        return ranks[torch_node]


def _behind(torch_node: Any) -> list[_Place]:
    return [place for place in torch_node.next_functions if place[0] is not None]


def _at(torch_node: Any, output_nr: int, graph: _TorchGraph) -> GradientNode:
    node = GradientNode(None, None, requires_grad=True)
    node._grad_fn, node._output_nr = torch_node, output_nr
    node._torch_graph = graph
    return node


def as_gradient(gradient: torch.Tensor, of: Sequence[VariableNode]) -> Variable:
    """Returns a gradient as a variable; its creator is found in torch's graph if asked for.

    Args:
        gradient: The gradient, which requires grad itself.
        of: The variables of the record behind which what it was computed from is looked up.
    """
    variable = make_result(gradient)
    if gradient.grad_fn is not None:
        variable._node = node = _at(gradient.grad_fn, gradient.output_nr, _TorchGraph(of))
        node._variable = weakref.ref(variable)
        # Above all that it can have been computed from.
        node.rank = 1 + max((start.rank for start in of), default=0)
    return variable
