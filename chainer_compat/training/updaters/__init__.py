"""What does the updates (Chainer: *chainer.training.updaters*)."""

from chainer_compat.training.updaters._multiprocess_parallel import MultiprocessParallelUpdater
from chainer_compat.training.updaters._parallel import ParallelUpdater
from chainer_compat.training.updaters._standard import StandardUpdater

__all__ = ["MultiprocessParallelUpdater", "ParallelUpdater", "StandardUpdater"]
