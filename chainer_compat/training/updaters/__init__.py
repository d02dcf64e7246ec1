"""What does the updates (Chainer: *chainer.training.updaters*)."""

from chainer_compat.training.updaters._standard import StandardUpdater

__all__ = ["StandardUpdater"]
