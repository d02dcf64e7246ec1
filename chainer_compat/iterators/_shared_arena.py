"""Memory that worker processes write arrays into and the main process copies them out of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

__all__ = ["PackedArray", "SharedArena", "bytes_needed"]

# Arrays start at multiples of this, so that every dtype is aligned.
_ALIGNMENT = 64


class PackedArray(NamedTuple):
    """Where an array lies in the arena."""

    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    is_tensor: bool


def _as_array(value: Any) -> np.ndarray[Any, Any] | None:
    """The memory of a value that can be packed, else None."""
    if type(value) is np.ndarray:
        return None if value.dtype.hasobject else value
    if type(value) is torch.Tensor and value.device.type == "cpu" and not value.requires_grad:
        try:
            return value.numpy()
        except TypeError:
            return None  # a dtype, or a layout, that NumPy does not have: it is pickled
    return None


def _padded(nbytes: int) -> int:
    return -(-nbytes // _ALIGNMENT) * _ALIGNMENT


def _parts(example: Any) -> Any:
    if type(example) in (tuple, list):
        return example
    return example.values() if type(example) is dict else (example,)


def bytes_needed(example: Any) -> int:
    """Returns how much room the arrays of an example take in an arena.

    Args:
        example: An array or a tensor, or a tuple, list or dictionary of such and other things.
    """
    arrays = (_as_array(part) for part in _parts(example))
    return sum(_padded(array.nbytes) for array in arrays if array is not None)


class SharedArena:
    """Room for the arrays of the examples of a few batches.

    Made before the worker processes, which inherit it (or, when spawned, get it as an argument).

    Args:
        context: The multiprocessing context.
        n_slots: How many batches it has room for.
        n_examples: How many examples a batch has.
        example_bytes: How much room an example has.
    """

    def __init__(self, context: Any, n_slots: int, n_examples: int, example_bytes: int) -> None:
        self.n_slots = n_slots
        self.n_examples = n_examples
        self.example_bytes = example_bytes
        # The extra lets the first array start aligned.
        self._memory = context.RawArray("b", n_slots * n_examples * example_bytes + _ALIGNMENT)

    def _start(self, slot: int, number: int) -> int:
        address: int = np.frombuffer(self._memory, np.int8).__array_interface__["data"][0]
        return -address % _ALIGNMENT + (slot * self.n_examples + number) * self.example_bytes

    def pack(self, example: Any, slot: int, number: int) -> tuple[Any, int]:
        """Moves the arrays of an example into the arena, as far as there is room.

        Args:
            example: What the dataset gave.
            slot: Which batch.
            number: Which example of the batch.

        Returns:
            The example with :class:`PackedArray` in place of the arrays that were moved, and how
            much room all of them would take.
        """
        offset = start = self._start(slot, number)
        end = start + (self.example_bytes if number < self.n_examples else 0)
        needed = 0

        def pack_part(part: Any) -> Any:
            nonlocal offset, needed
            array = _as_array(part)
            if array is None:
                return part
            needed += _padded(array.nbytes)
            if offset + array.nbytes > end:
                return part
            packed = PackedArray(offset, array.dtype, array.shape, array is not part)
            self._view(packed)[...] = array
            offset += _padded(array.nbytes)
            return packed

        return _rebuilt(example, pack_part), needed

    def unpack(self, example: Any) -> Any:
        """Copies the arrays of an example out of the arena.

        Args:
            example: What :meth:`pack` returned.
        """
        return _rebuilt(example, self._unpack_part)

    def _unpack_part(self, part: Any) -> Any:
        if type(part) is not PackedArray:
            return part
        array = self._view(part).copy()
        return torch.from_numpy(array) if part.is_tensor else array

    def _view(self, packed: PackedArray) -> np.ndarray[Any, Any]:
        view: np.ndarray[Any, Any] = np.ndarray(
            packed.shape, packed.dtype, self._memory, packed.offset
        )
        return view


def _rebuilt(example: Any, change: Any) -> Any:
    kind = type(example)
    if kind is tuple or kind is list:
        return kind([change(part) for part in example])
    if kind is dict:
        return {key: change(part) for key, part in example.items()}
    return change(example)
