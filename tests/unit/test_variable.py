"""`Variable` and `Parameter`: a face over a torch tensor."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat import Parameter, Variable


@pytest.fixture
def x() -> np.ndarray[Any, Any]:
    return np.arange(3, dtype=np.float32)


class TestTheArray:
    def test_the_array_that_came_in_is_the_array(self, x: Any) -> None:
        variable = Variable(x)
        assert variable.array is x
        assert variable.data is x
        assert variable.raw_array is x

    def test_the_array_of_a_result_is_one_object(self, x: Any) -> None:
        y = F.relu(Variable(x))
        assert y.array is y.array

    def test_writing_into_the_array_is_seen_by_functions(self, x: Any) -> None:
        variable = Variable(x)
        F.relu(variable)
        variable.array[0] = 5
        assert F.relu(variable).array[0] == 5
        variable.data *= 2
        assert F.relu(variable).array[0] == 10

    @pytest.mark.parametrize("requires_grad", [True, False])
    def test_writing_into_an_array_that_torch_cannot_view_is_seen_too(
        self, x: Any, requires_grad: bool
    ) -> None:
        backwards = x[::-1]
        variable = Variable(backwards, requires_grad=requires_grad)
        assert variable.array is backwards
        np.testing.assert_array_equal(F.relu(variable).array, [2, 1, 0])
        x[0] = 7
        np.testing.assert_array_equal(F.relu(variable).array, [2, 1, 7])

    def test_such_an_array_gets_its_gradient_and_copies(self, x: Any) -> None:
        variable = Variable(x[::-1])
        F.sum(variable * variable).backward()
        np.testing.assert_array_equal(variable.grad, [4, 2, 0])
        variable.copydata(Variable(np.ones(3, np.float32)))
        np.testing.assert_array_equal(x, 1)
        np.testing.assert_array_equal(copy.copy(variable).array, 1)

    def test_setting_the_array_keeps_the_place_in_the_graph(self, x: Any) -> None:
        variable = Variable(x)
        y = F.sum(variable * variable)
        variable.array = np.full(3, 2, np.float32)
        y.backward()
        np.testing.assert_array_equal(variable.grad, 4)

    def test_setting_an_array_of_another_dtype_or_none(self, x: Any) -> None:
        variable = Variable(x)
        F.relu(variable)
        variable.array = np.zeros(2)
        assert (variable.shape, variable.dtype) == ((2,), np.float64)
        variable.array = None
        assert variable.array is None
        with pytest.raises(TypeError, match="list"):
            variable.array = [1]

    def test_a_tensor_is_taken_without_a_copy_with_its_graph(self) -> None:
        tensor = torch.ones(2, requires_grad=True)
        F.sum(Variable(tensor * 3)).backward()
        np.testing.assert_array_equal(tensor.grad, [3, 3])
        plain = torch.zeros(2)
        variable = Variable(plain)
        variable.array[0] = 4
        assert plain[0] == 4
        assert not plain.requires_grad

    @pytest.mark.parametrize("data", [[1], 3.0, np.float32(3), "text"])
    def test_what_is_no_array_is_a_type_error(self, data: Any) -> None:
        with pytest.raises(TypeError, match="must be an array"):
            Variable(data)

    def test_an_unknown_keyword_is_a_type_error(self, x: Any) -> None:
        with pytest.raises(TypeError, match="'colour'"):
            Variable(x, colour=1)

    def test_numbers_about_the_array(self, x: Any) -> None:
        for variable in (Variable(x), F.relu(Variable(x)), Variable(torch.from_numpy(x))):
            assert variable.shape == (3,)
            assert (variable.ndim, variable.size, len(variable)) == (1, 3, 3)
            assert variable.dtype == np.float32
            assert variable.xp is np
            assert variable.label == "(3), float32"
            assert variable.layout is None
            assert variable.as_layout(None) is variable
        with pytest.raises(NotImplementedError, match="standard layout"):
            variable.as_layout(1)
        with pytest.raises(ValueError, match="ChainerX"):
            _ = variable.chx_array

    def test_without_axes_it_has_no_length(self) -> None:
        with pytest.raises(TypeError, match="len"):
            len(Variable(np.array(1.0)))
        assert Variable(np.array(1.0)).label == "float64"

    def test_iterating_gives_its_rows(self, x: Any) -> None:
        assert [row.item() for row in Variable(x)] == [0, 1, 2]

    def test_item_of_more_than_one_element_is_a_value_error(self, x: Any) -> None:
        with pytest.raises(ValueError, match="one element"):
            Variable(x).item()

    def test_methods_of_arrays(self) -> None:
        variable = Variable(np.arange(6, dtype=np.float32).reshape(2, 3))
        assert variable.T.shape == variable.transpose().shape == (3, 2)
        assert variable.transpose(1, 0).shape == variable.transpose((1, 0)).shape == (3, 2)
        assert variable.transpose(None).shape == (3, 2)
        assert variable.reshape(3, 2).shape == variable.reshape((3, 2)).shape == (3, 2)
        assert variable.mean().item() == 2.5
        assert variable.mean(axis=0, keepdims=True).shape == (1, 3)

    def test_comparing_hashing_and_truth_are_refused(self, x: Any) -> None:
        variable = Variable(x)
        for ask in (
            lambda: variable == variable,  # noqa: PLR0124 -- the refusal is the point
            lambda: variable < 1,
            lambda: bool(variable),
            lambda: hash(variable),
        ):
            with pytest.raises(TypeError):
                ask()


class TestTheGradient:
    def test_the_gradient_that_was_set_is_the_gradient(self, x: Any) -> None:
        variable = Variable(x)
        gradient = np.ones(3, np.float32)
        variable.grad = gradient
        assert variable.grad is gradient
        F.relu(variable)
        np.testing.assert_array_equal(variable.grad, 1)

    def test_writing_into_the_gradient_writes_through(self, x: Any) -> None:
        variable = Variable(x)
        F.sum(variable).backward()
        variable.grad[...] = 7
        np.testing.assert_array_equal(variable.grad, 7)
        np.testing.assert_array_equal(variable.grad_var.array, 7)

    def test_a_gradient_that_was_handed_out_stays_as_it_was(self, x: Any) -> None:
        variable = Variable(x)
        F.sum(variable).backward()
        first = variable.grad
        F.sum(variable).backward()
        np.testing.assert_array_equal(first, 1)
        np.testing.assert_array_equal(variable.grad, 2)

    @pytest.mark.parametrize(
        ("gradient", "error"),
        [
            (np.zeros(3), TypeError),
            (np.zeros(2, np.float32), ValueError),
            (3, TypeError),
            (Variable(np.zeros(3, np.float32)), TypeError),
        ],
    )
    def test_a_gradient_that_does_not_fit_is_refused(
        self, x: Any, gradient: Any, error: type[Exception]
    ) -> None:
        with pytest.raises(error, match="gradient"):
            Variable(x).grad = gradient

    def test_clearing_zeroing_and_adding(self, x: Any) -> None:
        one, other = Variable(x, grad=np.ones(3, np.float32)), Variable(x.copy())
        other.addgrad(one)
        other.addgrad(one)
        np.testing.assert_array_equal(other.grad, 2)
        np.testing.assert_array_equal(one.grad, 1)
        one.zerograd()
        np.testing.assert_array_equal(one.grad, 0)
        one.cleargrad()
        assert one.grad is None
        assert one.grad_var is None
        other.addgrad(one)
        np.testing.assert_array_equal(other.grad, 2)

    def test_the_gradient_as_a_variable_can_be_set(self, x: Any) -> None:
        variable = Variable(x)
        variable.grad_var = Variable(np.ones(3, np.float32))
        np.testing.assert_array_equal(variable.grad, 1)
        variable.grad_var = None
        assert variable.grad is None


class TestTheTexts:
    def test_repr_and_str(self, x: Any) -> None:
        assert repr(Variable(x)) == "variable([0., 1., 2.])"
        assert str(Variable(x, name="b")) == "variable b([0. 1. 2.])"
        assert repr(Variable(np.zeros((2, 2)), name="a")) == (
            "variable a([[0., 0.],\n            [0., 0.]])"
        )
        assert repr(Variable(None)) == "variable(None)"
        assert repr(Variable(np.zeros((0, 3)))) == "variable([], shape=(0, 3))"
        assert "bfloat16" in repr(Variable(torch.zeros(1, dtype=torch.bfloat16)))

    def test_debug_print_tells_of_data_and_gradient(self, x: Any) -> None:
        variable = Variable(x, name="v", grad=x)
        lines = variable.debug_print().splitlines()
        assert lines[0] == variable.summary() == "<variable v>"
        assert lines[1:5] == [
            "- device: CPU",
            "- backend: <class 'numpy.ndarray'>",
            "- shape: (3,)",
            "- dtype: float32",
        ]
        assert lines[5].startswith("- statistics: mean=1.00000000")
        assert lines[6].startswith("- grad: mean=")
        assert Variable(None).debug_print().endswith("- data: None")
        assert Variable(x).summary().startswith("<variable at 0x")


class TestCopies:
    def test_a_shallow_copy_shares_the_array_and_leaves_the_graph(self, x: Any) -> None:
        y = F.relu(Variable(x))
        fresh = copy.copy(y)
        assert np.shares_memory(fresh.array, y.array)
        assert fresh.creator is None

    def test_a_shallow_copy_of_a_leaf_shares_the_very_array(self, x: Any) -> None:
        variable = Variable(x, name="n", grad=x.copy())
        fresh = copy.copy(variable)
        assert fresh.array is x
        assert fresh.name == "n"
        assert fresh.grad is variable.grad

    def test_a_deep_copy_shares_nothing(self, x: Any) -> None:
        variable = Variable(x, grad=x.copy())
        fresh = copy.deepcopy([variable, variable])
        assert fresh[0] is fresh[1]
        fresh[0].array[...] = 9
        fresh[0].grad[...] = 9
        np.testing.assert_array_equal(variable.array, [0, 1, 2])
        np.testing.assert_array_equal(variable.grad, [0, 1, 2])

    def test_pickling_keeps_data_gradient_and_name(self, x: Any) -> None:
        fresh = pickle.loads(pickle.dumps(Variable(x, name="n", grad=x, requires_grad=False)))
        np.testing.assert_array_equal(fresh.array, x)
        np.testing.assert_array_equal(fresh.grad, x)
        assert fresh.name == "n"
        assert not fresh.requires_grad


class TestDevices:
    def test_moving_to_where_it_is_changes_nothing(self, x: Any) -> None:
        variable = Variable(x)
        variable.to_cpu()
        variable.to_device("@numpy")
        variable.from_chx()
        assert variable.array is x
        Variable(None).to_cpu()

    def test_devices_that_are_gone(self, x: Any) -> None:
        for ask in (Variable(x).to_chx, Variable(x).to_intel64):
            with pytest.raises(RuntimeError):
                ask()

    def test_moving_takes_data_and_gradient_along(self, x: Any) -> None:
        # The meta device stands in for a GPU: another device, with no arithmetic.
        class Meta(chainer.backend.CpuDevice):
            torch_device = torch.device("meta")

        leaf, result = Variable(x, grad=x.copy()), F.relu(Variable(x))
        F.relu(leaf)
        leaf.to_device(Meta())
        result.to_device(Meta())
        assert leaf.tensor.grad is not None
        moved = (leaf.tensor, leaf.tensor.grad, result.tensor)
        assert {tensor.device.type for tensor in moved} == {"meta"}
        assert result.creator is None


class TestVersion1:
    def test_of_a_volatile_variable_no_graph_is_built(self, x: Any) -> None:
        y = F.relu(Variable(x, volatile="on")) * Parameter(x)
        assert y.creator is None
        assert y.volatile == "on"
        assert F.relu(Variable(x, volatile="off")).creator is not None
        assert F.relu(Variable(x, volatile="auto")).volatile == "off"

    def test_an_unknown_value_is_a_value_error(self, x: Any) -> None:
        with pytest.raises(ValueError, match="volatile"):
            Variable(x, volatile="maybe")


class TestTorchFunctions:
    def test_a_function_of_torch_takes_variables_and_is_recorded(self, x: Any) -> None:
        variable = Variable(x)
        y = torch.sum(variable * 2)
        assert isinstance(y, Variable)
        assert y.creator.label == "sum"
        y.backward()
        np.testing.assert_array_equal(variable.grad, 2)

    def test_several_results_are_variables_and_other_things_stay(self, x: Any) -> None:
        values, indices = torch.max(Variable(x.reshape(1, 3)), dim=1)
        assert isinstance(values, Variable)
        assert indices.item() == 2
        assert torch.is_floating_point(Variable(x)) is True

    def test_a_list_of_variables_goes_in_too(self, x: Any) -> None:
        assert torch.cat([Variable(x), Variable(x)]).shape == (6,)

    def test_without_backprop_there_is_no_graph(self, x: Any) -> None:
        with chainer.no_backprop_mode():
            assert not torch.sum(Variable(x)).tensor.requires_grad


class TestParameters:
    def test_an_array_is_taken_as_it_is_without_a_gradient(self, x: Any) -> None:
        parameter = Parameter(x)
        assert parameter.array is x
        assert parameter.grad is None
        assert parameter.initializer is x

    def test_a_shape_initializes_at_once_with_a_gradient_of_nan(self) -> None:
        parameter = Parameter(2, (2,))
        np.testing.assert_array_equal(parameter.array, [2, 2])
        assert np.isnan(parameter.grad).all()
        assert np.isnan(Parameter(shape=3).array).all()

    def test_before_its_initialization(self) -> None:
        parameter = Parameter(name="p")
        assert not parameter.is_initialized
        assert parameter.array is None
        assert parameter.requires_grad
        assert repr(parameter) == "variable p(None)"
        with pytest.raises(RuntimeError, match="parameter p is not initialized"):
            _ = parameter.grad
        with pytest.raises(AttributeError, match="no array yet"):
            F.relu(parameter)
        with pytest.raises(AttributeError):
            _ = parameter.shape

    def test_clearing_or_zeroing_before_the_initialization_sets_what_it_starts_with(self) -> None:
        cleared, zeroed = Parameter(), Parameter()
        cleared.cleargrad()
        zeroed.zerograd()
        for parameter in (cleared, zeroed):
            parameter.initialize((2,))
        assert cleared.grad is None
        np.testing.assert_array_equal(zeroed.grad, [0, 0])
        zeroed.grad = np.ones(2, np.float32)
        zeroed.zerograd()
        np.testing.assert_array_equal(zeroed.grad, [0, 0])

    def test_copying_data_initializes_whichever_side_has_none(self, x: Any) -> None:
        target, source = Parameter(), Parameter(x)
        target.copydata(source)
        np.testing.assert_array_equal(target.array, x)
        late = Parameter(3)
        target.copydata(late)
        np.testing.assert_array_equal(target.array, 3)
        Parameter().copydata(Parameter())
        with pytest.raises(RuntimeError, match="uninitialized"):
            Variable(x).copydata(Variable(None))

    def test_adding_a_gradient_initializes(self, x: Any) -> None:
        target = Parameter()
        target.addgrad(Variable(x))
        assert not target.is_initialized
        target.addgrad(Variable(x, grad=x))
        np.testing.assert_array_equal(target.grad, x)

    @pytest.mark.parametrize("make", [lambda: Parameter(1, name="n"), lambda: Parameter(1, 2, "n")])
    def test_copies_and_pickles_before_and_after_the_initialization(self, make: Any) -> None:
        parameter = make()
        for fresh in (
            copy.copy(parameter),
            copy.deepcopy(parameter),
            pickle.loads(pickle.dumps(parameter)),
        ):
            assert fresh.name == "n"
            assert fresh.is_initialized == parameter.is_initialized
            if not fresh.is_initialized:
                fresh.initialize(2)
            np.testing.assert_array_equal(fresh.array, [1, 1])

    def test_it_is_updated_by_its_rule(self, x: Any) -> None:
        class Rule:
            def update(self, parameter: Parameter) -> None:
                parameter.array[...] = 9

        parameter = Parameter(x)
        parameter.update()
        parameter.update_rule = Rule()
        parameter.update()
        np.testing.assert_array_equal(x, 9)

    def test_dtype_and_device_before_the_initialization(self) -> None:
        assert Parameter(chainer.initializers.One(np.float16)).dtype == np.float16
        parameter = Parameter()
        parameter.to_device("@numpy")
        assert parameter.device == chainer.get_device(-1)
        with pytest.raises(NotImplementedError, match="layout"):
            Parameter(layout=1)


def test_as_variable_and_as_array(x: Any) -> None:
    variable = Variable(x)
    assert chainer.as_variable(variable) is variable
    assert not chainer.as_variable(x).requires_grad
    assert chainer.as_variable(x, requires_grad=True).requires_grad
    assert chainer.as_array(variable) is x
    assert chainer.as_array(3) == 3
