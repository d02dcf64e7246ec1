"""Datasets one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat.dataset.tabular._slice import as_slice
from chainer_compat.dataset.tabular._views import View
from chainer_compat.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainer_compat.dataset.tabular._tabular_dataset import Columns, TabularDataset


class _Concat(View):
    # The first dataset tells keys, mode and conversion.
    def __init__(self, *datasets: TabularDataset) -> None:
        for dataset in datasets[1:]:
            if dataset.keys != datasets[0].keys:
                raise InvalidArgumentError(
                    f"All datasets must have the same keys: {datasets[0].keys} and {dataset.keys}"
                )
        super().__init__(datasets[0])
        self._datasets = datasets

    def __len__(self) -> int:
        return sum(map(len, self._datasets))

    def get_examples(self, indices: Any, key_indices: tuple[int, ...] | None) -> Columns:
        n_columns = len(self.keys) if key_indices is None else len(key_indices)
        if indices is None:
            parts = [dataset.get_examples(None, key_indices) for dataset in self._datasets]
            return _one_after_the_other(parts, n_columns)
        if isinstance(indices, slice):
            parts = self._sliced(range(*indices.indices(len(self))), key_indices)
            return parts[0] if len(parts) == 1 else _one_after_the_other(parts, n_columns)
        return self._picked(indices, key_indices, n_columns)

    def _sliced(self, rows: range, key_indices: tuple[int, ...] | None) -> list[Columns]:
        parts = []
        offset = 0
        for dataset in self._datasets:
            here = _within(rows, offset, offset + len(dataset))
            if here:
                own = range(here.start - offset, here.stop - offset, here.step)
                parts.append(dataset.get_examples(as_slice(own), key_indices))
            offset += len(dataset)
        return parts if rows.step > 0 else parts[::-1]

    def _picked(
        self, indices: Sequence[int], key_indices: tuple[int, ...] | None, n_columns: int
    ) -> Columns:
        parts: list[Columns] = []
        # Where each row is to be found: the part, and the place in it.
        places: list[Any] = [None] * len(indices)
        offset = 0
        for dataset in self._datasets:
            end = offset + len(dataset)
            here = [place for place, index in enumerate(indices) if offset <= index < end]
            if here:
                for row, place in enumerate(here):
                    places[place] = len(parts), row
                own = [indices[place] - offset for place in here]
                parts.append(dataset.get_examples(own, key_indices))
            offset = end
        if None in places:
            index = indices[places.index(None)]
            raise IndexError(f"index {index} is out of bounds for dataset with size {offset}")
        if len(parts) == 1:
            return parts[0]
        return tuple(
            [parts[part][column][row] for part, row in places] for column in range(n_columns)
        )


def _within(rows: range, start: int, stop: int) -> range:
    """The part of a range that lies between two numbers."""
    if rows.step < 0:
        return _within(rows[::-1], start, stop)[::-1]
    first, last = (max(0, -((rows.start - limit) // rows.step)) for limit in (start, stop))
    return rows[first:last]


def _one_after_the_other(parts: Sequence[Columns], n_columns: int) -> Columns:
    return tuple([value for part in parts for value in part[i]] for i in range(n_columns))
