"""Keeps what arrays held before a load; on the disk, as there is no memory for a second copy."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from typing_extensions import Self

from chainer_compat.serializers._steps import Step
from chainer_compat.serializers._stored import bytes_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = ["IN_MEMORY", "OldContents"]

# What is no more than this, in bytes, waits in memory.
IN_MEMORY = 8 << 20

# Other programs need the disk, too.
_SHARE_OF_FREE_SPACE = 0.5


class _Kept(NamedTuple):
    array: np.ndarray
    at: int


class OldContents:
    """What arrays hold, in a temporary file that has no name and ends with the process.

    Args:
        values: Arrays that will be written to; None to keep nothing.

    Attributes:
        is_complete: Whether all can be put back.
    """

    def __init__(self, values: Sequence[Any] | None) -> None:
        arrays = [_memory_of(value) for value in values or ()]
        self._arrays = [array for array in arrays if array is not None]
        self._kept: list[_Kept] = []
        self._lock = threading.Lock()
        self._file: Any = None
        all_can = values is not None and len(self._arrays) == len(arrays)
        self.is_complete = all_can and self._open()

    def _open(self) -> bool:
        size = sum(array.nbytes for array in self._arrays)
        if size <= IN_MEMORY:
            self._file = io.BytesIO()
            return True
        try:
            if size > _SHARE_OF_FREE_SPACE * shutil.disk_usage(tempfile.gettempdir()).free:
                return False
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by __exit__
        except OSError:  # there is another way, which is slower
            return False
        return True

    def keeping(self) -> list[Step]:
        """Returns the steps, to be done in any order, that keep the arrays' contents.

        Where the disk has no room for them, :attr:`is_complete` is False afterwards.
        """
        if not self.is_complete:
            return []
        return [Step(0, partial(self._keep, array)) for array in self._arrays]

    def _keep(self, array: np.ndarray) -> None:
        view = bytes_of(np.ascontiguousarray(array))
        with self._lock:
            if not self.is_complete:
                return
            at = self._file.seek(0, os.SEEK_END)
            try:
                while len(view):
                    view = view[self._file.write(view) :]
            except OSError:
                self.is_complete = False
                return
            self._kept.append(_Kept(array, at))

    def restore(self) -> None:
        """Puts everything back, if it is complete; else nothing.

        Raises:
            OSError: If the disk does not give it back.
        """
        for array, at in self._kept if self.is_complete else ():
            whole = array if array.flags.c_contiguous else np.empty(array.shape, array.dtype)
            view = bytes_of(whole)
            self._file.seek(at)
            while len(view):
                count = self._file.readinto(view)
                if not count:
                    raise OSError("the temporary file with the arrays' old contents is cut short")
                view = view[count:]
            if whole is not array:
                array[...] = whole

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()


def _memory_of(value: Any) -> np.ndarray | None:
    """The array as bytes that NumPy can copy; None if it is elsewhere, or of another kind."""
    if isinstance(value, torch.Tensor):
        if value.device.type != "cpu" or value.layout != torch.strided or value.is_quantized:
            return None
        tensor = value.detach()
        # Not every dtype of torch is one of NumPy; their bytes are.
        if tensor.is_conj() or tensor.is_neg() or tensor.element_size() > 8:
            return None
        return tensor.view(_INTEGERS[tensor.element_size()]).numpy()
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value.view(np.ndarray)
    return None


_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
