"""Graphs of functions and variables as text (Chainer: *chainer.computational_graph*)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainer_compat._graph import VariableNode
from chainer_compat.errors import (
    InvalidArgumentError,
    InvalidArgumentTypeError,
    NotSupportedError,
    UnexpectedArrayError,
)
from chainer_compat.function_node import FunctionNode
from chainer_compat.variable import Variable

__all__ = ["ComputationalGraph", "DotNode", "build_computational_graph"]

_VARIABLE_STYLE = {"shape": "octagon", "fillcolor": "#E0E0E0", "style": "filled"}
_FUNCTION_STYLE = {"shape": "record", "fillcolor": "#6495ED", "style": "filled"}


class DotNode:
    """A node of a graph in the language of Graphviz.

    Args:
        node: The node of a variable or of a function.
        attribute: How it is drawn, over the defaults.
        show_name: Whether a variable's name is shown.

    Attributes:
        node: The node.
        id_: Its number in the text.
        attribute: How it is drawn.
    """

    def __init__(
        self, node: Any, attribute: dict[str, str] | None = None, show_name: bool = True
    ) -> None:
        if not isinstance(node, (VariableNode, FunctionNode)):
            raise UnexpectedArrayError(f"{node!r} is no node of a variable or of a function")
        self.node = node
        self.id_ = id(node)
        label, shape = node.label, "box"
        if isinstance(node, VariableNode):
            shape = "oval"
            if show_name and node.name is not None:
                label = f"{node.name}: {label}"
        self.attribute = {"label": label, "shape": shape, **(attribute or {})}

    @property
    def label(self) -> str:
        """The node's line."""
        attributes = ",".join(f'{key}="{value}"' for key, value in self.attribute.items())
        return f"{self.id_} [{attributes}];"


class ComputationalGraph:
    """A graph of functions and variables.

    Args:
        nodes: The nodes of variables and functions.
        edges: Pairs of nodes.
        variable_style: How variables are drawn, attributes of Graphviz; ``'default'`` for grey
            octagons, None for plain ovals.
        function_style: How functions are drawn; ``'default'`` for blue records, None for plain
            boxes.
        rankdir: The direction: ``'TB'`` from top to bottom, ``'BT'``, ``'LR'`` or ``'RL'``.
        remove_variable: Whether only functions are drawn.
        show_name: Whether the names of variables are shown.

    Raises:
        ValueError: If there is no such direction.
    """

    def __init__(
        self,
        nodes: Iterable[Any],
        edges: Iterable[tuple[Any, Any]],
        variable_style: Any = "default",
        function_style: Any = "default",
        rankdir: str = "TB",
        remove_variable: bool = False,
        show_name: bool = True,
    ) -> None:
        if rankdir not in ("TB", "BT", "LR", "RL"):
            raise InvalidArgumentError(f"rankdir is 'TB', 'BT', 'LR' or 'RL'; got {rankdir!r}")
        self.nodes = nodes
        self.edges = edges
        self.variable_style = _style(variable_style, _VARIABLE_STYLE)
        self.function_style = _style(function_style, _FUNCTION_STYLE)
        self.rankdir = rankdir
        self.remove_variable = remove_variable
        self.show_name = show_name

    def dump(self, format: str = "dot") -> str:
        """Returns the graph as text.

        Args:
            format: ``'dot'``, the language of Graphviz.

        Raises:
            NotImplementedError: If another format is asked for.
            TypeError: If an edge does not join a variable and a function.
        """
        if format != "dot":
            raise NotSupportedError(f"only the format 'dot' is supported; got {format!r}")
        nodes, edges = list(self.nodes), list(self.edges)
        if self.remove_variable:
            nodes = [node for node in nodes if isinstance(node, FunctionNode)]
            edges = _between_functions(edges)
        elif any(isinstance(a, VariableNode) == isinstance(b, VariableNode) for a, b in edges):
            raise InvalidArgumentTypeError("an edge joins a variable and a function")
        lines = [self._dot_node(node) for node in nodes]
        # The same pair once, however often the function takes the variable.
        lines += [f"{id(a)} -> {id(b)};" for a, b in dict.fromkeys(edges)]
        return f"digraph graphname{{rankdir={self.rankdir};{''.join(lines)}}}"

    def _dot_node(self, node: Any) -> str:
        is_variable = isinstance(node, VariableNode)
        style = self.variable_style if is_variable else self.function_style
        return DotNode(node, style, self.show_name).label


def _style(style: Any, default: dict[str, str]) -> dict[str, str]:
    if style is None:
        return {}
    return dict(default) if style == "default" else style


def _between_functions(edges: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """From each function to those that take what it makes."""
    return [
        (taken.creator_node, function)
        for taken, function in edges
        if isinstance(taken, VariableNode) and taken.creator_node is not None
    ]


def build_computational_graph(
    outputs: Any,
    remove_split: bool = True,
    variable_style: Any = "default",
    function_style: Any = "default",
    rankdir: str = "TB",
    remove_variable: bool = False,
    show_name: bool = True,
) -> ComputationalGraph:
    """Returns the graph of all that outputs were made from.

    Args:
        outputs: Variables, their nodes or function nodes; one or a sequence.
        remove_split: True.
        variable_style: How variables are drawn; see :class:`ComputationalGraph`.
        function_style: How functions are drawn.
        rankdir: The direction.
        remove_variable: Whether only functions are drawn.
        show_name: Whether the names of variables are shown.

    Raises:
        ValueError: If ``remove_split`` is False.
        TypeError: If an output is something else.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> x = chainer.Variable(np.ones(3, np.float32), name='x')
        >>> graph = chainer.computational_graph.build_computational_graph(x * 2)
        >>> sorted(node.label for node in graph.nodes)
        ['(3), float32', '(3), float32', '_ * 2']
        >>> graph.dump().startswith('digraph graphname{rankdir=TB;')
        True
    """
    if not remove_split:
        raise InvalidArgumentError("remove_split=False is not supported anymore")
    kinds = (Variable, VariableNode, FunctionNode)
    given = [outputs] if isinstance(outputs, kinds) else list(outputs)
    for output in given:
        if not isinstance(output, kinds):
            raise InvalidArgumentTypeError(
                f"an output is a Variable, a VariableNode or a FunctionNode; got {type(output)}"
            )
    nodes, edges = _reachable([o.node if isinstance(o, Variable) else o for o in given])
    return ComputationalGraph(
        nodes, edges, variable_style, function_style, rankdir, remove_variable, show_name
    )


def _reachable(starts: list[Any]) -> tuple[list[Any], list[tuple[Any, Any]]]:
    # Dictionaries as ordered sets: the same graph gives the same text.
    nodes: dict[Any, None] = dict.fromkeys(starts)
    edges: dict[tuple[Any, Any], None] = {}
    left = list(nodes)
    while left:
        node = left.pop()
        for before in _sources(node):
            edges[before, node] = None
            if before not in nodes:
                nodes[before] = None
                left.append(before)
    return list(nodes), list(edges)


def _sources(node: Any) -> tuple[Any, ...]:
    if isinstance(node, FunctionNode):
        return tuple(node.inputs or ())
    return () if node.creator_node is None else (node.creator_node,)
