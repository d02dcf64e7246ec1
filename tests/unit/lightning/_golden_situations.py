"""The situations of which `golden/` has the hooks and calls: each returns the lines of its run."""

from __future__ import annotations

import contextlib
import os
import signal

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

from chainer_compat.lightning import ChainerCallback
from tests.unit.lightning._recording import Hooks, Plain, recorded
from tests.unit.lightning._runs import Module, fit, loader

# Why a version of Lightning calls something else than the newest one, by situation.
_BEGINS = "In the middle of an epoch, a resumed run calls on_train_epoch_start again."
DIFFERENT = {
    "2.4": {
        "autoload_in_the_middle_of_a_validation": _BEGINS,
        "autoload_in_the_middle_of_an_epoch": _BEGINS,
        "resume_by_ckpt_path_behind_a_batch": _BEGINS,
        "resume_by_ckpt_path_behind_a_validation": f"{_BEGINS} It does the validation again.",
        "resume_by_ckpt_path_between_a_batch_and_its_validation": (
            f"{_BEGINS} It does the validation, which later versions pass over."
        ),
    },
}

SITUATIONS = {}


def situation(function):
    """Registers a function by its name; it takes an empty folder and a list for the lines."""
    SITUATIONS[function.__name__] = function
    return function


class Scripted(Module):
    """Its validation gives the same values on every machine."""

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", abs(3.5 - self.global_step))

    def test_step(self, batch, batch_idx):
        self.log("test_loss", 1.0)


def run(out, lines, module=None, *data, before=(), callback=None, part=0.5, best=True, **options):
    """Fits with the recorders, the one of the hooks in front."""
    if callback is None:
        callback = recorded(out, lines, part=part, best=best)
    module = Scripted() if module is None else module
    return fit([*before, Hooks(lines), callback], module, *data, **options)


@situation
def plain(out, lines):
    run(out, lines, None, loader(6), best=False)


@situation
def validation_each_epoch(out, lines):
    run(out, lines, None, loader(6), loader(3), max_epochs=3)


@situation
def validation_every_second_epoch(out, lines):
    run(out, lines, None, loader(3), loader(3), check_val_every_n_epoch=2, max_epochs=3, best=False)


@situation
def validation_in_the_middle_of_an_epoch(out, lines):
    run(out, lines, None, loader(9), loader(6), max_epochs=1, val_check_interval=2)


@situation
def validation_at_fractions_of_an_epoch(out, lines):
    run(out, lines, None, loader(12), loader(3), max_epochs=1, val_check_interval=0.5)


@situation
def validation_across_epochs(out, lines):
    across = {"val_check_interval": 3, "check_val_every_n_epoch": None}
    run(out, lines, None, loader(6), loader(3), max_epochs=3, **across, best=False)


@situation
def sanity_checking(out, lines):
    run(out, lines, None, loader(3), loader(6), num_sanity_val_steps=2, max_epochs=1)


@situation
def fast_dev_run(out, lines):
    run(out, lines, None, loader(6), loader(6), fast_dev_run=True)


@situation
def validate_and_test(out, lines):
    trainer = run(out, lines, None, loader(3), loader(3), max_epochs=1)
    trainer.validate(trainer.lightning_module, loader(3), verbose=False)
    trainer.test(trainer.lightning_module, loader(3), verbose=False)


@situation
def gradient_accumulation(out, lines):
    run(out, lines, None, loader(15), loader(3), max_epochs=1, accumulate_grad_batches=2)


class Manual(Scripted):
    """A GAN's two optimizers, or one alone."""

    def __init__(self, count):
        super().__init__()
        self.automatic_optimization = False
        self.count = count

    def configure_optimizers(self):
        parts = (self.net[0], self.net[2])[: self.count]
        return [torch.optim.SGD(part.parameters(), lr=0.1) for part in parts]

    def training_step(self, batch, batch_idx):
        optimizers = self.optimizers()
        for optimizer in optimizers if self.count > 1 else [optimizers]:
            optimizer.zero_grad()
            self.manual_backward(self.loss(batch))
            optimizer.step()
        self.log("loss", 1.0)


@situation
def manual_optimization(out, lines):
    run(out, lines, Manual(1), loader(6), loader(3), max_epochs=1)


@situation
def several_optimizers(out, lines):
    run(out, lines, Manual(2), loader(6), loader(3), max_epochs=1)


class Seldom(Manual):
    def training_step(self, batch, batch_idx):
        if batch_idx % 2:
            super().training_step(batch, batch_idx)


@situation
def an_optimizer_that_steps_every_second_batch(out, lines):
    run(out, lines, Seldom(1), loader(15), loader(3), max_epochs=1)


@situation
def max_steps_in_the_middle_of_an_epoch(out, lines):
    run(out, lines, None, loader(12), loader(3), max_steps=3)


@situation
def limit_train_batches(out, lines):
    run(out, lines, None, loader(12), loader(6), limit_train_batches=2, limit_val_batches=1)


class Endless(torch.utils.data.IterableDataset):
    """Data of a length that nobody knows."""

    def __iter__(self):
        return iter([(torch.ones(2), torch.ones(1))] * 4)


@situation
def an_unknown_length(out, lines):
    train = torch.utils.data.DataLoader(Endless(), 2)
    run(out, lines, None, train, loader(3), part=1)


@situation
def an_unknown_length_with_validation_within(out, lines):
    train = torch.utils.data.DataLoader(Endless(), 1)
    run(out, lines, None, train, loader(3), part=1, max_epochs=1, val_check_interval=2)


