"""A model and a training loop in Chainer's API, under this package or Chainer."""

from __future__ import annotations

from benchmarks.contenders import _batches, _chainer_loop


def train_sgd(chainer, options):
    """The small network with SGD."""
    return _train(chainer, options, chainer.optimizers.SGD)


def train_adam(chainer, options):
    """The small network with Adam."""
    return _train(chainer, options, chainer.optimizers.Adam)


def _train(chainer, options, rule):
    def measure():
        sizes = (_batches.INPUTS, _batches.HIDDEN, _batches.CLASSES)
        optimizer = rule().setup(_chainer_loop.chain(chainer, sizes))
        clock = _batches.Epochs(options)
        return _chainer_loop.train(chainer, clock, _batches.arrays(), optimizer)

    return measure
