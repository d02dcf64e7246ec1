"""Tells from a file's first bytes which kind it is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chainer_compat.errors import FileFormatError
from chainer_compat.serializers._source import open_source
from chainer_compat.serializers._zip_reader import is_zip, read_directory

__all__ = ["check_file", "file_kind", "is_of_torch", "other_kind"]

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"

_OTHERS = (
    (HDF5_MAGIC, "an HDF5 file: use load_hdf5"),
    (b"PK\x03\x04", "a zip archive, as npz files are: use load_npz"),
    (b"\x93NUMPY", "one array in npy format: use numpy.load"),
    (
        b"\x80",
        "a pickle, which is never loaded: have the Chainer that wrote it save it with save_npz",
    ),
)


def other_kind(head: bytes) -> str | None:
    """Says of a file of a kind that was not asked for which it is and what to do; None if unknown.

    Args:
        head: At least the first eight bytes.
    """
    return next((what for magic, what in _OTHERS if head.startswith(magic)), None)


def file_kind(path: str) -> str:
    """Returns ``"npz"``, ``"hdf5"``, ``"safetensors"``, ``"torch"`` or ``"unknown"``.

    Args:
        path: The file.
    """
    with Path(path).open("rb") as file:
        head = file.read(9)
    if head.startswith(HDF5_MAGIC):
        return "hdf5"
    if is_zip(head):
        return _zip_kind(path)
    if len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32:
        return "safetensors"
    return "unknown"


def _zip_kind(path: str) -> str:
    source = open_source(path)
    try:
        names = [entry.name for entry in read_directory(source)]
    finally:
        source.close()
    return "torch" if is_of_torch(names) else "npz"


def is_of_torch(names: Iterable[str]) -> bool:
    """Whether an archive was written by ``torch.save``.

    Args:
        names: The names of its members.
    """
    return any(name.endswith("/data.pkl") for name in names)


def check_file(path: str) -> None:
    """Makes sure, without reading all of it, that a file has just been written whole.

    Args:
        path: The file.

    Raises:
        FileFormatError: If it is empty, or an archive with a damaged directory.
    """
    if not Path(path).stat().st_size:
        raise FileFormatError(f"{path}: is empty")
    file_kind(path)
