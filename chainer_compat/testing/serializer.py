"""Saving and loading in one step (Chainer: *chainer.testing.save_and_load*)."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

from chainer_compat import serializers
from chainer_compat.utils import tempdir

__all__ = ["save_and_load", "save_and_load_hdf5", "save_and_load_npz"]


def save_and_load(
    src: Any,
    dst: Any,
    filename: str,
    saver: Callable[[str, Any], Any],
    loader: Callable[[str, Any], Any],
) -> None:
    """Saves one object into a temporary file and loads another from it.

    Args:
        src: What is saved.
        dst: What is loaded.
        filename: The file's name.
        saver: Called with the file's path and ``src``.
        loader: Called with the file's path and ``dst``.
    """
    with tempdir() as folder:
        path = str(pathlib.Path(folder) / filename)
        saver(path, src)
        loader(path, dst)


def save_and_load_npz(src: Any, dst: Any) -> None:
    """Saves one object into an npz file and loads another from it.

    Args:
        src: What is saved.
        dst: What is loaded.
    """
    save_and_load(src, dst, "tmp.npz", serializers.save_npz, serializers.load_npz)


def save_and_load_hdf5(src: Any, dst: Any) -> None:
    """Saves one object into an HDF5 file and loads another from it.

    Args:
        src: What is saved.
        dst: What is loaded.
    """
    save_and_load(src, dst, "tmp.h5", serializers.save_hdf5, serializers.load_hdf5)
