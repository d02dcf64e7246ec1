"""The one boundary around every function."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat import Parameter, Variable
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import InvalidType, fail


@function("Scaled", label="scaled by {factor}")
def scaled(x: Tensor, y: Tensor | None = None, factor: float = 2) -> Tensor:
    """Scales."""
    return x * factor if y is None else x * factor + y


@function("Joined")
def joined(xs: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Joins."""
    return torch.cat(list(xs), axis)


@function("Stacked")
def stacked(xs: Sequence[Tensor]) -> Tensor:
    """Stacks."""
    return torch.stack(list(xs))


@function("Starred")
def starred(*xs: Tensor) -> tuple[Tensor, ...]:
    """Doubles each."""
    return tuple(x * 2 for x in xs)


@function("Named")
def named(x: Tensor, *, plus: float) -> Tensor:
    """Adds."""
    return x + plus


X = np.array([1, 2], np.float32)


def test_variables_raw_arrays_and_tensors_go_in_and_variables_come_out() -> None:
    for x in (Variable(X), X, torch.from_numpy(X), Parameter(X)):
        y = scaled(x)
        assert isinstance(y, Variable)
        np.testing.assert_array_equal(y.array, [2, 4])


def test_options_go_by_place_and_by_name_with_their_defaults() -> None:
    np.testing.assert_array_equal(scaled(X, None, 3).array, [3, 6])
    np.testing.assert_array_equal(scaled(X, factor=3).array, [3, 6])
    np.testing.assert_array_equal(scaled(X, X).array, [3, 6])
    np.testing.assert_array_equal(named(X, plus=1).array, [2, 3])
    with pytest.raises(TypeError):
        scaled(X, colour=1)


def test_the_signature_the_name_and_the_docstring_are_the_body_s() -> None:
    assert str(inspect.signature(scaled)) == "(x, y=None, factor=2)"
    assert str(inspect.signature(named)) == "(x, *, plus)"
    assert str(inspect.signature(starred)) == "(*xs)"
    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "Scales."
    assert scaled.body(torch.ones(1)).item() == 2


def test_a_sequence_of_arrays_goes_in_with_and_without_options() -> None:
    x = Variable(X)
    y = joined([x, X, x])
    assert y.shape == (6,)
    assert [node.requires_grad for node in y.creator.inputs] == [True, False, True]
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad, [2, 2])
    assert stacked((X, X)).shape == (2, 2)
    assert joined([x.reshape(1, 2)] * 2, axis=1).shape == (1, 4)


def test_several_results_share_one_creator() -> None:
    x = Variable(X)
    first, second = starred(x, X)
    assert first.creator is second.creator
    assert [ref() for ref in first.creator.outputs] == [first.node, second.node]
    F.sum(first * second).backward()
    np.testing.assert_array_equal(x.grad, [4, 8])


def test_array_parameters_come_first() -> None:
    def body(option: int, x: Tensor) -> Tensor:
        return x  # pragma: no cover -- it is never called

    with pytest.raises(TypeError, match="must come first"):
        function("Bad")(body)


@pytest.mark.parametrize("x", [[1, 2], 3.0, "text", np.float32(1)])
def test_what_is_no_array_is_a_type_error_that_names_the_function(x: Any) -> None:
    with pytest.raises(TypeError, match="inputs of Scaled"):
        scaled(x)


def test_the_graph_shows_the_label_with_its_options() -> None:
    assert scaled(X, factor=5).creator.label == "scaled by 5"
    assert type(scaled(X).creator).__name__ == "Scaled"
    assert isinstance(scaled(X).creator, chainer.FunctionNode)


def test_ranks_grow_along_the_graph_and_none_is_no_input() -> None:
    y = scaled(scaled(Variable(X)), Variable(X))
    assert (y.rank, y.creator.rank, len(y.creator.inputs)) == (2, 1, 2)
    assert len(scaled(X).creator.inputs) == 1


def test_constants_give_results_without_gradients_that_still_have_a_creator() -> None:
    y = scaled(X)
    assert not y.requires_grad
    assert y.creator is not None
    assert y.creator.inputs[0].label == "(2), float32"


def test_what_a_body_passes_on_is_the_very_variable() -> None:
    @function("Same")
    def same(x: Tensor) -> Tensor:
        return x

    variable = Variable(X)
    assert same(variable) is variable
    assert not same(X).requires_grad
    with chainer.no_backprop_mode():
        assert same(variable) is variable
        assert same(X).creator is None


def test_without_backprop_nothing_is_recorded_and_torch_s_mode_is_restored() -> None:
    with chainer.no_backprop_mode():
        y = scaled(Variable(X))
        pair = starred(Variable(X), X)
        assert torch.is_grad_enabled()
    assert y.creator is None
    assert y.requires_grad
    assert all(v.creator is None for v in pair)


def test_an_error_of_the_body_restores_torch_s_mode_too() -> None:
    @function("Fails")
    def fails(x: Tensor) -> Tensor:
        raise RuntimeError("no")

    with chainer.no_backprop_mode(), pytest.raises(RuntimeError, match="no"):
        fails(X)
    assert torch.is_grad_enabled()


def test_a_failed_check_names_the_function_as_the_graph_would() -> None:
    def check(x: Tensor, power: int) -> None:
        fail("x.ndim == 3", f"{x.ndim} != 3")

    @function("Power", label="_ to the {power}", check=check)
    def power_of(x: Tensor, power: int) -> Tensor:
        return x**power

    with pytest.raises(InvalidType) as caught:
        power_of(X, 2)
    assert str(caught.value) == (
        "\nInvalid operation is performed in: _ to the 2 (Forward)\n\n"
        "Expect: x.ndim == 3\nActual: 1 != 3"
    )
    with chainer.using_config("type_check", False):
        assert power_of(X, 2).array[1] == 4


def test_inputs_on_different_devices_say_so() -> None:
    with pytest.raises(TypeError, match="Scaled are on different devices: cpu, meta"):
        scaled(torch.zeros(2, device="meta"), X)


def test_nan_is_an_error_in_debug_mode() -> None:
    with (
        chainer.using_config("debug", True),
        pytest.raises(RuntimeError, match="NaN is detected on forward computation of scaled by 2"),
    ):
        scaled(np.array([np.nan], np.float32))


def test_hooks_see_raw_arrays() -> None:
    seen: list[Any] = []

    class Spy(chainer.FunctionHook):
        def forward_preprocess(self, function: Any, in_data: Any) -> None:
            seen.extend([function.label, *in_data])

    with Spy():
        scaled(Variable(X))
        with chainer.no_backprop_mode():
            starred(X)
    assert seen[0] == "scaled by 2"
    assert seen[1] is X
    assert seen[2] == "Starred"
