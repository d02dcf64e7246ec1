"""Functions by users: `FunctionNode` and the old-style `Function`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat import Function, FunctionNode, Variable
from chainer_compat.utils import type_check


class Square(FunctionNode):
    def forward(self, inputs: Any) -> Any:
        self.retain_inputs((0,))
        return (inputs[0] ** 2,)

    def backward(self, indexes: Any, grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        return (2 * x * grad_outputs[0],)


class OldSquare(Function):
    def forward(self, inputs: Any) -> Any:
        return (inputs[0] ** 2,)

    def backward(self, inputs: Any, grad_outputs: Any) -> Any:
        return (2 * inputs[0] * grad_outputs[0],)


@pytest.fixture
def x() -> Variable:
    return Variable(np.array([1, 2, 3], np.float32))


class TestFunctionNode:
    def test_it_differentiates_and_is_differentiated_again(self, x: Variable) -> None:
        (y,) = Square().apply((x,))
        (g,) = chainer.grad([F.sum(y)], [x], enable_double_backprop=True)
        assert g is not None
        np.testing.assert_array_equal(g.array, [2, 4, 6])
        (gg,) = chainer.grad([F.sum(g)], [x])
        assert gg is not None
        np.testing.assert_array_equal(gg.array, [2, 2, 2])

    def test_the_graph_knows_it(self, x: Variable) -> None:
        function = Square()
        (y,) = function.apply((x,))
        assert y.creator is function
        assert y.creator_node is function
        assert function.label == function._impl_name == "Square"
        assert (function.rank, y.rank) == (0, 1)
        assert function.outputs is not None
        assert function.outputs[0]() is y.node

    def test_the_arrays_are_the_very_ones(self, x: Variable) -> None:
        seen: list[Any] = []
        made = np.zeros(3, np.float32)

        class Look(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                seen.append(inputs[0])
                return (made,)

        (y,) = Look().apply((x,))
        assert seen[0] is x.array
        assert y.array is made

    def test_retained_inputs_are_the_variables_and_outputs_too(self, x: Variable) -> None:
        seen: list[Any] = []

        class Look(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                self.retain_inputs((0,))
                self.retain_outputs((0,))
                return (inputs[0] * 2,)

            def backward(self, indexes: Any, grad_outputs: Any) -> Any:
                seen.extend([indexes, self.get_retained_inputs(), self.get_retained_outputs()])
                seen.append(self.output_data[0])
                return (grad_outputs[0] * 2,)

        (y,) = Look().apply((x,))
        F.sum(y).backward()
        indexes, inputs, outputs, data = seen
        assert indexes == (0,)
        assert inputs[0] is x
        np.testing.assert_array_equal(outputs[0].array, [2, 4, 6])
        assert outputs[0].creator is y.creator
        np.testing.assert_array_equal(data, [2, 4, 6])

    def test_what_was_retained_and_is_gone_is_retained_again_by_the_gradients_function(
        self, x: Variable
    ) -> None:
        class Times(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                self.retain_inputs((0, 1))
                return (inputs[0] * inputs[1],)

            def backward(self, indexes: Any, grad_outputs: Any) -> Any:
                a, b = self.get_retained_inputs()
                return b * grad_outputs[0], a * grad_outputs[0]

        class Exponential(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                self.retain_outputs((0,))
                return (np.exp(inputs[0]),)

            def backward(self, indexes: Any, grad_outputs: Any) -> Any:
                return Times().apply((self.get_retained_outputs()[0], grad_outputs[0]))

        y = F.sum(Exponential().apply((x * 2,))[0])
        for factor in (2, 4, 8):
            (y,) = chainer.grad([F.sum(y)], [x], enable_double_backprop=True)
            assert y is not None
            np.testing.assert_allclose(y.array, factor * np.exp(2 * x.array), rtol=1e-6)

    def test_what_is_retained_is_there_in_backward_only(self, x: Variable) -> None:
        function = Square()
        function.apply((x,))
        with pytest.raises(RuntimeError, match="during its backward pass"):
            function.get_retained_inputs()
        with pytest.raises(RuntimeError, match="not retained"):
            _ = function.output_data

    def test_several_outputs_of_which_one_is_used(self, x: Variable) -> None:
        class Both(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                return inputs[0] * 2, inputs[0].argmax()

            def backward(self, indexes: Any, grad_outputs: Any) -> Any:
                assert grad_outputs[1] is None
                return (grad_outputs[0] * 2,)

        double, place = Both().apply((x,))
        F.sum(double).backward()
        np.testing.assert_array_equal(x.grad, 2)
        assert place.item() == 2

    def test_no_gradient_by_default(self, x: Variable) -> None:
        class Stop(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                return (inputs[0] * 1,)

        F.sum(Stop().apply((x,))[0]).backward()
        assert x.grad is None

    def test_gradients_of_all_inputs_are_taken_for_those_that_were_asked_for(
        self, x: Variable
    ) -> None:
        class Second(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                return (inputs[0] * inputs[1],)

            def backward(self, indexes: Any, grad_outputs: Any) -> Any:
                assert indexes == (1,)
                return None, grad_outputs[0]

        (y,) = Second().apply((x.array, x))
        F.sum(y).backward()
        np.testing.assert_array_equal(x.grad, 1)

    def test_backward_accumulate_may_be_overridden(self, x: Variable) -> None:
        class Own(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                return (inputs[0] * 1,)

            def backward_accumulate(self, indexes: Any, grad_outputs: Any, grad_inputs: Any) -> Any:
                assert grad_inputs == (None,)
                return (grad_outputs[0] * 5,)

        F.sum(Own().apply((x,))[0]).backward()
        np.testing.assert_array_equal(x.grad, 5)

    def test_without_backprop_it_is_in_no_graph(self, x: Variable) -> None:
        with chainer.no_backprop_mode():
            (y,) = Square().apply((x,))
        assert y.creator is None

    def test_its_type_check_names_it_and_can_be_switched_off(self, x: Variable) -> None:
        class Checked(Square):
            def check_type_forward(self, in_types: Any) -> None:
                type_check.expect(in_types[0].dtype == np.float64)

        with pytest.raises(type_check.InvalidType, match="Checked \\(Forward\\)"):
            Checked().apply((x,))
        with chainer.using_config("type_check", False):
            Checked().apply((x,))

    @pytest.mark.parametrize(
        ("result", "error", "text"),
        [
            (np.zeros(1), TypeError, "must return a tuple"),
            ((3.0,), TypeError, "must return arrays"),
        ],
    )
    def test_a_forward_computation_must_return_a_tuple_of_arrays(
        self, x: Variable, result: Any, error: type[Exception], text: str
    ) -> None:
        class Bad(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                return result

        with pytest.raises(error, match=text):
            Bad().apply((x,))

    @pytest.mark.parametrize(
        ("gradient", "error"),
        [(np.zeros(1, np.float32), ValueError), (np.zeros(3), TypeError)],
    )
    def test_a_gradient_that_does_not_fit_is_refused(
        self, x: Variable, gradient: Any, error: type[Exception]
    ) -> None:
        class Bad(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                return (inputs[0] * 1,)

            def backward(self, indexes: Any, grad_outputs: Any) -> Any:
                return (Variable(gradient),)

        y = F.sum(Bad().apply((x,))[0])
        with pytest.raises(error, match="Bad gave input 0 a gradient"):
            y.backward()

    def test_it_is_not_called_and_takes_arrays_only(self, x: Variable) -> None:
        with pytest.raises(RuntimeError, match="apply"):
            Square()(x)
        with pytest.raises(TypeError, match="must be Variables or arrays"):
            Square().apply(([1],))
        with pytest.raises(NotImplementedError, match="no forward"):
            FunctionNode().apply((x,))
        with pytest.raises(NotImplementedError, match="GPU"):
            FunctionNode().forward_gpu((x.array,))

    def test_an_array_on_a_gpu_goes_to_forward_gpu(self) -> None:
        class OnGpu:
            __cuda_array_interface__: Any = {}

        class Where(FunctionNode):
            def forward_gpu(self, inputs: Any) -> Any:
                return ("gpu",)

        assert Where().forward((OnGpu(),)) == ("gpu",)

    def test_nan_is_an_error_in_debug_mode_which_also_keeps_the_stack(self, x: Variable) -> None:
        class Nan(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                return (inputs[0] * np.float32("nan"),)

        with chainer.using_config("debug", True):
            with pytest.raises(RuntimeError, match=r"NaN.*Nan"):
                Nan().apply((x,))
            (y,) = Square().apply((x,))
        assert y.creator.stack is not None

    def test_a_tensor_may_be_returned(self, x: Variable) -> None:
        class InTorch(FunctionNode):
            def forward(self, inputs: Any) -> Any:
                return (torch.from_numpy(inputs[0]) * 2,)

        np.testing.assert_array_equal(InTorch().apply((x,))[0].array, [2, 4, 6])


class Spy(chainer.FunctionHook):
    name = "Spy"

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def added(self, function: Any) -> None:
        self.seen.append("added")

    def deleted(self, function: Any) -> None:
        self.seen.append("deleted")

    def forward_preprocess(self, function: Any, in_data: Any) -> None:
        self.seen.append(("before", function.label, [a.shape for a in in_data]))

    def forward_postprocess(self, function: Any, in_data: Any) -> None:
        self.seen.append(("after", function.label))

    def backward_preprocess(self, function: Any, in_data: Any, out_grad: Any) -> None:
        self.seen.append(("before backward", function.label, [g.tolist() for g in out_grad]))

    def backward_postprocess(self, function: Any, in_data: Any, out_grad: Any) -> None:
        self.seen.append(("after backward", function.label))


class TestHooks:
    def test_a_hook_of_the_thread_sees_every_function_both_ways(self, x: Variable) -> None:
        with Spy() as spy:
            assert chainer.get_function_hooks() == {"Spy": spy}
            y = F.sum(Square().apply((x * 2,))[0])
            y.backward()
        assert spy.seen == [
            "added",
            ("before", "_ * 2", [(3,)]),
            ("after", "_ * 2"),
            ("before", "Square", [(3,)]),
            ("after", "Square"),
            ("before", "Sum", [(3,)]),
            ("after", "Sum"),
            ("before backward", "Sum", [1.0]),
            ("after backward", "Sum"),
            ("before backward", "Square", [[1, 1, 1]]),
            # The functions of variables that the backward computation is written with.
            ("before", "_ * 2", [(3,)]),
            ("after", "_ * 2"),
            ("before", "_ * _", [(3,), (3,)]),
            ("after", "_ * _"),
            ("after backward", "Square"),
            ("before backward", "_ * 2", [[4, 8, 12]]),
            ("after backward", "_ * 2"),
            "deleted",
        ]
        np.testing.assert_array_equal(x.grad, [8, 16, 24])

    def test_one_name_stands_once(self) -> None:
        with Spy(), pytest.raises(KeyError, match="Spy"), Spy():
            pass  # pragma: no cover -- entering raises

    def test_a_hook_of_one_function_sees_that_one_alone(self, x: Variable) -> None:
        spy, function = Spy(), Square()
        function.add_hook(spy)
        assert function._n_local_function_hooks == 1
        y = F.sum(function.apply((x,))[0])
        y.backward()
        assert [entry[1] for entry in spy.seen[1:]] == ["Square"] * 4
        with pytest.raises(KeyError, match="Spy"):
            function.add_hook(spy)
        function.delete_hook("Spy")
        assert spy.seen[-1] == "deleted"
        with pytest.raises(KeyError, match="Spy"):
            function.delete_hook("Spy")
        with pytest.raises(TypeError, match="FunctionHook"):
            function.add_hook(3)

    def test_the_plain_hook_does_nothing(self, x: Variable) -> None:
        with chainer.FunctionHook():
            F.sum(x * 2).backward()
        np.testing.assert_array_equal(x.grad, 2)


class TestFunction:
    def test_it_differentiates_on_raw_arrays(self, x: Variable) -> None:
        y = OldSquare()(x)
        F.sum(y).backward()
        np.testing.assert_array_equal(x.grad, [2, 4, 6])

    def test_the_graph_gives_the_users_object(self, x: Variable) -> None:
        function = OldSquare()
        y = function(x)
        assert y.creator is function
        assert y.creator_node is function.node
        assert y.creator_node.function is function
        assert y.creator_node.label == y.creator_node._impl_name == function.label == "OldSquare"
        assert function.inputs[0].get_variable() is x
        assert function.outputs[0]() is y.node
        assert (function.rank, function.stack) == (0, None)
        np.testing.assert_array_equal(function.output_data[0], [1, 4, 9])

    def test_an_object_may_be_called_again_and_again(self, x: Variable) -> None:
        function = OldSquare()
        y, z = function(x), function(x)
        F.sum(y + z).backward()
        np.testing.assert_array_equal(x.grad, [4, 8, 12])
        assert y.creator is z.creator is function

    def test_only_what_was_retained_is_there_again(self, x: Variable) -> None:
        seen: list[Any] = []

        class Look(Function):
            def forward(self, inputs: Any) -> Any:
                self.retain_inputs(())
                self.retain_outputs((0,))
                return inputs[0] * 2, inputs[0] * 3

            def backward(self, inputs: Any, grad_outputs: Any) -> Any:
                seen.extend([inputs, grad_outputs[1], self.output_data[0]])
                return (grad_outputs[0] * 2,)

        y, _ = Look()(x)
        F.sum(y).backward()
        assert seen[0] == (None,)
        assert seen[1] is None
        np.testing.assert_array_equal(seen[2], [2, 4, 6])

    def test_its_gradient_cannot_be_differentiated(self, x: Variable) -> None:
        y = F.sum(OldSquare()(x))
        (g,) = chainer.grad([y], [x], enable_double_backprop=True)
        assert g is not None
        np.testing.assert_array_equal(g.array, [2, 4, 6])
        with pytest.raises(RuntimeError, match="OldSquare is an old-style function"):
            chainer.grad([F.sum(g)], [x])

    def test_methods_for_each_kind_of_device(self, x: Variable) -> None:
        class OnCpu(Function):
            def forward_cpu(self, inputs: Any) -> Any:
                return (inputs[0] * 2,)

            def backward_cpu(self, inputs: Any, grad_outputs: Any) -> Any:
                return (grad_outputs[0] * 2,)

        F.sum(OnCpu()(x)).backward()
        np.testing.assert_array_equal(x.grad, 2)

        class OnGpu:
            __cuda_array_interface__: Any = {}

        class Where(Function):
            def forward_gpu(self, inputs: Any) -> Any:
                return ("gpu",)

        assert Where().forward((OnGpu(),)) == ("gpu",)
        assert Where().backward((OnGpu(),), ()) == (None,)
        with pytest.raises(NotImplementedError, match="no forward"):
            Function()(x)
        with pytest.raises(NotImplementedError, match="GPU"):
            Function().forward_gpu(())

    def test_no_gradient_by_default(self, x: Variable) -> None:
        class Stop(Function):
            def forward(self, inputs: Any) -> Any:
                return (inputs[0] * 1,)

        F.sum(Stop()(x)).backward()
        assert x.grad is None

    def test_gradients_in_a_list_are_taken(self, x: Variable) -> None:
        class Listing(Function):
            def forward(self, inputs: Any) -> Any:
                return (inputs[0] * 3,)

            def backward(self, inputs: Any, grad_outputs: Any) -> Any:
                return [grad_outputs[0] * 3]

        F.sum(Listing()(x)).backward()
        assert x.grad is not None
        np.testing.assert_array_equal(x.grad, np.full_like(x.grad, 3))

    @pytest.mark.parametrize("result", [None, (None, None)])
    def test_a_backward_computation_must_return_a_gradient_for_each_input(
        self, x: Variable, result: Any
    ) -> None:
        class Bad(Function):
            def forward(self, inputs: Any) -> Any:
                return (inputs[0] * 1,)

            def backward(self, inputs: Any, grad_outputs: Any) -> Any:
                return result

        y = F.sum(Bad()(x))
        with pytest.raises(TypeError, match="one for each input"):
            y.backward()

    def test_hooks_unchaining_and_checks_go_to_its_node(self, x: Variable) -> None:
        class Checked(OldSquare):
            def check_type_forward(self, in_types: Any) -> None:
                type_check.expect(in_types.size() == 1)

        function, spy = Checked(), Spy()
        function.add_hook(spy)
        assert function.local_function_hooks == {"Spy": spy}
        y = function(x)
        function.delete_hook("Spy")
        function.unchain()
        assert y.creator is None
        with pytest.raises(type_check.InvalidType, match="Checked"):
            function(x, x)


def test_a_function_that_no_gradient_reaches_is_not_called_backward() -> None:
    called: list[bool] = []

    class Watched(Function):
        def forward(self, inputs: Any) -> Any:
            return (inputs[0] * 2,)

        def backward(self, inputs: Any, grads: Any) -> Any:
            called.append(True)
            return (grads[0] * 2,)

    class First(FunctionNode):
        def forward(self, inputs: Any) -> Any:
            return (inputs[0] + 1,)

        def backward(self, indexes: Any, grads: Any) -> Any:
            return grads[0], None

    x, y = (Variable(np.ones(2, np.float32)) for _ in range(2))
    between = Watched()(x)
    (z,) = First().apply((y, between))
    F.sum(z).backward()
    assert (called, x.grad) == ([], None)
    np.testing.assert_array_equal(y.grad, [1, 1])
