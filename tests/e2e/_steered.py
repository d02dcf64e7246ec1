"""A Chainer script with faults to order: `_steered.py MODE OUT`; see test_run_devices.py."""

import os
import sys

import chainer
import chainer.links as L
import numpy as np
from chainer import training
from chainer.training import extensions

MODE, OUT = sys.argv[1:]
RANK = int(os.environ.get("NODE_RANK", "0"))


class Model(L.Classifier):
    calls = 0

    def forward(self, *args):
        self.calls += 1
        if RANK == 1 and self.calls == 5:
            if MODE == "error in one":
                raise ValueError("the fault of one")
            if MODE == "exit of one":
                os._exit(3)
        return super().forward(*args)


class Witness(training.Extension):
    def __call__(self, trainer):
        if MODE == "error in zero" and trainer.updater.iteration == 5:
            raise ValueError("the fault of zero")
        if trainer.updater.iteration == 3:
            print("started", flush=True)

    def on_error(self, trainer, exc, tb):
        print("on_error", type(exc).__name__, flush=True)

    def finalize(self):
        print("finalize", flush=True)


def main():
    model = Model(L.Linear(4, 3))
    optimizer = chainer.optimizers.SGD().setup(model)
    images = np.random.rand(30, 4).astype(np.float32)
    dataset = chainer.datasets.TupleDataset(images, np.zeros(30, np.int32))
    iterator = chainer.iterators.SerialIterator(dataset, 5)
    updater = training.updaters.StandardUpdater(iterator, optimizer)
    trainer = training.Trainer(updater, (10**6, "iteration"), out=OUT)
    trainer.extend(Witness(), trigger=(1, "iteration"))
    trainer.extend(
        extensions.snapshot(snapshot_on_error=True, filename="at_error"),
        trigger=(10**6, "iteration"),
    )
    trainer.run()


if MODE != "no updater":
    main()
