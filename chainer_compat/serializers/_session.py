"""One load, all or nothing.

Small arrays are written at once and their old content is kept. What would be too much to keep is
written at the very end, after the object's own code has run and every checksum has been verified;
so a load needs no second copy of the target, and a failure finds nothing half done.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from chainer_compat.backends._crossing import is_array
from chainer_compat.errors import SnapshotMismatchError
from chainer_compat.serializers._assign import (
    Stored,
    check_array,
    copy_of,
    to_scalar,
    write_array,
)
from chainer_compat.serializers._memento import remember
from chainer_compat.serializers._progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["DirectSession", "LoadSession", "Session", "Store", "StoredMember"]

# How much of the target's old content is kept at most.
JOURNAL_BYTES = 8 << 20
_THREADS = max(1, min(os.cpu_count() or 1, 4))


class StoredMember(Stored, Protocol):
    """An array of a store."""

    def verify(self) -> None:
        """Reads everything and keeps nothing, to be sure that a later read will succeed."""


class Store(Protocol):
    """Where the arrays of a load come from."""

    name: str

    def __contains__(self, key: object) -> bool: ...

    def __iter__(self) -> Any: ...

    def member(self, key: str) -> StoredMember:
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

    def _loaded(self, key: str, value: Any, member: StoredMember) -> Any:
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

    def _write(self, value: Any, member: StoredMember) -> None:
        write_array(value, member)


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
        self._deferred: list[tuple[Any, StoredMember]] = []
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

    def _write(self, value: Any, member: StoredMember) -> None:
        size = int(value.nbytes)
        if size > self._room:
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
        with Progress(f"loading {self._store.name}", 2 * total) as progress:
            self._each(lambda _, member: member.verify(), progress)
            self._each(write_array, progress)

    def _each(self, work: Callable[[Any, StoredMember], None], progress: Progress) -> None:
        def step(pair: tuple[Any, StoredMember]) -> None:
            work(*pair)
            progress.advance(pair[1].header.nbytes)

        # Arrays that share memory must be written in the file's order.
        if len(self._deferred) < 2 or _share_memory(value for value, _ in self._deferred):
            for pair in self._deferred:
                step(pair)
        else:
            with ThreadPoolExecutor(_THREADS) as pool:
                for _ in pool.map(step, self._deferred):
                    pass

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
    bases = [
        value.__array_interface__["data"][0]
        if isinstance(value, np.ndarray)
        else value.data_ptr()
        if hasattr(value, "data_ptr")
        else id(value)
        for value in values
    ]
    return len(set(bases)) != len(bases)
