"""A training that notes all it does: `_resumed.py OUT FORM SNAPSHOT_AT DIES_AT`."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import serializers, training
from chainer_compat.training import extensions, triggers

OUT, FORM = Path(sys.argv[1]), sys.argv[2]
SNAPSHOT_AT, DIES_AT = map(int, sys.argv[3:])
LAST = 24


class Net(chainer.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.norm = L.BatchNormalization(4)
            self.hidden = L.Linear(None, 6)
            self.out = L.Linear(6, 3)

    def forward(self, x):
        return self.out(F.dropout(F.relu(self.hidden(self.norm(x))), 0.3))


class Classifier(L.Classifier):
    def forward(self, x, t):
        loss = super().forward(x, t)
        chainer.report({"hits": float(self.accuracy.array) * len(t), "all": len(t)}, self)
        return loss


class Log(extensions.LogReport):
    def _complete_entry(self, trainer):
        super()._complete_entry(trainer)
        del self.log[-1]["elapsed_time"]  # no run has it twice


def note(trainer, name):
    optimizer = trainer.updater.get_optimizer("main")
    with (OUT / "events").open("a") as events:
        values = {
            key: float(getattr(value, "array", value))
            for key, value in trainer.observation.items()
            if np.ndim(getattr(value, "array", value)) == 0
        }
        seen = sorted(values.items())
        line = [
            trainer.updater.iteration,
            name,
            optimizer.lr,
            optimizer.momentum,
            optimizer.heat,
            seen,
        ]
        events.write(json.dumps(line) + "\n")


def dies(trainer):
    if trainer.updater.iteration == DIES_AT:
        os._exit(9)


def main():
    # Another seed in the process that resumes: nothing may depend on it.
    seed = 2 if list(OUT.glob("snapshot*")) else 1
    np.random.seed(seed)
    torch.manual_seed(seed)
    model = Classifier(Net())
    optimizer = chainer.optimizers.MomentumSGD(0.05).setup(model)
    optimizer.heat = 1.0  # of this script's own
    optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(1e-3))
    x = np.random.RandomState(0).normal(size=(23, 4)).astype(np.float32)
    data = chainer.datasets.TupleDataset(x, (x.sum(axis=1) > 0).astype(np.int32))
    updater = training.StandardUpdater(chainer.iterators.SerialIterator(data, 5), optimizer)
    stop = triggers.EarlyStoppingTrigger(
        (1, "epoch"), "validation/main/loss", patience=50, max_trigger=(LAST, "iteration")
    )
    trainer = training.Trainer(updater, stop, out=str(OUT))
    held_out = chainer.iterators.SerialIterator(data, 10, repeat=False, shuffle=False)
    trainer.extend(extensions.Evaluator(held_out, model), trigger=(0.5, "epoch"))
    trainer.extend(extensions.MicroAverage("main/hits", "main/all", "share", (3, "iteration")))
    trainer.extend(extensions.ParameterStatistics(model, {"m": np.mean}, trigger=(4, "iteration")))
    trainer.extend(extensions.observe_lr(), trigger=(2, "iteration"))
    trainer.extend(extensions.ExponentialShift("lr", 0.9), trigger=(0.3, "epoch"))
    trainer.extend(extensions.WarmupShift("momentum", 0.1, 8, 0.9))
    trainer.extend(extensions.MultistepShift("lr", 0.5, [9, 17], 0.05), name="steps")
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR
    trainer.extend(
        extensions.LRScheduler(lambda o: cosine(o, 5), attr="heat"),
        trigger=(3, "iteration"),
    )
    trainer.extend(extensions.PlotReport(["main/loss"], trigger=(5, "iteration")))
    trainer.extend(extensions.VariableStatisticsPlot(model, 7, trigger=(6, "iteration")))
    trainer.extend(Log(trigger=(0.4, "epoch"), filename="log.jsonl"), name="LogReport")
    lowest = triggers.MinValueTrigger("main/loss", (3, "iteration"))
    best = triggers.MaxValueTrigger("validation/main/accuracy", (1, "epoch"))
    for name, trigger, priority in [
        ("every", (1, "iteration"), 400),
        ("tenths", (0.1, "epoch"), 250),
        ("lowest", lowest, 120),
        ("lowest too", lowest, -200),
        ("best", best, -50),
        ("written", triggers.ManualScheduleTrigger([4, 11, 12, 20], "iteration"), 50),
        ("once", triggers.OnceTrigger(), 50),
        ("both", triggers.IntervalTrigger(2, "iteration") & (3, "iteration"), -300),
        ("neither", ~(triggers.IntervalTrigger(2, "iteration") | lowest), -300),
    ]:
        trainer.extend(lambda t, n=name: note(t, n), name=name, trigger=trigger, priority=priority)
    take = extensions.snapshot(
        getattr(serializers, f"save_{FORM}"), "snapshot_{.updater.iteration}", autoload=True
    )
    # Not the last of its iteration.
    trainer.extend(
        take, trigger=triggers.ManualScheduleTrigger(SNAPSHOT_AT, "iteration"), priority=60
    )
    trainer.extend(dies, priority=-1000)
    trainer.run()

    ended = {path: param.array.tolist() for path, param in sorted(model.namedparams())}
    ended["drawn next"] = [np.random.rand(), float(torch.rand(()))]
    ended["log"] = trainer.get_extension("LogReport").log
    ended["points"] = trainer.get_extension("PlotReport")._data
    ended["sample"] = trainer.get_extension("VariableStatisticsPlot")._samples.idxs.tolist()
    (OUT / "end.json").write_text(json.dumps(ended))


main()
