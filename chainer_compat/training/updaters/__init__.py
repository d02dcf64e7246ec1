"""What does the updates (Chainer: *chainer.training.updaters*)."""

from chainer_compat.training.updaters._multiprocess_parallel import MultiprocessParallelUpdater
from chainer_compat.training.updaters._parallel import ParallelUpdater
from chainer_compat.training.updaters._standard import StandardUpdater

# What Chainer has in its deep modules only; by the module that has it.
_DEEP_NAMES = dict.fromkeys(
    ("gather_grads", "gather_params", "scatter_grads", "scatter_params", "size_num_grads"),
    "._flat_parameters",
)

__all__ = ["MultiprocessParallelUpdater", "ParallelUpdater", "StandardUpdater"]
