"""Sending a batch to a GPU while the GPU works on another one."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import torch

from chainer_compat import backend
from chainer_compat.backends import _crossing
from chainer_compat.dataset._convert import concat_examples_func
from chainer_compat.dataset._converter import _get_device, to_device
from chainer_compat.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ConcatWithAsyncTransfer", "Conveyor"]


class ConcatWithAsyncTransfer:
    """A converter as ``concat_examples``, whose copies to a GPU do not wait for the GPU.

    Arrays are copied to page-locked memory, and from there to the GPU in a stream of their own.
    What is computed with them waits for the copies, on the GPU; the CPU goes on. Where there is
    no GPU to send to, it does what ``concat_examples`` does.

    Args:
        stream: The stream to copy in, of torch or CuPy; a new one if None.
        compute_stream: The stream that uses the arrays, of torch or CuPy; the current one of
            each call if None.

    Source: Chainer's reference, *chainer.dataset.ConcatWithAsyncTransfer*.

    Example:
        >>> from chainer_compat.dataset import ConcatWithAsyncTransfer
        >>> ConcatWithAsyncTransfer()([(1, 2.0), (3, 4.0)], -1)
        (array([1, 3]), array([2., 4.]))
    """

    def __init__(self, stream: Any = None, compute_stream: Any = None) -> None:
        self._stream = stream
        self.compute_stream = compute_stream
        self._conveyor: Conveyor | None = None

    def __call__(self, batch: Any, device: Any = None, padding: Any = None) -> Any:
        """Puts the examples of a batch together and sends them to the device.

        Args:
            batch: See :func:`~chainer_compat.dataset.concat_examples`, as for the others.
            device: Likewise; the same at every call.
            padding: Likewise.

        Raises:
            ValueError: If the batch is empty, or the device is not that of the first call.
            RuntimeError: If there is no such device.
        """
        target = _get_device(device)
        if self._conveyor is None:
            if isinstance(target, backend.GpuDevice) and self._stream is None:
                self._stream = torch.cuda.Stream(target.torch_device)  # type: ignore[no-untyped-call]  # torch's
            self._conveyor = Conveyor(target, self._stream, self.compute_stream)
        elif self._conveyor.device != target:
            raise InvalidArgumentError(
                f"device is different: {target} now, {self._conveyor.device} at the first call"
            )
        arrays = concat_examples_func(batch, None, padding)
        if isinstance(arrays, tuple):
            return tuple(self._conveyor.all_of(arrays))
        if isinstance(arrays, dict):
            return dict(zip(arrays, self._conveyor.all_of(arrays.values()), strict=True))
        return self._conveyor.all_of([arrays])[0]


class Conveyor:
    """Copies arrays to a GPU one after the other, in a stream of its own.

    Args:
        device: The GPU. With the CPU or None, arrays are sent at once.
        stream: The stream to copy in, of torch or CuPy; None copies at once.
        compute_stream: The stream that uses the arrays; the current one if None.
    """

    def __init__(self, device: Any = None, stream: Any = None, compute_stream: Any = None) -> None:
        self.device = _get_device(device)
        self._is_async = stream is not None and isinstance(self.device, backend.GpuDevice)
        self._stream = stream
        self._compute_stream = compute_stream
        self._under_way: deque[tuple[Any, Any, bool]] = deque()

    def put(self, array: Any) -> None:
        """Begins to copy an array.

        Args:
            array: An array of NumPy or a torch tensor.
        """
        if not self._is_async or self.device is None:
            self._under_way.append((to_device(self.device, array), None, True))
            return
        target = self.device.torch_device
        stream = _as_torch_stream(self._stream, target)
        with torch.cuda.stream(stream):
            # torch keeps the page-locked copy until the transfer is over.
            pinned = _crossing.as_tensor(array).pin_memory()
            moved = pinned.to(target, non_blocking=True)
            copied = stream.record_event()
        self._under_way.append((moved, copied, isinstance(array, torch.Tensor)))

    def get(self, sync: bool = True) -> Any:
        """Returns the array that was put first.

        Args:
            sync: Whether what is computed from now on waits for the copy, on the GPU. Without,
                the caller has to see to it.
        """
        array, copied, is_final = self._under_way.popleft()
        if copied is not None:
            target = array.device
            user = (
                torch.cuda.current_stream(target)
                if self._compute_stream is None
                else _as_torch_stream(self._compute_stream, target)
            )
            if sync:
                user.wait_event(copied)
            # The memory is not given to another array before this stream is done with it.
            array.record_stream(user)
        if is_final or _crossing.cupy_or_none() is None:
            return array
        return _crossing.as_raw(array)

    def all_of(self, arrays: Iterable[Any]) -> list[Any]:
        """Returns arrays on the device; all copies are begun before the first is waited for.

        Args:
            arrays: The arrays.
        """
        for array in arrays:
            self.put(array)
        return [self.get() for _ in range(len(self._under_way))]


def _as_torch_stream(stream: Any, device: torch.device) -> Any:
    # CuPy's streams tell their address.
    if hasattr(stream, "ptr"):
        return torch.cuda.ExternalStream(stream.ptr, device)  # type: ignore[no-untyped-call]  # torch's
    return stream
