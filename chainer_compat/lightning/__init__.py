"""Chainer's extensions, triggers and snapshots in Lightning, and Lightning under a Trainer.

Importing it imports ``lightning``.
"""

from chainer_compat.lightning._callback import ChainerCallback

__all__ = ["ChainerCallback"]
