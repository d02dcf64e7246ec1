"""Copies of a serialized state: one consistent moment, in memory that is used again."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.serializers._dictionary import DictionarySerializer, save_into
from chainer_compat.serializers._values import to_numpy
from chainer_compat.training.extensions._snapshot_lanes import (
    CudaQueue,
    Lane,
    Transfer,
    gpu_tensor,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

__all__ = ["HeldState", "SharedState", "can_share", "serialize_in_place", "unshared"]

_ALIGNMENT = 64


class _InPlaceSerializer(DictionarySerializer):
    """Leaves a GPU's tensors where they are; everything else comes to the host."""

    def __getitem__(self, key: str) -> _InPlaceSerializer:
        return _InPlaceSerializer(self.target, f"{self.path}{key.strip('/')}/")

    def __call__(self, key: str, value: Any) -> Any:
        tensor = gpu_tensor(value)
        if tensor is None:
            return super().__call__(key, value)
        self.target[self.path + key.lstrip("/")] = tensor
        return value


def serialize_in_place(obj: Any) -> dict[str, Any]:
    """Returns the state of an object, in which a GPU's tensors are those of the object itself.

    Args:
        obj: Anything with ``serialize(serializer)``, or a torch module.
    """
    serializer = _InPlaceSerializer()
    save_into(serializer, obj)
    return serializer.target


class _Arriving:
    """A state of which a part is still on its way from the GPU."""

    def __init__(
        self, names: Sequence[str], arrays: dict[str, Any], transfers: Sequence[Transfer]
    ) -> None:
        self._names = names
        self._arrays = arrays
        self._transfers = transfers

    def open(self) -> dict[str, Any]:
        """Returns the state, once all of it is there."""
        arrays = dict(self._arrays)
        for transfer in self._transfers:
            for name, buffer in transfer.wait().items():
                arrays[name] = to_numpy(buffer, name)
        return {name: arrays[name] for name in self._names}


class HeldState:
    """Copies one state after the other into the same arrays.

    New memory costs more than the copying itself: the system has to clear each page first.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}
        self._lanes: dict[torch.device, Lane] = {}

    def start(self, target: dict[str, Any]) -> Any:
        """Starts a copy, which :func:`unshared` waits for; it is valid until the next one.

        Only tensors of a GPU are waited for; without any, this is :meth:`copy`.

        Args:
            target: The serialized object; it may be updated as soon as this returns.
        """
        on_gpus: dict[torch.device, dict[str, torch.Tensor]] = {}
        others: dict[str, Any] = {}
        for key, value in target.items():
            tensor = gpu_tensor(value)
            if tensor is None:
                others[key] = value
            else:
                on_gpus.setdefault(tensor.device, {})[key] = tensor
        transfers = [self._lane(device).start(tensors) for device, tensors in on_gpus.items()]
        copied = self.copy(others)
        return _Arriving(list(target), copied, transfers) if transfers else copied

    def _lane(self, device: torch.device) -> Lane:
        if device not in self._lanes:
            self._lanes[device] = Lane(CudaQueue(device))
        return self._lanes[device]

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
    """Returns the state that a writer was handed, once all of it is there.

    Args:
        target: A state, or how to find it.
    """
    return target.open() if isinstance(target, (_Handle, _Arriving)) else target
