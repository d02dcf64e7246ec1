"""What each of two processes does in the test of FSDP: `_fsdp_script.py OUT ITERATIONS`."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import warnings

import lightning
import torch
from lightning.pytorch.strategies import ModelParallelStrategy
from torch.distributed.tensor import DTensor

from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions
from tests.unit.lightning._runs import QUIET, Module, loader

try:
    from torch.distributed.fsdp import fully_shard
except ImportError:  # where torch 2.5 has it
    from torch.distributed._composable.fsdp import fully_shard

warnings.simplefilter("ignore")


class Sharded(Module):
    """Each process holds a part of each weight, of its gradient and of the optimizer's state."""

    def configure_model(self):
        if self.device_mesh is not None and not isinstance(self.net[0].weight, DTensor):
            mesh = self.device_mesh["data_parallel"]
            fully_shard(self.net[0], mesh=mesh)
            fully_shard(self.net, mesh=mesh)


def main():
    out, iterations = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    rank = int(os.environ.get("LOCAL_RANK", "0"))
    lightning.seed_everything(0, verbose=False)
    module = Sharded()
    module.net[1].p = 0.0
    callback = ChainerCallback(out, [extensions.LogReport(trigger=(1, "iteration"))], average=True)
    saving = extensions.snapshot(saver_rank=0, snapshot_mode="sharded", autoload=True)
    callback.extend(saving, trigger=(2, "iteration"))
    strategy = ModelParallelStrategy(data_parallel_size=2, tensor_parallel_size=1)
    options = {**QUIET, "devices": 2, "strategy": strategy, "max_steps": iterations}
    trainer = lightning.Trainer(**{**options, "callbacks": [callback]})
    trainer.fit(module, loader(12, 3))
    weights = list(module.parameters())
    result = {
        "kinds": sorted({type(weight).__name__ for weight in weights}),
        "local": [weight.to_local().numel() for weight in weights],
        "weights": [weight.full_tensor().flatten().tolist() for weight in weights],
        "iteration": callback.trainer.updater.iteration,
        "log": callback.get_extension("LogReport").log,
    }
    (out / f"rank{rank}.json").write_text(json.dumps(result))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
