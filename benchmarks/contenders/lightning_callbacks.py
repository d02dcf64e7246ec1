"""Lightning's Trainer with callbacks that log, print and save: Chainer's, and its own."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings

import lightning
import torch

from benchmarks.contenders import _batches, _torch_net
from benchmarks.contenders.lightning_trainer import _Loader

for _name in ("lightning.pytorch", "lightning.fabric"):
    logging.getLogger(_name).setLevel(logging.ERROR)
warnings.simplefilter("ignore")


class _Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = _torch_net.network()

    def training_step(self, batch, batch_idx):
        x, t = batch
        loss = torch.nn.functional.cross_entropy(self.net(x), t)
        self.log("loss", loss, on_step=True, on_epoch=False)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


def _measure(options, make):
    clock = _batches.Epochs(options)
    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stdout(io.StringIO()):
        trainer = lightning.Trainer(
            accelerator="cpu",
            max_epochs=clock.epochs,
            enable_model_summary=False,
            **make(out),
        )
        trainer.fit(_Module(), _Loader(clock))
        return {"iteration": clock.end()}


_NOTHING = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}


def train_bare(options):
    """No callback at all."""
    return lambda: _measure(options, lambda _: _NOTHING)


def _with_chainers(options, snapshots):
    from chainer_compat.lightning import ChainerCallback
    from chainer_compat.training import extensions

    def make(out):
        callback = ChainerCallback(out, [extensions.LogReport()])
        callback.extend(extensions.PrintReport(["epoch", "loss"]))
        callback.extend(extensions.snapshot(n_retains=1), trigger=(snapshots, "epoch"))
        return {**_NOTHING, "callbacks": [callback]}

    return lambda: _measure(options, make)


def train_with_chainers(options):
    """A ChainerCallback with LogReport, PrintReport and a snapshot that is not due yet."""
    return _with_chainers(options, options["epochs"] + 1)


def train_with_chainers_saving(options):
    """The same with a snapshot each epoch."""
    return _with_chainers(options, 1)


def train_with_lightnings(options):
    """ModelCheckpoint each epoch, CSVLogger in every iteration, RichProgressBar."""
    from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar
    from lightning.pytorch.loggers import CSVLogger

    def make(out):
        callbacks = [ModelCheckpoint(out, every_n_epochs=1), RichProgressBar()]
        return {"logger": CSVLogger(out), "log_every_n_steps": 1, "callbacks": callbacks}

    return lambda: _measure(options, make)
