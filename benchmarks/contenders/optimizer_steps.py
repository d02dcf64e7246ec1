"""An optimizer's step alone, over few and over many small parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.contenders import _timing


@dataclass(frozen=True)
class Kind:
    """An optimizer: what Chainer and torch call it, and torch's options for it."""

    chainer: str
    torch: str
    options: dict[str, Any] = field(default_factory=dict)


# All that torch has, too.
KINDS = {
    "sgd": Kind("SGD", "SGD"),
    "momentum": Kind("MomentumSGD", "SGD", {"momentum": 0.9}),
    "nesterov": Kind("NesterovAG", "SGD", {"momentum": 0.9, "nesterov": True}),
    "adam": Kind("Adam", "Adam"),
    "amsgrad": Kind("AMSGrad", "Adam", {"amsgrad": True}),
    "adamw": Kind("AdamW", "AdamW"),
    "adagrad": Kind("AdaGrad", "Adagrad"),
    "adadelta": Kind("AdaDelta", "Adadelta"),
    "rmsprop": Kind("RMSprop", "RMSprop"),
    "graves": Kind("RMSpropGraves", "RMSprop", {"centered": True, "momentum": 0.9}),
}

SHAPES = ((16, 16), (16,))
FEW, MANY = 4, 200


def torch_few(torch, options):
    """Torch's own optimizers, in their foreach implementation."""
    return _torch(torch, options, FEW)


def torch_many(torch, options):
    """The same over many parameters."""
    return _torch(torch, options, MANY)


def few(chainer, options):
    """The optimizers of this package, or Chainer's."""
    return _in_chainers_api(chainer, options, FEW)


def many(chainer, options):
    """The same over many parameters."""
    return _in_chainers_api(chainer, options, MANY)


def _arrays(count):
    random = np.random.RandomState(0)
    shapes = [SHAPES[index % len(SHAPES)] for index in range(count)]
    return [random.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]


def _torch(torch, options, count):
    def made(kind):
        params = [torch.nn.Parameter(torch.from_numpy(array)) for array in _arrays(count)]
        for param in params:
            param.grad = torch.full_like(param, 1e-3)
        optimizer = getattr(torch.optim, kind.torch)
        return optimizer(params, lr=1e-3, foreach=True, **kind.options).step

    return _timed(options, made)


def _in_chainers_api(chainer, options, count):
    class Part(chainer.Link):
        def __init__(self, weight, bias):
            super().__init__()
            with self.init_scope():
                self.W = chainer.Parameter(weight)
                self.b = chainer.Parameter(bias)

    def made(kind):
        arrays = _arrays(count)
        parts = [Part(*arrays[index : index + 2]) for index in range(0, count, 2)]
        optimizer = getattr(chainer.optimizers, kind.chainer)().setup(chainer.ChainList(*parts))
        for param in optimizer.target.params():
            param.grad = np.full_like(param.array, 1e-3)
        return optimizer.update

    return _timed(options, made)


def _timed(options, made):
    steps = {name: made(kind) for name, kind in KINDS.items()}
    return _timing.timed_calls(
        {name: (None, step) for name, step in steps.items()}, options["epochs"]
    )
