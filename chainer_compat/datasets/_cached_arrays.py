"""Arrays kept in an npz file of the dataset folder."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.dataset._download import cache_or_load_file, get_dataset_directory

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["cached_arrays", "load_arrays"]

Arrays = dict[str, np.ndarray[Any, Any]]


def load_arrays(path: str) -> Arrays:
    """Loads all arrays of an npz file; nothing in it is run.

    Args:
        path: The file.
    """
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def cached_arrays(folder: str, name: str, make: Callable[[], Arrays]) -> Arrays:
    """Loads arrays from the dataset folder, or makes and keeps them there.

    Args:
        folder: The dataset, ``"pfnet/chainer/mnist"``.
        name: The file, ``"train.npz"``.
        make: Makes the arrays.
    """

    def create(path: str) -> Arrays:
        arrays = make()
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # its other keyword is a bool
        return arrays

    path = pathlib.Path(get_dataset_directory(folder), name)
    return cache_or_load_file(str(path), create, load_arrays)
