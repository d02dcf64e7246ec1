"""The updater for one process per device, each with an iterator of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainer_compat.dataset import concat_examples
from chainer_compat.errors import (
    InvalidArgumentError,
    NotSupportedError,
    UnexpectedArrayError,
)
from chainer_compat.training._processes import current, using
from chainer_compat.training.updaters._standard import StandardUpdater

__all__ = ["MultiprocessParallelUpdater"]


class MultiprocessParallelUpdater(StandardUpdater):
    """Trains on several devices of one machine, each with a process and an iterator of its own.

    The processes are those of ``chainer-compat run --devices N script.py``, as many as there are
    iterators; each runs the script, and takes the iterator of its number. Without them, nothing
    here can start any, and making one raises. Gradients and reported values are averaged.

    Args:
        iterators: One iterator for each device, over datasets of one length.
        optimizer: Optimizer that is set up with the model.
        converter: Makes arrays of a batch and a device.
        devices: As many devices, in a list or a dictionary. Each process has the one that the
            command gave it.
        auto_new_epoch: Whether the optimizer is told when an epoch is complete.

    Raises:
        NotImplementedError: If the script does not run on as many processes.
        AssertionError: If there are not as many devices as iterators, or datasets differ in length.
        ValueError: If the devices are neither a list nor a dictionary, or one is None.

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
        processes = current()
        count = 0 if processes is None else processes.ranks.size
        if processes is None or count != len(iterators):
            raise NotSupportedError(
                f"MultiprocessParallelUpdater with {len(iterators)} iterators needs as many "
                f"processes, and there are {count or 'none'}: run the script by `chainer-compat "
                f"run --devices {max(len(iterators), 1)} script.py`"
            )
        _check_devices(devices, len(iterators))
        if len({len(iterator.dataset) for iterator in iterators}) > 1:
            raise UnexpectedArrayError("the datasets of the iterators must be of one length")
        with using(processes):
            super().__init__(
                processes.own_of(iterators), optimizer, converter, auto_new_epoch=auto_new_epoch
            )

    @staticmethod
    def available() -> bool:
        """Says whether it can be used: whether the script runs on processes of the command's."""
        return current() is not None

    def setup_workers(self) -> None:
        """Does nothing: the other processes are there."""


def _check_devices(devices: Any, count: int) -> None:
    if not isinstance(devices, (dict, list, tuple)):
        raise InvalidArgumentError(f"devices must be a list or a dictionary, not {type(devices)}")
    if len(devices) != count:
        raise UnexpectedArrayError(f"there are {count} iterators and {len(devices)} devices")
    given = devices.values() if isinstance(devices, dict) else devices
    if any(device is None for device in given):
        raise InvalidArgumentError("each of the devices must be given; one is None")
