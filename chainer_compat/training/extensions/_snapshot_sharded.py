"""Sharded snapshots: every rank writes its part, by torch.distributed.checkpoint.

A snapshot is a folder: the tensors as torch writes them, and the plain values (counters, text,
None) as JSON. torch notes what is where in a pickle, which is read here by an unpickler that knows
the few classes of that note and no others.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.metadata import (
    Metadata,
    StorageMeta,
    TensorStorageMetadata,
)
from torch.distributed.checkpoint.state_dict_loader import load as dcp_load
from torch.distributed.checkpoint.state_dict_saver import save as dcp_save

from chainer_compat.backends._crossing import is_array
from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializer import Deserializer, Serializer
from chainer_compat.serializers._assign import to_scalar
from chainer_compat.serializers._dictionary import is_plain_module
from chainer_compat.serializers._loading import load_object
from chainer_compat.serializers._mapping_store import MappingStore
from chainer_compat.serializers._memento import remember
from chainer_compat.serializers._values import to_numpy

__all__ = ["collect", "load_sharded", "write_shards", "write_values"]

VALUES = "values.json"
_METADATA = ".metadata"
_ALLOWED = {
    "torch.distributed.checkpoint.metadata": {
        "BytesStorageMetadata", "ChunkStorageMetadata", "Metadata", "MetadataIndex", "StorageMeta",
        "TensorProperties", "TensorStorageMetadata", "_MEM_FORMAT_ENCODING",
    },
    "torch.distributed.checkpoint.filesystem": {"_StorageInfo", "_StoragePrefix"},
    "torch": {"Size", "device", "strided"},
    "torch.serialization": {"_get_layout"},
    "collections": {"OrderedDict"},
    "pathlib": {"PosixPath", "PurePosixPath"},
    "pathlib._local": {"PosixPath", "PurePosixPath"},
    "builtins": {"getattr"},
}  # fmt: skip


@contextlib.contextmanager
def _no_warnings_of_torchs() -> Iterator[None]:
    # Of a process that is not distributed, which is welcome; of what torch 2.5 itself does.
    with warnings.catch_warnings():
        for message in ("torch.distributed is", "TypedStorage is deprecated"):
            warnings.filterwarnings("ignore", message, UserWarning)
        yield


def _is_shard(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and hasattr(value, "placements")


class _Collector(Serializer):
    """Keeps tensors as they are, so that those that are spread over ranks stay so."""

    def __init__(self, tensors: dict[str, Any], values: dict[str, Any], path: str = "") -> None:
        self._tensors = tensors
        self._values = values
        self._path = path

    def __getitem__(self, key: str) -> _Collector:
        return _Collector(self._tensors, self._values, f"{self._path}{key.strip('/')}/")

    def __call__(self, key: str, value: Any) -> Any:
        full = self._path + key.lstrip("/")
        if _is_shard(value):
            self._tensors[full] = value.detach()
            return value
        array = to_numpy(value, full)
        # torch 2.5 saves no tensors of wide unsigned integers, which random states are.
        unsigned = array.dtype.kind == "u" and array.dtype.itemsize > 1
        if array.dtype.kind in "OUS" or not array.shape or (unsigned and array.size):
            self._values[full] = {"dtype": array.dtype.str, "value": _as_json(array)}
        else:
            self._tensors[full] = torch.from_numpy(np.array(array))
        return value


def _as_json(array: np.ndarray) -> Any:
    if array.dtype.kind == "c":
        return [float(array.real), float(array.imag)]
    return array.tolist()


def _from_json(entry: dict[str, Any]) -> np.ndarray:
    value = entry["value"]
    if value is None:
        return np.asarray(None)
    if entry["dtype"][1] == "c":
        value = complex(*value)
    return np.asarray(value, np.dtype(entry["dtype"]))


def _serialize(target: Any, serializer: Any) -> None:
    if is_plain_module(target):
        for name, tensor in target.state_dict(keep_vars=True).items():
            serializer(name.replace(".", "/"), tensor)
    else:
        target.serialize(serializer)


def collect(target: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the tensors of an object, and its other values as plain data.

    Args:
        target: Anything with ``serialize(serializer)``, or a torch module.
    """
    tensors: dict[str, Any] = {}
    values: dict[str, Any] = {}
    _serialize(target, _Collector(tensors, values))
    return tensors, values


def write_shards(path: str, tensors: dict[str, Any]) -> None:
    """Writes this rank's part of the tensors; every rank calls it.

    Args:
        path: The folder, the same on every rank.
        tensors: What :func:`collect` gave.
    """
    with _no_warnings_of_torchs():
        dcp_save(tensors, storage_writer=FileSystemWriter(path))


def write_values(path: str, values: dict[str, Any]) -> str:
    """Writes what is no tensor; one rank calls it.

    Args:
        path: The folder.
        values: What :func:`collect` gave.

    Returns:
        The folder.
    """
    Path(path, VALUES).write_text(json.dumps(values), "utf-8")
    return path


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) == ("builtins", "getattr"):
            return _enum_member
        if global_name in _ALLOWED.get(module_name, ()) or _is_dtype(module_name, global_name):
            return super().find_class(module_name, global_name)
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is not allowed")


