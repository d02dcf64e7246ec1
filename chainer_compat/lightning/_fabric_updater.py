"""The updater that trains on the devices, and in the precision, of a Fabric."""

from __future__ import annotations

from typing import Any

from chainer_compat.lightning._fabric_processes import FabricProcesses
from chainer_compat.training import _processes
from chainer_compat.training.updaters import StandardUpdater

__all__ = ["FabricUpdater"]


class FabricUpdater(StandardUpdater):
    """A :class:`~chainer_compat.training.StandardUpdater` over Lightning's Fabric.

    Each of the Fabric's processes makes the same updater and the same Trainer. It gets its share
    of every batch; gradients and reported values are averaged, so that an update, and the log, is
    that of the whole batch. Extensions are called on rank zero only, except those with the
    attribute ``all_ranks = True``. The state of rank zero, resumed or not, is that of all.

    With a mixed precision of the Fabric's, models are called under its autocast, and
    ``loss_scale`` and ``optimizer.loss_scaling()`` give way: ``'16-mixed'`` scales the loss by a
    factor that adapts itself, ``'bf16-mixed'`` needs none.

    Args:
        iterator: As for ``StandardUpdater``; its batches are those of all processes together.
        optimizer: As for ``StandardUpdater``.
        *args: Likewise.
        fabric: The Fabric, on one device or with ``strategy='ddp'``. One of several processes must
            have been launched.
        **kwargs: As for ``StandardUpdater``; ``device`` is the Fabric's.

    Raises:
        RuntimeError: If the Fabric has not been launched.
        NotImplementedError: If its strategy or its precision does not go with Chainer's models.

    Example:
        >>> from lightning.fabric import Fabric
        >>> import chainer_compat as chainer
        >>> from chainer_compat.lightning import FabricUpdater
        >>> fabric = Fabric(accelerator="cpu", devices=1)
        >>> fabric.launch()
        >>> model = chainer.links.Classifier(chainer.links.Linear(2, 3))
        >>> optimizer = chainer.optimizers.SGD().setup(model)
        >>> examples = chainer.datasets.TupleDataset([[0.0, 1.0]], [2])
        >>> iterator = chainer.iterators.SerialIterator(examples, 1)
        >>> FabricUpdater(iterator, optimizer, fabric=fabric).iteration
        0
    """

    def __init__(
        self, iterator: Any, optimizer: Any, *args: Any, fabric: Any, **kwargs: Any
    ) -> None:
        with _processes.using(FabricProcesses(fabric)):
            super().__init__(iterator, optimizer, *args, **kwargs)
