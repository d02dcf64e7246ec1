"""Copies of a serialized state: one consistent moment, in memory that is used again."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np

from chainer_compat.serializers._values import to_numpy

__all__ = ["HeldState", "SharedState", "can_share", "unshared"]

_ALIGNMENT = 64


class HeldState:
    """Copies one state after the other into the same arrays.

    New memory costs more than the copying itself: the system has to clear each page first.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}

    def copy(self, target: dict[str, Any]) -> dict[str, Any]:
        """Returns a copy of a state, which is valid until the next one is made.

        Args:
            target: The serialized object.
        """
        copied = {}
        for key, value in target.items():
            array = to_numpy(value, key)
            held = self._arrays.get(key)
            if held is None or held.shape != array.shape or held.dtype != array.dtype:
                held = self._arrays[key] = np.empty_like(array)
            np.copyto(held, array)
            copied[key] = held
        self._arrays = copied
        return dict(copied)


def can_share() -> bool:
    """Whether memory can be shared with a process that is running already."""
    return hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir()


class _Handle:
    """What goes through the queue in place of a state: where its bytes are."""

    def __init__(self, path: str, size: int, layout: list[tuple[str, str, Any, int]]) -> None:
        self._path = path
        self._size = size
        self._layout = layout

    def open(self) -> dict[str, np.ndarray]:
        """Maps the memory, in another process."""
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            memory = mmap.mmap(descriptor, self._size, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)
        return _arrays(memory, self._layout)


def _arrays(memory: Any, layout: list[tuple[str, str, Any, int]]) -> dict[str, np.ndarray]:
    return {
        key: np.asarray(None)
        if dtype == "|O"
        else np.ndarray(shape, np.dtype(dtype), memory, offset)
        for key, dtype, shape, offset in layout
    }


class SharedState:
    """Copies one state after the other into the same shared memory.

    The memory has no name in any file system: it is gone when the processes are, and containers
    that allow little in ``/dev/shm`` do not limit it.
    """

    def __init__(self) -> None:
        self._descriptor = -1
        self._memory: mmap.mmap | None = None

    def copy(self, target: dict[str, Any]) -> _Handle:
        """Copies a state and returns how another process finds it.

        Args:
            target: The serialized object.
        """
        arrays = {key: to_numpy(value, key) for key, value in target.items()}
        layout, size = [], 0
        for key, array in arrays.items():
            layout.append((key, array.dtype.str, array.shape, size))
            size += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
        memory = self._reserve(max(size, 1))
        for key, view in _arrays(memory, layout).items():
            if view.dtype.kind != "O":
                np.copyto(view, arrays[key])
        return _Handle(f"/proc/{os.getpid()}/fd/{self._descriptor}", len(memory), layout)

    def _reserve(self, size: int) -> mmap.mmap:
        if self._memory is None or len(self._memory) < size:
            self.close()
            self._descriptor = os.memfd_create("snapshot")
            os.ftruncate(self._descriptor, size)
            self._memory = mmap.mmap(self._descriptor, size)
        return self._memory

    def close(self) -> None:
        """Gives the memory back, once no other process uses it any more."""
        self._memory = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


def unshared(target: Any) -> Any:
    """Returns the state that came through a queue.

    Args:
        target: A state, or how to find it.
    """
    return target.open() if isinstance(target, _Handle) else target
