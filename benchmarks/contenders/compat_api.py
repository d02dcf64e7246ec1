"""A model, a training loop and files in Chainer's API, under this package."""

from __future__ import annotations

import chainer_compat as chainer
from benchmarks.contenders import _batches, _chainer_files, _chainer_loop


def train_sgd(options):
    """The small network with SGD."""
    return _train(options, chainer.optimizers.SGD)


def train_adam(options):
    """The small network with Adam."""
    return _train(options, chainer.optimizers.Adam)


def _train(options, rule):
    def measure():
        sizes = (_batches.INPUTS, _batches.HIDDEN, _batches.CLASSES)
        optimizer = rule().setup(_chainer_loop.chain(chainer, sizes))
        clock = _batches.Epochs(options)
        return _chainer_loop.train(chainer, clock, _batches.arrays(), optimizer)

    return measure


def npz_deflated(options):
    """`save_npz` and `load_npz`, compressed, which is Chainer's default."""
    return _chainer_files.npz(chainer, options, compression=True)


def npz_plain(options):
    """`save_npz` and `load_npz` without compression."""
    return _chainer_files.npz(chainer, options, compression=False)


def hdf5(options):
    """`save_hdf5` and `load_hdf5`, compressed, which is Chainer's default."""
    return _chainer_files.hdf5(chainer, options)


def safetensors(options):
    """`save_safetensors` and `load_safetensors`."""
    return _chainer_files.safetensors(chainer, options)
