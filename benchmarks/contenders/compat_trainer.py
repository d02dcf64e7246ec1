"""This package's Trainer over a torch model and a torch optimizer."""

from __future__ import annotations

import io

import torch

import chainer_compat
from benchmarks.contenders import _batches, _chainer_loop, _torch_net
from chainer_compat import training
from chainer_compat.interop import TorchOptimizer
from chainer_compat.training import extensions

NEVER = (1000, "epoch")


def train(options):
    """StandardUpdater, TorchOptimizer, a report of the loss, LogReport."""
    return _train(options, list)


def train_with_extensions(options):
    """The extensions that most scripts have."""
    return _train(options, _common)


def train_with_idle_extensions(options):
    """A hundred more that wait for the end of a thousandth epoch."""
    return _train(options, lambda: _common() + [_idle(number) for number in range(100)])


def _common():
    return [
        extensions.observe_lr(),
        extensions.PrintReport(["epoch", "loss", "lr"], out=io.StringIO()),
        extensions.snapshot(trigger=NEVER),
    ]


def _idle(number):
    @training.make_extension(trigger=NEVER, default_name=f"idle{number}")
    def idle(trainer):
        raise AssertionError(trainer)

    return idle


def _train(options, make_extensions):
    def measure():
        net = _torch_net.network()
        optimizer = TorchOptimizer(torch.optim.SGD(net.parameters(), lr=0.01), net)

        def loss_func(x, t):
            loss = torch.nn.functional.cross_entropy(net(x), t)
            chainer_compat.report({"loss": loss})
            return loss

        clock = _batches.Epochs(options)
        batch = _torch_net.batch()
        extended = make_extensions()
        return _chainer_loop.train(chainer_compat, clock, batch, optimizer, loss_func, extended)

    return measure
