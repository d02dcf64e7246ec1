"""The straight way through the boundary gives what the way for everything gives."""

from __future__ import annotations

import inspect
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import chainer_compat as chainer
from chainer_compat import Parameter, Variable
from chainer_compat.functions import _boundary
from chainer_compat.functions._boundary import function
from chainer_compat.functions._calls import write_call
from chainer_compat.utils.type_check import InvalidType, fail


def _check(x: Tensor, y: Tensor | None, z: Tensor | None, factor: float, *, plus: float) -> None:
    if x.ndim == 3:
        fail("x.ndim < 3", "3 >= 3")


@function("Mixed", label="mixed by {factor}", check=_check)
def mixed(
    x: Tensor, y: Tensor | None = None, z: Tensor | None = None, factor: float = 2, *, plus: float
) -> Tensor:
    """Mixes."""
    total = x * factor + plus
    for other in (y, z):
        if other is not None:
            total = total + other
    return total


@function("Perhaps")
def perhaps(x: Tensor | None, shape: tuple[int, ...]) -> Tensor:
    """Passes on, or makes up."""
    return torch.zeros(shape) if x is None else x * 1


X = np.array([1, 2], np.float32)


def by_the_long_way(*args: Any, factor: float = 2, plus: float = 1) -> Any:
    return _boundary.apply(mixed.node, (*args, None, None)[:3], factor, plus)


def described(y: Variable) -> list[Any]:
    """All that a graph shows of a variable and of the function that made it."""
    creator = y.creator_node
    shown: list[Any] = [y.array.tolist(), y.rank, y.requires_grad, y.node.label, y.node.shape]
    if creator is not None:
        assert creator.outputs is not None
        assert creator.outputs[0]() is y.node
        inputs = creator.inputs or ()
        shown += [type(creator), creator.label, creator.rank, inputs, y.node.requires_grad]
    return shown


x, w, b = Variable(X), Parameter(X), Variable(X, requires_grad=False)
DEEP = x * 2 + 1


@pytest.mark.parametrize(
    "args",
    [
        (x,),
        (x, w),
        (x, None, b),
        (b, w, x),
        (w, DEEP),
        (DEEP, w, DEEP),
        (b, b, b),
        (b,),
        (Variable(np.array([1, 2], np.int32)), x),
    ],
)
@pytest.mark.parametrize("keeps", [True, False])
def test_both_ways_give_the_same_variable_in_the_same_graph(
    args: tuple[Any, ...], keeps: bool
) -> None:
    with chainer.using_config("enable_backprop", keeps):
        straight, around = mixed(*args, plus=1), by_the_long_way(*args)

    assert described(straight) == described(around)
    assert (straight.creator is not None) == keeps
    assert type(straight) is Variable


def test_options_are_the_creator_s() -> None:
    creator = mixed(x, w, None, 5, plus=0).creator

    assert (creator.label, creator.factor, creator.plus) == ("mixed by 5", 5, 0)


def test_the_creator_is_one_object_and_knows_the_nodes_of_its_inputs() -> None:
    y = mixed(x, None, w, plus=1)

    assert y.creator is y.creator
    assert y.creator.inputs == (x.node, w.node)


@pytest.mark.parametrize("other", [X, torch.from_numpy(X), None, 3, [1.0, 2.0]])
def test_what_is_no_variable_goes_the_long_way(other: Any) -> None:
    if other is None or hasattr(other, "dtype"):
        assert mixed(x, other, plus=1).array.tolist() == by_the_long_way(x, other).array.tolist()
    else:
        with pytest.raises(TypeError, match="the inputs of Mixed must be"):
            mixed(x, other, plus=1)


def test_an_array_may_enter_in_a_way_of_its_own_and_the_graph_shows_what_it_was() -> None:
    @function("Entered", enters={"y": lambda array: torch.from_numpy(array.astype(np.int64))})
    def entered(x: Tensor, y: Tensor) -> Tensor:
        return x * (y.dtype is torch.int64)

    ints = np.array([1, 2], np.int32)
    y = entered(x, ints)

    assert y.array.tolist() == [1, 2]
    assert y.creator.inputs[1].dtype == np.int32
    assert y.creator.inputs[1].shape == (2,)
    assert entered(x, Variable(ints)).array.tolist() == [0, 0]
    assert entered(ints, torch.from_numpy(ints)).array.tolist() == [0, 0]


