"""What an updater asks of those who train a script on several processes, or in another precision.

Nothing here knows who they are: :mod:`chainer_compat.lightning` has the one there is, over
Lightning's Fabric.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from chainer_compat.backend import Device
from chainer_compat.errors import NotSupportedError
from chainer_compat.training._ranks import Ranks

__all__ = ["Processes", "current", "processes_of", "using"]


class Processes(Protocol):
    """Those that train together."""

    @property
    def ranks(self) -> Ranks:
        """The processes."""
        ...

    @property
    def device(self) -> Device:
        """The device of this one."""
        ...

    def prepare(self, optimizer: Any) -> None:
        """Has an optimizer average its gradients over the processes.

        Args:
            optimizer: The optimizer, whose model is on the device.
        """
        ...

    def shared(self, iterator: Any) -> Any:
        """Returns an iterator that gives this process its share of each batch.

        Args:
            iterator: An iterator that gives the same batches in all processes.
        """
        ...

    def own_of(self, iterators: Any) -> Any:
        """Returns the iterator of this process, which it has for itself.

        Args:
            iterators: As many as there are processes.
        """
        ...

    def align(self, updater: Any) -> None:
        """Gives all processes the state and the random numbers of rank zero.

        Args:
            updater: The updater.
        """
        ...

    def update(self, updater: Any) -> None:
        """Has an updater do what one iteration consists of.

        Args:
            updater: The updater.
        """
        ...


# Of this process: what the updaters that are made from now on take part in.
_current: Processes | None = None


def current() -> Processes | None:
    """Returns what a new updater takes part in; None for nothing."""
    return _current


@contextmanager
def using(processes: Processes) -> Iterator[None]:
    """Inside a ``with`` block, new updaters take part.

    Args:
        processes: In what.
    """
    global _current  # noqa: PLW0603 - a script makes its updater without a word of processes
    before, _current = _current, processes
    try:
        yield
    finally:
        _current = before


def processes_of(updater: Any) -> Processes | None:
    """Returns what an updater takes part in.

    Args:
        updater: The updater.

    Raises:
        NotImplementedError: If it ought to, and cannot.
    """
    # Not by getattr: a mock, which is a good updater for a test, has every attribute.
    found: Processes | None = getattr(updater, "__dict__", {}).get("_processes")
    if found is None and _current is not None:
        raise NotSupportedError(
            f"{type(updater).__name__} cannot train on several processes or in another precision: "
            "it is no StandardUpdater. Make it a subclass, whose __init__ is called, with an "
            "update_core of its own; or run the script without --devices and --precision"
        )
    return found
