"""Backward passes: what is kept, what is dropped, what is cut."""

from __future__ import annotations

import gc
import pathlib
import sys
import weakref
from typing import Any

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat import Parameter, Variable, _graph, links


def ones(*shape: int) -> np.ndarray[Any, Any]:
    return np.ones(shape, np.float32)


class TestBackward:
    def test_leaves_accumulate_and_what_is_between_is_dropped(self) -> None:
        x = Variable(ones(3))
        h = x * 2
        y = F.sum(h)
        y.backward()
        y.backward()
        np.testing.assert_array_equal(x.grad, 4)
        assert h.grad is None
        assert y.grad is None

    def test_retain_grad_keeps_what_is_between(self) -> None:
        x = Variable(ones(3))
        h = x * 2
        y = F.sum(h)
        y.backward(retain_grad=True)
        np.testing.assert_array_equal(h.grad, 1)
        np.testing.assert_array_equal(y.grad, 1)
        np.testing.assert_array_equal(x.grad, 2)

    def test_it_starts_from_the_gradient_that_was_set_and_uses_it_up(self) -> None:
        x = Variable(ones(3))
        h = x * 2
        h.grad = np.array([1, 2, 3], np.float32)
        h.backward()
        np.testing.assert_array_equal(x.grad, [2, 4, 6])
        assert h.grad is None

    def test_more_than_one_element_and_no_gradient_is_a_type_error(self) -> None:
        with pytest.raises(TypeError, match="`grad` set first"):
            (Variable(ones(3)) * 2).backward()

    def test_a_leaf_starts_from_one_and_goes_nowhere(self) -> None:
        x = Variable(np.array(2, np.float32))
        x.backward()
        np.testing.assert_array_equal(x.grad, 1)
        Variable(ones(3)).backward()

    def test_the_loss_is_scaled(self) -> None:
        x = Variable(ones(3))
        F.sum(x).backward(loss_scale=8)
        np.testing.assert_array_equal(x.grad, 8)

    def test_a_second_pass_uses_the_parameters_as_they_are_now(self) -> None:
        w = Parameter(np.array([2], np.float32))
        x = Variable(ones(1))
        y = F.sum(w * x)
        y.backward()
        w.array[...] = 5
        x.cleargrad()
        y.backward()
        np.testing.assert_array_equal(x.grad, 5)

    def test_of_what_needs_no_gradient_nothing_happens(self) -> None:
        y = F.sum(ones(3))
        y.backward()
        assert y.creator is not None

    def test_without_a_graph_backward_stops_at_once_and_goes_on_from_there_later(self) -> None:
        x = Variable(ones(2))
        with chainer.no_backprop_mode():
            y = x * 2
        assert y.creator is None
        assert y.requires_grad
        F.sum(y * 3).backward()
        np.testing.assert_array_equal(y.grad, 3)
        assert x.grad is None

    def test_nan_in_a_gradient_is_an_error_in_debug_mode(self) -> None:
        y = F.sum(Variable(ones(1)) * 1)
        y.grad = np.array(np.nan, np.float32)
        with chainer.using_config("debug", True), pytest.raises(RuntimeError, match=r"NaN.*Sum"):
            y.backward()

    @pytest.mark.parametrize("retain_grad", [False, True])
    def test_each_gradient_has_memory_of_its_own(self, retain_grad: bool) -> None:
        a, b = Variable(ones(3)), Variable(ones(3))
        F.sum(a + b).backward(retain_grad=retain_grad)
        a.grad[0] = 7
        np.testing.assert_array_equal(a.grad, [7, 1, 1])
        np.testing.assert_array_equal(b.grad, [1, 1, 1])

    def test_a_gradient_to_start_from_stays_as_it_was(self) -> None:
        given, x = ones(3), Variable(ones(3))
        y = x + 0
        for _ in range(2):
            y.grad = given
            y.backward()
        np.testing.assert_array_equal(x.grad, 2)
        np.testing.assert_array_equal(given, 1)

    def test_so_it_does_once_it_belongs_to_a_leaf(self) -> None:
        given, y = ones(3), Variable(ones(3)) * 2
        y.grad = given
        y.unchain()
        F.sum(y * 3).backward()
        np.testing.assert_array_equal(y.grad, 4)
        np.testing.assert_array_equal(given, 1)

    def test_a_gradient_of_another_shape_is_not_summed_to_fit(self) -> None:
        y = Variable(ones(3)) * 2
        with pytest.raises(RuntimeError, match="shape"):
            chainer.backward([y], [Variable(ones(2, 3))])

    @pytest.mark.parametrize("retain_grad", [True, False])
    def test_inside_a_transformation_of_torchs_it_ends_as_torchs_own_does(
        self, retain_grad: bool
    ) -> None:
        def ours(x: torch.Tensor) -> torch.Tensor:
            F.sum(Variable(x) * 2).backward(retain_grad)
            return x

        def torchs(x: torch.Tensor) -> torch.Tensor:
            (x * 2).sum().backward()  # type: ignore[no-untyped-call]  # torch's
            return x

        messages = []
        for body in (ours, torchs):
            with pytest.raises(RuntimeError) as caught:
                torch.func.grad(body)(torch.ones(3))
            messages.append(str(caught.value))
        assert messages[0] == messages[1]

    def test_whatever_torch_is_asked_to_watch_still_watches(self) -> None:
        x, seen = Variable(ones(3)), []
        x.tensor.register_hook(lambda grad: seen.append(grad.clone()))
        F.sum(x * 2).backward()
        assert [grad.tolist() for grad in seen] == [[2.0, 2.0, 2.0]]


