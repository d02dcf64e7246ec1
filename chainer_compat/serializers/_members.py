"""The plain bytes of one member of an archive: inflated, counted and checked by CRC."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers._checksum import Checksum
from chainer_compat.serializers._none_pickle import is_none_pickle
from chainer_compat.serializers._npy import MAX_HEADER, NpyHeader, parse_header
from chainer_compat.serializers._source import PIECE
from chainer_compat.serializers._steps import Step
from chainer_compat.serializers._stored import Stored, bytes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainer_compat.serializers._source import ByteSource
    from chainer_compat.serializers._zip_reader import ZipEntry

__all__ = ["Member"]

# Bounds what one step of inflating may allocate.
_MOST_AT_ONCE = 1 << 22
_HEAD = MAX_HEADER + 12
_MAX_OBJECT = 1 << 12
# How much one thread does at a time.
_SPAN = 16 * PIECE


class Member(Stored):
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
        self._is_sound = False
        # A member that is no longer than a header may be is kept whole.
        self._plain: bytes | None = None
        if entry.plain <= _HEAD:
            head = self._plain = self._whole()
        else:
            head = self._head()
        self.header: NpyHeader = parse_header(head, entry.plain, self.where)

    @property
    def stored_bytes(self) -> int:
        """Bytes in the file."""
        return self._entry.stored

    def _whole(self) -> bytes:
        from isal import isal_zlib

        if self._entry.deflated:
            return b"".join(map(bytes, self._checked()))
        plain = self._source.read(self._entry.data_offset, self._entry.stored)
        self._conclude(self._entry.crc, isal_zlib.crc32(plain))
        return plain

    def _head(self) -> bytes:
        if not self._entry.deflated:
            return self._source.read(self._entry.data_offset, _HEAD)
        head = b""
        for piece in self._inflated(_HEAD, _HEAD):
            head += piece
            if len(head) >= _HEAD:
                break
        return head[:_HEAD]

    def _raw(self, most: int = PIECE) -> Iterator[memoryview]:
        return self._source.pieces(self._entry.data_offset, self._entry.stored, most)

    def _inflated(self, at_once: int = PIECE, most: int = _MOST_AT_ONCE) -> Iterator[bytes]:
        from isal import isal_zlib
        from isal.isal_zlib import IsalError

        inflater = isal_zlib.decompressobj(-15)
        try:
            for raw in self._raw(at_once):
                yield inflater.decompress(raw, most)
                while inflater.unconsumed_tail:
                    yield inflater.decompress(inflater.unconsumed_tail, most)
        except IsalError as error:  # type: ignore[misc]  # the stub calls it an instance
            raise FileFormatError(f"{self.where}: damaged compressed data ({error})") from None
        if not inflater.eof or inflater.unused_data:
            raise FileFormatError(f"{self.where}: its compressed data has a wrong end")

    def _checked(self) -> Iterator[bytes | memoryview]:
        """The plain bytes in pieces; at the end their number and CRC have been checked."""
        from isal import isal_zlib

        left, crc = self._entry.plain, 0
        for piece in self._inflated() if self._entry.deflated else self._raw():
            left -= len(piece)
            if left < 0:
                raise UnsafeFileError(f"{self.where}: is longer than its header says")
            crc = isal_zlib.crc32(piece, crc)
            yield piece
        if left:
            raise FileFormatError(f"{self.where}: is {left:,} bytes shorter than its header says")
        self._conclude(self._entry.crc, crc)

    def _conclude(self, expected: int, crc: int) -> None:
        if crc != expected:
            raise FileFormatError(f"{self.where}: its checksum is wrong; the file is damaged")
        self._is_sound = True

    def verifying(self) -> list[Step]:
        """What :meth:`verify` does, in steps that may be done in any order."""
        if self._is_sound:
            return []
        entry = self._entry
        if not entry.deflated:
            return self._scanning(entry.crc)
        return [Step(entry.plain, self._inflate_all)]

    def _inflate_all(self) -> None:
        for _ in self._checked():
            pass

    def _scanning(self, expected: int) -> list[Step]:
        """Checks the bytes as they are in the file."""
        spans = _spans(self._entry.stored)
        sizes = [size for _, size in spans]
        checksum = Checksum(sizes, partial(self._conclude, expected))

        def scan(part: int, start: int, size: int) -> None:
            from isal import isal_zlib

            crc = 0
            for piece in self._source.pieces(self._entry.data_offset + start, size):
                crc = isal_zlib.crc32(piece, crc)
            checksum.note(part, crc)

        return [Step(size, partial(scan, i, start, size)) for i, (start, size) in enumerate(spans)]

    def filling(self, flat: np.ndarray) -> list[Step]:
        """Returns the steps, to be done in any order, that read the data into an array.

        Args:
            flat: An array of one axis, which gets the elements in the order of the file; they are
                cast within their kind.

        Raises:
            FileFormatError: If someone has damaged the file since it was opened.
        """
        header = self.header
        if self._source.has_changed():
            self._is_sound = False
            self.verify()
        if not header.nbytes:
            return []
        if self._plain is not None:
            plain = np.frombuffer(self._plain, header.dtype, offset=header.data_offset)
            return [Step(header.nbytes, partial(np.copyto, flat, plain, casting="same_kind"))]
        if not self._entry.deflated and not PIECE % header.dtype.itemsize:
            return self._reading_into(flat)
        if flat.dtype != header.dtype:
            return super().filling(flat)
        return [Step(header.nbytes, partial(self._inflate_into, bytes_of(flat)))]

    def _inflate_into(self, view: memoryview) -> None:
        at = -self.header.data_offset
        for piece in self._checked():
            if at < 0:
                skipped = min(-at, len(piece))
                at += skipped
                piece = piece[skipped:]
            view[at : at + len(piece)] = piece
            at += len(piece)

    def _reading_into(self, flat: np.ndarray) -> list[Step]:
        offset = self.header.data_offset
        spans = _spans(self.header.nbytes)
        checksum = Checksum(
            [offset, *(size for _, size in spans)], partial(self._conclude, self._entry.crc)
        )

        def read(part: int, start: int, size: int) -> None:
            from isal import isal_zlib

            crc, at = 0, self._entry.data_offset
            if not part:
                checksum.note(0, isal_zlib.crc32(self._source.read(at, offset)))
            for piece in self._put(flat, start, size):
                crc = isal_zlib.crc32(piece, crc)
            checksum.note(part + 1, crc)

        return [Step(size, partial(read, i, start, size)) for i, (start, size) in enumerate(spans)]

    def _put(self, flat: np.ndarray, start: int, size: int) -> Iterator[memoryview]:
        """Reads bytes of the data into an array, and yields them piece after piece."""
        dtype, at = self.header.dtype, self._entry.data_offset + self.header.data_offset + start
        if flat.dtype == dtype:
            view = bytes_of(flat)[start : start + size]
            for begin in range(0, size, PIECE):
                piece = view[begin : begin + PIECE]
                self._source.readinto(at + begin, piece)
                yield piece
            return
        begin = start // dtype.itemsize
        for piece in self._source.pieces(at, size):
            found: np.ndarray = np.frombuffer(piece, dtype)
            np.copyto(flat[begin : begin + len(found)], found, casting="same_kind")
            begin += len(found)
            yield piece

    def read(self) -> np.ndarray:
        """Returns the array; ``None`` comes as NumPy has it, an object array of no dimension.

        Raises:
            UnsafeFileError: If it is a pickle of anything but ``None``.
        """
        header = self.header
        if header.is_object:
            return self._read_none()
        flat: np.ndarray = np.empty(header.size, header.dtype)
        for step in self.filling(flat):
            step.run()
        array = flat.reshape(header.shape, order="F" if header.fortran_order else "C")
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


def _spans(size: int) -> list[tuple[int, int]]:
    return [(start, min(_SPAN, size - start)) for start in range(0, size, _SPAN)]
