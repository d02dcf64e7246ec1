"""Several datasets as one of tuples."""

from __future__ import annotations

from typing import Any

from chainer_compat.dataset._examples import PLAIN, Indices, register_taker, take_examples
from chainer_compat.errors import InvalidArgumentError

__all__ = ["TupleDataset"]


class TupleDataset:
    """Zips datasets of one length: an example is the tuple of their examples.

    Args:
        *datasets: Anything with ``__len__`` and indexing; all of the same length.

    Raises:
        ValueError: If none is given, or the lengths differ.

    Source: Chainer's reference, *chainer.datasets.TupleDataset*.

    Example:
        >>> from chainer_compat.datasets import TupleDataset
        >>> dataset = TupleDataset([8, 0, 5], 'abc')
        >>> dataset[1], dataset[1:]
        ((0, 'b'), [(0, 'b'), (5, 'c')])
    """

    def __init__(self, *datasets: Any) -> None:
        if not datasets:
            raise InvalidArgumentError("no datasets are given")
        length = len(datasets[0])
        for i, dataset in enumerate(datasets):
            if len(dataset) != length:
                raise InvalidArgumentError(
                    f"dataset of the index {i} has a wrong length: {len(dataset)}, while the "
                    f"first one has {length}"
                )
        self._datasets = datasets
        self._length = length

    def __getitem__(self, index: Any) -> Any:
        """Returns an example, or a list of examples for a slice."""
        batches = [dataset[index] for dataset in self._datasets]
        if isinstance(index, slice):
            return [tuple([batch[i] for batch in batches]) for i in range(len(batches[0]))]
        return tuple(batches)

    def __len__(self) -> int:
        return self._length


def _take(dataset: TupleDataset, indices: Indices) -> list[Any]:
    columns = dataset._datasets
    if any(type(column) not in PLAIN for column in columns):
        return [dataset[i] for i in indices]
    return list(zip(*(take_examples(column, indices) for column in columns), strict=True))


register_taker(TupleDataset, _take)
