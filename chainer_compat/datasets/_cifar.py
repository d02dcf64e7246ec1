"""CIFAR-10 and CIFAR-100."""

from __future__ import annotations

import pickle
import tarfile
from typing import IO, Any

import numpy as np

from chainer_compat._dtypes import get_dtype
from chainer_compat.datasets._cached_arrays import Arrays, cached_arrays
from chainer_compat.datasets._sources import fetch
from chainer_compat.datasets._tuple_dataset import TupleDataset
from chainer_compat.errors import DatasetFileError, InvalidArgumentError, UnsafeFileError

__all__ = ["get_cifar10", "get_cifar100"]

_BASE_URL = "https://www.cs.toronto.edu/~kriz/"
_RECONSTRUCT: Any = np.empty(0).__reduce__()[0]


def get_cifar10(
    withlabel: bool = True, ndim: int = 3, scale: float = 1.0, dtype: Any = None
) -> tuple[Any, Any]:
    """Returns CIFAR-10, photographs of ten kinds of things: 50,000 to train on, 10,000 to test.

    They are downloaded once and kept in the dataset folder, at ``pfnet/chainer/cifar``.

    Args:
        withlabel: Whether an example is a pair of an image and a label, or just the image.
        ndim: 1 for images of 3072 values, 3 for 3 x 32 x 32.
        scale: The range of pixels is from 0 to this.
        dtype: The dtype of images; ``chainer.config.dtype`` if None.

    Returns:
        The training and the test set: each a :class:`~chainer_compat.datasets.TupleDataset` of
        images and labels (int32), or an array of images without labels.

    Raises:
        ValueError: If ``ndim`` is another number, or the archive asks to run code.
        OSError: If the archive cannot be downloaded.
        RuntimeError: If it is damaged.

    Source: Krizhevsky, *Learning Multiple Layers of Features from Tiny Images* (2009).
    """
    return _get("cifar-10", _read_cifar10, withlabel, ndim, scale, dtype)


def get_cifar100(
    withlabel: bool = True, ndim: int = 3, scale: float = 1.0, dtype: Any = None
) -> tuple[Any, Any]:
    """Returns CIFAR-100, photographs of a hundred kinds of things; see :func:`get_cifar10`.

    Args:
        withlabel: Whether an example is a pair of an image and a (fine) label, or just the image.
        ndim: 1 for images of 3072 values, 3 for 3 x 32 x 32.
        scale: The range of pixels is from 0 to this.
        dtype: The dtype of images; ``chainer.config.dtype`` if None.

    Returns:
        The training and the test set.

    Raises:
        ValueError: If ``ndim`` is another number, or the archive asks to run code.
        OSError: If the archive cannot be downloaded.
        RuntimeError: If it is damaged.
    """
    return _get("cifar-100", _read_cifar100, withlabel, ndim, scale, dtype)


def _get(
    name: str, read: Any, withlabel: bool, ndim: int, scale: float, dtype: Any
) -> tuple[Any, Any]:
    def make() -> Arrays:
        path = fetch(f"{_BASE_URL}{name}-python.tar.gz")
        try:
            with tarfile.open(path, "r:gz") as archive:
                arrays: Arrays = read(archive)
                return arrays
        except (tarfile.TarError, EOFError, KeyError, pickle.UnpicklingError) as error:
            raise DatasetFileError(f"{path} is no archive of {name}: {error}") from error

    raw = cached_arrays("pfnet/chainer/cifar", f"{name}.npz", make)
    train, test = (
        _preprocessed(raw[f"{part}_x"], raw[f"{part}_y"], withlabel, ndim, scale, dtype)
        for part in ("train", "test")
    )
    return train, test


def _read_cifar10(archive: tarfile.TarFile) -> Arrays:
    folder = "cifar-10-batches-py"
    batches = [_unpickled(archive, f"{folder}/data_batch_{i}") for i in range(1, 6)]
    test = _unpickled(archive, f"{folder}/test_batch")
    return {
        "train_x": np.concatenate([batch["data"] for batch in batches]),
        "train_y": np.concatenate([np.asarray(batch["labels"], np.uint8) for batch in batches]),
        "test_x": test["data"],
        "test_y": np.asarray(test["labels"], np.uint8),
    }


def _read_cifar100(archive: tarfile.TarFile) -> Arrays:
    arrays = {}
    for part in ("train", "test"):
        content = _unpickled(archive, f"cifar-100-python/{part}")
        arrays[f"{part}_x"] = content["data"].reshape(-1, 3072)
        arrays[f"{part}_y"] = np.asarray(content["fine_labels"], np.uint8)
    return arrays


def _unpickled(archive: tarfile.TarFile, name: str) -> dict[str, Any]:
    member = archive.extractfile(name)
    if member is None:
        raise DatasetFileError(f"{name} is no file of the archive")
    content: dict[str, Any] = _ArrayUnpickler(member, encoding="latin-1").load()
    return content


class _ArrayUnpickler(pickle.Unpickler):
    """Reads arrays, text and their containers, all that the archives hold; runs nothing else."""

    _ALLOWED = frozenset({"_reconstruct", "ndarray", "dtype"})

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        super().__init__(file, encoding=encoding)

    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name.partition(".")[0] == "numpy" and global_name in self._ALLOWED:
            # What arrays are pickled with is in a private module, whose name NumPy 2 changed.
            return _RECONSTRUCT if global_name == "_reconstruct" else getattr(np, global_name)
        if (module_name, global_name) == ("_codecs", "encode"):
            return str.encode
        raise UnsafeFileError(
            f"the archive asks for {module_name}.{global_name}, which is no part of an array"
        )


def _preprocessed(
    images: np.ndarray[Any, Any],
    labels: np.ndarray[Any, Any],
    withlabel: bool,
    ndim: int,
    scale: float,
    dtype: Any,
) -> Any:
    if ndim not in (1, 3):
        raise InvalidArgumentError(f"invalid ndim for CIFAR dataset: {ndim!r}; it is 1 or 3")
    images = images.reshape(-1, 3072) if ndim == 1 else images.reshape(-1, 3, 32, 32)
    images = images.astype(get_dtype(dtype, map_mixed16=np.float16))
    images *= scale / 255.0
    return TupleDataset(images, labels.astype(np.int32)) if withlabel else images
