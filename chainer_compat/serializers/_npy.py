"""The npy header: parsed by a strict pattern, checked against the stored size, never evaluated."""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers._none_pickle import NONE_PAYLOAD

__all__ = ["MAX_HEADER", "NONE_NPY", "NpyHeader", "format_header", "parse_header"]

_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {1: 2, 2: 4, 3: 4}
MAX_HEADER = 4096
_MAX_DIMENSIONS = 32
_PATTERN = re.compile(
    r"\{\s*'descr'\s*:\s*'(?P<descr>[<>|=]?(?:[?bBhilqefdgFDiucSUO]\d{0,10}))'\s*,"
    r"\s*'fortran_order'\s*:\s*(?P<fortran>True|False)\s*,"
    r"\s*'shape'\s*:\s*\((?P<shape>[\dL,\s]*)\)\s*,?\s*\}\s*"
)
_KINDS = frozenset("biufcSUO")


@dataclass(frozen=True)
class NpyHeader:
    """What an npy header says.

    Attributes:
        dtype: The dtype as stored; the byte order may be foreign.
        shape: The shape.
        fortran_order: Whether the first axis varies fastest.
        data_offset: Where the data starts, in bytes from the start of the member.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    data_offset: int

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The number of bytes of the data."""
        return self.size * self.dtype.itemsize

    @property
    def is_object(self) -> bool:
        """Whether the data is a pickle."""
        return self.dtype.kind == "O"


def _header_text(head: bytes, where: str) -> tuple[str, int]:
    if not head.startswith(_MAGIC) or len(head) < 12:
        raise FileFormatError(f"{where}: is not in NumPy's npy format")
    width = _LENGTH_BYTES.get(head[6])
    if width is None or head[7] != 0:
        raise FileFormatError(f"{where}: unknown npy version {head[6]}.{head[7]}")
    start = 8 + width
    end = start + int.from_bytes(head[8:start], "little")
    if end - start > MAX_HEADER:
        raise UnsafeFileError(f"{where}: an npy header of {end - start:,} bytes is refused")
    if end > len(head):
        raise FileFormatError(f"{where}: the npy header is cut short")
    try:
        return head[start:end].decode("latin1" if width == 2 else "utf-8"), end
    except UnicodeDecodeError:
        raise FileFormatError(f"{where}: the npy header is not text") from None


def _parse_shape(text: str) -> tuple[int, ...]:
    # Python 2 wrote long integers as 3L.
    parts = [part.strip().rstrip("L") for part in text.split(",")]
    if parts and not parts[-1]:
        parts.pop()
    if len(parts) > _MAX_DIMENSIONS or not all(part.isdigit() and len(part) < 20 for part in parts):
        raise FileFormatError(f"the npy header has no valid shape: ({text})")
    return tuple(int(part) for part in parts)


def parse_header(head: bytes, member_size: int, where: str) -> NpyHeader:
    """Reads an npy header and checks it against the size of what follows.

    Args:
        head: The first bytes of the member (``MAX_HEADER + 12`` of them are always enough).
        member_size: Bytes of the whole member, header included.
        where: File and key, for messages.

    Raises:
        FileFormatError: If the header is damaged or does not fit the size.
        UnsafeFileError: If it has a dtype that is refused.
    """
    text, offset = _header_text(head, where)
    try:
        header = _header(text, offset)
    except FileFormatError as error:
        raise type(error)(f"{where}: {error}") from None
    if not header.is_object and header.nbytes + offset != member_size:
        raise FileFormatError(
            f"{where}: shape {header.shape} of {header.dtype} takes {header.nbytes:,} bytes, "
            f"but {member_size - offset:,} are stored"
        )
    return header


# Weights and what optimizers keep for them have the same shapes, and counters have none.
@functools.lru_cache(maxsize=256)
def _header(text: str, offset: int) -> NpyHeader:
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise UnsafeFileError(
            f"the npy header {text[:80].strip()!r} is not one of a plain array. "
            "Structured and other extended dtypes are refused; store plain arrays"
        )
    try:
        dtype = np.dtype(match["descr"])
    except (TypeError, ValueError):
        raise FileFormatError(f"unknown dtype {match['descr']!r}") from None
    if dtype.kind not in _KINDS:
        raise UnsafeFileError(f"arrays of dtype {match['descr']!r} are refused")
    return NpyHeader(dtype, _parse_shape(match["shape"]), match["fortran"] == "True", offset)


def format_header(dtype: np.dtype[Any], shape: tuple[int, ...], *, fortran: bool) -> bytes:
    """Returns the npy header (version 1.0, padded to 64 bytes) of an array.

    Args:
        dtype: The array's dtype.
        shape: The array's shape.
        fortran: Whether the data follows with the first axis varying fastest.
    """
    text = (
        f"{{'descr': '{dtype.str}', 'fortran_order': {fortran}, "
        f"'shape': {tuple(int(n) for n in shape)}, }}"
    )
    padding = -(len(_MAGIC) + 4 + len(text) + 1) % 64
    body = f"{text}{' ' * padding}\n".encode("latin1")
    return _MAGIC + b"\x01\x00" + len(body).to_bytes(2, "little") + body


# What numpy.savez stores for None, the same on every version of NumPy.
NONE_NPY = format_header(np.dtype("O"), (), fortran=False) + NONE_PAYLOAD
