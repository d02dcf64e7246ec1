# ruff: noqa: I001, PTH118, UP008 (a script as its time wrote it)
"""A training script that every Chainer from version 1 to 7 runs: the dialect that they share.

`write_old_golden.py` runs it under old releases, the tests run it under `chainer-compat run`. An
epoch is ten iterations, so that triggers, epochs and the snapshot fall together: what an old
snapshot says about triggers is then enough to go on exactly as the run that was not interrupted.

    old_training.py OUT EPOCHS [SNAPSHOT]
"""

import os
import sys

import numpy as np
from sklearn.datasets import load_digits

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import serializers, training
from chainer.training import extensions


class Network(chainer.Chain):
    def __init__(self):
        super(Network, self).__init__(
            l1=L.Linear(64, 12),
            l2=L.Linear(12, 10),
        )

    def __call__(self, x):
        return self.l2(F.relu(self.l1(x)))


def main(out, epochs, snapshot=None):
    np.random.seed(0)
    digits = load_digits()
    images = (digits.data[:400] / 16).astype(np.float32)
    labels = digits.target[:400].astype(np.int32)
    dataset = chainer.datasets.TupleDataset(images, labels)

    model = L.Classifier(Network())
    optimizer = chainer.optimizers.Adam(alpha=0.01)
    optimizer.setup(model)
    iterator = chainer.iterators.SerialIterator(dataset, 40)
    updater = training.StandardUpdater(iterator, optimizer)
    trainer = training.Trainer(updater, (int(epochs), "epoch"), out=out)
    trainer.extend(extensions.LogReport(trigger=(1, "epoch")))
    trainer.extend(extensions.ExponentialShift("alpha", 0.7), trigger=(1, "epoch"))
    trainer.extend(extensions.snapshot(), trigger=(2, "epoch"))
    if snapshot:
        serializers.load_npz(snapshot, trainer)
    trainer.run()
    save(os.path.join(out, "model"), model)


def save_norm(out):
    """A model with persistent values, after it has seen two batches."""
    model = chainer.Chain(norm=L.BatchNormalization(3))
    for scale in (1, 2):
        model.norm(chainer.Variable(scale * np.arange(12, dtype=np.float32).reshape(4, 3)))
    save(os.path.join(out, "norm"), model)


def save(path, model):
    serializers.save_npz(path + ".npz", model)
    serializers.save_hdf5(path + ".h5", model)


if __name__ == "__main__":
    main(*sys.argv[1:])
    if len(sys.argv) == 3:
        save_norm(sys.argv[1])
