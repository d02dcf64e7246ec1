"""The loop that others are measured against: torch, written by hand, with no report and no log."""

from __future__ import annotations

import torch

from benchmarks.contenders import _batches, _torch_net


def train(options):
    """Forward, backward, step."""

    def measure():
        net, (x, t) = _torch_net.network(), _torch_net.batch()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        clock = _batches.Epochs(options)
        for _ in range(clock.epochs * clock.per_epoch):
            clock.tick()
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x), t).backward()
            optimizer.step()
        return {"iteration": clock.end()}

    return measure