def _is_dtype(module_name: str, global_name: str) -> bool:
    return module_name == "torch" and isinstance(getattr(torch, global_name, None), torch.dtype)


def _enum_member(kind: Any, name: Any) -> Any:
    members = getattr(kind, "__members__", None)
    if isinstance(kind, type) and members is not None and name in members:
        return members[name]
    raise pickle.UnpicklingError(f"getattr({kind!r}, {name!r}) is not allowed")


class _SafeReader(FileSystemReader):
    def read_metadata(self, *_: Any, **__: Any) -> Metadata:
        path = Path(self.path, _METADATA)
        try:
            with path.open("rb") as file:
                metadata = _Unpickler(file).load()
        except pickle.UnpicklingError as error:
            raise UnsafeFileError(f"{path}: refused ({error})") from error
        except (OSError, EOFError, AttributeError, TypeError, ValueError, IndexError) as error:
            raise FileFormatError(f"{path}: is damaged ({error})") from error
        if not isinstance(metadata, Metadata):
            raise FileFormatError(f"{path}: is no metadata of a checkpoint")
        _check_places(metadata, path)
        metadata.storage_meta = metadata.storage_meta or StorageMeta()
        metadata.storage_meta.load_id = self.load_id
        return metadata


def _check_places(metadata: Metadata, path: Path) -> None:
    for info in (metadata.storage_data or {}).values():
        place = Path(str(getattr(info, "relative_path", "")))
        if place.is_absolute() or len(place.parts) != 1 or ".." in place.parts:
            raise UnsafeFileError(f"{path}: {str(place)!r} is outside of the snapshot")


class _Shards(Deserializer):
    """Finds the tensors of an object that are spread over ranks.

    The object gets the plain values of the file, by which it may decide what else it asks for.
    """

    def __init__(
        self,
        found: dict[str, Any],
        values: dict[str, np.ndarray],
        empty: Callable[[str], Any],
        path: str = "",
    ) -> None:
        self._found = found
        self._values = values
        self._empty = empty
        self._path = path

    def __getitem__(self, key: str) -> _Shards:
        return _Shards(self._found, self._values, self._empty, f"{self._path}{key.strip('/')}/")

    def __call__(self, key: str, value: Any) -> Any:
        full = self._path + key.lstrip("/")
        if _is_shard(value):
            self._found[full] = value.detach()
        elif full in self._values and not is_array(value):
            data = self._values[full]
            if data.dtype.kind == "O":
                return None
            return data if value is None else to_scalar(full, value, data)
        elif value is None:
            return self._empty(full)
        return value


class _Present(Serializer):
    """Finds the tensors that an object has spread over ranks by now, and saves nothing."""

    def __init__(self, found: dict[str, Any], path: str = "") -> None:
        self._found = found
        self._path = path

    def __getitem__(self, key: str) -> _Present:
        return _Present(self._found, f"{self._path}{key.strip('/')}/")

    def __call__(self, key: str, value: Any) -> Any:
        if _is_shard(value):
            self._found[self._path + key.lstrip("/")] = value.detach()
        return value


def load_sharded(path: str, target: Any) -> None:
    """Loads a sharded snapshot; every rank calls it.

    Args:
        path: The folder.
        target: Anything with ``serialize(serializer)``, or a torch module.

    Raises:
        FileFormatError: If the folder is not a whole snapshot.
    """
    reader = _SafeReader(path)
    metadata = reader.read_metadata()
    values = _read_values(path)
    shards: dict[str, Any] = {}

    def empty(key: str) -> Any:
        entry = metadata.state_dict_metadata.get(key)
        if not isinstance(entry, TensorStorageMetadata):
            return None
        return torch.empty(entry.size, dtype=entry.properties.dtype).numpy()

    restore = remember(target)
    _serialize(target, _Shards(shards, values, empty))
    restore()
    state: dict[str, Any] = {}
    for key, entry in metadata.state_dict_metadata.items():
        if not isinstance(entry, TensorStorageMetadata):
            raise UnsafeFileError(f"{path}: {key!r} is a pickled object, which is never loaded")
        if key in shards:
            state[key] = torch.empty_like(shards[key])
        else:
            state[key] = torch.empty(entry.size, dtype=entry.properties.dtype)
    with _no_warnings_of_torchs():
        dcp_load(state, storage_reader=reader)
    plain = {key: tensor.numpy() for key, tensor in state.items() if key not in shards}
    store = MappingStore({**plain, **values})
    store.name = path
    _load_plain(store, target, set(shards))
    # An optimizer has made its state only now.
    present: dict[str, Any] = {}
    _serialize(target, _Present(present))
    for key in shards:
        present[key].copy_(state[key])


def _read_values(path: str) -> dict[str, np.ndarray]:
    try:
        entries = json.loads(Path(path, VALUES).read_text("utf-8"))
        return {key: _from_json(entry) for key, entry in entries.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileFormatError(f"{path}: {VALUES} is damaged ({error})") from error


def _load_plain(store: MappingStore, target: Any, shards: set[str]) -> None:
    load_object(store, _Serializable(target), ignore_names=lambda key: key in shards)


class _Serializable:
    def __init__(self, target: Any) -> None:
        self._target = target

    def serialize(self, serializer: Any) -> None:
        _serialize(self._target, serializer)
