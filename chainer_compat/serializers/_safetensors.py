"""The safetensors format: a JSON header and plain bytes; nothing in it can run.

``None`` and text, which the format lacks, go into its metadata.
"""

from __future__ import annotations

import json
import os
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.errors import FileFormatError, InvalidArgumentTypeError, UnsafeFileError
from chainer_compat.serializers._atomic import atomic_file
from chainer_compat.serializers._dictionary import is_plain_module, serialize
from chainer_compat.serializers._limits import Limits
from chainer_compat.serializers._loading import IgnoreNames, load_object
from chainer_compat.serializers._mapping_store import ArrayMember
from chainer_compat.serializers._npy import NpyHeader
from chainer_compat.serializers._progress import Progress
from chainer_compat.serializers._source import open_source
from chainer_compat.serializers._steps import Step
from chainer_compat.serializers._stored import Stored, bytes_of
from chainer_compat.serializers._values import to_numpy

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SafetensorsStore", "load_safetensors", "save_safetensors"]

_DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4",
    "U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}
_BFLOAT16 = "BF16"
_STEP = 1 << 26  # bytes between two looks at the clock
_SPAN = 1 << 22  # how much one thread reads at a time
_MAX_HEADER = 100_000_000
_OURS = "chainer_compat"


def save_safetensors(file: Any, obj: Any) -> None:
    """Saves an object in a safetensors file.

    Args:
        file: A path, or a binary file object.
        obj: Anything with ``serialize(serializer)``, a dictionary from key to array, or a torch
            module.

    Raises:
        TypeError: If an array has a dtype that the format lacks.

    Example:
        >>> import io
        >>> import numpy as np
        >>> from chainer_compat import serializers
        >>> file = io.BytesIO()
        >>> serializers.save_safetensors(file, {"x": np.ones(2, np.float32)})
        >>> file.getvalue()[8:64]
        b'{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  '
    """
    values = obj if isinstance(obj, dict) else serialize(obj)
    header, arrays = _header({key: to_numpy(value, key) for key, value in values.items()})
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if isinstance(file, (str, os.PathLike)):
        with atomic_file(file) as opened:
            _write(opened, text, arrays, os.fspath(file))
    else:
        _write(file, text, arrays, str(getattr(file, "name", "the file")))


def _header(arrays: dict[str, np.ndarray]) -> tuple[dict[str, Any], list[np.ndarray]]:
    header: dict[str, Any] = {}
    written: list[np.ndarray] = []
    others: dict[str, Any] = {}
    end = 0
    for key, array in arrays.items():
        if array.dtype.kind == "O":
            others[key] = None
            continue
        if array.dtype.kind == "U" and not array.shape:
            others[key] = str(array[()])
            continue
        name = _NAMES.get(array.dtype.newbyteorder("="))
        if name is None:
            raise InvalidArgumentTypeError(
                f"{key}: safetensors has no dtype for {array.dtype}; save it as npz"
            )
        start, end = end, end + array.nbytes
        header[key] = {"dtype": name, "shape": list(array.shape), "data_offsets": [start, end]}
        native: np.ndarray = array.astype(array.dtype.newbyteorder("="), copy=False)
        written.append(np.ascontiguousarray(native).reshape(array.shape))
    if others:
        header = {"__metadata__": {_OURS: json.dumps(others)}, **header}
    return header, written


def _write(file: Any, header: bytes, arrays: list[np.ndarray], name: str) -> None:
    file.write(len(header).to_bytes(8, "little") + header)
    with Progress(f"saving {name}", sum(array.nbytes for array in arrays)) as progress:
        for array in arrays:
            data = bytes_of(array) if array.nbytes else memoryview(b"")
            for start in range(0, len(data), _STEP):
                progress.advance(file.write(data[start : start + _STEP]))


class _Member(Stored):
    def __init__(
        self, store: SafetensorsStore, dtype: str, shape: tuple[int, ...], at: int
    ) -> None:
        self._store = store
        self._at = at
        self._is_half = dtype == _BFLOAT16
        stored = np.dtype("<u2" if self._is_half else _DTYPES[dtype])
        self._stored = stored
        # bfloat16 is the upper half of float32.
        shown = np.dtype(np.float32) if self._is_half else stored
        self.header = NpyHeader(shown, shape, fortran_order=False, data_offset=0)

    def read(self) -> np.ndarray:
        array: np.ndarray = np.empty(self.header.shape, self._stored)
        if array.nbytes:
            self._store.source.readinto(self._at, bytes_of(array))
        if self._is_half:
            return (array.astype(np.uint32) << 16).view(np.float32)
        return array

    # There is nothing to verify: the format has no checksums, and the file's size was checked.

    def filling(self, flat: np.ndarray) -> list[Step]:
        if self._is_half or flat.dtype != self._stored or not flat.size:
            return super().filling(flat)
        view = bytes_of(flat)

        def read(start: int) -> None:
            self._store.source.readinto(self._at + start, view[start : start + _SPAN])

        return [
            Step(min(_SPAN, len(view) - start), partial(read, start))
            for start in range(0, len(view), _SPAN)
        ]


