"""What each process does in the tests of FabricUpdater: `_fabric_script.py CASES SIZE OUT`."""

from __future__ import annotations

import json
import pathlib
import sys

import numpy as np
import torch
from lightning.fabric import Fabric

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import training
from chainer_compat.interop import TorchOptimizer
from chainer_compat.lightning import FabricUpdater
from chainer_compat.training import _processes, extensions, updaters

SIZE, OUT = int(sys.argv[2]), pathlib.Path(sys.argv[3])


class Net(chainer.Chain):
    """A regression that reports in every way there is."""

    ratio = 0.0

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.l1 = L.Linear(None, 8)
            self.l2 = L.Linear(None, 1)

    def forward(self, x, t):
        h = F.tanh(self.l1(x))
        if self.ratio:
            h = self.mask = F.dropout(h, self.ratio)
        loss = F.mean_squared_error(self.l2(h), t)
        rows = len(x)
        first = float(F.mean(self.l1.W).array)
        chainer.report({"loss": loss, "pair": (loss, rows), "weight": first}, self)
        chainer.report({"numpy": np.float32(loss.array), "text": "none"}, self)
        return loss


class Custom(FabricUpdater):
    """Does by hand what legacy scripts do by hand."""

    def update_core(self):
        optimizer = self.get_optimizer("main")
        x, t = self.converter(self.get_iterator("main").next(), self.device)
        loss = optimizer.target(x, t)
        optimizer.target.cleargrads()
        loss.backward()
        optimizer.update()


class TorchNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
        )

    def forward(self, x, t):
        loss = torch.nn.functional.mse_loss(self.net(x), t)
        chainer.report({"loss": loss}, self)
        return loss


def change_rate(trainer):
    """An extension of somebody's, called on rank zero only."""
    optimizer = trainer.updater.get_optimizer("main")
    if hasattr(optimizer, "torch_optimizer") or hasattr(optimizer, "lr"):
        optimizer.lr *= 0.9


class EveryRank(training.Extension):
    all_ranks = True

    def __init__(self):
        self.called = []

    def __call__(self, trainer):
        self.called.append(trainer.updater.iteration)


def make_updater(fabric, case):
    generator = np.random.RandomState(3)
    x = generator.rand(23, 3).astype(np.float32)
    t = x.sum(axis=1, keepdims=True) + 1
    dataset = chainer.datasets.TupleDataset(x, t)
    # Different on each rank on purpose, where nothing else is: rank zero's are to hold.
    np.random.seed(7 + (fabric.global_rank if case == "seeds" else 0))
    batch_size = {"tiny": 1, "copies": 8}.get(case, 5)
    repeat = case != "tiny"
    iterator = chainer.iterators.SerialIterator(dataset, batch_size, repeat=repeat)
    if case == "torch":
        torch.manual_seed(0)
        net = TorchNet()
        optimizer = TorchOptimizer(torch.optim.Adam(net.parameters(), lr=0.05), net)
        return FabricUpdater(iterator, optimizer, fabric=fabric)
    model = Net()
    optimizer = chainer.optimizers.MomentumSGD(0.05).setup(model)
    if case == "noise":
        optimizer.add_hook(chainer.optimizer_hooks.GradientNoise(0.1))
    if case == "dropout":
        model.ratio = 0.5
    if case == "scaled":
        optimizer.set_loss_scale(8.0)
    if case == "copies":
        with _processes.using(_processes_of(fabric)):
            return updaters.ParallelUpdater(iterator, optimizer, devices={"main": -1, "second": -1})
    if case == "iterators":
        parts = [chainer.datasets.SubDataset(dataset, i, i + 10) for i in (0, 10)][:SIZE]
        iterators = [chainer.iterators.SerialIterator(part, 3) for part in parts]
        with _processes.using(_processes_of(fabric)):
            return updaters.MultiprocessParallelUpdater(
                iterators, optimizer, devices=list(range(SIZE))
            )
    kind = Custom if case == "custom" else FabricUpdater
    return kind(iterator, optimizer, fabric=fabric)


def _processes_of(fabric):
    from chainer_compat.lightning._fabric_processes import FabricProcesses

    return FabricProcesses(fabric)


def main():
    fabric = Fabric(accelerator="cpu", devices=SIZE)
    fabric.launch()
    # Many cases of one pair of processes: what takes long is to start them.
    for case in sys.argv[1].split(","):
        train(fabric, case, OUT / case)
    if SIZE > 1:
        torch.distributed.destroy_process_group()


def train(fabric, case, out):
    out.mkdir(exist_ok=True)
    updater = make_updater(fabric, case)
    model = updater.get_optimizer("main").target
    masks, everywhere = [], EveryRank()

    def stop(trainer):
        # Only rank zero's opinion counts.
        return fabric.global_rank == 0 and trainer.updater.iteration >= 12

    trainer = training.Trainer(updater, stop, out=str(out))
    trainer.extend(extensions.LogReport(trigger=(1, "iteration")))
    trainer.extend(change_rate, trigger=(3, "iteration"))
    trainer.extend(
        everywhere, trigger=lambda t: fabric.global_rank == 0 and t.updater.iteration == 4
    )
    if case == "dropout":
        trainer.extend(lambda t: masks.append((model.mask.array != 0).tolist()), name="masks")
        trainer.get_extension("masks").all_ranks = True
    trainer.run()
    parameters = model.parameters() if case == "torch" else [p.tensor for p in model.params()]
    found = {
        "weights": [p.detach().double().sum().item() for p in parameters],
        "log": trainer.get_extension("LogReport").log,
        "iteration": updater.iteration,
        "everywhere": everywhere.called,
        "masks": masks,
        "next": np.random.rand(),
    }
    (out / f"rank{fabric.global_rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
