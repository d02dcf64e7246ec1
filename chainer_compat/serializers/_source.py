"""Random access to the bytes of a file, from several threads at once."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import FileFormatError, InvalidArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PIECE", "ByteSource", "open_source"]

# What is read at once: it stays in a core's own cache until its checksum is known.
PIECE = 1 << 18


class ByteSource:
    """The bytes of one file.

    Attributes:
        name: What to call the file in messages.
        size: Its length in bytes.
    """

    name: str
    size: int

    def __init__(self) -> None:
        # Memory that is used again: a fresh piece costs more than what is read into it.
        self._spare: list[memoryview] = []

    def read(self, offset: int, size: int) -> bytes:
        """Returns exactly ``size`` bytes from ``offset`` on.

        Args:
            offset: Where to start, in bytes.
            size: How many bytes.
        """
        buffer = bytearray(size)
        self.readinto(offset, memoryview(buffer))
        return bytes(buffer)

    def readinto(self, offset: int, view: memoryview) -> None:
        """Fills a buffer from ``offset`` on.

        Args:
            offset: Where to start, in bytes.
            view: A writable buffer of bytes.
        """
        raise NotImplementedError

    def pieces(self, offset: int, size: int, most: int = PIECE) -> Iterator[memoryview]:
        """Yields bytes piece after piece; each is overwritten by the next.

        Args:
            offset: Where to start, in bytes.
            size: How many bytes.
            most: The size of a piece, at most ``PIECE``.
        """
        try:
            buffer = self._spare.pop()
        except IndexError:
            buffer = memoryview(bytearray(PIECE))
        try:
            for at in range(0, size, most):
                piece = buffer[: min(most, size - at)]
                self.readinto(offset + at, piece)
                yield piece
        finally:
            self._spare.append(buffer)

    def has_changed(self) -> bool:
        """Whether someone has written to the file since it was opened, as far as it tells."""
        return False

    def close(self) -> None:
        """Lets go of the file."""

    def _cut_short(self, offset: int) -> FileFormatError:
        return FileFormatError(f"{self.name}: the file ends early, at byte {offset:,}")


class _PathSource(ByteSource):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.name = path
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._written = self._last_written()
        self.size = self._written[0]

    def _last_written(self) -> tuple[int, int]:
        found = os.fstat(self._descriptor)
        return found.st_size, found.st_mtime_ns

    def has_changed(self) -> bool:
        return self._last_written() != self._written

    def read(self, offset: int, size: int) -> bytes:
        found = os.pread(self._descriptor, size, offset)
        return found if len(found) == size else super().read(offset, size)

    def readinto(self, offset: int, view: memoryview) -> None:
        while len(view):
            count = os.preadv(self._descriptor, [view], offset)
            if count == 0:
                raise self._cut_short(offset)
            view = view[count:]
            offset += count

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _FileSource(ByteSource):
    """A file object of any kind; its position is shared, hence the lock."""

    def __init__(self, file: Any) -> None:
        super().__init__()
        self.name = str(getattr(file, "name", None) or f"<{type(file).__name__}>")
        self._file = file
        self._lock = threading.Lock()
        self.size = file.seek(0, io.SEEK_END)

    def readinto(self, offset: int, view: memoryview) -> None:
        with self._lock:
            self._file.seek(offset)
            while len(view):
                chunk = self._file.read(min(len(view), 1 << 20))
                if not chunk:
                    raise self._cut_short(offset)
                view[: len(chunk)] = chunk
                view = view[len(chunk) :]
                offset += len(chunk)


def open_source(file: Any) -> ByteSource:
    """Opens a path, or wraps a binary file object.

    Args:
        file: A path or a binary file object; one that cannot seek is read into memory.

    Raises:
        TypeError: If it is neither.
    """
    if isinstance(file, (str, os.PathLike)):
        if Path(file).is_dir():
            raise IsADirectoryError(f"{os.fspath(file)} is a folder, not a file")
        return _PathSource(os.fspath(file))
    if not hasattr(file, "read"):
        raise InvalidArgumentTypeError(
            f"expected a path or a binary file object, got {type(file).__name__}"
        )
    seekable = getattr(file, "seekable", None)
    if not hasattr(file, "seek") or (seekable is not None and not seekable()):
        return _FileSource(io.BytesIO(file.read()))
    return _FileSource(file)
