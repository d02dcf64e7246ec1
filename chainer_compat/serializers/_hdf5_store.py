"""An hdf5 file as a store of arrays: what could reach beyond the file is refused first."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers._hdf5_chunks import fill_from_chunks
from chainer_compat.serializers._limits import Limits, check_deflated
from chainer_compat.serializers._npy import NpyHeader
from chainer_compat.serializers._steps import Step
from chainer_compat.serializers._stored import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Hdf5Member", "Hdf5Store", "as_array"]

# Gzip, shuffle and the Fletcher checksum, all built into the library; others load plug-ins.
_KNOWN_FILTERS = frozenset({1, 2, 3})
_KINDS = frozenset("biufcS")
_OBJECT = np.dtype("O")


def as_array(dataset: Any) -> np.ndarray:
    """Reads a dataset; text becomes an array of text.

    Args:
        dataset: The dataset.
    """
    import h5py

    if h5py.check_string_dtype(dataset.dtype) is not None:
        return np.asarray(dataset.asstr()[()], dtype=np.str_)
    return np.asarray(dataset[()])


class Hdf5Member(Stored):
    """One dataset.

    Args:
        dataset: The dataset, which has been checked.
        where: File and key, for messages.
    """

    def __init__(self, dataset: Any, where: str) -> None:
        self._dataset = dataset
        self._where = where
        if dataset.shape is None:
            self.header = NpyHeader(_OBJECT, (), fortran_order=False, data_offset=0)
        else:
            dtype = np.dtype(dataset.dtype)
            dtype = np.dtype(np.str_) if dtype.kind == "O" else dtype
            self.header = NpyHeader(dtype, dataset.shape, fortran_order=False, data_offset=0)

    def read(self) -> np.ndarray:
        """Returns the array; what is empty comes as an object array that holds None."""
        if self._dataset.shape is None:
            return np.asarray(None)
        try:
            return as_array(self._dataset)
        except (OSError, ValueError, RuntimeError, UnicodeDecodeError) as error:
            raise self._damaged(error) from error

    def filling(self, flat: np.ndarray) -> list[Step]:
        """Returns the step that reads the data into an array.

        Args:
            flat: An array of one axis, which gets the elements in the order of the file; they are
                cast within their kind.
        """
        if flat.dtype != self.header.dtype or not flat.size:
            return super().filling(flat)
        return [Step(self.header.nbytes, partial(self._fill, flat.reshape(self.header.shape)))]

    def _fill(self, target: np.ndarray) -> None:
        if not self._filled(target):
            try:
                self._dataset.read_direct(target)
            except (OSError, ValueError, RuntimeError) as error:
                raise self._damaged(error) from error

    def _filled(self, target: Any) -> bool:
        try:
            return fill_from_chunks(self._dataset, target)
        except (OSError, ValueError, RuntimeError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> FileFormatError:
        return FileFormatError(f"{self._where}: its data is damaged ({error})")

    def verifying(self) -> list[Step]:
        """What :meth:`verify` does, in one step."""
        return [Step(self.header.nbytes, self._verify)]

    def _verify(self) -> None:
        if self._dataset.shape is None or not self._filled(None):
            self.read()


class Hdf5Store:
    """Reads the datasets under a group.

    Args:
        group: The group.
        limits: The caps.

    Raises:
        UnsafeFileError: If there are links out of the file or to elsewhere in it, virtual or
            external data, or unknown filters or types.
    """

    def __init__(self, group: Any, limits: Limits | None = None) -> None:
        self._group = group
        self.name = str(group.file.filename)
        self._datasets: dict[str, Any] = {}
        self._seen: set[Any] = set()
        self._walk(group, "")
        plain = sum(_plain_bytes(dataset) for dataset in self._datasets.values())
        size = group.file.id.get_filesize()
        (limits or Limits()).check(self.name, stored=size, plain=plain)

    def _walk(self, group: Any, path: str) -> None:
        import h5py

        for name in group:
            key = f"{path}{name}"
            where = f"{self.name}: {key!r}"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise UnsafeFileError(f"{where}: is a link to elsewhere, which is refused")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in self._seen:
                raise UnsafeFileError(f"{where}: is there under another name already")
            self._seen.add(address)
            if isinstance(item, h5py.Group):
                self._walk(item, f"{key}/")
            elif isinstance(item, h5py.Dataset):
                _check_dataset(item, self.name, key)
                self._datasets[key] = item
            else:
                raise UnsafeFileError(f"{where}: is neither a group nor a dataset")

    def __contains__(self, key: object) -> bool:
        return key in self._datasets

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets)

    def member(self, key: str) -> Hdf5Member:
        """Returns a dataset.

        Args:
            key: Its path under the group.
        """
        return Hdf5Member(self._datasets[key], f"{self.name}: {key!r}")

    def release(self, key: str) -> None:
        """Does nothing: the library holds the file.

        Args:
            key: The dataset's path.
        """


def _plain_bytes(dataset: Any) -> int:
    return 0 if dataset.shape is None else math.prod(dataset.shape) * dataset.dtype.itemsize


def _is_text(dataset: Any) -> bool:
    import h5py

    return h5py.check_string_dtype(dataset.dtype) is not None


def _check_dataset(dataset: Any, name: str, key: str) -> None:
    where = f"{name}: {key!r}"
    if dataset.shape is None:
        return
    if dataset.is_virtual or dataset.external:
        raise UnsafeFileError(f"{where}: its data is in other files, which is refused")
    if dataset.dtype.kind not in _KINDS and not _is_text(dataset):
        raise UnsafeFileError(f"{where}: arrays of type {dataset.dtype} are refused")
    filters = dataset.id.get_create_plist()
    numbers = {filters.get_filter(i)[0] for i in range(filters.get_nfilters())}
    if not numbers <= _KNOWN_FILTERS:
        unknown = ", ".join(map(str, sorted(numbers - _KNOWN_FILTERS)))
        raise UnsafeFileError(f"{where}: the filter {unknown} is unknown and refused")
    stored, plain = dataset.id.get_storage_size(), _plain_bytes(dataset)
    # Text lies in a heap of the file's; its datasets hold places, of another size than in memory.
    if _is_text(dataset):
        return
    if not numbers and dataset.chunks is None and stored not in {plain, 0}:
        raise FileFormatError(f"{where}: {stored:,} bytes are stored where {plain:,} should be")
    if plain and not stored:
        raise FileFormatError(f"{where}: claims {plain:,} bytes and has no data")
    check_deflated(name, key, stored=stored, plain=plain)
