"""A CRC-32 of data that several threads read in pieces."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Checksum"]


class Checksum:
    """The checksum of data in parts, which may become known in any order.

    Args:
        sizes: The size of each part, in bytes.
        conclude: Called with the checksum of the whole, by who notes the last part.

    Example:
        >>> from isal.isal_zlib import crc32
        >>> checksum = Checksum([3, 4], lambda crc: print(crc == crc32(b"one two")))
        >>> checksum.note(1, crc32(b" two"))
        >>> checksum.note(0, crc32(b"one"))
        True
    """

    def __init__(self, sizes: list[int], conclude: Callable[[int], None]) -> None:
        self._sizes = sizes
        self._conclude = conclude
        self._parts: dict[int, int] = {}
        self._lock = threading.Lock()

    def note(self, part: int, crc: int) -> None:
        """Takes the checksum of one part.

        Args:
            part: Which one.
            crc: Its checksum.
        """
        from isal.isal_zlib import crc32_combine

        with self._lock:
            self._parts[part] = crc
            if len(self._parts) < len(self._sizes):
                return
        whole = 0
        for i, size in enumerate(self._sizes):
            whole = crc32_combine(whole, self._parts[i], size)
        self._conclude(whole)
