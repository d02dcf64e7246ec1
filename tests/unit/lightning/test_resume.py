"""A run that is broken off anywhere goes on as if it had not been: same batches, same numbers."""

from __future__ import annotations

import contextlib

import lightning
import pytest
import torch

from chainer_compat import training
from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions, triggers
from tests.unit.lightning._runs import Module, fit, loader


class Noisy(torch.utils.data.Dataset):
    """Map-style data that draws a random number for each example."""

    def __init__(self, size=10):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        x = torch.tensor([index / self.size, 1.0]) + 0.01 * torch.rand(2)
        return x, x.sum(0, keepdim=True)


class Resumable:
    """A loader with a state of its own, as torchdata's has one."""

    def __init__(self):
        self.data = [(torch.full((2, 2), i / 5), torch.full((2, 1), i / 3)) for i in range(5)]
        self.given = 0

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        start, self.given = self.given % len(self.data), self.given
        for batch in self.data[start:]:
            self.given += 1
            yield batch

    def state_dict(self):
        return {"given": self.given}

    def load_state_dict(self, state):
        self.given = state["given"]


class PowerCutError(Exception):
    """The power went off."""


class PowerCut(training.Extension):
    """Breaks the run off after an iteration, behind everything else."""

    priority = -1000

    def __init__(self, iteration):
        self.iteration = iteration

    def __call__(self, trainer):
        if trainer.updater.iteration == self.iteration:
            raise PowerCutError


def make_callback(out, cut=None, **options):
    callback = ChainerCallback(out, **options)
    callback.extend(extensions.LogReport(trigger=(2, "iteration")))
    # Another option than the one that Lightning's schedulers change.
    callback.extend(extensions.ExponentialShift("weight_decay", 0.9, 0.1), trigger=(0.5, "epoch"))
    callback.extend(extensions.snapshot(autoload=True), trigger=(1, "iteration"))
    callback.extend(
        lambda _: None,
        name="best",
        trigger=triggers.MinValueTrigger("loss", (0.5, "epoch")),
    )
    if cut is not None:
        callback.extend(PowerCut(cut))
    return callback


def log_of(callback):
    log = callback.get_extension("LogReport").log
    return [{name: e[name] for name in e if name != "elapsed_time"} for e in log]


def run(out, make_module, make_data, cut=None, **options):
    """The module, the log and the calls of one run, or what is left of it."""
    lightning.seed_everything(7, verbose=False)
    module = make_module()
    callback = make_callback(out, cut)
    train, val = make_data()
    with contextlib.suppress(PowerCutError):
        fit(callback, module, train, val, **options)
    return module, callback


def assert_the_same(one, other):
    for name, value in one[0].state_dict().items():
        assert torch.equal(value, other[0].state_dict()[name]), name
    assert log_of(one[1]) == log_of(other[1])
    assert one[1].trainer.updater.epoch_detail == other[1].trainer.updater.epoch_detail


class Scheduled(Module):
    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=10)
        every = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.8)
        step = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.7)
        return [optimizer], [
            {"scheduler": step, "interval": "step"},
            {"scheduler": torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)},
            {"scheduler": plateau, "monitor": "val_loss", "interval": "epoch"},
            {"scheduler": every, "monitor": "loss", "interval": "step", "frequency": 2},
        ]


class TwoOptimizers(Module):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def configure_optimizers(self):
        return (
            torch.optim.Adam(self.net[0].parameters(), lr=0.1),
            torch.optim.SGD(self.net[2].parameters(), lr=0.01, momentum=0.9),
        )

    def training_step(self, batch, batch_idx):
        for optimizer in self.optimizers():
            optimizer.zero_grad()
            self.manual_backward(loss := self.loss(batch))
            optimizer.step()
        self.log("loss", loss)


def noisy(**options):
    return lambda: (torch.utils.data.DataLoader(Noisy(), 2, shuffle=True, **options), None)


def own_generator():
    generator = torch.Generator().manual_seed(5)
    return torch.utils.data.DataLoader(Noisy(), 2, shuffle=True, generator=generator), None


CASES = {
    "plain": (Module, noisy(), {}),
    "validation": (Module, lambda: (noisy()()[0], loader(4)), {}),
    "validation within": (Module, lambda: (noisy()()[0], loader(4)), {"val_check_interval": 2}),
    "validation across": (
        Module,
        lambda: (noisy()()[0], loader(4)),
        {"val_check_interval": 3, "check_val_every_n_epoch": None},
    ),
    "sanity": (Module, lambda: (noisy()()[0], loader(4)), {"num_sanity_val_steps": 2}),
    "accumulation": (Module, noisy(), {"accumulate_grad_batches": 2}),
    "steps": (Module, noisy(), {"max_steps": 13, "max_epochs": -1}),
    "steps and validation": (
        Module,
        lambda: (noisy()()[0], loader(4)),
        {"max_steps": 13, "max_epochs": -1, "val_check_interval": 2},
    ),
    "schedulers": (Scheduled, lambda: (noisy()()[0], loader(4)), {}),
    "manual": (TwoOptimizers, noisy(), {}),
    "workers": (Module, noisy(num_workers=1), {}),
    "own generator": (Module, own_generator, {}),
    "stateful": (Module, lambda: (Resumable(), None), {}),
    "several": (
        Module,
        lambda: (lightning.pytorch.utilities.CombinedLoader([noisy()()[0]], "min_size"), None),
        {},
    ),
    "limited": (Module, noisy(), {"limit_train_batches": 3, "max_epochs": 4}),
    "reloaded": (Module, noisy(), {"reload_dataloaders_every_n_epochs": 1}),
}


class Unpacking(Module):
    def training_step(self, batch, batch_idx):
        return super().training_step(batch[0] if len(batch) == 1 else batch, batch_idx)


@pytest.mark.parametrize("name", CASES)
def test_a_resume_from_a_snapshot_is_exact(tmp_path, name):
    make_module, make_data, options = CASES[name]
    make_module = Unpacking if name == "several" else make_module
    options = {"max_epochs": 3, **options}
    whole = run(tmp_path / "whole", make_module, make_data, **options)
    iterations = whole[1].trainer.updater.iteration

    # In the middle of an epoch, before its last iteration, at its end, behind it.
    for cut in [c for c in (1, 4, 5, 6, 8, 12) if c < iterations]:
        out = tmp_path / str(cut)
        run(out, make_module, make_data, cut, **options)
        assert_the_same(whole, run(out, make_module, make_data, **options))


@pytest.mark.parametrize("name", ["plain", "validation within", "schedulers", "steps"])
def test_a_run_can_be_broken_off_again_and_again(tmp_path, name):
    make_module, make_data, options = CASES[name]
    options = {"max_epochs": 3, **options}
    whole = run(tmp_path / "whole", make_module, make_data, **options)
    for cut in (2, 3, 5, 7, 10):
        run(tmp_path / "cut", make_module, make_data, cut, **options)

    assert_the_same(whole, run(tmp_path / "cut", make_module, make_data, **options))


def test_a_longer_run_goes_on_from_one_that_was_over(tmp_path):
    whole = run(tmp_path / "whole", Module, noisy(), max_epochs=4)
    run(tmp_path / "parts", Module, noisy(), max_epochs=2)

    assert_the_same(whole, run(tmp_path / "parts", Module, noisy(), max_epochs=4))


def test_a_run_that_is_over_stays_over(tmp_path):
    first = run(tmp_path, Module, noisy(), max_epochs=2)
    again = run(tmp_path, Module, noisy(), max_epochs=2)

    assert again[1].trainer.updater.iteration == 10
    assert log_of(again[1]) == log_of(first[1])