class TestCutting:
    def test_unchain_makes_a_leaf_of_what_is_between(self) -> None:
        x = Variable(ones(2))
        h = x * 2
        y = F.sum(h * h)
        h.unchain()
        y.backward()
        np.testing.assert_array_equal(h.grad, [4, 4])
        assert x.grad is None
        assert h.creator is None

    def test_what_comes_after_the_cut_starts_there_too(self) -> None:
        x = Variable(ones(2))
        h = x * 2
        h.unchain()
        F.sum(h * 3).backward()
        np.testing.assert_array_equal(h.grad, 3)
        assert x.grad is None

    def test_a_second_way_around_the_cut_still_counts(self) -> None:
        x = Variable(ones(2))
        h = x * 2
        y = F.sum(h * x)
        h.unchain()
        y.backward()
        np.testing.assert_array_equal(x.grad, 2)
        np.testing.assert_array_equal(h.grad, 1)

    def test_unchain_backward_cuts_at_every_ancestor(self) -> None:
        x = Variable(ones(2))
        state = x * 2
        loss = F.sum(state * 3)
        loss.unchain_backward()
        assert loss.creator is None
        assert state.creator is None
        F.sum(state * 5).backward()
        np.testing.assert_array_equal(state.grad, 5)
        assert x.grad is None

    def test_truncated_backprop_through_time_keeps_nothing_alive(self) -> None:
        w = Parameter(np.array([0.5], np.float32))
        state = Variable(ones(1))
        nodes = []
        for _ in range(20):
            state = state * w
            nodes.append(weakref.ref(state.node))
            loss = F.sum(state)
            loss.backward()
            loss.unchain_backward()
        del loss
        assert sum(node() is not None for node in nodes) <= 1
        assert not _graph.any_cut_alive()

    def test_a_leaf_is_cut_from_nothing(self) -> None:
        x = Variable(ones(2))
        x.unchain()
        x.unchain_backward()
        F.relu(x)
        x.unchain()
        assert x.requires_grad

    def test_a_function_is_unchained_from_its_inputs_and_its_outputs(self) -> None:
        x = Variable(ones(2))
        y = x * 2
        function = y.creator
        function.unchain()
        assert y.creator is None
        assert function.inputs is None

    def test_the_graph_that_only_torch_knows_is_reached_and_cut(self) -> None:
        leaf = torch.ones(2, requires_grad=True)
        x = Variable(leaf * 2)
        y = F.sum(x * 3)
        y.backward(retain_grad=True)
        np.testing.assert_array_equal(leaf.grad, [6, 6])
        y.backward(retain_grad=True)
        np.testing.assert_array_equal(leaf.grad, [12, 12])
        y.unchain_backward()
        F.sum(x * 3).backward()
        np.testing.assert_array_equal(leaf.grad, [12, 12])


def _resident_pages() -> int:
    if sys.platform != "linux":
        return 0  # other systems do not say it without help
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1])


