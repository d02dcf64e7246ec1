"""Opens a file of any kind as a store of arrays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import FileFormatError
from chainer_compat.serializers._archive import NpzArchive
from chainer_compat.serializers._kinds import file_kind

if TYPE_CHECKING:
    from chainer_compat.serializers._limits import Limits

__all__ = ["open_store"]


def open_store(file: Any, limits: Limits | None = None) -> Any:
    """Returns a context manager that gives the arrays of a file.

    Args:
        file: A path, or a binary file object of an npz file.
        limits: Caps on what may be allocated.

    Raises:
        FileFormatError: If the file is of no kind that holds arrays.
    """
    kind = file_kind(os.fspath(file)) if isinstance(file, (str, os.PathLike)) else "npz"
    if kind in {"npz", "unknown"}:
        return NpzArchive(file, limits)
    raise FileFormatError(f"{file}: arrays of a {kind} file cannot be read")
