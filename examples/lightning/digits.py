#!/usr/bin/env python
"""Train on handwritten digits with Lightning, and with Chainer's extensions in one callback."""

from __future__ import annotations

import argparse

import lightning
import torch
from sklearn.datasets import load_digits

from chainer_compat import training
from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions, triggers


class Digits(lightning.LightningModule):
    """A LightningModule as any other: it knows nothing of Chainer."""

    def __init__(self, units=100):
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Linear(64, units),
            torch.nn.ReLU(),
            torch.nn.Dropout(0.2),
            torch.nn.Linear(units, 10),
        )

    def training_step(self, batch, batch_idx):
        images, labels = batch
        loss = torch.nn.functional.cross_entropy(self.net(images), labels)
        self.log("loss", loss, on_step=True, on_epoch=False)
        return loss

    def validation_step(self, batch, batch_idx):
        images, labels = batch
        scores = self.net(images)
        self.log("val_loss", torch.nn.functional.cross_entropy(scores, labels))
        self.log("val_accuracy", (scores.argmax(1) == labels).float().mean())

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.002)


class StopAtAccuracy(training.Extension):
    """An extension of one's own: says when the accuracy is good, and ends the training."""

    trigger = 1, "epoch"
    priority = training.PRIORITY_READER

    def __init__(self, accuracy):
        self.accuracy = accuracy

    def __call__(self, trainer):
        if trainer.observation["val_accuracy"] >= self.accuracy:
            print(f"reached {self.accuracy} in epoch {trainer.updater.epoch}")
            trainer.lightning.should_stop = True


def data(batch_size):
    digits = load_digits()
    images = torch.from_numpy((digits.data / 16).astype("float32"))
    examples = torch.utils.data.TensorDataset(images, torch.from_numpy(digits.target))
    split = torch.Generator().manual_seed(0)
    train, test = torch.utils.data.random_split(examples, [1437, 360], generator=split)
    loader = torch.utils.data.DataLoader
    return loader(train, batch_size, shuffle=True), loader(test, 360)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epoch", type=int, default=10, help="epochs at most")
    parser.add_argument("--out", default="result", help="output directory")
    parser.add_argument("--accuracy", type=float, default=0.99, help="where to stop")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    options = parser.parse_args()
    lightning.seed_everything(options.seed, verbose=False)

    callback = ChainerCallback(out=options.out)
    # Twice in an epoch; the snapshot goes on where it was, at the same batch.
    callback.extend(extensions.LogReport(trigger=(0.5, "epoch")))
    columns = ["epoch", "iteration", "loss", "val_loss", "val_accuracy", "elapsed_time"]
    callback.extend(extensions.PrintReport(columns))
    callback.extend(StopAtAccuracy(options.accuracy))
    callback.extend(extensions.snapshot(n_retains=2, autoload=True), trigger=(0.5, "epoch"))
    # The best model so far, in a file of its own.
    callback.extend(
        extensions.snapshot(filename="best"),
        name="best",
        trigger=triggers.MaxValueTrigger("val_accuracy", (1, "epoch")),
    )

    trainer = lightning.Trainer(
        max_epochs=options.epoch,
        accelerator="cpu",
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Digits(), *data(batch_size=32))


if __name__ == "__main__":
    main()
