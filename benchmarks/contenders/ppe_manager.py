"""pytorch-pfn-extras: the same loop inside its ExtensionsManager."""

from __future__ import annotations

import tempfile

import pytorch_pfn_extras as ppe
import torch
from pytorch_pfn_extras.training import extensions

from benchmarks.contenders import _batches, _torch_net


def train(options):
    """`run_iteration`, a report of the loss, LogReport."""

    def measure():
        net, (x, t) = _torch_net.network(), _torch_net.batch()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        clock = _batches.Epochs(options)
        with tempfile.TemporaryDirectory() as out:
            manager = ppe.training.ExtensionsManager(
                net,
                optimizer,
                clock.epochs,
                iters_per_epoch=clock.per_epoch,
                extensions=[extensions.LogReport()],
                out_dir=out,
            )
            while not manager.stop_trigger:
                clock.tick()
                with manager.run_iteration():
                    optimizer.zero_grad()
                    loss = torch.nn.functional.cross_entropy(net(x), t)
                    ppe.reporting.report({"loss": loss.detach()})
                    loss.backward()
                    optimizer.step()
            return {"iteration": clock.end()}

    return measure
