"""Writes npz files: standard zip, deflated by isal on all cores.

A large array is cut into chunks that are compressed side by side. Each ends on a byte boundary (a
sync flush), so that one after the other they are a single valid deflate stream (RFC 1951).
"""

from __future__ import annotations

import io
import os
import struct
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.serializers._atomic import atomic_file
from chainer_compat.serializers._npy import NONE_NPY, format_header
from chainer_compat.serializers._progress import Progress
from chainer_compat.serializers._stored import bytes_of
from chainer_compat.serializers._values import to_numpy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["write_npz"]

_CHUNK = 1 << 20
_THREADS = max(1, min(os.cpu_count() or 1, 8))
_LEVEL = 1
# In place of a number that does not fit 32 bits; the number itself is then in a zip64 field.
_FULL32 = 0xFFFFFFFF
_LIMIT = _FULL32
# 1 January 1980, the first day that zip knows: equal states give equal files.
_DATE = 0x21
_UTF8 = 0x800
_REGULAR_FILE = 0o600 << 16


def _narrow(number: int) -> int:
    return number if number < _LIMIT else _FULL32


@dataclass
class _Written:
    name: bytes
    flags: int
    method: int
    crc: int
    stored: int
    plain: int
    offset: int
    wide: bool

    def local_header(self) -> bytes:
        extra = struct.pack("<2H2Q", 1, 16, self.plain, self.stored) if self.wide else b""
        plain, stored = (_FULL32, _FULL32) if self.wide else (self.plain, self.stored)
        return (
            struct.pack(
                "<4s5H3L2H", b"PK\x03\x04", 45 if self.wide else 20, self.flags, self.method, 0,
                _DATE, self.crc, stored, plain, len(self.name), len(extra),
            )
            + self.name
            + extra
        )  # fmt: skip

    def central_header(self) -> bytes:
        big = [n for n in (self.plain, self.stored, self.offset) if n >= _LIMIT]
        extra = struct.pack(f"<2H{len(big)}Q", 1, 8 * len(big), *big) if big else b""
        version = 45 if big or self.wide else 20
        return (
            struct.pack(
                "<4s6H3L5H2L", b"PK\x01\x02", version | 3 << 8, version, self.flags, self.method,
                0, _DATE, self.crc, _narrow(self.stored), _narrow(self.plain),
                len(self.name), len(extra), 0, 0, 0, _REGULAR_FILE, _narrow(self.offset),
            )
            + self.name
            + extra
        )  # fmt: skip


def _end_of_directory(count: int, size: int, offset: int) -> bytes:
    end = b""
    if count >= 0xFFFF or size >= _LIMIT or offset >= _LIMIT:
        end = struct.pack(
            "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset
        ) + struct.pack("<4sLQL", b"PK\x06\x07", 0, offset + size, 1)
    count, size, offset = min(count, 0xFFFF), _narrow(size), _narrow(offset)
    return end + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, offset, 0)


def _deflate(pieces: list[memoryview], *, last: bool) -> bytes:
    from isal import isal_zlib

    deflater = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
    parts = [deflater.compress(piece) for piece in pieces]
    parts.append(deflater.flush(isal_zlib.Z_FINISH if last else isal_zlib.Z_SYNC_FLUSH))
    return b"".join(parts)