class TestMemory:
    def test_a_graph_that_is_dropped_is_freed_at_once(self) -> None:
        gc.collect()
        gc.disable()
        try:
            x = Variable(ones(2))
            y = F.sum(F.relu(x * 2))
            node = weakref.ref(y.creator)
            y.backward()
            del y
            assert node() is None
        finally:
            gc.enable()

    def test_a_long_chain_is_freed_without_a_stack_overflow(self) -> None:
        x = Variable(ones(1))
        for _ in range(20000):
            x = x + 1
        del x

    def test_a_training_loop_of_10000_iterations_grows_by_nothing(self) -> None:
        model = chainer.ChainList(links.Linear(3, 4), links.Linear(4, 2))
        optimizer = chainer.optimizers.Adam().setup(model)
        x, t = ones(2, 3), np.array([0, 1], np.int32)

        def train(iterations: int) -> tuple[int, int]:
            for _ in range(iterations):
                loss = F.softmax_cross_entropy(model[1](F.relu(model[0](x))), t)
                model.cleargrads()
                loss.backward()
                optimizer.update()
            gc.collect()
            return len(gc.get_objects()), _resident_pages()

        objects, pages = train(200)
        more_objects, more_pages = train(10000)

        assert more_objects - objects < 100
        assert more_pages - pages < 1000  # one for every ten iterations, if each left one

    def test_truncated_backpropagation_through_time_is_flat(self) -> None:
        cell = links.LSTM(2, 2)

        def run(steps: int) -> int:
            loss = Variable(np.zeros((), np.float32))
            for step in range(steps):
                loss = loss + F.sum(cell(ones(1, 2)))
                if step % 10 == 9:
                    cell.cleargrads()
                    loss.backward()
                    loss.unchain_backward()
            gc.collect()
            return len(gc.get_objects())

        assert run(100) + 50 > run(2000)


class TestSeveralOutputs:
    def test_one_pass_starts_from_the_gradients_that_were_given(self) -> None:
        x = Variable(ones(2))
        y, z = x * 2, x * 3
        chainer.backward([y, z], [Variable(ones(2)), Variable(ones(2) * 2)], retain_grad=True)
        np.testing.assert_array_equal(x.grad, 8)
        np.testing.assert_array_equal(z.grad, 2)

    def test_or_from_those_that_were_set_and_uses_them_up(self) -> None:
        x = Variable(ones(2))
        y = x * 2
        y.grad = ones(2)
        chainer.backward([y])
        np.testing.assert_array_equal(x.grad, 2)
        assert y.grad is None

    def test_outputs_without_a_gradient_are_passed_over(self) -> None:
        x = Variable(ones(2))
        y, g = x * 2, Variable(ones(2))
        chainer.backward([F.sum(x), y])
        chainer.backward([F.sum(x), y], [None, None])
        assert x.grad is None
        chainer.backward([F.sum(x), y], [None, g])
        np.testing.assert_array_equal(x.grad, 2)

    def test_a_leaf_gets_what_was_given(self) -> None:
        x = Variable(ones(2))
        chainer.backward([x], [Variable(ones(2))])
        np.testing.assert_array_equal(x.grad, 1)

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ((Variable(ones(1)),), TypeError),
            (([Variable(ones(1))], Variable(ones(1))), TypeError),
            (([Variable(ones(1))], []), ValueError),
        ],
    )
    def test_bad_arguments(self, arguments: Any, error: type[Exception]) -> None:
        with pytest.raises(error):
            chainer.backward(*arguments)

    def test_an_unknown_keyword_is_a_type_error(self) -> None:
        with pytest.raises(TypeError, match="'colour'"):
            chainer.backward([], colour=1)


