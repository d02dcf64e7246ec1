"""Copies of a GPU's tensors to the host beside the training: pinned memory and a stream of its own.

The copies are queued behind what the training has queued so far, and what it queues from then on
waits for them on the GPU: so they hold one moment, also of tensors that are updated in place, and
the training's thread waits for nothing. Whoever reads the copies waits first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

__all__ = ["CudaQueue", "Lane", "Queue", "Transfer", "gpu_tensor"]


class _Event(Protocol):
    def synchronize(self) -> None: ...


class _Stream(Protocol):
    def wait_stream(self, stream: Any) -> None: ...
    def wait_event(self, event: Any) -> None: ...
    def record_event(self) -> Any: ...


class Queue(Protocol):
    """What a lane needs of a GPU."""

    def new_stream(self) -> Any:
        """Returns a stream for the copies."""

    def current_stream(self) -> Any:
        """Returns the stream on which the training works."""

    def on(self, stream: Any) -> AbstractContextManager[Any]:
        """Queues on a stream what is asked for within the block."""

    def host_buffer(self, tensor: torch.Tensor) -> torch.Tensor:
        """Returns memory of the host for a tensor, which the GPU can write by itself."""


class CudaQueue:
    """The queue of one CUDA device.

    Args:
        device: The device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def new_stream(self) -> torch.cuda.Stream:
        """Returns a stream for the copies."""
        return torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]  # untyped in torch

    def current_stream(self) -> torch.cuda.Stream:
        """Returns the stream on which the training works."""
        return torch.cuda.current_stream(self._device)

    def on(self, stream: torch.cuda.Stream) -> AbstractContextManager[Any]:
        """Queues on a stream what is asked for within the block.

        Args:
            stream: The stream.
        """
        return torch.cuda.stream(stream)

    def host_buffer(self, tensor: torch.Tensor) -> torch.Tensor:
        """Returns pinned memory of a tensor's shape and dtype.

        Args:
            tensor: The tensor.
        """
        return torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)


class Transfer:
    """Copies that may still be on their way.

    Args:
        buffers: Where they go, by key.
        done: Happens when all of them are there.
    """

    def __init__(self, buffers: Mapping[str, torch.Tensor], done: _Event) -> None:
        self._buffers = buffers
        self._done = done

    def wait(self) -> Mapping[str, torch.Tensor]:
        """Returns the copies, once they are there."""
        self._done.synchronize()
        return self._buffers


class Lane:
    """Copies tensors of one GPU, time after time into the same memory.

    Args:
        queue: The GPU.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._stream: _Stream = queue.new_stream()
        self._buffers: dict[str, torch.Tensor] = {}

    def start(self, tensors: Mapping[str, torch.Tensor]) -> Transfer:
        """Queues the copies and returns at once; they are valid until the next ones are queued.

        Args:
            tensors: The tensors by key.
        """
        buffers = {key: self._buffer(key, tensor) for key, tensor in tensors.items()}
        training = self._queue.current_stream()
        self._stream.wait_stream(training)  # what the training has queued is in the copies
        try:
            with self._queue.on(self._stream):
                for key, tensor in tensors.items():
                    # Freed memory must not go to anyone else while it is being read.
                    tensor.record_stream(self._stream)  # type: ignore[arg-type]  # a torch stream
                    buffers[key].copy_(tensor, non_blocking=True)
        finally:
            done = self._stream.record_event()
            training.wait_event(done)  # what it queues from now on is not
        self._buffers = buffers
        return Transfer(buffers, done)

    def _buffer(self, key: str, tensor: torch.Tensor) -> torch.Tensor:
        held = self._buffers.get(key)
        if held is None or held.shape != tensor.shape or held.dtype != tensor.dtype:
            return self._queue.host_buffer(tensor)
        return held


def gpu_tensor(value: Any) -> torch.Tensor | None:
    """Returns a value as a tensor of a GPU that a lane can copy, or None if it is none.

    Args:
        value: Anything that an object hands to a serializer.
    """
    if not isinstance(value, torch.Tensor) or not value.is_cuda:
        return None
    if value.layout != torch.strided or value.is_conj() or value.is_neg():
        return None
    return value.detach()
