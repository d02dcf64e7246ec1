"""Opens a file of any kind as a store of arrays."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from chainer_compat.serializers._archive import NpzArchive
from chainer_compat.serializers._dictionary import is_plain_module
from chainer_compat.serializers._hdf5 import open_hdf5
from chainer_compat.serializers._kinds import file_kind

if TYPE_CHECKING:
    from chainer_compat.serializers._limits import Limits
from chainer_compat.serializers._loading import load_object
from chainer_compat.serializers._safetensors import SafetensorsStore
from chainer_compat.serializers._torch_file import open_torch

__all__ = ["load_file", "open_store"]


def open_store(file: Any, limits: Limits | None = None) -> Any:
    """Returns a context manager that gives the arrays of a file.

    Args:
        file: A path, or a binary file object of an npz file.
        limits: Caps on what may be allocated.

    Raises:
        FileFormatError: If the file is of no kind that holds arrays.
    """
    if not isinstance(file, (str, os.PathLike)):
        return NpzArchive(file, limits)
    kind = file_kind(os.fspath(file))
    if kind == "hdf5":
        return open_hdf5(file, limits)
    if kind == "safetensors":
        return SafetensorsStore(file, limits)
    if kind == "torch":
        return contextlib.nullcontext(open_torch(file, limits))
    return NpzArchive(file, limits)


def load_file(path: str, obj: Any) -> None:
    """Loads an object from a file of any kind that snapshots are written in.

    Args:
        path: The file.
        obj: Anything with ``serialize(serializer)``, or a torch module.

    Raises:
        FileFormatError: If the file is damaged, or of another kind.
    """
    with open_store(path) as store:
        if is_plain_module(obj):
            from chainer_compat.serializers.convert import load_from_store

            load_from_store(store, obj)
        else:
            load_object(store, obj)
