"""An iterator of which each process gets its share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainer_compat.dataset import CollatedBatch
from chainer_compat.lightning._streams import Streams
from chainer_compat.training._protocols import next_batch

__all__ = ["SharedIterator"]


class SharedIterator:
    """Gives this process its share of each batch; all else is as the iterator has it.

    All processes go through the same batches. The shares are equal, or the first ones have one
    example more. Where there are fewer examples than processes, the last ones get an example that
    does not count.

    Args:
        iterator: The iterator.
        rank: The number of this process.
        size: How many there are.
        streams: The random numbers.
        part: What part the iterator's batches are of those of all.

    Attributes:
        weight: The part of the last batch that is this process's.
    """

    def __init__(
        self, iterator: Any, rank: int, size: int, streams: Streams, part: float = 1.0
    ) -> None:
        self._shared = iterator
        self._part = part
        self._rank, self._size = rank, size
        self._streams = streams
        self.weight = part / size

    def __getattr__(self, name: str) -> Any:
        if name == "_shared":  # while it is unpickled
            raise AttributeError(name)
        return getattr(self._shared, name)

    def __iter__(self) -> SharedIterator:
        return self

    def __next__(self) -> Any:
        """Returns the share of the next batch."""
        with self._streams.alike():
            batch = next_batch(self._shared)
        count = _count(batch)
        each, more = divmod(count, self._size)
        start = self._rank * each + min(self._rank, more)
        stop = start + each + (self._rank < more)
        self.weight = self._part * (stop - start) / count
        return _share(batch, slice(start, stop) if stop > start else slice(1))

    next = __next__


# A list of examples is cut; of a batch that is put together already, each array is.


def _count(batch: Any) -> int:
    if isinstance(batch, Mapping):
        return _count(next(iter(batch.values())))
    return _count(batch[0]) if _is_nest(batch) else len(batch)


def _share(batch: Any, part: slice) -> Any:
    if isinstance(batch, Mapping):
        return {name: _share(value, part) for name, value in batch.items()}
    if _is_nest(batch):
        return CollatedBatch(_share(value, part) for value in batch)
    return batch[part]


def _is_nest(batch: Any) -> bool:
    return isinstance(batch, CollatedBatch)
