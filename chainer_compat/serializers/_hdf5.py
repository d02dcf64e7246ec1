"""Chainer's hdf5 format: save, load, and the serializers between."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import FileFormatError, SnapshotMismatchError
from chainer_compat.serializer import Deserializer, Serializer
from chainer_compat.serializers._atomic import atomic_path
from chainer_compat.serializers._dictionary import is_plain_module, serialize
from chainer_compat.serializers._hdf5_chunks import create_compressed
from chainer_compat.serializers._hdf5_store import Hdf5Store
from chainer_compat.serializers._kinds import HDF5_MAGIC, other_kind
from chainer_compat.serializers._loading import IgnoreNames, load_object
from chainer_compat.serializers._progress import Progress
from chainer_compat.serializers._session import DirectSession
from chainer_compat.serializers._values import to_numpy

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from chainer_compat.serializers._limits import Limits

__all__ = ["HDF5Deserializer", "HDF5Serializer", "load_hdf5", "open_hdf5", "save_hdf5"]


def _unseen(_: int) -> None:
    """Counts no bytes."""


def _write(
    group: Any,
    key: str,
    array: np.ndarray,
    compression: int | None,
    advance: Callable[[int], None] = _unseen,
) -> None:
    import h5py

    if array.dtype.kind == "O":
        group.create_dataset(key, data=h5py.Empty("f"))
    elif array.dtype.kind == "U":
        # Chainer cannot save text in this format; str is what both libraries read back.
        group.create_dataset(key, data=array.astype(object), dtype=h5py.string_dtype())
    elif compression is None or array.size <= 1:
        group.create_dataset(key, data=array)
        advance(array.nbytes)
    else:
        create_compressed(group, key, array, compression, advance)


class HDF5Serializer(Serializer):
    """Saves the values of an object in the groups and datasets of an hdf5 file.

    ``None`` is an empty dataset; arrays of more than one element are compressed by gzip. Source:
    Chainer's page *Serializers*.

    Args:
        group: The ``h5py.Group`` to save in.
        compression: The gzip level; None not to compress.

    Example:
        >>> import io
        >>> import h5py
        >>> from chainer_compat.serializers import HDF5Serializer
        >>> file = h5py.File(io.BytesIO(), "w")
        >>> HDF5Serializer(file)["l1"]("b", [1.0, 2.0])
        [1.0, 2.0]
        >>> file["l1/b"][:]
        array([1., 2.])
        >>> file.close()
    """

    def __init__(self, group: Any, compression: int | None = 4) -> None:
        self.group = group
        self.compression = compression
        self._advance: Callable[[int], None] = _unseen

    def __getitem__(self, key: str) -> HDF5Serializer:
        part = HDF5Serializer(self.group.require_group(key.strip("/")), self.compression)
        part._advance = self._advance
        return part

    def __call__(self, key: str, value: Any) -> Any:
        array = to_numpy(value, f"{self.group.name}/{key}")
        _write(self.group, key.strip("/"), array, self.compression, self._advance)
        return value


class _MissingGroupError(SnapshotMismatchError, ValueError):
    """A group is not in the file; Chainer raises ValueError here."""


class HDF5Deserializer(Deserializer):
    """Loads the values of an object from the groups and datasets of an hdf5 file.

    Args:
        group: The ``h5py.Group`` to load from.
        strict: Whether a value that the file lacks is an error; else it stays as it is.

    Example:
        >>> import io
        >>> import h5py
        >>> import numpy as np
        >>> from chainer_compat.serializers import HDF5Deserializer
        >>> file = h5py.File(io.BytesIO(), "w")
        >>> file["l1/b"] = np.ones(2)
        >>> HDF5Deserializer(file)["l1"]("b", np.zeros(2, np.float32))
        array([1., 1.], dtype=float32)
        >>> file.close()
    """

    def __init__(self, group: Any, strict: bool = True) -> None:
        self.group = group
        self.strict = strict
        self._session = None if group is None else DirectSession(Hdf5Store(group))

    def __getitem__(self, key: str) -> HDF5Deserializer:
        import h5py

        group = None if self.group is None else self.group.get(key.strip("/"))
        found = group if isinstance(group, h5py.Group) else None
        return HDF5Deserializer(found, self.strict)

    def __call__(self, key: str, value: Any) -> Any:
        name = key.strip("/")
        if self._session is None:
            if self.strict:
                raise _MissingGroupError(f"there is no group for {key!r} in the file")
            return value
        if not self.strict and name not in self.group:
            return value
        return self._session.assign(name, value)


def save_hdf5(filename: Any, obj: Any, compression: int | None = 4) -> None:
    """Saves an object in an hdf5 file that Chainer can read.

    The file appears under its name only when it is complete.

    Args:
        filename: A path.
        obj: Anything with ``serialize(serializer)``, a dictionary from key to array, or a torch
            module.
        compression: The gzip level that the file notes; None not to compress. The compressing
            itself is done by isal, at about the ratio of level 4.

    Raises:
        TypeError: If a value cannot be saved; the message names it.
        OSError: If the file cannot be written; what was there before is intact.
    """
    import h5py

    name = f"saving {os.fspath(filename)}"
    with atomic_path(filename) as path, h5py.File(path, "w") as file:
        if isinstance(obj, dict) or is_plain_module(obj):
            values = obj if isinstance(obj, dict) else serialize(obj)
            arrays = {key: to_numpy(value, key) for key, value in values.items()}
            with Progress(name, sum(array.nbytes for array in arrays.values())) as progress:
                for key, array in arrays.items():
                    _write(file, key.strip("/"), array, compression, progress.advance)
        else:
            serializer = HDF5Serializer(file, compression)
            with Progress(name, None) as progress:
                serializer._advance = progress.advance
                serializer.save(obj)


class open_hdf5:  # noqa: N801 - used as a function, in a with statement
    """Opens an hdf5 file as a store of arrays.

    Args:
        filename: A path.
        limits: Caps on what may be allocated.

    Raises:
        FileFormatError: If it is no hdf5 file, or damaged, or refused.
    """

    def __init__(self, filename: Any, limits: Limits | None = None) -> None:
        self._filename = os.fspath(filename)
        self._limits = limits
        self._file: Any = None

    def __enter__(self) -> Hdf5Store:
        import h5py

        with open(self._filename, "rb") as file:  # noqa: PTH123 - for the usual error if there is none
            head = file.read(8)
        try:
            self._file = h5py.File(self._filename, "r")
            return Hdf5Store(self._file, self._limits)
        except FileFormatError:
            self._close()
            raise
        except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
            self._close()
            what = None if head == HDF5_MAGIC else other_kind(head)
            if what is not None:
                raise FileFormatError(f"{self._filename}: is no hdf5 file but {what}") from None
            raise FileFormatError(f"{self._filename}: is no whole hdf5 file ({error})") from error

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()


def load_hdf5(
    filename: Any,
    obj: Any,
    path: str = "",
    strict: bool | str = True,
    ignore_names: IgnoreNames = None,
    *,
    limits: Limits | None = None,
) -> Any:
    """Loads an object from an hdf5 file, all of it or nothing.

    Links to other places and files, virtual and external data and unknown filters are refused.

    Args:
        filename: A path.
        obj: Anything with ``serialize(serializer)``, or a torch module.
        path: As for ``load_npz``.
        strict: As for ``load_npz``.
        ignore_names: As for ``load_npz``.
        limits: Caps on how much the file may make this process allocate.

    Returns:
        None; for a torch module, the report of what went where.

    Raises:
        KeyError: If a value is missing (a :class:`SnapshotMismatchError`, with the whole list).
        ValueError: If a shape differs, or the file is damaged or refused.
        TypeError: If a value cannot be cast safely.
    """
    if is_plain_module(obj):
        from chainer_compat.serializers.convert import load_weights

        return load_weights(
            filename, obj, path=path, strict=strict, ignore_names=ignore_names, limits=limits
        )
    with open_hdf5(filename, limits) as store:
        load_object(store, obj, path, strict, ignore_names)
    return None
