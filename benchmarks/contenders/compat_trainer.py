"""This package's Trainer over a torch model and a torch optimizer."""

from __future__ import annotations

import torch

import chainer_compat
from benchmarks.contenders import _batches, _chainer_loop, _torch_net
from chainer_compat.interop import TorchOptimizer


def train(options):
    """StandardUpdater, TorchOptimizer, a report of the loss, LogReport."""

    def measure():
        net = _torch_net.network()
        optimizer = TorchOptimizer(torch.optim.SGD(net.parameters(), lr=0.01), net)

        def loss_func(x, t):
            loss = torch.nn.functional.cross_entropy(net(x), t)
            chainer_compat.report({"loss": loss})
            return loss

        clock = _batches.Epochs(options)
        batch = _torch_net.batch()
        return _chainer_loop.train(chainer_compat, clock, batch, optimizer, loss_func)

    return measure
