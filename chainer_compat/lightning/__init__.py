"""Chainer's extensions, triggers and snapshots in Lightning, and Lightning under a Trainer.

Importing it imports ``lightning``.
"""

from chainer_compat.lightning._callback import ChainerCallback
from chainer_compat.lightning._fabric_updater import FabricUpdater
from chainer_compat.lightning._link_module import LinkModule

__all__ = ["ChainerCallback", "FabricUpdater", "LinkModule"]