class SafetensorsStore:
    """Reads the arrays of a safetensors file.

    Args:
        file: A path, or a binary file object.
        limits: Caps on what may be allocated.

    Raises:
        FileFormatError: If the file is of another format, or damaged.
    """

    def __init__(self, file: Any, limits: Limits | None = None) -> None:
        self.source = open_source(file)
        self.name = self.source.name
        try:
            header, start = self._read_header()
            (limits or Limits()).check(
                self.name, stored=self.source.size, plain=self.source.size - start
            )
            self._others = self._metadata(header.pop("__metadata__", {}))
            self._members = self._checked(header, start)
        except BaseException:
            self.source.close()
            raise

    def _damaged(self, what: str) -> FileFormatError:
        return FileFormatError(f"{self.name}: is no whole safetensors file ({what})")

    def _read_header(self) -> tuple[dict[str, Any], int]:
        if self.source.size < 8:
            raise self._damaged("it is too short")
        length = int.from_bytes(self.source.read(0, 8), "little")
        if length > _MAX_HEADER:
            raise UnsafeFileError(f"{self.name}: a header of {length:,} bytes is refused")
        if 8 + length > self.source.size:
            raise self._damaged("its header is cut short")
        try:
            header = json.loads(self.source.read(8, length), object_pairs_hook=self._no_twins)
        except (ValueError, RecursionError) as error:
            if isinstance(error, FileFormatError):
                raise
            raise self._damaged(str(error)) from None
        if not isinstance(header, dict):
            raise self._damaged("its header is no object")
        return header, 8 + length

    def _no_twins(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise UnsafeFileError(f"{self.name}: a name is there twice")
        return found

    def _metadata(self, metadata: Any) -> dict[str, Any]:
        try:
            others = json.loads(metadata.get(_OURS, "{}"))
            if all(value is None or isinstance(value, str) for value in others.values()):
                return dict(others)
        except (ValueError, AttributeError, TypeError, RecursionError):
            pass
        raise self._damaged("its metadata is damaged")

    def _checked(self, header: dict[str, Any], start: int) -> dict[str, _Member]:
        members, spans = {}, []
        for key, entry in header.items():
            try:
                dtype, shape = entry["dtype"], tuple(entry["shape"])
                begin, end = entry["data_offsets"]
                numbers = [*shape, begin, end]
            except (KeyError, TypeError, ValueError):
                raise self._damaged(f"{key!r} is not described") from None
            if dtype not in _DTYPES and dtype != _BFLOAT16:
                raise UnsafeFileError(f"{self.name}: {key!r} has the unknown dtype {dtype!r}")
            if not all(type(number) is int and number >= 0 for number in numbers):
                raise self._damaged(f"{key!r} has no valid shape or place")
            member = _Member(self, dtype, shape, start + begin)
            size = member.header.nbytes // (2 if dtype == _BFLOAT16 else 1)
            if size != end - begin or start + end > self.source.size:
                raise self._damaged(f"{key!r} does not fit its place")
            members[key] = member
            spans.append((begin, end))
        spans.sort()
        if any(span[1] > after[0] for span, after in pairwise(spans)):
            raise UnsafeFileError(f"{self.name}: two arrays share bytes")
        return members

    def __contains__(self, key: object) -> bool:
        return key in self._members or key in self._others

    def __iter__(self) -> Iterator[str]:
        yield from self._members
        yield from self._others

    def member(self, key: str) -> _Member | ArrayMember:
        """Returns an array.

        Args:
            key: Its name.
        """
        if key in self._others:
            return ArrayMember(np.asarray(self._others[key]))
        return self._members[key]

    def release(self, key: str) -> None:
        """Does nothing: no array is held.

        Args:
            key: The array's name.
        """

    def __enter__(self) -> SafetensorsStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.source.close()


def load_safetensors(
    file: Any,
    obj: Any,
    path: str = "",
    strict: bool | str = True,
    ignore_names: IgnoreNames = None,
    *,
    limits: Limits | None = None,
) -> Any:
    """Loads an object from a safetensors file, all of it or nothing.

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
    with SafetensorsStore(file, limits) as store:
        if is_plain_module(obj):
            from chainer_compat.serializers.convert import load_from_store

            return load_from_store(store, obj, path, strict, ignore_names)
        load_object(store, obj, path, strict, ignore_names)
    return None
