"""The updater for one process per GPU, which is not there yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainer_compat.dataset import concat_examples
from chainer_compat.errors import NotSupportedError
from chainer_compat.training.updaters._standard import StandardUpdater

__all__ = ["MultiprocessParallelUpdater"]


class MultiprocessParallelUpdater(StandardUpdater):
    """Trains on several GPUs of one machine, each with a process of its own.

    Not supported yet: :meth:`available` says so, and making one raises.

    Args:
        iterators: One iterator for each GPU.
        optimizer: Optimizer that is set up with the model.
        converter: Makes arrays of a batch and a device.
        devices: The devices, the main one first or under ``'main'``.
        auto_new_epoch: Whether the optimizer is told when an epoch is complete.

    Raises:
        NotImplementedError: Always, with what to use instead.

    Source: Chainer's page *chainer.training.updaters.MultiprocessParallelUpdater*.

    Example:
        >>> from chainer_compat.training import updaters
        >>> updaters.MultiprocessParallelUpdater.available()
        False
    """

    def __init__(
        self,
        iterators: Any,
        optimizer: Any,
        converter: Callable[..., Any] = concat_examples,
        devices: Any = None,
        auto_new_epoch: bool = True,
    ) -> None:
        raise NotSupportedError(
            "MultiprocessParallelUpdater is not supported yet. Use ParallelUpdater (one process), "
            "or Lightning with strategy='ddp' and ChainerCallback"
        )

    @staticmethod
    def available() -> bool:
        """Says whether it can be used."""
        return False