class Growing(lightning.LightningDataModule):
    def train_dataloader(self):
        return loader(3 * (1 + self.trainer.current_epoch))

    def val_dataloader(self):
        return loader(3)


@situation
def reload_dataloaders_every_n_epochs(out, lines):
    run(out, lines, datamodule=Growing(), reload_dataloaders_every_n_epochs=1, max_epochs=3)


class Several(Scripted):
    def training_step(self, batch, batch_idx):
        return super().training_step(batch["a"], batch_idx)

    def validation_step(self, batch, batch_idx, dataloader_idx):
        self.log("val_loss", 1.0)


@situation
def several_dataloaders(out, lines):
    train = {"a": loader(6), "b": loader(9)}
    run(out, lines, Several(), train, [loader(3), loader(6)], max_epochs=1, best=False)


@situation
def several_callbacks(out, lines):
    class Late(Plain):
        name = "late"
        priority = 100

    class Early(Plain):
        name = "early"
        priority = 300

    first, second = ChainerCallback(out), recorded(None, lines, Late(), Early(), best=False)
    run(out, lines, None, loader(3), callback=second, before=[first], max_epochs=1)


@situation
def a_stop_trigger(out, lines):
    callback = recorded(out, lines, stop_trigger=(2, "iteration"))
    run(out, lines, None, loader(12), loader(3), callback=callback)


@situation
def early_stopping_of_lightning(out, lines):
    stop = EarlyStopping("val_loss", mode="max", patience=0)
    run(out, lines, None, loader(12), loader(3), before=[stop], val_check_interval=2)


class Skipping(Scripted):
    def on_train_batch_start(self, batch, batch_idx):
        return -1 if batch_idx == 2 else None


@situation
def a_module_that_skips_the_rest_of_an_epoch(out, lines):
    run(out, lines, Skipping(), loader(12), loader(3), best=False)


class Breaking(Scripted):
    """Something happens in the second batch's training, or in the validation."""

    def __init__(self, happens, step="training_step"):
        super().__init__()
        self.happens, self.step = happens, step

    def training_step(self, batch, batch_idx):
        if self.step == "training_step" and batch_idx == 1:
            self.happens()
        return super().training_step(batch, batch_idx)

    def validation_step(self, batch, batch_idx):
        if self.step == "validation_step":
            self.happens()
        super().validation_step(batch, batch_idx)


def fail():
    raise ZeroDivisionError


def press_ctrl_c():
    raise KeyboardInterrupt


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


@situation
def an_exception(out, lines):
    with pytest.raises(ZeroDivisionError):
        run(out, lines, Breaking(fail), loader(9), best=False)


@situation
def an_exception_in_a_validation(out, lines):
    with pytest.raises(ZeroDivisionError):
        run(out, lines, Breaking(fail, "validation_step"), loader(6), loader(3))


@situation
def an_exception_in_an_extension(out, lines):
    class Failing(Plain):
        name = "failing"

        def __call__(self, trainer):
            fail()

    with pytest.raises(ZeroDivisionError):
        run(out, lines, None, loader(6), callback=recorded(out, lines, Failing(), best=False))


@situation
def ctrl_c(out, lines):
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit):
            run(out, lines, Breaking(press_ctrl_c), loader(9), best=False)
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning leaves it ignored


@situation
def sigterm(out, lines):
    with pytest.raises(SystemExit):
        run(out, lines, Breaking(terminate), loader(9), best=False)


@situation
def resume_by_ckpt_path_behind_a_batch(out, lines):
    _resume(out, lines, {"every_n_train_steps": 2})


@situation
def resume_by_ckpt_path_between_a_batch_and_its_validation(out, lines):
    _resume(out, lines, {"every_n_train_steps": 2}, val_check_interval=2, best=False)


@situation
def resume_by_ckpt_path_behind_a_validation(out, lines):
    _resume(out, lines, {"every_n_epochs": 1}, val_check_interval=2)


@situation
def resume_by_ckpt_path_behind_an_epoch(out, lines):
    _resume(out, lines, {"every_n_epochs": 1, "save_on_train_epoch_end": True})


def _resume(out, lines, saving, **options):
    """A run from the first checkpoint of another one, of which nothing is noted."""

    def fit_from(path, lines, **options):
        saver = ModelCheckpoint(out / "ckpt", save_top_k=-1, filename="{step}", **saving)
        options.update(before=[saver], enable_checkpointing=True, ckpt_path=path)
        run(out / "result", lines, None, loader(9), loader(3), **options)

    fit_from(None, [], max_epochs=1, **options)
    first = min((out / "ckpt").iterdir(), key=lambda path: int(path.stem.partition("=")[2]))
    fit_from(first, lines, **options)


@situation
def autoload_in_the_middle_of_an_epoch(out, lines):
    _autoload(out, lines, Breaking(fail))


@situation
def autoload_in_the_middle_of_a_validation(out, lines):
    _autoload(out, lines, Breaking(fail, "validation_step"), val_check_interval=2)


@situation
def autoload_behind_an_epoch(out, lines):
    _autoload(out, lines, Scripted(), max_epochs=1)


def _autoload(out, lines, module, max_epochs=2, **options):
    """A run from the last snapshot of another one, of which nothing is noted."""
    data = loader(12), loader(3)
    with contextlib.suppress(ZeroDivisionError):
        run(out, [], module, *data, max_epochs=max_epochs, part=0.25, **options)
    run(out, lines, None, *data, callback=recorded(out, lines, autoload=True), **options)
