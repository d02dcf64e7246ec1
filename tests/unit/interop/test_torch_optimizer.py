from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import serializers, training
from chainer_compat.interop import TorchOptimizer
from chainer_compat.training import extensions

DATA = [(np.float32([i % 5, i % 3]), np.float32([i % 5 + 2 * (i % 3)])) for i in range(20)]


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.body = torch.nn.Sequential(
            torch.nn.Linear(2, 4),
            torch.nn.BatchNorm1d(4),
            torch.nn.Dropout(),
            torch.nn.Linear(4, 1),
        )

    def forward(self, x, t):
        loss = torch.nn.functional.mse_loss(self.body(x), t)
        chainer.report({"loss": loss}, self)
        return loss


def adam(net, **options):
    return torch.optim.Adam(net.parameters(), lr=0.05, **options)


def make_trainer(out, stop, make_optimizer=adam, **snapshot_options):
    np.random.seed(3)
    net = Net()
    iterator = chainer.iterators.SerialIterator(DATA, 5)
    updater = training.StandardUpdater(iterator, TorchOptimizer(make_optimizer(net), net))
    trainer = training.Trainer(updater, stop, out)
    test = chainer.iterators.SerialIterator(DATA[:8], 4, repeat=False, shuffle=False)
    trainer.extend(extensions.Evaluator(test, net))
    trainer.extend(extensions.LogReport(trigger=(2, "iteration")))
    trainer.extend(extensions.snapshot(**snapshot_options), trigger=(3, "iteration"))
    return trainer, net


def log_of(trainer):
    entries = [dict(entry) for entry in trainer.get_extension("LogReport").log]
    for entry in entries:
        del entry["elapsed_time"]
    return entries


def states_equal(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        torch.testing.assert_close(value, other[key], rtol=0, atol=0)


def test_the_compat_trainer_trains_a_torch_model(tmp_path):
    trainer, net = make_trainer(tmp_path, (8, "iteration"))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    trainer.run()

    assert any(not torch.equal(before[name], value) for name, value in net.state_dict().items())
    log = log_of(trainer)
    assert [entry["iteration"] for entry in log] == [2, 4, 6, 8]
    assert log[-1]["main/loss"] < log[0]["main/loss"]
    assert "validation/main/loss" in log[1]
    assert trainer.updater.get_optimizer("main").epoch == 2


@pytest.mark.parametrize(
    "make_optimizer",
    [
        adam,
        lambda net: adam(net, amsgrad=True, weight_decay=0.1),
        lambda net: torch.optim.SGD(net.parameters(), lr=0.01),
        lambda net: torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9),
        lambda net: torch.optim.Adagrad(net.parameters(), lr=0.01),
        lambda net: torch.optim.LBFGS(net.parameters(), lr=0.1, max_iter=3),
        lambda net: torch.optim.AdamW(
            [{"params": net.body[0].parameters(), "lr": 0.1}, {"params": net.body[3].parameters()}]
        ),
    ],
    ids=["adam", "amsgrad", "sgd", "momentum", "adagrad", "lbfgs", "groups"],
)
def test_a_resumed_run_is_the_same_to_the_last_bit(tmp_path, make_optimizer):
    whole, whole_net = make_trainer(tmp_path / "whole", (9, "iteration"), make_optimizer)
    whole.run()

    first, _ = make_trainer(tmp_path / "halves", (6, "iteration"), make_optimizer)
    first.run()
    second, net = make_trainer(tmp_path / "halves", (9, "iteration"), make_optimizer, autoload=True)
    second.run()

    states_equal(whole_net.state_dict(), net.state_dict())
    assert log_of(second) == log_of(whole)


def test_arrays_become_tensors_on_the_modules_device():
    net = torch.nn.Linear(2, 1)
    optimizer = TorchOptimizer(torch.optim.SGD(net.parameters(), lr=0.1), net)
    seen = []

    def loss(x, *, others, text):
        seen.extend([type(x), type(others[0]), type(others[1]["a"]), text])
        return net(x).sum()

    array = np.ones((1, 2), np.float32)
    optimizer.update(loss, array, others=[array, {"a": torch.ones(1)}], text="as it is")

    assert seen == [torch.Tensor, torch.Tensor, torch.Tensor, "as it is"]


