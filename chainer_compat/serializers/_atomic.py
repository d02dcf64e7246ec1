"""A file appears under its name only when it is complete."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["atomic_file", "atomic_path", "sync_folder", "temporary_name"]


def temporary_name(path: str) -> str:
    """Returns a free name beside a file, hidden and marked as temporary.

    Args:
        path: The file's final path.
    """
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.{secrets.token_hex(6)}.tmp")  # noqa: PTH118 - str in, str out


def sync_folder(path: str) -> None:
    """Makes a rename within a folder survive a power cut.

    Args:
        path: A path in the folder.
    """
    # Some file systems cannot open or sync a folder; there is no more that could be done there.
    with contextlib.suppress(OSError):
        descriptor = os.open(Path(path).parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _mode_of(path: str) -> int | None:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - a str path is what is at hand
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Has an error of the system tell the file's name, not that of the temporary one."""
    try:
        yield
    except OSError as error:
        error.filename = os.fspath(path)
        raise


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[str]:
    """Gives a temporary path beside ``path``, whose file replaces it when the block ends well.

    Args:
        path: Where the file will be.

    Yields:
        The temporary path.
    """
    target = os.path.realpath(path)
    with _named(path):
        # Who opens the temporary path would tell its name.
        os.stat(os.path.join(os.path.dirname(target), ""))  # noqa: PTH116, PTH118, PTH120 - as above
    temporary = temporary_name(target)
    try:
        yield temporary
        os.replace(temporary, target)  # noqa: PTH105 - as above
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108 - as above
        raise


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str], *, durable: bool = False) -> Iterator[BinaryIO]:
    """Opens a file for writing that replaces the one at ``path`` when the block ends well.

    A symbolic link is followed, an existing file's permissions are kept, and a device or a pipe is
    written to directly.

    Args:
        path: Where the file will be.
        durable: Whether to wait until the data is on the disk.

    Yields:
        A binary file.
    """
    target = os.path.realpath(path)
    mode = _mode_of(target)
    if mode is not None and not stat.S_ISREG(mode):
        with Path(target).open("wb") as file:
            yield file
        return
    temporary = temporary_name(target)
    # The kernel applies the umask; mkstemp would make a file that only its owner can read.
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with _named(path):
        descriptor = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), stat.S_IMODE(mode))
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(temporary, target)  # noqa: PTH105 - as above
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108 - as above
        raise
    if durable:
        sync_folder(target)
