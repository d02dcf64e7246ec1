"""What each of two processes does in the tests of DDP: `_ddp_script.py OUT EPOCHS [sharded]`."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import warnings

import lightning
import torch

import chainer_compat
from chainer_compat import training
from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions
from tests.unit.lightning._runs import QUIET, Module, loader

warnings.simplefilter("ignore")


class Everywhere(training.Extension):
    """Called in all processes, when rank zero's trigger says so."""

    all_ranks = True

    def __init__(self):
        self.called = []

    def __call__(self, trainer):
        self.called.append(trainer.updater.iteration)


class OnRankZero(Everywhere):
    all_ranks = False


class Ranked(Module):
    """Reports its rank, so that an average shows."""

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        chainer_compat.report({"rank": self.global_rank, "rows": len(batch[0])}, self)
        self.log("synced", float(self.global_rank), sync_dist=True)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("val_rank", float(self.global_rank), sync_dist=True)


def main():
    out, epochs = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    rank = int(os.environ.get("LOCAL_RANK", "0"))
    lightning.seed_everything(0, verbose=False)
    module = Ranked("adam")
    module.net[1].p = 0.0
    everywhere, on_zero = Everywhere(), OnRankZero()
    # Only rank zero's opinion counts: the other would never stop.
    stop = lambda trainer: rank == 0 and trainer.updater.iteration >= 2 * epochs  # noqa: E731 (short)
    callback = ChainerCallback(out, average=True, stop_trigger=stop)
    callback.extend(extensions.LogReport(trigger=(1, "iteration")))
    callback.extend(everywhere, trigger=lambda t: rank == 0 and t.updater.iteration % 2 == 1)
    callback.extend(on_zero, trigger=(1, "iteration"))
    sharded = {"saver_rank": 0, "snapshot_mode": "sharded"} if "sharded" in sys.argv else {}
    callback.extend(extensions.snapshot(autoload=True, **sharded), trigger=(2, "iteration"))
    trainer = lightning.Trainer(
        **{**QUIET, "devices": 2, "strategy": "ddp", "max_epochs": 9, "callbacks": [callback]}
    )
    trainer.fit(module, loader(12, 3), loader(6, 3))
    result = {
        "iteration": callback.trainer.updater.iteration,
        "everywhere": everywhere.called,
        "on_zero": on_zero.called,
        "weights": [p.detach().double().sum().item() for p in module.parameters()],
        "log": callback.get_extension("LogReport").log,
    }
    (out / f"rank{rank}.json").write_text(json.dumps(result))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