def test_update_without_a_loss_uses_the_gradients_that_are_there():
    net = torch.nn.Linear(1, 1, bias=False)
    optimizer = TorchOptimizer(torch.optim.SGD(net.parameters(), lr=1.0), net)
    before = net.weight.item()
    net.weight.grad = torch.full((1, 1), 0.25)
    optimizer.update()

    assert net.weight.item() == pytest.approx(before - 0.25)
    assert optimizer.t == 1


def test_options_are_attributes():
    net = torch.nn.Linear(2, 1)
    optimizer = TorchOptimizer(adam(net), net)
    optimizer.lr = 0.5

    assert optimizer.lr == 0.5
    assert optimizer.betas == (0.9, 0.999)
    assert optimizer.torch_optimizer.param_groups[0]["lr"] == 0.5
    with pytest.raises(AttributeError, match="alpha"):
        _ = optimizer.alpha


def test_groups_that_differ_keep_their_ratio():
    net = torch.nn.Linear(2, 1)
    groups = [{"params": [net.weight], "lr": 0.1}, {"params": [net.bias], "lr": 0.2}]
    optimizer = TorchOptimizer(torch.optim.SGD(groups, lr=1), net)
    optimizer.lr = 0.05

    assert [g["lr"] for g in optimizer.torch_optimizer.param_groups] == [0.05, 0.1]


def test_groups_without_a_ratio_are_refused():
    net = torch.nn.Linear(2, 1)
    groups = [{"params": [net.weight], "lr": 0.0}, {"params": [net.bias], "lr": 0.2}]
    optimizer = TorchOptimizer(torch.optim.SGD(groups, lr=1), net)
    with pytest.raises(ValueError, match="different values of 'lr'"):
        optimizer.lr = 0.05


def test_a_learning_rate_that_is_a_tensor_stays_one():
    net = torch.nn.Linear(2, 1)
    optimizer = TorchOptimizer(torch.optim.Adam(net.parameters(), lr=torch.tensor(0.1)), net)
    optimizer.lr = 0.25

    assert torch.equal(optimizer.lr, torch.tensor(0.25))


def test_a_parameter_of_another_module_is_refused():
    with pytest.raises(ValueError, match="parameter 0 of group 0"):
        TorchOptimizer(adam(torch.nn.Linear(2, 1)), torch.nn.Linear(2, 1))


def test_what_is_no_torch_optimizer_is_refused():
    with pytest.raises(TypeError, match="takes a torch optimizer"):
        TorchOptimizer(torch.nn.Linear(1, 1))
    with pytest.raises(TypeError, match="torch module or a Link"):
        TorchOptimizer(adam(torch.nn.Linear(1, 1)), "net")


def test_new_epoch_is_told_by_one_side_only():
    net = torch.nn.Linear(2, 1)
    optimizer = TorchOptimizer(adam(net)).setup(net)
    optimizer.new_epoch()
    with pytest.raises(RuntimeError, match="use_auto_new_epoch is off"):
        optimizer.new_epoch(auto=True)
    optimizer.use_auto_new_epoch = True
    optimizer.new_epoch(auto=True)
    with pytest.raises(RuntimeError, match="by hand"):
        optimizer.new_epoch()

    assert optimizer.epoch == 2


def test_a_fixed_loss_scale_changes_nothing_but_the_backward_pass():
    plain, scaled = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    scaled.load_state_dict(plain.state_dict())
    x = torch.ones(1, 2)
    one = TorchOptimizer(torch.optim.SGD(plain.parameters(), lr=0.1), plain)
    other = TorchOptimizer(torch.optim.SGD(scaled.parameters(), lr=0.1), scaled)
    other.set_loss_scale(1024.0)
    one.update(lambda x: plain(x).sum(), x)
    other.update(lambda x: scaled(x).sum(), x)

    states_equal(plain.state_dict(), scaled.state_dict())


