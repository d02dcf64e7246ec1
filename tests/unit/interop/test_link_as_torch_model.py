from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat.interop import (
    ChainerParameter,
    LinkAsTorchModel,
    TorchModule,
    TorchOptimizer,
    asarray,
    astensor,
)
from chainer_compat.links import Linear

X = np.arange(6, dtype=np.float32).reshape(3, 2)


class Model(chainer.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.train = Linear(2, 3)  # a name that torch modules have for themselves
            self.net = torch.nn.Linear(3, 1)
            self.scale = chainer.Parameter(1.0, (1,))
        self.add_persistent("mean", np.zeros(2, np.float32))
        self.add_persistent("count", 0)
        self.seen = []

    def forward(self, x, t=None):
        self.seen.append((type(x), type(t), chainer.config.train, chainer.config.enable_backprop))
        y = self.net(F.relu(self.train(x))) * self.scale.reshape((1, 1))
        return {"y": y, "loss": None if t is None else F.sum((y - t) ** 2)}


@pytest.fixture
def module():
    return LinkAsTorchModel(Model())


def test_parameters_are_the_links_own_under_torchs_names(module):
    link = module.link

    assert [name for name, _ in module.named_parameters()] == [
        "scale",
        "net.weight",
        "net.bias",
        "train.W",
        "train.b",
    ]
    parameters = dict(module.named_parameters())
    for path, parameter in link.namedparams():
        assert parameters[path.strip("/").replace("/", ".")] is parameter.tensor
    with torch.no_grad():
        parameters["train.b"].fill_(5)
    assert link.train.b.array.tolist() == [5, 5, 5]


def test_a_torch_optimizer_trains_the_link(module):
    twin = copy.deepcopy(module)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    module(torch.from_numpy(X), torch.ones(3, 1))["loss"].backward()
    optimizer.step()

    link = twin.link
    loss = link(X, np.ones((3, 1), np.float32))["loss"]
    link.cleargrads()
    loss.backward()
    for path, parameter in link.namedparams():
        ours = dict(module.link.namedparams())[path]
        np.testing.assert_allclose(
            ours.array, parameter.array - 0.01 * parameter.grad, rtol=1e-5, atol=1e-7
        )


def test_the_link_gets_what_an_updater_would_give_it(module):
    module(torch.from_numpy(X).requires_grad_(), torch.ones(3, 1))
    module.eval()
    with torch.no_grad():
        module(torch.from_numpy(X), t=torch.ones(3, 1, dtype=torch.bfloat16))

    assert module.link.seen == [
        (chainer.Variable, np.ndarray, True, True),
        (np.ndarray, torch.Tensor, False, False),
    ]


def test_gradients_flow_back_to_the_input(module):
    x = torch.from_numpy(X.copy()).requires_grad_()
    module(x)["y"].sum().backward()

    assert x.grad.shape == (3, 2)


def test_gradients_start_as_torchs_do(module):
    assert [p.grad for p in module.parameters()] == [None] * 5


def test_uninitialized_parameters_are_refused():
    with pytest.raises(RuntimeError, match="call it with an example first: /W"):
        LinkAsTorchModel(Linear(None, 2))
    with pytest.raises(TypeError, match="wraps a Link"):
        LinkAsTorchModel(torch.nn.Linear(1, 1))


def test_casting_the_module_casts_the_link(module):
    link = module.link
    array = link.train.W.array
    module.double()

    assert array.dtype == np.float32
    assert link.train.W.array.dtype == np.float64
    assert link.mean.dtype == np.float64
    module.get_buffer("mean")[0] = 3
    assert link.mean.tolist() == [3, 0]
    F.sum(link(X.astype(np.float64))["y"]).backward()
    assert dict(module.named_parameters())["train.W"].grad.dtype is torch.float64


def test_moving_it_where_it_is_keeps_the_arrays(module):
    array = module.link.mean
    module.to("cpu")

    assert module.link.mean is array


def test_arrays_that_the_link_replaced_are_seen(module):
    link = module.link
    link.scale.array = np.array([2.0], np.float64)
    link.mean = np.ones(2, np.float32)
    state = module.state_dict()

    assert state["scale"].dtype is torch.float64
    assert state["mean"].tolist() == [1, 1]
    assert dict(module.named_parameters())["scale"] is link.scale.tensor


def test_the_state_goes_through_torchs_own_files(module):
    module.link.mean[...] = 7
    module.link.count = 4
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other = LinkAsTorchModel(Model())
    other.load_state_dict(torch.load(file, weights_only=True))

    np.testing.assert_array_equal(other.link.train.W.array, module.link.train.W.array)
    assert other.link.mean.tolist() == [7, 7]
    assert other.link.count == 4


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_share_nothing_with_the_original(module, copied):
    other = copied(module.eval())
    assert not other.training
    assert dict(other.named_parameters())["train.W"] is other.link.train.W.tensor
    other.link.train.W.array[...] = 0

    assert module.link.train.W.array.any()


def test_a_torch_optimizer_over_a_link_serves_the_trainer(module):
    link = module.link
    optimizer = TorchOptimizer(torch.optim.SGD(module.parameters(), lr=0.01), link)
    before = link.train.W.array.copy()
    optimizer.set_loss_scale(2.0)
    optimizer.update(lambda x, t: link(x, t)["loss"], X, np.ones((3, 1), np.float32))
    state = chainer.serializers.serialize(optimizer)

    assert not np.array_equal(link.train.W.array, before)
    assert set(state) == {"t", "epoch", "torch_state", "torch_groups"}


def test_a_chainer_parameter_is_one_tensor_on_both_sides():
    parameter = chainer.Parameter(0.5, (2,))
    parameter.cleargrad()
    F.sum(parameter * 2).backward()
    torch_parameter = ChainerParameter(parameter)

    assert isinstance(torch_parameter, torch.nn.Parameter)
    assert torch_parameter is parameter.tensor is ChainerParameter(parameter)
    assert torch_parameter.grad.tolist() == [2, 2]
    torch_parameter.data.fill_(3)
    parameter.grad[...] = 1
    assert parameter.array.tolist() == [3, 3]
    assert torch_parameter.grad.tolist() == [1, 1]
    F.sum(parameter * 2).backward()
    assert torch_parameter.grad.tolist() == [3, 3]


def test_a_chainer_parameter_over_memory_that_torch_cannot_view_gets_its_own():
    parameter = chainer.Parameter(np.arange(3, dtype=np.float32)[::-1])
    torch_parameter = ChainerParameter(parameter)
    torch_parameter.data[0] = 9

    assert parameter.array.tolist() == [9, 1, 0]


def test_a_chainer_parameter_otherwise():
    parameter = TorchModule(torch.nn.Linear(1, 1)).weight
    assert ChainerParameter(parameter) is parameter.tensor
    assert ChainerParameter(torch.ones(1), requires_grad=False).requires_grad is False
    with pytest.raises(RuntimeError, match="not initialized yet"):
        ChainerParameter(chainer.Parameter())


def test_arrays_and_tensors_share_memory():
    array, tensor = np.zeros(2), torch.zeros(2)
    astensor(array)[0] = 1
    asarray(tensor)[0] = 1

    assert array.tolist() == tensor.tolist() == [1, 0]
    variable = chainer.Variable(array)
    assert astensor(variable) is variable.tensor