class _ZipWriter:
    """Writes members one after the other; the file must be able to seek."""

    def __init__(self, file: Any, *, compression: bool, progress: Progress) -> None:
        self._file = file
        self._start = file.tell()
        self._at = 0
        self._compression = compression
        self._progress = progress
        self._members: list[_Written] = []
        self._pool = ThreadPoolExecutor(_THREADS)

    def _write(self, data: bytes | memoryview) -> int:
        self._file.write(data)
        self._at += len(data)
        return len(data)

    def add(self, key: str, head: bytes, data: memoryview) -> None:
        """Writes one member: its npy header and its data."""
        from isal import isal_zlib

        name = f"{key}.npy".encode()
        plain = len(head) + len(data)
        # Deflate grows what it cannot compress, by far less than the margin taken here.
        member = _Written(
            name, 0 if name.isascii() else _UTF8, 8 if self._compression else 0,
            isal_zlib.crc32(data, isal_zlib.crc32(head)), 0, plain, self._at,
            wide=plain + (plain >> 4) + 1024 >= _LIMIT,
        )  # fmt: skip
        self._write(member.local_header())
        pieces: Iterator[bytes | memoryview]
        if self._compression:
            pieces = self._deflated(head, data)
        else:
            pieces = _cut(head, data, self._progress)
        member.stored = sum(self._write(piece) for piece in pieces)
        self._file.seek(self._start + member.offset)
        self._file.write(member.local_header())
        self._file.seek(self._start + self._at)
        self._members.append(member)

    def _deflated(self, head: bytes, data: memoryview) -> Iterator[bytes]:
        if len(data) <= _CHUNK:
            self._progress.advance(len(data))
            yield _deflate([memoryview(head), data], last=True)
            return
        running: deque[tuple[Future[bytes], int]] = deque()
        for start in range(0, len(data), _CHUNK):
            piece = data[start : start + _CHUNK]
            pieces = [memoryview(head), piece] if start == 0 else [piece]
            last = start + _CHUNK >= len(data)
            running.append((self._pool.submit(_deflate, pieces, last=last), len(piece)))
            if len(running) > 2 * _THREADS:
                yield self._done(running)
        while running:
            yield self._done(running)

    def _done(self, running: deque[tuple[Future[bytes], int]]) -> bytes:
        future, size = running.popleft()
        self._progress.advance(size)
        return future.result()

    def finish(self) -> None:
        """Writes the directory."""
        offset = self._at
        for member in self._members:
            self._write(member.central_header())
        self._write(_end_of_directory(len(self._members), self._at - offset, offset))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def _cut(head: bytes, data: memoryview, progress: Progress) -> Iterator[bytes | memoryview]:
    yield head
    for start in range(0, len(data), 8 * _CHUNK):
        piece = data[start : start + 8 * _CHUNK]
        progress.advance(len(piece))
        yield piece


def _npy(array: np.ndarray) -> tuple[bytes, memoryview]:
    if array.dtype.kind == "O":
        return NONE_NPY, memoryview(b"")
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    header = format_header(array.dtype, array.shape, fortran=fortran)
    contiguous = np.asarray(array, order="F" if fortran else "C")
    return header, bytes_of(contiguous) if contiguous.nbytes else memoryview(b"")


def _checked(arrays: Mapping[Any, Any]) -> dict[str, np.ndarray]:
    checked = {}
    for key, value in arrays.items():
        if not isinstance(key, str) or not key or "\0" in key:
            raise InvalidArgumentTypeError(f"{key!r} cannot be the name of an array in a file")
        checked[key] = to_numpy(value, key)
    return checked


def _write_to(file: Any, arrays: dict[str, np.ndarray], *, compression: bool, name: str) -> None:
    total = sum(array.nbytes for array in arrays.values())
    with Progress(f"saving {name}", total) as progress:
        writer = _ZipWriter(file, compression=compression, progress=progress)
        try:
            for key, array in arrays.items():
                writer.add(key, *_npy(array))
            writer.finish()
        finally:
            writer.close()


def write_npz(file: Any, arrays: Mapping[str, Any], *, compression: bool) -> None:
    """Writes arrays into an npz file.

    Args:
        file: A path or a binary file object.
        arrays: The arrays, or what :func:`to_numpy` makes into arrays, by their key.
        compression: Whether to compress.
    """
    checked = _checked(arrays)
    if isinstance(file, (str, os.PathLike)):
        with atomic_file(file) as opened:
            _write_to(opened, checked, compression=compression, name=os.fspath(file))
        return
    name = str(getattr(file, "name", "the file"))
    if not hasattr(file, "seekable") or not file.seekable():
        buffer = io.BytesIO()
        _write_to(buffer, checked, compression=compression, name=name)
        file.write(buffer.getbuffer())
    else:
        _write_to(file, checked, compression=compression, name=name)
