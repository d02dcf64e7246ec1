"""Lightning's Trainer, with everything off that can be."""

from __future__ import annotations

import logging
import tempfile
import warnings

import lightning
import torch
from lightning.pytorch.loggers import CSVLogger

from benchmarks.contenders import _batches, _torch_net

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
warnings.simplefilter("ignore")


class _Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = _torch_net.network()

    def training_step(self, batch, batch_idx):
        x, t = batch
        loss = torch.nn.functional.cross_entropy(self.net(x), t)
        self.log("loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


class _Loader:
    def __init__(self, clock):
        self.clock = clock
        self.batch = _torch_net.batch()

    def __len__(self):
        return self.clock.per_epoch

    def __iter__(self):
        for _ in range(self.clock.per_epoch):
            self.clock.tick()
            yield self.batch


def train(options):
    """`fit`, `self.log` of the loss, a CSV log each epoch."""

    def measure():
        clock = _batches.Epochs(options)
        with tempfile.TemporaryDirectory() as out:
            trainer = lightning.Trainer(
                accelerator="cpu",
                max_epochs=clock.epochs,
                logger=CSVLogger(out),
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
            )
            trainer.fit(_Module(), _Loader(clock))
            return {"iteration": clock.end()}

    return measure
