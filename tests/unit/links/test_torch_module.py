from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat import serializers
from chainer_compat.links import Linear, TorchModule

X = np.arange(6, dtype=np.float32).reshape(3, 2)


class Body(torch.nn.Module):
    """A part of every kind, one of whose names a Link has for itself."""

    def __init__(self):
        super().__init__()
        self.children_ = torch.nn.Linear(2, 3)
        self.copy = torch.nn.BatchNorm1d(3)
        self.frozen = torch.nn.Parameter(torch.ones(1), requires_grad=False)
        self.nothing = None
        self.register_module("absent", None)

    def forward(self, x, *, scale=None):
        y = self.copy(self.children_(x)) * self.frozen
        return y if scale is None else {"y": y * scale, "n": 3}


class Model(chainer.Chain):
    def __init__(self, body=None):
        super().__init__()
        with self.init_scope():
            self.body = Body() if body is None else body
            self.head = Linear(3, 1)

    def forward(self, x):
        return self.head(self.body(x))


def test_a_module_assigned_in_init_scope_is_a_link_over_its_parameters():
    body = Body()
    model = Model(body)

    assert isinstance(model.body, TorchModule)
    assert [path for path, _ in model.namedparams()] == [
        "/body/frozen",
        "/body/children_/weight",
        "/body/children_/bias",
        "/body/copy/weight",
        "/body/copy/bias",
        "/head/W",
        "/head/b",
    ]
    assert dict(model.namedparams())["/body/copy/bias"].tensor is body.copy.bias
    assert [path for path, _ in model.namedlinks()] == [
        "/",
        "/body",
        "/body/children_",
        "/body/copy",
        "/head",
    ]


def test_parts_are_reached_by_attribute_and_by_name():
    link = TorchModule(Body())

    assert link.children_.weight.array.shape == (3, 2)
    assert link.children_ is link["children_"]
    assert link["copy"].module is link.module.copy
    link["copy"].running_mean[...] = 5
    assert torch.equal(link.module.copy.running_mean, torch.full((3,), 5.0))
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = link.nothing


def test_only_torch_modules_are_wrapped():
    with pytest.raises(TypeError, match="wraps a torch module"):
        TorchModule(lambda x: x)


def test_forward_and_backward_are_torchs_own():
    model = Model()
    twin = copy.deepcopy(model.body.module)
    x = torch.from_numpy(X)
    y = model(X)
    loss = F.sum(y * y)
    loss.backward()
    expected = twin(x) @ torch.from_numpy(model.head.W.array).T
    (expected * expected).sum().backward()

    np.testing.assert_array_equal(y.array, expected.detach().numpy())
    gradients = dict(model.body.namedparams())
    assert gradients["/frozen"].grad is None
    for name, parameter in twin.named_parameters():
        if parameter.requires_grad:
            path = "/" + name.replace(".", "/")
            np.testing.assert_allclose(gradients[path].grad, parameter.grad.numpy(), rtol=1e-5)


def test_a_watched_backward_pass_reaches_the_parameters_too():
    model = Model()
    loss = F.sum(model(chainer.Variable(X)) * 2)
    loss.backward(retain_grad=True)

    assert model.body.children_.weight.grad is not None
    assert loss.creator is not None
    assert model.body(X).creator.label == "Body"


def test_variables_flow_through_and_containers_come_back():
    x = chainer.Variable(X)
    out = TorchModule(Body())(x, scale=chainer.Variable(np.float32([2])))
    assert out["n"] == 3
    F.sum(out["y"] * out["y"] * X[:, :1]).backward()

    assert x.grad.shape == X.shape


def test_no_graph_is_built_where_none_is_wanted():
    link = TorchModule(Body())
    with chainer.no_backprop_mode():
        y = link(X)

    assert y.creator is None
    assert not y.tensor.requires_grad


def test_training_mode_follows_the_configuration_and_spares_what_the_user_froze():
    link = TorchModule(torch.nn.Sequential(Body(), torch.nn.Dropout(), torch.nn.Linear(3, 3)))
    link.module[0].copy.eval()
    modes = []
    link.module.register_forward_hook(
        lambda *_: modes.append([m.training for m in (link.module, link.module[0].copy)])
    )
    link(X)
    with chainer.using_config("train", False):
        link(X)
    link(X)

    assert modes == [[True, False], [False, False], [True, False]]


def test_a_module_that_came_in_evaluation_mode_trains_when_chainer_does():
    link = TorchModule(torch.nn.Sequential(torch.nn.Linear(2, 1)).eval())
    link(X)

    assert [m.training for m in link.module.modules()] == [True, True]


def test_parts_of_the_module_report_under_the_links_path():
    class Reporting(torch.nn.Module):
        def forward(self, x):
            chainer.report({"seen": 1}, self)
            return x

    chain = chainer.Chain(body=TorchModule(torch.nn.Sequential(Reporting())))
    from chainer_compat.training._protocols import namedlinks_of

    reporter, observation = chainer.Reporter(), {}
    reporter.add_observers("main", namedlinks_of(chain))
    with reporter.scope(observation):
        chain.body(X)

    assert observation == {"main/body/0/seen": 1}


