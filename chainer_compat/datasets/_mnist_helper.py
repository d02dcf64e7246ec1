"""What MNIST and the datasets in its format have in common."""

from __future__ import annotations

import functools
import gzip
import math
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat._dtypes import get_dtype
from chainer_compat.datasets._cached_arrays import Arrays, cached_arrays
from chainer_compat.datasets._sources import fetch
from chainer_compat.datasets._tuple_dataset import TupleDataset
from chainer_compat.errors import DatasetFileError, InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["get_mnist_like", "make_npz", "preprocess_mnist"]


def get_mnist_like(
    folder: str,
    base_url: str,
    withlabel: bool,
    ndim: int,
    scale: float,
    dtype: Any,
    label_dtype: Any,
    rgb_format: bool,
) -> tuple[Any, Any]:
    """Returns the training and the test set of a dataset in MNIST's format.

    Args:
        folder: Where it is kept.
        base_url: Where the four files are.
        withlabel: See :func:`~chainer_compat.datasets.get_mnist`, as for the others.
        ndim: Likewise.
        scale: Likewise.
        dtype: Likewise.
        label_dtype: Likewise.
        rgb_format: Likewise.
    """
    image_dtype = get_dtype(dtype, map_mixed16=np.float16)
    sets = []
    for name, stem in (("train.npz", "train"), ("test.npz", "t10k")):
        urls = [f"{base_url}{stem}-{part}-ubyte.gz" for part in ("images-idx3", "labels-idx1")]
        raw = cached_arrays(folder, name, functools.partial(_read_pair, urls))
        sets.append(
            preprocess_mnist(raw, withlabel, ndim, scale, image_dtype, label_dtype, rgb_format)
        )
    return sets[0], sets[1]


def make_npz(path: str, urls: Sequence[str]) -> Arrays:
    """Downloads images and labels in MNIST's format and writes them to an npz file.

    Args:
        path: The npz file.
        urls: The gzipped files of the images and of the labels.

    Returns:
        ``x``, the images as rows of bytes, and ``y``, the labels as bytes.

    Raises:
        RuntimeError: If the files are damaged, or do not belong together.
    """
    arrays = _read_pair(urls)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # its other keyword is a bool
    return arrays


def _read_pair(urls: Sequence[str]) -> Arrays:
    images, labels = (_read_idx(fetch(url)) for url in urls)
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise DatasetFileError(
            f"wrong pair of MNIST images and labels: arrays of {images.shape} and {labels.shape} "
            f"from {urls[0]} and {urls[1]}"
        )
    return {"x": images.reshape(len(images), -1), "y": labels}


def _read_idx(path: str) -> np.ndarray[Any, Any]:
    """Reads a gzipped IDX file of bytes: two zeros, the type 8, the number of axes, the axes."""
    try:
        with gzip.open(path, "rb") as file:
            raw = file.read()
        zeros, kind, ndim = struct.unpack_from(">HBB", raw)
        shape = struct.unpack_from(f">{ndim}i", raw, 4)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise DatasetFileError(f"{path} is no gzipped IDX file: {error}") from error
    data: np.ndarray[Any, Any] = np.frombuffer(raw, np.uint8, offset=4 + 4 * ndim)
    if zeros or kind != 8 or data.size != math.prod(shape):
        raise DatasetFileError(f"{path} is damaged: {data.size} bytes for an array of {shape}")
    array: np.ndarray[Any, Any] = data.reshape(shape).copy()
    return array


def preprocess_mnist(
    raw: Arrays,
    withlabel: bool,
    ndim: int,
    scale: float,
    image_dtype: Any,
    label_dtype: Any,
    rgb_format: bool,
) -> Any:
    """Gives images the shape, the dtype and the range that were asked for.

    Args:
        raw: ``x``, images as rows of 784 bytes, and ``y``, labels as bytes.
        withlabel: Whether to return pairs of an image and a label.
        ndim: 1 for 784 values, 2 for 28 x 28, 3 for 1 x 28 x 28.
        scale: What white becomes.
        image_dtype: The dtype of images.
        label_dtype: The dtype of labels.
        rgb_format: With three axes, whether to repeat the channel three times.

    Returns:
        A :class:`~chainer_compat.datasets.TupleDataset`, or the array of images.

    Raises:
        ValueError: If ``ndim`` is another number.
    """
    images = raw["x"]
    if ndim == 2:
        images = images.reshape(-1, 28, 28)
    elif ndim == 3:
        images = images.reshape(-1, 1, 28, 28)
        if rgb_format:
            images = np.broadcast_to(images, (len(images), 3, 28, 28))
    elif ndim != 1:
        raise InvalidArgumentError(f"invalid ndim for MNIST dataset: {ndim!r}; it is 1, 2 or 3")
    images = images.astype(image_dtype, order="C")
    images *= scale / 255.0
    return TupleDataset(images, raw["y"].astype(label_dtype)) if withlabel else images
