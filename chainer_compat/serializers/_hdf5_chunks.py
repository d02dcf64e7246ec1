"""Gzip chunks of hdf5, deflated and inflated by isal on all cores, past the library's filter."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["create_compressed", "fill_from_chunks"]

_TARGET_BYTES = 1 << 20
_THREADS = max(1, min(os.cpu_count() or 1, 8))
_GZIP = 1
_LEVEL = 1


def _chunk_shape(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """About a megabyte of whole rows, of the first axis that allows it."""
    chunk = list(shape)
    for axis in range(len(shape)):
        rest = math.prod(shape[axis + 1 :]) * itemsize
        chunk[axis] = max(1, min(shape[axis], _TARGET_BYTES // max(rest, 1)))
        if chunk[axis] > 1 or rest <= _TARGET_BYTES:
            break
    return tuple(chunk)


def _offsets(shape: tuple[int, ...], chunk: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    counts = [-(-size // step) for size, step in zip(shape, chunk, strict=True)]
    for index in np.ndindex(*counts):
        yield tuple(i * step for i, step in zip(index, chunk, strict=True))


def _window(offset: tuple[int, ...], chunk: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(at, at + step) for at, step in zip(offset, chunk, strict=True))


def _deflated(array: np.ndarray, offset: tuple[int, ...], chunk: tuple[int, ...]) -> bytes:
    from isal import isal_zlib

    piece = array[_window(offset, chunk)]
    if piece.shape != chunk:  # hdf5 stores whole chunks, also at the border
        whole = np.zeros(chunk, array.dtype)
        whole[tuple(slice(0, size) for size in piece.shape)] = piece
        piece = whole
    data: Any = np.ascontiguousarray(piece)
    compressed: bytes = isal_zlib.compress(memoryview(data).cast("B"), _LEVEL)
    return compressed


def create_compressed(
    group: Any, key: str, array: np.ndarray, level: int, advance: Callable[[int], None]
) -> None:
    """Creates a dataset with the gzip filter, and writes its chunks ready-made.

    Args:
        group: Where to.
        key: The dataset's name.
        array: The array, with at least one axis and one element.
        level: The gzip level to note in the file.
        advance: Called with the number of bytes that were written.
    """
    chunk = _chunk_shape(array.shape, array.dtype.itemsize)
    dataset = group.create_dataset(
        key, array.shape, array.dtype, chunks=chunk, compression="gzip", compression_opts=level
    )
    offsets = list(_offsets(array.shape, chunk))
    if len(offsets) == 1:
        dataset.id.write_direct_chunk(offsets[0], _deflated(array, offsets[0], chunk))
        advance(array.nbytes)
        return
    size = math.prod(chunk) * array.dtype.itemsize
    step = 4 * _THREADS  # bounds the compressed chunks that wait
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(offsets), step):
            window = offsets[start : start + step]
            packed = pool.map(lambda at: _deflated(array, at, chunk), window)
            for offset, data in zip(window, packed, strict=True):
                dataset.id.write_direct_chunk(offset, data)
                advance(size)


def fill_from_chunks(dataset: Any, target: np.ndarray | None) -> bool:
    """Reads a dataset whose only filter is gzip, chunk by chunk.

    Args:
        dataset: The dataset.
        target: Where to; of the dataset's shape and dtype. None to check the data only.

    Returns:
        Whether that was possible; if not, nothing was read.

    Raises:
        ValueError: If a chunk is damaged.
    """
    from isal import isal_zlib
    from isal.isal_zlib import IsalError

    plist = dataset.id.get_create_plist()
    if dataset.chunks is None or plist.get_nfilters() != 1 or plist.get_filter(0)[0] != _GZIP:
        return False
    if target is not None and dataset.dtype != target.dtype:
        return False
    chunk, size = dataset.chunks, math.prod(dataset.chunks) * dataset.dtype.itemsize

    def read(offset: tuple[int, ...]) -> None:
        mask, data = dataset.id.read_direct_chunk(offset)
        if mask:
            plain = data
        else:
            inflater = isal_zlib.decompressobj()
            plain = inflater.decompress(data, size + 1)
            # Only at its end are the data held to their checksum.
            if len(plain) == size and not inflater.eof:
                raise ValueError("a chunk is cut short")
        if len(plain) != size:
            raise ValueError(f"a chunk has {len(plain)} bytes instead of {size}")
        if target is None:
            return
        piece = target[_window(offset, chunk)]
        whole = np.frombuffer(plain, target.dtype).reshape(chunk)
        piece[...] = whole[tuple(slice(0, extent) for extent in piece.shape)]

    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            for _ in pool.map(read, _offsets(dataset.shape, chunk)):
                pass
    except IsalError as error:  # type: ignore[misc]  # the stub calls it an instance
        raise ValueError(str(error)) from error
    return True
