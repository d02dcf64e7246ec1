"""Several datasets as one of dictionaries."""

from __future__ import annotations

from typing import Any

from chainer_compat.dataset._examples import PLAIN, Indices, register_taker, take_examples
from chainer_compat.errors import InvalidArgumentError

__all__ = ["DictDataset"]


class DictDataset:
    """Zips datasets of one length: an example is a dictionary of their examples.

    Args:
        **datasets: Anything with ``__len__`` and indexing; all of the same length.

    Raises:
        ValueError: If none is given, or the lengths differ.

    Source: Chainer's reference, *chainer.datasets.DictDataset*.

    Example:
        >>> from chainer_compat.datasets import DictDataset
        >>> DictDataset(x=[8, 0, 5], t='abc')[1]
        {'x': 0, 't': 'b'}
    """

    def __init__(self, **datasets: Any) -> None:
        if not datasets:
            raise InvalidArgumentError("no datasets are given")
        length = len(next(iter(datasets.values())))
        for key, dataset in datasets.items():
            if len(dataset) != length:
                raise InvalidArgumentError(
                    f'dataset length conflicts at "{key}": {len(dataset)}, while the first one '
                    f"has {length}"
                )
        self._datasets = datasets
        self._length = length

    def __getitem__(self, index: Any) -> Any:
        """Returns an example, or a list of examples for a slice."""
        batches = {key: dataset[index] for key, dataset in self._datasets.items()}
        if isinstance(index, slice):
            length = len(next(iter(batches.values())))
            return [{key: batch[i] for key, batch in batches.items()} for i in range(length)]
        return batches

    def __len__(self) -> int:
        return self._length


def _take(dataset: DictDataset, indices: Indices) -> list[Any]:
    columns = dataset._datasets
    if any(type(column) not in PLAIN for column in columns.values()):
        return [dataset[i] for i in indices]
    rows = zip(*(take_examples(column, indices) for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


register_taker(DictDataset, _take)
