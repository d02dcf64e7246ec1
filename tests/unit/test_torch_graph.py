"""Gradients that can be differentiated have creators, which torch's graph tells."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat import Variable
from chainer_compat._torch_graph import TorchFunction
from chainer_compat.computational_graph import build_computational_graph


def variable(name: str) -> Variable:
    return Variable(np.array([1.0, 2.0], np.float32), name=name)


def gradient(y: Variable, *xs: Variable, **options: Any) -> Any:
    found = chainer.grad([y], xs, enable_double_backprop=True, **options)
    return found[0] if len(xs) == 1 else found


def labels(y: Variable) -> list[str]:
    functions = build_computational_graph([y]).nodes
    return sorted(f.label for f in functions if isinstance(f, chainer.FunctionNode))


def test_the_creator_is_what_torch_made_it_by_and_its_inputs_are_the_known_variables() -> None:
    x, w = variable("x"), variable("w")
    gx = gradient(F.sum(x * w), x)

    assert isinstance(gx.creator, TorchFunction)
    assert gx.creator is gx.creator_node
    assert (gx.creator.label, gx.creator._impl_name) == ("Mul", "Mul")
    assert gx.creator.inputs == (w.node,)
    assert gx.creator.outputs[0]() is gx.node
    assert (gx.node.shape, gx.node.dtype) == ((2,), np.float32)


def test_the_graph_goes_on_in_the_record() -> None:
    x, w = variable("x"), variable("w")
    h = x * w
    y = F.sum(F.tanh(h))
    gx = gradient(y, x)

    graph = build_computational_graph([gx])
    assert {x.node, w.node, h.node} <= set(graph.nodes)
    assert labels(gx) == ["Mul", "Tanh", "TanhBackward", "_ * _"]
    assert graph.dump().count("->") == len(graph.edges)


def test_ranks_grow_along_the_graph() -> None:
    x = variable("x")
    y = F.sum(x**3)
    gx = gradient(y, x)
    assert gx.rank > y.rank
    after = gx * 2

    for function in build_computational_graph([after]).nodes:
        if isinstance(function, chainer.FunctionNode):
            ranks = [node.rank for node in function.inputs or ()]
            assert function.rank >= max(ranks, default=0)
    assert gx.rank == gx.creator.rank + 1
    assert after.rank > gx.rank


def test_a_gradient_deep_in_the_graph_has_its_rank() -> None:
    x = variable("x")
    y = x
    for _ in range(3000):
        y = F.sin(y)
    gx = gradient(F.sum(y), x)

    assert gx.creator.rank >= 3000
    assert len(labels(gx)) > 6000


def test_siblings_have_creators_of_their_own_and_second_gradients_too() -> None:
    x, w = variable("x"), variable("w")
    gx, gw = gradient(F.sum(x * x * w), x, w)
    ggx = gradient(F.sum(gx * gw), x)

    assert gx.creator is not gw.creator
    assert ggx.rank > gx.rank
    assert gx.creator in build_computational_graph([ggx]).nodes


def test_unchaining_cuts_the_graph_behind_a_gradient() -> None:
    x, w = variable("x"), variable("w")
    gx = gradient(F.sum(x**2 * w), x)
    penalty = F.sum(gx * w)

    gx.unchain_backward()
    penalty.backward()

    assert (gx.creator, gx.rank) == (None, 0)
    assert not gx.tensor.requires_grad or gx.tensor.is_leaf
    assert x.grad is None
    np.testing.assert_array_equal(w.grad, [2, 8])


def test_a_creator_may_be_set() -> None:
    x = variable("x")
    gx = gradient(F.sum(x**3), x)
    creator = (x * 2).creator_node
    gx.set_creator_node(creator)

    assert gx.creator_node is creator
    assert gx.rank == creator.rank + 1


def test_passed_on_gradients_have_the_creator_that_they_had() -> None:
    x, g = variable("x"), variable("g")
    gy = g * 2
    gx = gradient(x + 1, x, grad_outputs=[gy])

    assert gx.creator is gy.creator
    assert gradient(x + 1, x, grad_outputs=[g]).creator is None


def test_functions_of_users_are_the_creators_of_what_they_made() -> None:
    class Twice(chainer.FunctionNode):
        def forward(self, inputs: Any) -> Any:
            return (inputs[0] * 2,)

        def backward(self, indexes: Any, grads: Any) -> Any:
            return Twice().apply(grads)

    x = variable("x")
    (y,) = Twice().apply((x * x,))
    assert "Twice" in labels(gradient(y, x, grad_outputs=[x * 1]))


def test_a_gradient_left_by_a_backward_pass_has_a_creator() -> None:
    x = variable("x")
    F.sum(x**3).backward(enable_double_backprop=True)

    assert x.grad_var.creator is not None
    assert x.grad_var.rank > 0
    assert x.node in build_computational_graph([x.grad_var]).nodes


def test_hooks_and_backward_passes_see_what_they_saw() -> None:
    seen = []

    class Spy(chainer.FunctionHook):
        def backward_preprocess(self, function: Any, in_data: Any, out_grad: Any) -> None:
            seen.append(function.label)

    x = variable("x")
    gx = gradient(F.sum(x**3), x)
    assert gx.creator is not None
    with Spy():
        F.sum(gx * 2).backward()

    assert seen == ["Sum", "_ * 2"]
    np.testing.assert_array_equal(x.grad, [12, 24])


def test_the_graph_is_freed_with_the_gradient_and_where_it_is_cut() -> None:
    x, w = variable("x"), variable("w")
    nodes = []
    gc.disable()  # references alone have to do it
    try:
        for ask in (False, True):
            y = F.sum(F.tanh(x * w))
            nodes.append(weakref.ref(y.node))
            gx = gradient(y, x)
            assert not ask or labels(gx)
            del y
        gx.unchain()
    finally:
        gc.enable()

    assert [node() for node in nodes] == [None, None]


def test_constants_have_no_creator_and_neither_has_a_gradient_without_double_backprop() -> None:
    x = variable("x")
    (gx,) = chainer.grad([F.sum(x**3)], [x])

    assert (gx.creator, gx.rank) == (None, 0)
    assert gradient(F.sum(x * 3), x).creator is None
