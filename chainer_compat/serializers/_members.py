"""The plain bytes of one member of an archive: inflated, counted and checked by CRC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers._none_pickle import is_none_pickle
from chainer_compat.serializers._npy import MAX_HEADER, NpyHeader, parse_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainer_compat.serializers._source import ByteSource
    from chainer_compat.serializers._zip_reader import ZipEntry

__all__ = ["Member"]

_CHUNK = 1 << 18
# Bounds what one step of inflating may allocate.
_MOST_AT_ONCE = 1 << 22
_HEAD = MAX_HEADER + 12
_KEEP = 1 << 20
_MAX_OBJECT = 1 << 12


class Member:
    """One array of an archive; its header is known, its data is read on demand.

    Args:
        source: The archive's bytes.
        entry: Where the member is.

    Raises:
        FileFormatError: If the member is damaged.
    """

    def __init__(self, source: ByteSource, entry: ZipEntry) -> None:
        self._source = source
        self._entry = entry
        self.where = f"{source.name}: {entry.name!r}"
        self._plain: bytes | None = None
        if entry.plain <= _KEEP:
            self._plain = b"".join(self._chunks())
            head = self._plain
        else:
            head = next(self._chunks(first=_HEAD))
        self.header: NpyHeader = parse_header(head[:_HEAD], entry.plain, self.where)

    @property
    def stored_bytes(self) -> int:
        """Bytes in the file."""
        return self._entry.stored

    def _chunks(self, first: int = _CHUNK) -> Iterator[bytes]:
        """The plain bytes in pieces; at the end their number and CRC have been checked."""
        from isal import isal_zlib

        left, crc = self._entry.plain, 0
        for piece in self._inflated() if self._entry.deflated else self._raw(first):
            left -= len(piece)
            if left < 0:
                raise UnsafeFileError(f"{self.where}: is longer than its header says")
            crc = isal_zlib.crc32(piece, crc)
            yield piece
        if left:
            raise FileFormatError(f"{self.where}: is {left:,} bytes shorter than its header says")
        self._check_crc(crc)

    def _check_crc(self, crc: int) -> None:
        if crc != self._entry.crc:
            raise FileFormatError(f"{self.where}: its checksum is wrong; the file is damaged")

    def _raw(self, first: int) -> Iterator[bytes]:
        at, end = self._entry.data_offset, self._entry.data_offset + self._entry.stored
        size = first
        while at < end:
            piece = self._source.read(at, min(size, end - at))
            at += len(piece)
            size = _CHUNK
            yield piece

    def _inflated(self) -> Iterator[bytes]:
        from isal import isal_zlib
        from isal.isal_zlib import IsalError

        inflater = isal_zlib.decompressobj(-15)
        try:
            for raw in self._raw(_CHUNK):
                yield inflater.decompress(raw, _MOST_AT_ONCE)
                while inflater.unconsumed_tail:
                    yield inflater.decompress(inflater.unconsumed_tail, _MOST_AT_ONCE)
        except IsalError as error:  # type: ignore[misc]  # the stub calls it an instance
            raise FileFormatError(f"{self.where}: damaged compressed data ({error})") from None
        if not inflater.eof or inflater.unused_data:
            raise FileFormatError(f"{self.where}: its compressed data has a wrong end")

    def verify(self) -> None:
        """Reads everything and keeps nothing, to be sure that a later read will succeed."""
        if self._plain is not None:
            return
        if self._entry.packed_crc is None:
            for _ in self._chunks():
                pass
        else:
            self._verify_packed(self._entry.packed_crc)

    def _verify_packed(self, expected: int) -> None:
        from isal import isal_zlib

        crc = 0
        for raw in self._raw(_CHUNK):
            crc = isal_zlib.crc32(raw, crc)
        if crc != expected:
            raise FileFormatError(f"{self.where}: its checksum is wrong; the file is damaged")

    def fill(self, view: memoryview) -> None:
        """Reads the data into memory.

        Args:
            view: A contiguous, writable buffer of ``header.nbytes`` bytes.
        """
        if self._plain is not None:
            view[:] = self._plain[self.header.data_offset :]
        elif self._entry.deflated:
            self._fill_inflated(view)
        else:
            self._fill_raw(view)

    def _fill_inflated(self, view: memoryview) -> None:
        at = -self.header.data_offset
        for piece in self._chunks():
            if at < 0:
                skipped = min(-at, len(piece))
                at += skipped
                piece = piece[skipped:]
            view[at : at + len(piece)] = piece
            at += len(piece)

    def _fill_raw(self, view: memoryview) -> None:
        from isal import isal_zlib

        start, offset = self._entry.data_offset, self.header.data_offset
        crc = isal_zlib.crc32(self._source.read(start, offset))
        self._source.readinto(start + offset, view)
        self._check_crc(isal_zlib.crc32(view, crc))

    def read(self) -> np.ndarray:
        """Returns the array; ``None`` comes as NumPy has it, an object array of no dimension.

        Raises:
            UnsafeFileError: If it is a pickle of anything but ``None``.
        """
        header = self.header
        if header.is_object:
            return self._read_none()
        array: np.ndarray = np.empty(
            header.shape, header.dtype, order="F" if header.fortran_order else "C"
        )
        if array.nbytes:
            self.fill(bytes_of(array))
        return array.astype(header.dtype.newbyteorder("="), copy=False)

    def _read_none(self) -> np.ndarray:
        plain = self._plain
        small = self.header.shape == () and plain is not None and len(plain) <= _MAX_OBJECT
        if small and plain and is_none_pickle(plain[self.header.data_offset :]):
            return np.asarray(None)
        raise UnsafeFileError(
            f"{self.where}: holds pickled Python objects, which could run code and are never "
            "loaded. If you trust the file and need them, turn them into plain arrays with "
            "NumPy yourself, and save the file again"
        )


def bytes_of(array: np.ndarray) -> memoryview:
    """Returns the memory of a contiguous array (C or Fortran order) as bytes.

    Args:
        array: The array.
    """
    flat: Any = array.reshape(-1, order="A").view(np.uint8)
    return memoryview(flat)