def test_tied_parameters_are_one_parameter():
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    module[1].weight = module[0].weight
    link = TorchModule(module)

    assert [path for path, _ in link.namedparams()] == ["/0/weight", "/0/bias", "/1/bias"]


def test_arrays_are_views_even_after_the_module_was_moved_or_replaced():
    module = torch.nn.Linear(2, 1)
    weight = TorchModule(module).weight
    assert weight.array is weight.array
    weight.array[...] = 3
    assert torch.equal(module.weight, torch.full((1, 2), 3.0))
    module.double()
    assert weight.array.dtype == np.float64
    module.weight = torch.nn.Parameter(torch.zeros(1, 2))
    assert weight.array.tolist() == [[0, 0]]
    given = np.ones((1, 2), np.float32)
    weight.array = given
    assert weight.array is given
    given[...] = 4
    assert torch.equal(module.weight, torch.full((1, 2), 4.0))


def test_it_is_saved_under_torchs_names(tmp_path):
    link = TorchModule(Body())
    link.module.copy.running_mean.fill_(7)
    serializers.save_npz(tmp_path / "body", link)
    other = TorchModule(Body())
    serializers.load_npz(tmp_path / "body", other, strict="exact")

    assert sorted(serializers.serialize(link)) == [
        "children_/bias",
        "children_/weight",
        "copy/bias",
        "copy/num_batches_tracked",
        "copy/running_mean",
        "copy/running_var",
        "copy/weight",
        "frozen",
    ]
    for name, value in link.module.state_dict().items():
        assert torch.equal(value, other.module.state_dict()[name])


def test_extra_state_is_saved_too():
    class Counting(torch.nn.Module):
        count = 0

        def get_extra_state(self):
            return self.count

        def set_extra_state(self, state):
            self.count = state

    link, other = (TorchModule(torch.nn.Sequential(Counting())) for _ in range(2))
    link.module[0].count = 5
    serializers.NpzDeserializer(serializers.serialize(link)).load(other)

    assert other.module[0].count == 5


def test_a_lazy_module_is_saved_as_none_and_loads_its_shapes(tmp_path):
    link = TorchModule(torch.nn.LazyLinear(1))
    assert [p.is_initialized for p in link.params()] == [False, False]
    assert list(link.params(include_uninit=False)) == []
    assert link.weight.array is None
    assert str(link.device) == "@numpy"
    serializers.save_npz(tmp_path / "empty", link)
    serializers.load_npz(tmp_path / "empty", link)
    assert not link.weight.is_initialized

    trained = TorchModule(torch.nn.Linear(2, 1))
    serializers.save_npz(tmp_path / "full", trained)
    serializers.load_npz(tmp_path / "full", link)

    np.testing.assert_array_equal(link(X).array, trained(X).array)


def test_a_lazy_parameter_takes_a_shape_or_an_array():
    link = TorchModule(torch.nn.LazyLinear(1))
    link.weight.initialize((1, 2))
    link.bias.array = np.float32([0.5])

    assert link.weight.shape == (1, 2)
    assert link(np.zeros((1, 2), np.float32)).shape == (1, 1)
    scalar = TorchModule(torch.nn.LazyLinear(1)).bias
    scalar.initialize(3)
    assert scalar.shape == (3,)


def test_copies():
    link = TorchModule(torch.nn.Linear(2, 1))
    shared, copied, fresh = (link.copy(mode) for mode in ("share", "copy", "init"))
    assert shared.module is link.module
    np.testing.assert_array_equal(copied.weight.array, link.weight.array)
    assert copied.module is not link.module
    assert not np.array_equal(fresh.weight.array, link.weight.array)
    again = pickle.loads(pickle.dumps(link))
    np.testing.assert_array_equal(again.weight.array, link.weight.array)
    with pytest.raises(ValueError, match="mode is one of"):
        link.copy("other")


def test_values_and_gradients_of_another_link_are_taken_over():
    link, other = TorchModule(Body()), TorchModule(Body())
    other.module.copy.running_mean.fill_(7)
    F.sum(other(X) * X[:, :1]).backward()
    link.copyparams(other)
    link.addgrads(other)

    np.testing.assert_array_equal(link.children_.weight.array, other.children_.weight.array)
    np.testing.assert_array_equal(link.children_.weight.grad, other.children_.weight.grad)
    assert torch.equal(link.module.copy.running_mean, other.module.copy.running_mean)


def test_it_moves_alone_and_as_a_part_of_a_chain():
    model = Model()
    weight = model.body.children_.weight
    F.sum(model(X)).backward()
    before, gradient = weight.array.copy(), weight.grad.copy()
    assert model.to_device("@numpy") is model
    assert model.body.to_device("@numpy") is model.body

    np.testing.assert_array_equal(weight.array, before)
    np.testing.assert_array_equal(weight.grad, gradient)
    assert str(model.body.device) == "@numpy"
    assert "children_" in str(model.body)
