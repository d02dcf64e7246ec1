"""Saving and loading a model and its Adam in Chainer's API, whoever `chainer` is."""

from __future__ import annotations

import numpy as np

from benchmarks.contenders import _files


class _Both:
    """Saves what a trainer's snapshot would of them."""

    def __init__(self, model, optimizer):
        self.model = model
        self.optimizer = optimizer

    def serialize(self, serializer):
        self.model.serialize(serializer["model"])
        self.optimizer.serialize(serializer["optimizer"])


def npz_deflated(chainer, options):
    """`save_npz` and `load_npz`, compressed, which is Chainer's default."""
    return _npz(chainer, options, compression=True)


def npz_plain(chainer, options):
    """`save_npz` and `load_npz` without compression."""
    return _npz(chainer, options, compression=False)


def _npz(chainer, options, *, compression):
    target, other = (_make(chainer, options) for _ in range(2))

    def measure():
        return _files.measure(
            lambda path: chainer.serializers.save_npz(path, target, compression),
            lambda path: chainer.serializers.load_npz(path, other),
        )

    return measure


def hdf5(chainer, options):
    """`save_hdf5` and `load_hdf5`, compressed, which is Chainer's default."""
    target, other = (_make(chainer, options) for _ in range(2))
    return lambda: _files.measure(
        lambda path: chainer.serializers.save_hdf5(path, target),
        lambda path: chainer.serializers.load_hdf5(path, other),
    )


def safetensors(chainer, options):
    """`save_safetensors` and `load_safetensors`."""
    target, other = (_make(chainer, options) for _ in range(2))
    return lambda: _files.measure(
        lambda path: chainer.serializers.save_safetensors(path, target),
        lambda path: chainer.serializers.load_safetensors(path, other),
    )


def _make(chainer, options):
    arrays = _files.values(options)
    model = chainer.Chain()
    for layer in range(_files.LAYERS):
        link = chainer.Link()
        with link.init_scope():
            link.W = chainer.Parameter(arrays[f"model/l{layer}/W"])
        model.add_link(f"l{layer}", link)
    optimizer = chainer.optimizers.Adam().setup(model)
    for param in model.params():
        param.grad = np.zeros_like(param.array)
    optimizer.update()  # makes the moments
    for name, param in model.namedparams():
        for moment in ("m", "v"):
            param.update_rule.state[moment][...] = arrays[f"optimizer{name}/{moment}"]
    return _Both(model, optimizer)
