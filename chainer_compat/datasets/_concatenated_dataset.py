"""Datasets one after the other."""

from __future__ import annotations

from typing import Any

from chainer_compat.dataset import DatasetMixin

__all__ = ["ConcatenatedDataset"]


class ConcatenatedDataset(DatasetMixin):
    """The examples of several datasets, one dataset after the other.

    Args:
        *datasets: Anything with ``__len__`` and indexing.

    Source: Chainer's reference, *chainer.datasets.ConcatenatedDataset*.

    Example:
        >>> from chainer_compat.datasets import ConcatenatedDataset
        >>> dataset = ConcatenatedDataset('ab', 'cde')
        >>> len(dataset), dataset[3]
        (5, 'd')
    """

    def __init__(self, *datasets: Any) -> None:
        self._datasets = datasets

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._datasets)

    def get_example(self, i: int) -> Any:
        """Returns one example.

        Args:
            i: Its index, from 0 on.

        Raises:
            IndexError: If there is no such example; negative indices are not counted back.
        """
        rest = i
        if rest >= 0:
            for dataset in self._datasets:
                if rest < len(dataset):
                    return dataset[rest]
                rest -= len(dataset)
        raise IndexError(f"dataset index {i} is out of range for {len(self)} examples")
