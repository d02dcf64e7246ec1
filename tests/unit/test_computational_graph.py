"""Graphs as text by themselves; tests/parity compares them with Chainer's."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat.computational_graph import (
    ComputationalGraph,
    DotNode,
    build_computational_graph,
)


def variable(name=None):
    return chainer.Variable(np.ones((2, 3), "f"), name=name)


def test_a_variable_by_itself_is_a_graph():
    x = variable("x")

    assert build_computational_graph(x).dump() == (
        f'digraph graphname{{rankdir=TB;{id(x.node)} [label="x: (2, 3), float32",shape="octagon",'
        'fillcolor="#E0E0E0",style="filled"];}'
    )


def test_a_variable_taken_twice_has_one_edge():
    x = variable()
    y = x * x
    graph = build_computational_graph([y], variable_style=None, function_style=None)

    assert len(graph.nodes) == 3
    assert graph.dump().count("->") == 2


def test_only_functions_are_left_on_request():
    x = variable()
    text = build_computational_graph([(x * 2 + x) * 3], remove_variable=True).dump()

    assert "float32" not in text
    assert text.count("->") == 2


def test_the_graph_ends_where_it_was_cut():
    x = variable()
    y = x * 2
    y.unchain()

    assert len(build_computational_graph([y + 1]).nodes) == 3


def test_a_graph_outlives_its_variables():
    y = variable() * 2 + 1

    assert len(build_computational_graph([y]).nodes) == 5


def test_the_same_graph_gives_the_same_text():
    y = variable() * 2 + 1

    assert build_computational_graph([y]).dump() == build_computational_graph([y]).dump()


def test_styles_may_be_given():
    style = {"color": "red"}
    graph = build_computational_graph(
        [variable()], variable_style=style, function_style=style, rankdir="LR", show_name=False
    )

    assert "rankdir=LR;" in graph.dump()
    assert 'shape="oval",color="red"' in graph.dump()


def test_wrong_arguments_are_told():
    y = variable() * 2
    with pytest.raises(ValueError, match="'TB', 'BT', 'LR' or 'RL'"):
        build_computational_graph([y], rankdir="up")
    with pytest.raises(ValueError, match="remove_split"):
        build_computational_graph([y], remove_split=False)
    with pytest.raises(TypeError, match="<class 'int'>"):
        build_computational_graph([y, 1])
    with pytest.raises(NotImplementedError, match="'dot'"):
        build_computational_graph([y]).dump("svg")
    with pytest.raises(TypeError, match="joins a variable and a function"):
        ComputationalGraph([y.node], [(y.node, y.node)]).dump()
    with pytest.raises(AssertionError, match="no node"):
        DotNode(y)


def test_variables_give_their_graph_to_the_extension():
    assert variable()._build_graph(variable_style=None).dump().count("oval") == 1