class TestGrad:
    def test_gradients_by_leaves_and_by_what_is_between(self) -> None:
        a = Variable(np.array(2, np.float32))
        b = a * a
        c = b * a
        by_a, by_b = chainer.grad([c], [a, b])
        assert by_a is not None
        assert by_b is not None
        assert (by_a.item(), by_b.item()) == (12, 2)
        assert a.grad is None

    def test_what_nothing_depends_on_has_none(self) -> None:
        a, other = Variable(ones(1)), Variable(ones(1))
        assert chainer.grad([a * 2], [other]) == [None]
        assert chainer.grad([a * 2], [Variable(ones(1), requires_grad=False)]) == [None]

    def test_a_gradient_of_a_gradient(self) -> None:
        x = Variable(np.array([3.0], np.float32))
        (g,) = chainer.grad([x * x * x], [x], enable_double_backprop=True)
        (gg,) = chainer.grad([g], [x])
        assert gg is not None
        assert gg.item() == 18

    def test_a_gradient_penalty_reaches_the_parameters(self) -> None:
        w = Parameter(np.array([3.0], np.float32))
        x = Variable(np.array([2.0], np.float32))
        (g,) = chainer.grad([w * w * x], [x], enable_double_backprop=True)
        assert g is not None
        F.sum(g * g).backward()
        np.testing.assert_allclose(w.grad, [4 * 27])

    def test_backward_with_double_backprop_gives_gradients_with_a_graph(self) -> None:
        x = Variable(np.array([3.0], np.float32))
        F.sum(x * x).backward(enable_double_backprop=True)
        g = x.grad_var
        assert g is not None
        x.cleargrad()
        F.sum(g * g).backward()
        np.testing.assert_array_equal(x.grad, [4 * 2 * 3.0])

    def test_given_gradients_are_used_added_scaled_and_stored(self) -> None:
        x = Variable(ones(2))
        y = x * 3
        (g,) = chainer.grad(
            [y],
            [x],
            grad_outputs=[Variable(ones(2) * 2)],
            grad_inputs=[Variable(ones(2))],
            set_grad=True,
            loss_scale=10,
        )
        assert g is not None
        np.testing.assert_array_equal(g.array, 61)
        np.testing.assert_array_equal(x.grad, 61)
        (only,) = chainer.grad([y], [Variable(ones(2))], grad_inputs=[Variable(ones(2))])
        assert only is not None
        np.testing.assert_array_equal(only.array, 1)

    def test_retain_grad_keeps_what_is_between(self) -> None:
        x = Variable(ones(2))
        h = x * 2
        y = h * 3
        by_h, by_x = chainer.grad([y], [h, x], retain_grad=True)
        assert by_h is not None
        assert by_x is not None
        np.testing.assert_array_equal(by_h.array, 3)
        np.testing.assert_array_equal(by_x.array, 6)
        np.testing.assert_array_equal(h.grad, 3)

    @pytest.mark.parametrize("place", [0, 1, 2, 3])
    def test_what_is_no_sequence_is_a_type_error(self, place: int) -> None:
        x = Variable(ones(1))
        arguments: list[Any] = [[x], [x], [x], [x]]
        arguments[place] = x
        with pytest.raises(TypeError, match="tuple or a list"):
            chainer.grad(*arguments)


class TestNodes:
    def test_a_node_outlives_its_variable_and_gives_another(self) -> None:
        x = Variable(ones(2), name="x")
        y = (x * 2) * 3
        node = y.creator.inputs[0]
        assert node.get_variable_or_none() is None
        assert (node.data, node.grad, node.grad_var) == (None, None, None)
        assert node.label == "(2), float32"
        assert (node.shape, node.dtype, node.rank) == ((2,), np.float32, 1)
        assert node.get_variable() is node.get_variable()
        first = node.creator.inputs[0]
        assert first.get_variable() is x
        assert first.data is x.array
        assert (first.name, first.creator) == ("x", None)
        with pytest.raises(RuntimeError, match="gone already"):
            y.creator.inputs[0].retain_data()

    def test_a_node_keeps_the_array_on_request(self) -> None:
        x = Variable(ones(2))
        h = x * 2
        y = h * 3
        h.retain_data()
        del h
        np.testing.assert_array_equal(y.creator.inputs[0].data, 2)

    def test_gradients_are_seen_through_the_node(self) -> None:
        x = Variable(ones(2))
        F.sum(x).backward()
        np.testing.assert_array_equal(x.node.grad, 1)
        assert x.node.grad_var is not None

    def test_a_creator_may_be_set(self) -> None:
        x, y = Variable(ones(2)), Variable(ones(2))
        function = (x * 2).creator
        y.creator = function
        assert y.creator is function
        assert y.rank == 1
        y.creator_node = function
        y.name = "late"
        assert y.node.name == "late"
        assert Variable(None).node.label == ""

    def test_the_name_of_a_dead_leaf_is_kept(self) -> None:
        y = F.sum(Variable(ones(2), name="x"))
        assert y.creator.inputs[0].name == "x"
        y.creator.inputs[0].unchain()


def test_the_gradient_to_start_from_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Variable(ones(2))
    y = x * 3
    y.grad = given = ones(2)

    clone = torch.Tensor.clone

    def refuse(tensor: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        assert tensor.data_ptr() != given.ctypes.data, "copied"
        return clone(tensor, **kwargs)  # of what others have left to protect

    monkeypatch.setattr(torch.Tensor, "clone", refuse)
    y.backward()

    np.testing.assert_array_equal(x.grad, 3)
    np.testing.assert_array_equal(given, 1)
