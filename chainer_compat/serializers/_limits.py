"""How much a file may make a reader allocate."""

from __future__ import annotations

from dataclasses import dataclass

from chainer_compat.errors import UnsafeFileError

__all__ = ["Limits"]

_GIB = 1 << 30
# Deflate cannot expand more than this, so a larger claim is a lie about the size.
_DEFLATE_BOUND = 1032


@dataclass(frozen=True)
class Limits:
    """Caps on what a file is allowed to expand to.

    Args:
        max_bytes: The most bytes that all arrays of one file may take together.
        max_ratio: The most times that a file may grow when it is read.
        free_bytes: Below this many bytes in total the ratio is not looked at: a file of zeros
            compresses a thousandfold and is harmless while it is small.

    Example:
        >>> from chainer_compat.serializers import Limits
        >>> Limits(max_bytes=2**20).check("weights.npz", stored=100, plain=2**21)
        Traceback (most recent call last):
        ...
        chainer_compat.errors.UnsafeFileError: weights.npz: its arrays would take 2,097,152 bytes,
        more than the cap of 1,048,576 bytes. If you trust the file, pass a larger
        Limits(max_bytes=...)
    """

    max_bytes: int = 64 * _GIB
    max_ratio: float = 250.0
    free_bytes: int = 4 * _GIB

    def check(self, name: str, *, stored: int, plain: int) -> None:
        """Refuses a file that would grow too much.

        Args:
            name: The file's name, for the message.
            stored: Bytes in the file.
            plain: Bytes that its arrays take when they are read.

        Raises:
            UnsafeFileError: If a cap is exceeded.
        """
        if plain > self.max_bytes:
            raise UnsafeFileError(
                f"{name}: its arrays would take {plain:,} bytes, more than the cap of "
                f"{self.max_bytes:,} bytes. If you trust the file, pass a larger "
                "Limits(max_bytes=...)"
            )
        if plain > self.free_bytes and plain > self.max_ratio * max(stored, 1):
            raise UnsafeFileError(
                f"{name}: {stored:,} bytes would grow to {plain:,}, more than {self.max_ratio:g} "
                "times. If you trust the file, pass a larger Limits(max_ratio=...)"
            )


def check_deflated(name: str, key: str, *, stored: int, plain: int) -> None:
    """Refuses a compressed member whose claimed size deflate cannot reach.

    Args:
        name: The file's name, for the message.
        key: The member's name.
        stored: Its compressed size in bytes.
        plain: Its size in bytes as the directory claims.
    """
    if plain > _DEFLATE_BOUND * stored + 64:
        raise UnsafeFileError(
            f"{name}: {key!r} claims {plain:,} bytes out of {stored:,} compressed ones, "
            "which deflate cannot do"
        )
