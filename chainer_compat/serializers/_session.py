"""One load, all or nothing.

Small arrays are written at once and their old content is kept. What would be too much to keep is
written at the very end, after the object's own code has run and every checksum has been verified;
so a load needs no second copy of the target, and a failure finds nothing half done.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from chainer_compat.backends._crossing import is_array
from chainer_compat.errors import SnapshotMismatchError
from chainer_compat.serializers._assign import (
    check_array,
    copy_of,
    to_scalar,
    write_array,
    writing,
)
from chainer_compat.serializers._mapping_store import ArrayMember
from chainer_compat.serializers._memento import remember
from chainer_compat.serializers._two_passes import Write, check_and_write

if TYPE_CHECKING:
    from chainer_compat.serializers._stored import Stored

__all__ = ["DirectSession", "LoadSession", "Session", "Store"]

# How much of the target's old content is kept at most.
JOURNAL_BYTES = 8 << 20
# An array of no more is read whole before it is written, where nobody could take that back.
_SMALL = 1 << 20
_OWN_MEMORY = 1 << 16


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
        small = member.header.nbytes <= _SMALL
        write_array(value, ArrayMember(member.read()) if small else member)


class _Journal:
    """Keeps the old content of arrays.

    Attributes:
        room: How many bytes may still be added.
    """

    def __init__(self) -> None:
        self.room = JOURNAL_BYTES
        self._memory: np.ndarray | None = None

    def keep(self, value: Any) -> Any:
        """Returns a copy of an array for which there is room."""
        size, room = int(value.nbytes), self.room
        self.room -= size + -size % 64
        if size < _OWN_MEMORY or type(value) is not np.ndarray or value.dtype.hasobject:
            return copy_of(value)
        # One large piece of fresh memory costs less than many.
        if self._memory is None:
            self._memory = np.empty(room, np.uint8)
        start = len(self._memory) - room
        kept = self._memory[start : start + size].view(value.dtype).reshape(value.shape)
        np.copyto(kept, value)
        return kept


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
        self._journal = _Journal()
        self._deferred: list[tuple[Any, Stored]] = []
        self._refused: list[SnapshotMismatchError] = []
        self._is_done = False
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
        if size > self._journal.room:
            self._deferred.append((value, member))
            return
        self._kept.append((value, self._journal.keep(value)))
        write_array(value, member)

    def finish(self) -> None:
        """Writes what was put off, once it is certain that all of it can be read.

        Raises:
            FileFormatError: If the file is damaged; nothing has been written then.
        """
        if self._refused:
            raise self._refused[0]
        writes = [
            Write(value, [member], partial(writing, value, member))
            for value, member in self._deferred
        ]
        check_and_write(self._store.name, writes, self._commit)

    def _commit(self) -> None:
        self._is_done = True

    def rollback(self) -> None:
        """Puts everything back as it was before the load, unless all of it has been loaded."""
        if self._is_done:
            return
        for value, before in reversed(self._kept):
            if isinstance(value, np.ndarray):
                value[...] = before
            elif hasattr(value, "copy_"):
                value.detach().copy_(before)
            else:
                value[...] = before
        self._restore_attributes()
