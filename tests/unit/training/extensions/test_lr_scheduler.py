from __future__ import annotations

import pytest
import torch
from torch.optim import lr_scheduler

from chainer_compat.training import extensions
from tests.unit.training._doubles import load, numbers_trainer, saved


class Optimizer:
    def __init__(self, lr=1.0):
        self.lr = self.alpha = lr


def make_trainer(out, stop):
    trainer = numbers_trainer(out, stop=(stop, "iteration"))
    trainer.optimizer = Optimizer()
    trainer.updater.get_optimizer = {"main": trainer.optimizer}.__getitem__
    return trainer


def run(out, scheduler, stop=6, resume=None, values=None, **kwargs):
    trainer = make_trainer(out, stop)
    if values is not None:
        trainer.extend(
            lambda t: t.observation.update(loss=values[t.updater.iteration - 1]),
            name="observe",
            priority=300,
        )
    trainer.extend(extensions.LRScheduler(scheduler, **kwargs), trigger=(1, "iteration"))
    rates = []
    trainer.extend(lambda t: rates.append(t.optimizer.lr), name="look", priority=0)
    if resume is not None:
        load(trainer, resume)
    trainer.run()
    return trainer, rates


SCHEDULERS = {
    "step": lambda optimizer: lr_scheduler.StepLR(optimizer, 2, 0.5),
    "multistep": lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [1, 3, 3], 0.5),
    "cosine": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 4),
    "lambda": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (t + 1)),
    "one cycle": lambda optimizer: lr_scheduler.OneCycleLR(
        optimizer, 2.0, total_steps=10, cycle_momentum=False
    ),
    "sequence": lambda optimizer: lr_scheduler.SequentialLR(
        optimizer,
        [lr_scheduler.ConstantLR(optimizer, 0.5), lr_scheduler.ExponentialLR(optimizer, 0.5)],
        [2],
    ),
}
# Torch's own SequentialLR calls step(epoch), of which torch warns.
pytestmark = pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step")


def torchs_rates(make, count):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(count):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


@pytest.mark.parametrize("name", SCHEDULERS)
def test_rates_are_torchs_and_go_on_after_a_resume(tmp_path, name):
    expected = torchs_rates(SCHEDULERS[name], 6)
    first, before = run(tmp_path, SCHEDULERS[name], stop=3)
    _, after = run(tmp_path, SCHEDULERS[name], resume=saved(first))

    assert before + after == expected


def test_first_rate_is_that_of_the_scheduler(tmp_path):
    trainer = make_trainer(tmp_path, 0.1)
    trainer.extend(extensions.LRScheduler(SCHEDULERS["sequence"], attr="alpha"))
    trainer.stop_trigger = lambda t: True
    trainer.run()

    assert (trainer.optimizer.alpha, trainer.optimizer.lr) == (0.5, 1.0)


def test_plateau_goes_by_an_observed_value(tmp_path):
    def make(optimizer):
        return lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)

    _, rates = run(tmp_path, make, stop=4, values=[1, 2, 0.5, 3], monitor="loss")

    assert rates == [1.0, 0.5, 0.5, 0.25]


def test_value_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(KeyError, match="'loss' was not observed"):
        run(tmp_path, lr_scheduler.ReduceLROnPlateau, monitor="loss")


def test_scheduler_of_a_torch_optimizer(tmp_path):
    def build(stop, resume=None):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        trainer = numbers_trainer(tmp_path, stop=(stop, "iteration"))
        trainer.updater._report = lambda iteration: optimizer.step()
        schedule = extensions.LRScheduler(lr_scheduler.ExponentialLR(optimizer, 0.5))
        trainer.extend(schedule, trigger=(1, "iteration"))
        if resume is not None:
            load(trainer, resume)
        trainer.run()
        return trainer, optimizer.param_groups[0]["lr"]

    first, rate = build(2)
    assert rate == 0.25
    assert build(3, resume=saved(first))[1] == 0.125


def test_optimizer_may_be_given_and_a_file_without_state_is_no_error(tmp_path):
    other = Optimizer(8.0)
    run(tmp_path, SCHEDULERS["step"], stop=2, optimizer=other)

    assert other.lr == 4.0
    schedule = extensions.LRScheduler(SCHEDULERS["step"])
    assert saved(schedule) == {}
    assert load(schedule, {})._loaded is None


def test_state_that_cannot_be_saved_is_an_error(tmp_path):
    class Odd(lr_scheduler.StepLR):
        def state_dict(self):
            return {"odd": object()}

    trainer, _ = run(tmp_path, lambda optimizer: Odd(optimizer, 1))
    with pytest.raises(TypeError, match="state holds an object of <class 'object'>"):
        saved(trainer)


def test_tensors_in_the_state_are_saved_as_numbers(tmp_path):
    class Counting(lr_scheduler.StepLR):
        def state_dict(self):
            return {**super().state_dict(), "count": torch.tensor(3)}

    first, _ = run(tmp_path, lambda optimizer: Counting(optimizer, 1), stop=2)
    again, _ = run(tmp_path, lambda optimizer: Counting(optimizer, 1), resume=saved(first))

    assert again.get_extension("LRScheduler")._scheduler.count == 3


@pytest.mark.parametrize("scheduler_first", [True, False])
def test_a_value_that_a_shift_has_set_since_is_there_after_a_resume(tmp_path, scheduler_first):
    def make(stop):
        trainer = make_trainer(tmp_path, stop)
        shift = extensions.ExponentialShift("lr", 0.5), (1, "iteration")
        schedule = extensions.LRScheduler(SCHEDULERS["step"]), (3, "iteration")
        pair = [schedule, shift] if scheduler_first else [shift, schedule]
        for extension, trigger in pair:
            trainer.extend(extension, trigger=trigger)
        return trainer

    first = make(2)
    first.run()
    again = make(3)
    load(again, saved(first))
    seen = []
    again.extend(lambda t: seen.append(t.optimizer.lr), name="look", priority=1000)
    again.run()

    assert seen == [first.optimizer.lr] == [0.25]
