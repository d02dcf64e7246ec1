"""A small module, its data, and a way to fit it without anything else."""

from __future__ import annotations

import lightning
import torch

import chainer_compat
from chainer_compat import training
from chainer_compat.lightning import ChainerCallback

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}


class Module(lightning.LightningModule):
    """A regression with dropout, so that random numbers matter."""

    def __init__(self, optimizer="adam"):
        super().__init__()
        torch.manual_seed(1)
        self.optimizer = optimizer
        self.net = torch.nn.Sequential(
            torch.nn.Linear(2, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1)
        )

    def loss(self, batch):
        x, t = batch
        return torch.nn.functional.mse_loss(self.net(x), t)

    def training_step(self, batch, batch_idx):
        loss = self.loss(batch)
        self.log("loss", loss, on_step=True, on_epoch=False)
        chainer_compat.report({"batch": float(batch_idx)}, self)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.loss(batch))

    def configure_optimizers(self):
        if self.optimizer == "sgd":
            return torch.optim.SGD(self.parameters(), lr=0.1)
        return torch.optim.Adam(self.parameters(), lr=0.05)


def loader(size=12, batch_size=3, shuffle=False, **options):
    x = torch.arange(size * 2, dtype=torch.float32).reshape(size, 2) / size
    data = torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True))
    return torch.utils.data.DataLoader(data, batch_size, shuffle=shuffle, **options)


def fit(
    callbacks, module=None, train=None, val=None, *, datamodule=None, ckpt_path=None, **options
):
    """Fits, and returns the Lightning trainer."""
    own = callbacks if isinstance(callbacks, list) else [callbacks]
    trainer = lightning.Trainer(**{**QUIET, "max_epochs": 2, **options, "callbacks": own})
    module = Module() if module is None else module
    if datamodule is None:
        train = loader() if train is None else train
        trainer.fit(module, train, val, ckpt_path=ckpt_path)
    else:
        trainer.fit(module, datamodule=datamodule, ckpt_path=ckpt_path)
    return trainer


class Recorder(training.Extension):
    """Notes every call, with what it finds."""

    trigger = 1, "iteration"

    def __init__(self, events, label="call", fail_in=None):
        self.events, self.label, self.fail_in = events, label, fail_in

    def note(self, event, *details):
        self.events.append((f"{self.label}.{event}", *details))
        if event == self.fail_in:
            raise ValueError(f"{self.label}.{event}")

    def initialize(self, trainer):
        self.note("initialize", trainer.updater.iteration)

    def __call__(self, trainer):
        updater = trainer.updater
        self.note("call", updater.iteration, updater.epoch_detail, sorted(trainer.observation))

    def on_error(self, trainer, exc, tb):
        self.note("on_error", type(exc).__name__)

    def finalize(self):
        self.note("finalize")


def calls(events):
    """The calls among the events: iteration, epoch with fraction, names observed."""
    return [details for event, *details in events if event.endswith(".call")]


def recorded(out, *extensions, **options):
    """A callback with a recorder of every iteration, and its events."""
    events = []
    callback = ChainerCallback(out, [*extensions, Recorder(events)], **options)
    return callback, events
