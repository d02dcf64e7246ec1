import functools

import pytest
import torch
from torch.optim import optimizer as torch_optimizers

from chainer_compat.interop import TorchOptimizer
from chainer_compat.interop._step import step


def parameter():
    value = torch.nn.Parameter(torch.ones(2))
    value.grad = torch.full((2,), 2.0)
    return value


class Decorated(torch.optim.SGD):
    """A step that somebody has wrapped, with all attributes of torch's wrapper copied."""

    calls = 0

    @functools.wraps(torch.optim.SGD.step)
    def step(self, *args, **kwds):
        type(self).calls += 1
        return torch.optim.SGD.step(self, *args, **kwds)


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop])
def test_it_updates_as_the_optimizer_does(kind):
    ours, theirs = parameter(), parameter()
    optimizers = [kind([ours], lr=0.5), kind([theirs], lr=0.5)]
    for _ in range(3):
        step(optimizers[0])
        optimizers[1].step()
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, torch.ones(2))


def test_no_span_is_recorded_while_nobody_profiles(monkeypatch):
    optimizer = torch.optim.SGD([parameter()], lr=1)
    monkeypatch.setattr(torch.autograd.profiler, "record_function", None)
    step(optimizer)
    with pytest.raises(TypeError):
        optimizer.step()


def test_torchs_profiler_sees_the_step():
    optimizer = torch.optim.SGD([parameter()], lr=1)
    with torch.profiler.profile() as profile:
        step(optimizer)
    assert "Optimizer.step#SGD.step" in {event.key for event in profile.key_averages()}


@pytest.mark.parametrize("when", ["pre", "post"])
def test_hooks_of_the_optimizer_are_called(when):
    value, seen = parameter(), []
    optimizer = torch.optim.SGD([value], lr=1)
    register = getattr(optimizer, f"register_step_{when}_hook")
    register(lambda *_: seen.append(value.tolist()))
    step(optimizer)
    assert seen == [[1, 1] if when == "pre" else [-1, -1]]


@pytest.mark.parametrize("when", ["pre", "post"])
def test_hooks_of_all_optimizers_are_called(when):
    seen = []
    register = getattr(torch_optimizers, f"register_optimizer_step_{when}_hook")
    handle = register(lambda *_: seen.append(when))
    try:
        step(torch.optim.SGD([parameter()], lr=1))
    finally:
        handle.remove()
    assert seen == [when]


def test_a_learning_rate_scheduler_knows_of_the_step():
    optimizer = torch.optim.SGD([parameter()], lr=1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    step(optimizer)
    scheduler.step()  # warns, which is an error here, if no step went before it


def test_a_step_replaced_on_the_optimizer_is_called():
    optimizer, seen = torch.optim.SGD([parameter()], lr=1), []
    optimizer.step = lambda: seen.append("mine")
    step(optimizer)
    assert seen == ["mine"]


def test_a_decorated_step_of_a_subclass_is_called():
    value = parameter()
    step(Decorated([value], lr=1))
    assert Decorated.calls == 1
    assert value.tolist() == [-1, -1]


def test_a_fixed_loss_scale_is_undone_before_the_step():
    module = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.ones_(module.weight)
    optimizer = TorchOptimizer(torch.optim.SGD(module.parameters(), lr=1), module)
    optimizer.set_loss_scale(1024.0)
    optimizer.update(lambda x: module(x).sum(), torch.full((1, 1), 3.0))
    assert module.weight.tolist() == [[-2]]
