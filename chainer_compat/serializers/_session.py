"""One load, all or nothing.

Small arrays are written at once and their old content is kept. Large ones, and what would be too
much to keep, are written at the very end, after the object's own code has run and every checksum
has been verified; so a load needs no second copy of the target, and a failure finds nothing half
done.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from chainer_compat.backends._crossing import is_array
from chainer_compat.errors import FileFormatError, SnapshotMismatchError
from chainer_compat.serializers._assign import (
    check_array,
    copy_of,
    to_scalar,
    write_array,
    writing,
)
from chainer_compat.serializers._mapping_store import ArrayMember
from chainer_compat.serializers._memento import remember
from chainer_compat.serializers._progress import Progress
from chainer_compat.serializers._steps import THREADS, do_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainer_compat.serializers._stored import Stored

__all__ = ["DirectSession", "LoadSession", "Session", "Store"]

# How much of the target's old content is kept at most, in all and of one array.
JOURNAL_BYTES = 8 << 20
_SMALL = 1 << 20
# Less than this is done before a second thread has begun.
_WORTH_A_THREAD = 1 << 20


class Store(Protocol):
    """Where the arrays of a load come from."""

    name: str

    def __contains__(self, key: object) -> bool: ...

    def __iter__(self) -> Any: ...

    def member(self, key: str) -> Stored:
        """Returns an array's header and the way to its data."""

    def release(self, key: str) -> None:
        """Forgets what is held of an array."""


class Session(Protocol):
    """What a deserializer hands each value to."""

    def assign(self, key: str, value: Any) -> Any:
        """Loads one value and returns what the object should hold from then on."""


def _missing(store: Store, key: str) -> SnapshotMismatchError:
    return SnapshotMismatchError(f"{store.name}: there is no {key!r} in the file")


class DirectSession:
    """Writes each value as it comes, for a deserializer that someone drives by hand.

    Args:
        store: Where the arrays come from.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def assign(self, key: str, value: Any) -> Any:
        """Loads one value.

        Args:
            key: The value's full name.
            value: What the object holds.

        Raises:
            KeyError: If the file has no such value.
        """
        if key not in self._store:
            raise self._note(_missing(self._store, key))
        member = self._store.member(key)
        loaded = self._loaded(key, value, member)
        self._store.release(key)
        return loaded

    def _loaded(self, key: str, value: Any, member: Stored) -> Any:
        header = member.header
        if header.is_object:
            member.read()
            return None
        if value is None:
            return member.read()
        try:
            if not is_array(value):
                return to_scalar(key, value, member.read())
            check_array(key, value, header.dtype, header.shape)
        except SnapshotMismatchError as error:
            raise self._note(error) from None
        self._write(value, member)
        return value

    def _note(self, error: SnapshotMismatchError) -> SnapshotMismatchError:
        return error

    def _write(self, value: Any, member: Stored) -> None:
        # Nobody takes this back, so what is small is known to be good before it is written.
        small = member.header.nbytes <= _SMALL
        write_array(value, ArrayMember(member.read()) if small else member)


class LoadSession(DirectSession):
    """Writes values so that all of it can be taken back.

    Args:
        store: Where the arrays come from.
        target: The object that is loaded.
    """

    def __init__(self, store: Store, target: Any) -> None:
        super().__init__(store)
        self._restore_attributes = remember(target)
        self._kept: list[tuple[Any, Any]] = []
        self._room = JOURNAL_BYTES
        self._deferred: list[tuple[Any, Stored]] = []
        self._refused: list[SnapshotMismatchError] = []
        self.used: set[str] = set()

    def assign(self, key: str, value: Any) -> Any:
        """Loads one value.

        Args:
            key: The value's full name.
            value: What the object holds.
        """
        loaded = super().assign(key, value)
        self.used.add(key)
        return loaded

    def _note(self, error: SnapshotMismatchError) -> SnapshotMismatchError:
        # A missing key may be forgiven by the object's own `except KeyError`; a wrong one may not.
        if type(error) is not SnapshotMismatchError:
            self._refused.append(error)
        return error

    def _write(self, value: Any, member: Stored) -> None:
        size = int(value.nbytes)
        if size > min(self._room, _SMALL):
            self._deferred.append((value, member))
            return
        self._room -= size
        self._kept.append((value, copy_of(value)))
        write_array(value, member)

    def finish(self) -> None:
        """Writes what was put off, once it is certain that all of it can be read.

        Raises:
            FileFormatError: If the file is damaged; nothing has been written then.
        """
        if self._refused:
            raise self._refused[0]
        total = sum(member.header.nbytes for _, member in self._deferred)
        with (
            Progress(f"loading {self._store.name}", 2 * total) as progress,
            self._pool(total) as pool,
        ):
            checks = [step for _, member in self._deferred for step in member.verifying()]
            do_all(checks, progress.advance, pool)
            writes = [step for pair in self._deferred for step in writing(*pair)]
            try:
                do_all(writes, progress.advance, pool)
            except FileFormatError as error:
                raise FileFormatError(
                    f"{error}. It was whole before, so it has been written to meanwhile; what was "
                    "loaded of it is of no use: load a whole file"
                ) from error

    def _pool(self, total: int) -> contextlib.AbstractContextManager[ThreadPoolExecutor | None]:
        # Arrays that share memory must be written in the file's order.
        alone = THREADS == 1 or total < _WORTH_A_THREAD
        if alone or _share_memory(value for value, _ in self._deferred):
            return contextlib.nullcontext()
        return ThreadPoolExecutor(THREADS - 1)

    def rollback(self) -> None:
        """Puts everything back as it was before the load."""
        for value, before in reversed(self._kept):
            if isinstance(value, np.ndarray):
                value[...] = before
            elif hasattr(value, "copy_"):
                value.detach().copy_(before)
            else:
                value[...] = before
        self._restore_attributes()


def _share_memory(values: Iterable[Any]) -> bool:
    spans = sorted(map(_memory_of, values))
    return any(end > after for (_, end), (after, _) in pairwise(spans))


def _memory_of(value: Any) -> tuple[int, int]:
    """Where an array's memory begins and ends, as far as it tells; a place of its own otherwise."""
    if isinstance(value, np.ndarray):
        at, size, strides = value.__array_interface__["data"][0], value.itemsize, value.strides
    elif isinstance(value, torch.Tensor) and value.layout == torch.strided:
        at, size = value.data_ptr(), value.element_size()
        strides = tuple(step * size for step in value.stride())
    else:
        return id(value), id(value) + 1
    reach = [(n - 1) * step for n, step in zip(value.shape, strides, strict=True)]
    if any(n == 0 for n in value.shape):
        return at, at
    return at + sum(min(r, 0) for r in reach), at + sum(max(r, 0) for r in reach) + size