def test_dynamic_loss_scaling_skips_an_overflow_and_is_saved():
    net = torch.nn.Linear(1, 1, bias=False)
    optimizer = TorchOptimizer(torch.optim.SGD(net.parameters(), lr=1.0), net)
    optimizer.loss_scaling(interval=1, scale=8.0)
    before = net.weight.detach().clone()
    optimizer.update(lambda: net.weight.sum() * float("inf"))
    assert torch.equal(net.weight, before)
    optimizer.update(net.weight.sum)
    assert torch.equal(net.weight, before - 1)

    other = TorchOptimizer(torch.optim.SGD(net.parameters(), lr=1.0), net)
    other.loss_scaling(interval=1, scale=1.0)
    state = serializers.serialize(optimizer)
    serializers.NpzDeserializer(state).load(other)
    assert other._scale._scaler.get_scale() == 8.0


def test_an_optimizer_that_needs_a_closure_needs_a_loss():
    net = torch.nn.Linear(1, 1)
    optimizer = TorchOptimizer(torch.optim.LBFGS(net.parameters()), net)
    with pytest.raises(ValueError, match="evaluates the loss itself"):
        optimizer.update()


def test_state_of_other_parameters_is_refused():
    net, other = torch.nn.Linear(1, 1), torch.nn.Sequential(torch.nn.Linear(1, 1))
    state = serializers.serialize(TorchOptimizer(adam(net), net))
    with pytest.raises(KeyError, match=r"missing in the file: .*0/bias"):
        serializers.NpzDeserializer(state).load(TorchOptimizer(adam(other), other))


def test_a_load_that_is_not_strict_keeps_what_the_file_lacks():
    net = torch.nn.Linear(1, 1)
    optimizer = TorchOptimizer(adam(net), net)
    optimizer.update(net.weight.sum)
    serializers.NpzDeserializer({}, strict=False).load(optimizer)

    assert optimizer.t == 1
    assert net.weight in optimizer.torch_optimizer.state


def test_a_load_that_fails_leaves_the_optimizer_as_it_was(tmp_path):
    net = torch.nn.Linear(1, 1)
    optimizer = TorchOptimizer(adam(net), net)
    optimizer.update(net.weight.sum)
    state = serializers.serialize(optimizer)
    del state["weight/exp_avg"]
    serializers.save_npz(tmp_path / "state", state)

    optimizer.update(net.weight.sum)
    before = {k: v.clone() for k, v in optimizer.torch_optimizer.state[net.weight].items()}
    with pytest.raises(KeyError, match="weight/exp_avg"):
        serializers.load_npz(tmp_path / "state", optimizer)

    assert optimizer.t == 2
    states_equal(optimizer.torch_optimizer.state[net.weight], before)


def test_state_that_only_a_pickle_could_hold_is_refused():
    net = torch.nn.Linear(1, 1)
    optimizer = TorchOptimizer(adam(net), net)
    optimizer.torch_optimizer.state[net.weight]["strange"] = object()
    with pytest.raises(TypeError, match="'strange'"):
        serializers.serialize(optimizer)
    optimizer.torch_optimizer.state.clear()
    optimizer.torch_optimizer.param_groups[0]["odd"] = object()
    with pytest.raises(TypeError, match="'odd'"):
        serializers.serialize(optimizer)


def test_bfloat16_state_comes_back_as_it_was():
    net = torch.nn.Linear(2, 1).to(torch.bfloat16)
    optimizer = TorchOptimizer(adam(net), net)
    optimizer.update(net.weight.sum)
    state = serializers.serialize(optimizer)
    fresh = TorchOptimizer(adam(net), net)
    serializers.NpzDeserializer(state).load(fresh)

    states_equal(
        fresh.torch_optimizer.state[net.weight], optimizer.torch_optimizer.state[net.weight]
    )
