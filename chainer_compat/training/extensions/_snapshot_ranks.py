"""Snapshots of a training on several processes: one of them writes, and all agree on what happened.

A failure on the writing rank is raised on every rank, so that none waits for the others for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import torch.distributed as dist

from chainer_compat.errors import SnapshotWriteError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Ranks"]

_T = TypeVar("_T")


class Ranks:
    """The processes of a training, or this one alone where torch.distributed is not in use.

    Args:
        saver: The rank that writes; None for each rank on its own.
    """

    def __init__(self, saver: int | None) -> None:
        self._saver = saver

    @property
    def together(self) -> bool:
        """Whether there are other ranks to agree with."""
        return self._saver is not None and dist.is_available() and dist.is_initialized()

    @property
    def is_saver(self) -> bool:
        """Whether this rank writes."""
        return not self.together or dist.get_rank() == self._saver

    def tell(self, value: _T) -> _T:
        """Gives every rank the value that the saver has.

        Args:
            value: Plain data.
        """
        if not self.together:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=self._saver)
        return box[0]

    def agree(self, work: Callable[[], Any]) -> None:
        """Lets the saver do something, and raises on every rank if that fails.

        Args:
            work: What to do.

        Raises:
            OSError: On every rank, if it failed.
        """
        failure: Exception | None = None
        if self.is_saver:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - raised below, here and on the others
                failure = error
        told = self.tell(None if failure is None else repr(failure))
        if failure is not None:
            raise failure
        if told is not None:
            raise SnapshotWriteError(f"rank {self._saver} could not write the snapshot: {told}")

    def try_together(self, work: Callable[[], _T]) -> _T:
        """Does something on every rank, and raises on every rank if any of them failed.

        Args:
            work: What to do.

        Returns:
            What it gave on this rank.

        Raises:
            OSError: If another rank failed; this rank's own exception comes as it is.
        """
        result: Any = None
        failure: Exception | None = None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - raised below, once all ranks know
            failure = error
        told: list[str | None] = [None]
        if self.together:
            told = [None] * dist.get_world_size()
            dist.all_gather_object(told, None if failure is None else repr(failure))
        if failure is not None:
            raise failure
        texts = [f"rank {rank}: {text}" for rank, text in enumerate(told) if text is not None]
        if texts:
            raise SnapshotWriteError("the snapshot was not written: " + "; ".join(texts))
        done: _T = result
        return done
