"""Sequences of several lengths as one array, time by time: what torch calls packed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat.functions._derivatives import caller

__all__ = ["Indices", "Packing", "falling_order", "inverse", "permuted", "reversal"]

Indices = np.ndarray[Any, np.dtype[np.int64]]


def falling_order(lengths: Sequence[int]) -> Indices:
    """Returns the order of sequences by falling length, that of Chainer also among equals.

    Which rows a dropout mask meets depends on it. Chainer leaves equals to NumPy's quicksort; that
    of newer versions of NumPy orders wide integers by vector instructions, in another way, and
    narrow ones as ever. So the lengths are sorted as narrow integers, long ones by their ranks.

    Args:
        lengths: The lengths.

    Example:
        >>> from chainer_compat.functions._packing import falling_order
        >>> falling_order([2, 5, 2]).tolist()
        [1, 0, 2]
    """
    narrow = np.iinfo(np.int16)
    falling = -np.asarray(lengths, np.int64)
    if falling.min(initial=0) < narrow.min:
        falling = np.unique(falling, return_inverse=True)[1]
    if falling.max(initial=0) <= narrow.max:
        return np.argsort(falling.astype(np.int16))
    return np.argsort(falling)


@dataclass(frozen=True)
class Packing:
    """Where the elements of sequences lie in the packed array.

    Attributes:
        lengths: The length of each sequence, as they were given.
        order: The sequences by falling length.
    """

    lengths: tuple[int, ...]
    order: Indices

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Packing:
        """Sorts sequences and packs them.

        Args:
            lengths: Their lengths.
        """
        return cls(tuple(lengths), falling_order(lengths))

    @functools.cached_property
    def _alive(self) -> Any:
        """For each time and each sequence in order, whether it lasts so long."""
        lengths = np.asarray(self.lengths, np.int64)[self.order]
        return np.arange(lengths.max(initial=0))[:, None] < lengths

    @functools.cached_property
    def batch_sizes(self) -> tuple[int, ...]:
        """How many sequences there are at each time."""
        return tuple(self._alive.sum(axis=1).tolist())

    @functools.cached_property
    def places(self) -> Indices:
        """For each element of the packed array, its place in the joined sequences."""
        starts = np.cumsum((0, *self.lengths[:-1]))[self.order]
        places: Indices = (np.arange(len(self._alive))[:, None] + starts)[self._alive]
        return places

    @functools.cached_property
    def undone(self) -> Indices:
        """The order that brings the sequences back from that of falling lengths."""
        return inverse(self.order)

    @functools.cached_property
    def is_sorted(self) -> bool:
        """Whether the sequences were in order already."""
        return bool((self.order == np.arange(len(self.order))).all())


def reversal(batch_sizes: Sequence[int]) -> Indices:
    """Returns the order that turns each sequence of a packed array around; its own inverse.

    Args:
        batch_sizes: How many sequences there are at each time, falling.

    Example:
        >>> from chainer_compat.functions._packing import reversal
        >>> reversal([2, 1]).tolist()
        [2, 1, 0]
    """
    sizes = np.asarray(batch_sizes, np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    sequences = np.arange(sizes[0])
    alive = sequences < sizes[:, None]
    last = alive.sum(axis=0) - 1
    places: Indices = (starts[last - np.arange(len(sizes))[:, None]] + sequences)[alive]
    return places


def inverse(order: Indices) -> Indices:
    """Returns the order that undoes another one.

    Args:
        order: A permutation.
    """
    undone = np.empty_like(order)
    undone[order] = np.arange(len(order))
    return undone


class _Permuted(torch.autograd.Function):
    """Rows in another order. As no row comes twice, the gradient is a gather, not a sum."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, order: Tensor, back: Tensor, axis: int) -> Tensor:
        return x.index_select(axis, order)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        _, order, back, ctx.axis = inputs
        ctx.save_for_backward(order, back)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        order, back = ctx.saved_tensors
        return _permuted(grads[0], back, order, ctx.axis), None, None, None


_permuted = caller(_Permuted)


def permuted(x: Tensor, order: Indices, back: Indices, axis: int = 0) -> Tensor:
    """Returns a tensor with its rows, or what lies along another axis, in another order.

    Args:
        x: The tensor.
        order: Which row comes at each place, each once.
        back: The order that undoes it.
        axis: The axis.
    """
    there, again = (torch.from_numpy(i).to(x.device, non_blocking=True) for i in (order, back))
    result: Tensor = _permuted(x, there, again, axis)
    return result
