"""Lightning's Trainer with callbacks that log, print and save: Chainer's, and its own.

A whole run is timed, the ends of its epochs included; or what callbacks add to an iteration alone.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import time
import warnings

import lightning
import numpy as np
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


class _Switched:
    """A loader that takes the callbacks out and puts them back, a few iterations later, all along.

    Between two fits, or two processes, an iteration differs by more than the callbacks cost.
    """

    def __init__(self, batches):
        self.batch = _torch_net.batch()
        self.batches = batches
        self.trainer = None
        self._times = []

    def __len__(self):
        return self.batches

    def __iter__(self):
        callbacks = self.trainer.callbacks
        for number in range(self.batches):
            is_last = number == self.batches - 1
            self.trainer.callbacks = callbacks if is_last or _has_callbacks(number) else []
            self._times.append(time.perf_counter())
            yield self.batch

    def cost(self):
        """The difference, in seconds, between the fast iterations of both kinds.

        What else the machine does slows some iterations down, by much more than the difference.
        """
        taken = {True: [], False: []}
        for number, seconds in enumerate(np.diff(self._times)):
            if number >= _WARM_UP and number % _BLOCK >= _SETTLING:
                taken[_has_callbacks(number)].append(seconds)
        return float(np.quantile(taken[True], 0.1) - np.quantile(taken[False], 0.1))


# Iterations with callbacks, then as many without; the first of each find other caches.
_BLOCK = 20
_SETTLING = 3
_WARM_UP = 10 * _BLOCK


def _has_callbacks(number):
    return number // _BLOCK % 2 == 0


def _measure_cost(options, make):
    batches = _WARM_UP + options["iterations"] * options["epochs"]
    loader = _Switched(batches)
    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stdout(io.StringIO()):
        trainer = loader.trainer = lightning.Trainer(
            accelerator="cpu", max_epochs=1, enable_model_summary=False, **make(out)
        )
        trainer.fit(_Module(), loader)
    return {"step_callback": loader.cost()}


class _Empty(lightning.Callback):
    # Lightning passes over what cannot be called.
    on_train_batch_start = on_before_zero_grad = on_before_backward = None
    on_after_backward = on_before_optimizer_step = None
    state_key = "empty"

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        pass


class _Sum(_Empty):
    def on_train_start(self, trainer, pl_module):
        self.sum = 0.0

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.sum += trainer.callback_metrics.get("loss", outputs["loss"]).item()


def cost_of_empty(options):
    """A hook that does nothing."""
    return lambda: _measure_cost(options, lambda _: {**_NOTHING, "callbacks": [_Empty()]})


def cost_of_sum(options):
    """A hook that adds up what was logged, as Lightning documents to read it."""
    return lambda: _measure_cost(options, lambda _: {**_NOTHING, "callbacks": [_Sum()]})


_NOTHING = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}


def train_bare(options):
    """No callback at all."""
    return lambda: _measure(options, lambda _: _NOTHING)


def _chainers(out, snapshots):
    from chainer_compat.lightning import ChainerCallback
    from chainer_compat.training import extensions

    callback = ChainerCallback(out, [extensions.LogReport()])
    callback.extend(extensions.PrintReport(["epoch", "loss"]))
    callback.extend(extensions.snapshot(n_retains=1), trigger=(snapshots, "epoch"))
    return {**_NOTHING, "callbacks": [callback]}


def cost_of_chainers(options):
    """A ChainerCallback with LogReport, PrintReport and snapshot."""
    return lambda: _measure_cost(options, lambda out: _chainers(out, 2))


def _with_chainers(options, snapshots):
    return lambda: _measure(options, lambda out: _chainers(out, snapshots))


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
