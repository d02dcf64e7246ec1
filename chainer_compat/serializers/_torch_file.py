"""Files of ``torch.save``: written as plain data, read with ``weights_only``."""

from __future__ import annotations

import errno
import os
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from chainer_compat.errors import FileFormatError, InvalidArgumentTypeError, UnsafeFileError
from chainer_compat.serializers._atomic import atomic_file
from chainer_compat.serializers._dictionary import is_plain_module, serialize
from chainer_compat.serializers._limits import Limits
from chainer_compat.serializers._loading import IgnoreNames, load_object
from chainer_compat.serializers._mapping_store import MappingStore
from chainer_compat.serializers._values import to_numpy

__all__ = ["load_torch", "open_torch", "save_torch"]

_WIDE = {torch.uint16, torch.uint32, torch.uint64}


def _plain(array: np.ndarray) -> Any:
    if array.dtype.kind in "OUS":
        return array.tolist()
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("=")))


def save_torch(file: Any, obj: Any) -> None:
    """Saves an object by ``torch.save``, as a dictionary from key to tensor, text or None.

    Args:
        file: A path, or a binary file object.
        obj: Anything with ``serialize(serializer)``, a dictionary from key to array, or a torch
            module, whose own names are kept, so that ``load_state_dict`` takes them.

    Raises:
        TypeError: If this torch cannot save a value of such a dtype.

    Example:
        >>> import io, torch
        >>> from chainer_compat import serializers
        >>> file = io.BytesIO()
        >>> serializers.save_torch(file, {"x": 3})
        >>> _ = file.seek(0)
        >>> torch.load(file, weights_only=True)
        {'x': tensor(3)}
    """
    if is_plain_module(obj):
        state = obj.state_dict()
    else:
        values = obj if isinstance(obj, dict) else serialize(obj)
        state = {key: _plain(to_numpy(value, key)) for key, value in values.items()}
    if isinstance(file, (str, os.PathLike)):
        with atomic_file(file) as opened:
            _write(state, opened)
    else:
        _write(state, file)


def _write(state: dict[str, Any], file: Any) -> None:
    try:
        torch.save(state, file)
    except KeyError as error:
        # torch 2.5 has these dtypes, and no way to save them.
        wide = [key for key, value in state.items() if getattr(value, "dtype", None) in _WIDE]
        if not wide:
            raise
        raise InvalidArgumentTypeError(
            f"{', '.join(wide)}: torch {torch.__version__} cannot save unsigned integers of more "
            "than 8 bits. Save them as int64, or in another format, or with a newer torch"
        ) from error


def _flatten(value: Any, path: str, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            name = str(key).replace(".", "/")
            _flatten(item, f"{path}/{name}" if path else name, found)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _flatten(item, f"{path}/{index}", found)
    elif value is None or isinstance(value, (torch.Tensor, str, bool, int, float, complex)):
        found[path] = to_numpy(value, path)
    return found


def open_torch(file: Any, limits: Limits | None = None) -> MappingStore:
    """Reads a file of ``torch.save`` as a store of arrays, nested dictionaries made into paths.

    Args:
        file: A path, or a binary file object.
        limits: Caps on what may be allocated.

    Raises:
        UnsafeFileError: If it holds anything but tensors and plain data.
        FileFormatError: If it is damaged.
    """
    name = os.fspath(file) if isinstance(file, (str, os.PathLike)) else "<file>"
    if isinstance(file, (str, os.PathLike)):
        size = os.stat(file).st_size  # noqa: PTH116 - a str or a path
        (limits or Limits()).check(name, stored=size, plain=size)
    try:
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).partition("\n")[0]
        raise UnsafeFileError(
            f"{name}: holds objects that could run code and are never loaded ({reason})"
        ) from error
    except MemoryError:
        raise
    except Exception as error:
        # A seek to where no file has bytes is the file's fault; other errors are the disk's.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise FileFormatError(f"{name}: is no whole file of torch.save ({error!r})") from error
    store = MappingStore(_flatten(loaded, "", {}))
    store.name = str(name)
    return store


def load_torch(
    file: Any,
    obj: Any,
    path: str = "",
    strict: bool | str = True,
    ignore_names: IgnoreNames = None,
    *,
    limits: Limits | None = None,
) -> Any:
    """Loads an object from a file of ``torch.save``, all of it or nothing.

    Args:
        file: A path, or a binary file object.
        obj: Anything with ``serialize(serializer)``, or a torch module.
        path: As for ``load_npz``.
        strict: As for ``load_npz``.
        ignore_names: As for ``load_npz``.
        limits: Caps on how much the file may make this process allocate.

    Returns:
        None; for a torch module, the report of what went where.

    Raises:
        KeyError: If a value is missing.
        ValueError: If a shape differs, or the file is damaged or refused.
        TypeError: If a value cannot be cast safely.
    """
    store = open_torch(file, limits)
    if is_plain_module(obj):
        from chainer_compat.serializers.convert import load_from_store

        return load_from_store(store, obj, path, strict, ignore_names)
    load_object(store, obj, path, strict, ignore_names)
    return None