def test_a_raw_array_of_foreign_byte_order_shows_its_dtype() -> None:
    y = mixed(x, X.astype(">f4"), plus=1)

    assert y.creator.inputs[1].dtype == np.float32


def test_the_only_input_may_be_missing() -> None:
    assert perhaps(None, (2,)).array.tolist() == [0, 0]
    assert perhaps(x, (2,)).creator.inputs == (x.node,)


def test_a_failed_check_is_labelled_and_can_be_switched_off() -> None:
    cube = Variable(np.ones((1, 1, 1), np.float32))

    with pytest.raises(InvalidType, match="mixed by 7"):
        mixed(cube, factor=7, plus=1)
    with chainer.using_config("type_check", False):
        assert mixed(cube, factor=7, plus=1).shape == (1, 1, 1)


def test_devices_that_differ_are_told() -> None:
    with pytest.raises(TypeError, match="Mixed are on different devices: cpu, meta"):
        mixed(Variable(torch.zeros(2, device="meta")), x, plus=1)


@pytest.mark.parametrize("keeps", [True, False])
def test_torch_s_mode_is_what_it_was_also_after_an_error(keeps: bool) -> None:
    with chainer.using_config("enable_backprop", keeps), torch.no_grad():
        assert not mixed(x, plus=1).tensor.requires_grad
        assert not torch.is_grad_enabled()
    with chainer.using_config("enable_backprop", keeps):
        with pytest.raises(RuntimeError):
            mixed(x, Variable(np.ones(3, np.float32)), plus=1)
        assert torch.is_grad_enabled()


def test_an_input_that_is_passed_on_is_the_very_variable() -> None:
    @function("Either")
    def either(x: Tensor, y: Tensor, second: bool) -> Tensor:
        return y if second else x

    for keeps in (True, False):
        with chainer.using_config("enable_backprop", keeps):
            assert either(x, w, False) is x
            assert either(x, w, True) is w


def test_several_results_of_variables_have_one_creator() -> None:
    @function("Twice")
    def twice(x: Tensor) -> tuple[Tensor, Tensor]:
        return x * 1, x * 2

    first, second = twice(x)
    assert first.creator is second.creator
    assert first.creator.inputs == (x.node,)
    with chainer.no_backprop_mode():
        assert [y.creator for y in twice(x)] == [None, None]


def test_a_variable_made_without_backprop_becomes_a_leaf_with_it() -> None:
    with chainer.no_backprop_mode():
        y = mixed(mixed(x, plus=0), plus=0)
    mixed(y, plus=0).creator.unchain()
    z = mixed(y, plus=0)
    z.grad = np.ones(2, np.float32)
    z.backward()
    np.testing.assert_array_equal(y.grad, [2, 2])


def test_the_graph_keeps_no_array_that_torch_does_not_need() -> None:
    y = mixed(x, plus=1)
    array, seen = weakref.ref(y.array), y.node
    z = mixed(y, plus=1)
    del y

    assert seen.get_variable_or_none() is None
    assert seen.data is None
    assert array() is None
    assert (seen.shape, seen.dtype, seen.label) == ((2,), np.float32, "(2), float32")
    assert z.creator.inputs == (seen,)


def test_the_written_source_is_a_function_of_its_parameters() -> None:
    parameters = list(inspect.signature(mixed.body).parameters.values())

    source = write_call("call", "x, y, z, factor, *, plus", "", parameters, has_check=False)
    assert source.startswith("def call(x, y, z, factor, *, plus):\n")
    assert "_check(" not in source
    assert "_check(tensor_x, tensor_y, tensor_z, factor, plus=plus)" in write_call(
        "call", "x, y, z, factor, *, plus", "", parameters, has_check=True
    )
    compile(source, "<test>", "exec")
