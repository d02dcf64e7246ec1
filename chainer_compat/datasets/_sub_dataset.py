"""A part of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.dataset import DatasetMixin
from chainer_compat.dataset._examples import Indices, register_taker, take_examples
from chainer_compat.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SubDataset"]


class SubDataset(DatasetMixin):
    """The examples of a dataset from one index up to another, in some order.

    Example ``i`` is example ``order[start + i]`` of the whole, or ``start + i`` without an
    order. Negative indices count from the end of the part.

    Args:
        dataset: The whole.
        start: The first index.
        finish: The index after the last.
        order: A permutation of the indices of the whole, as a sequence of its length.

    Raises:
        ValueError: If the part reaches beyond the whole, or the order has another length.

    Source: Chainer's reference, *chainer.datasets.SubDataset*.

    Example:
        >>> from chainer_compat.datasets import SubDataset
        >>> SubDataset('abcde', 1, 4, order=[4, 3, 2, 1, 0])[:]
        ['d', 'c', 'b']
    """

    def __init__(
        self,
        dataset: Any,
        start: int,
        finish: int,
        order: Sequence[int] | np.ndarray[Any, Any] | None = None,
    ) -> None:
        if start < 0 or finish > len(dataset):
            raise InvalidArgumentError(
                f"subset overruns the base dataset: [{start}, {finish}) of {len(dataset)}"
            )
        if order is not None and len(order) != len(dataset):
            raise InvalidArgumentError(
                "order option must have the same length as the base dataset: "
                f"len(order) = {len(order)} while len(dataset) = {len(dataset)}"
            )
        self._dataset = dataset
        self._start = start
        self._finish = finish
        self._size = finish - start
        self._order = order

    def __len__(self) -> int:
        return self._size

    def get_example(self, i: int) -> Any:
        """Returns one example.

        Args:
            i: Its index, from ``-len(self)`` to ``len(self) - 1``.

        Raises:
            IndexError: If there is no such example.
        """
        if not -self._size <= i < self._size:
            raise IndexError("dataset index out of range")
        index = (self._start if i >= 0 else self._finish) + i
        return self._dataset[index if self._order is None else self._order[index]]


def _take(dataset: SubDataset, indices: Indices) -> list[Any]:
    wanted = np.asarray(indices)
    if not wanted.size or wanted.min() < 0 or wanted.max() >= len(dataset):
        return [dataset[i] for i in indices]
    wanted = wanted + dataset._start
    order = dataset._order
    if isinstance(order, np.ndarray):
        wanted = order[wanted]
    elif order is not None:
        return take_examples(dataset._dataset, [order[i] for i in wanted])
    return take_examples(dataset._dataset, wanted)


register_taker(SubDataset, _take)
