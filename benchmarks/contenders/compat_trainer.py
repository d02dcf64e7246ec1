"""This package's Trainer over a torch model and a torch optimizer."""

from __future__ import annotations

import torch
from chainer_compat.interop import TorchOptimizer

import chainer_compat
from benchmarks.contenders import _batches, _chainer_loop, _torch_net


class _Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = _torch_net.network()

    def forward(self, x, t):
        loss = torch.nn.functional.cross_entropy(self.net(x), t)
        chainer_compat.report({"loss": loss}, self)
        return loss


def train(options):
    """StandardUpdater, TorchOptimizer, a report of the loss, LogReport."""

    def measure():
        model = _Model()
        optimizer = TorchOptimizer(torch.optim.SGD(model.parameters(), lr=0.01), model)
        clock = _batches.Epochs(options)
        return _chainer_loop.train(chainer_compat, clock, _torch_net.batch(), optimizer)

    return measure
