"""Parameters are updated together where that is the same as one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat import Parameter
from chainer_compat.optimizers import MomentumSGDRule, SGDRule


def link_of(count=3, dtype=np.float32):
    link = chainer.Link()
    with link.init_scope():
        for index in range(count):
            setattr(link, f"p{index}", Parameter(np.ones(2, dtype)))
    return link


def give_gradients(link, value=1):
    for param in link.params():
        param.grad = np.full(param.shape, value, param.dtype)


def groups(optimizer):
    """The names of the parameters of each group, and of those that go alone."""
    plan = optimizer._current_plan()
    together = [[param.name for param in group.params] for group in plan._groups]
    return together, [param.name for param in plan.singles]


@pytest.fixture
def link():
    made = link_of()
    give_gradients(made)
    return made


@pytest.fixture
def optimizer(link):
    return chainer.optimizers.MomentumSGD(lr=0.5).setup(link)


def test_all_go_together(optimizer):
    assert groups(optimizer) == ([["p0", "p1", "p2"]], [])


def test_a_plan_is_made_once(optimizer, link):
    plan = optimizer._current_plan()
    made = plan._groups
    for _ in range(3):
        optimizer.update()
        link.cleargrads()
        optimizer.lr *= 0.5

    assert optimizer._current_plan() is plan
    assert plan._groups is made


def _own_value(link):
    link.p1.update_rule.hyperparam.lr = 0.1


def _other_rule(link):
    link.p1.update_rule = SGDRule()


def _other_count(link):
    link.p1.update_rule.t = 7


@pytest.mark.parametrize("change", [_own_value, _other_rule, _other_count])
def test_what_differs_makes_a_group_of_its_own(optimizer, link, change):
    optimizer.update()
    change(link)

    assert groups(optimizer) == ([["p0", "p2"], ["p1"]], [])


def _hook(link):
    link.p1.update_rule.add_hook(lambda rule, param: None, "hook")


def _class_of_the_users(link):
    class Rule(SGDRule):
        def update_core_cpu(self, param):
            param.array -= 1

    link.p1.update_rule = Rule()


def _method_of_the_users(link):
    link.p1.update_rule.update_core = lambda param: None


def _no_formula(link):
    link.p1.update_rule = chainer.UpdateRule()


@pytest.mark.parametrize("change", [_hook, _class_of_the_users, _method_of_the_users, _no_formula])
def test_what_a_formula_does_not_tell_goes_alone(optimizer, link, change):
    optimizer.update()
    change(link)

    assert groups(optimizer) == ([["p0", "p2"]], ["p1"])


def test_a_disabled_rule_takes_no_part_and_comes_back_behind(optimizer, link):
    link.p1.update_rule.enabled = False
    optimizer.update()
    assert groups(optimizer) == ([["p0", "p2"]], [])
    link.p1.update_rule.enabled = True

    assert groups(optimizer) == ([["p0", "p2"], ["p1"]], [])


def test_a_parameter_without_a_rule_takes_no_part(optimizer, link):
    link.p1.update_rule = None
    optimizer.update()

    assert link.p1.array.tolist() == [1, 1]
    assert link.p0.array.tolist() == [0.5, 0.5]


def test_dtypes_are_apart(link):
    with link.init_scope():
        link.q = Parameter(np.ones(2, np.float64))
    give_gradients(link)
    optimizer = chainer.optimizers.SGD().setup(link)

    assert groups(optimizer) == ([["p0", "p1", "p2"], ["q"]], [])


def test_a_rule_of_several_parameters_counts_each_update(link):
    optimizer = chainer.optimizers.SGD().setup(link)
    link.p0.update_rule = link.p1.update_rule = rule = SGDRule()
    optimizer.update()

    assert rule.t == 2


def test_a_link_that_grows_or_shrinks_is_followed(optimizer, link):
    optimizer.update()
    with link.init_scope():
        link.q = Parameter(np.ones(2, np.float32))
    link.q.update_rule = MomentumSGDRule(lr=1)
    del link.p0
    give_gradients(link)
    optimizer.update()

    assert groups(optimizer) == ([["p1", "p2"], ["q"]], [])
    assert link.q.array.tolist() == [0, 0]


def test_a_lazy_parameter_joins_when_it_has_an_array(link):
    with link.init_scope():
        link.q = Parameter(chainer.initializers.One())
    optimizer = chainer.optimizers.SGD(lr=1).setup(link)
    link.cleargrads()
    assert groups(optimizer) == ([["p0", "p1", "p2"]], ["q"])
    link.q.initialize((2,))
    give_gradients(link)
    optimizer.update()

    assert groups(optimizer)[1] == []
    assert link.q.array.tolist() == [0, 0]


@pytest.mark.parametrize(
    "array",
    [
        np.full(2, 5, np.float32),
        np.full(2, 5, np.float64),
        np.full(4, 5, np.float32)[::2],
        np.full(4, 5, np.float32)[::-2],
        torch.full((2,), 5.0),
    ],
    ids=["float32", "float64", "strided", "reversed", "tensor"],
)
def test_an_array_that_was_replaced_is_the_one_that_is_updated(optimizer, link, array):
    optimizer.update()
    link.p1.array = array
    give_gradients(link)
    link.p1.update_rule.state["v"][...] = 0
    optimizer.update()

    assert np.asarray(array).tolist() == [4.5, 4.5]
    assert link.p1.array.tolist() == [4.5, 4.5]


def test_a_square_that_was_turned_in_place_is_updated_as_it_lies_now():
    link = chainer.Link()
    with link.init_scope():
        link.w = Parameter(np.zeros((2, 2), np.float32))
    optimizer = chainer.optimizers.SGD(lr=1).setup(link)
    give_gradients(link)
    optimizer.update()
    link.w.array = link.w.array.T
    link.w.array[...] = 0
    link.w.grad = np.array([[1, 2], [3, 4]], np.float32)
    optimizer.update()

    assert link.w.array.tolist() == [[-1, -2], [-3, -4]]


def test_an_array_that_torch_cannot_view_is_updated_in_place():
    array = np.ones(2, np.float32)[::-1]
    link = chainer.Link()
    with link.init_scope():
        link.w = Parameter(array)
    link.w.grad = np.array([1, 2], np.float32)
    optimizer = chainer.optimizers.SGD(lr=1).setup(link)
    optimizer.update()

    assert link.w.array is array
    assert array.tolist() == [0, -1]


def test_a_state_of_another_dtype_or_layout_is_taken_over(optimizer, link):
    optimizer.update()
    link.p0.update_rule.state["v"] = np.ones(2, np.float64)
    link.p1.update_rule.state["v"] = np.arange(2, dtype=np.float32)[::-1]
    give_gradients(link, 0)
    optimizer.update()

    assert link.p0.update_rule.state["v"].dtype == np.float32
    assert link.p0.update_rule.state["v"] == pytest.approx([0.9, 0.9])
    assert link.p1.update_rule.state["v"] == pytest.approx([0.9, 0])


def test_a_graph_that_was_made_before_the_update_still_runs_backward(link):
    loss = F.sum(link.p0 * link.p1)
    chainer.optimizers.Adam(alpha=0.5).setup(link).update()
    link.cleargrads()
    loss.backward()

    # The second pass uses the new weights, as in Chainer.
    assert link.p0.grad == pytest.approx([0.5, 0.5])


def test_gradients_with_a_graph_of_their_own_are_used_as_numbers(link):
    link.cleargrads()
    loss = F.sum(link.p0 * link.p0)
    loss.backward(enable_double_backprop=True)
    gradient = link.p0.grad_var
    optimizer = chainer.optimizers.MomentumSGD(lr=1).setup(link)
    optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(1))
    optimizer.update()

    assert link.p0.array.tolist() == [-2, -2]
    assert link.p0.update_rule.state["v"].tolist() == [-3, -3]
    link.p0.cleargrad()
    F.sum(gradient).backward()
    assert link.p0.grad.tolist() == [2, 2]


def test_updates_need_no_backward_mode(link):
    optimizer = chainer.optimizers.Adam(alpha=0.5).setup(link)
    with chainer.no_backprop_mode():
        optimizer.update()

    assert link.p0.array == pytest.approx([0.5, 0.5])


def test_parameters_of_torch_modules_are_updated():
    module = torch.nn.Linear(2, 1)
    model = chainer.Chain()
    with model.init_scope():
        model.body = module
    before = module.weight.detach().clone()
    optimizer = chainer.optimizers.SGD(lr=1).setup(model)
    optimizer.update(lambda: F.sum(model.body(np.ones((1, 2), np.float32))))

    assert torch.equal(module.weight, before - 1)
    assert groups(optimizer)[1] == []


def test_a_module_in_another_dtype_is_followed():
    model = chainer.Chain()
    with model.init_scope():
        model.body = torch.nn.Linear(2, 1, bias=False)
    optimizer = chainer.optimizers.MomentumSGD(lr=1).setup(model)
    optimizer.update(lambda: F.sum(model.body(np.ones((1, 2), np.float32))))
    model.body.module.double()
    optimizer.update(lambda: F.sum(model.body(np.ones((1, 2), np.float64))))

    (param,) = model.params()
    assert param.update_rule.state["v"].dtype == np.float64
    assert param.update_rule.state["v"] == pytest.approx(np.full((1, 2), -1.9))
