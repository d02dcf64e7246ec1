"""Datasets side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat.dataset.tabular._views import View
from chainer_compat.errors import InvalidArgumentError

if TYPE_CHECKING:
    from chainer_compat.dataset.tabular._tabular_dataset import Columns, TabularDataset


class _Join(View):
    # The first dataset tells length and conversion.
    def __init__(self, *datasets: TabularDataset) -> None:
        keys: set[str] = set()
        for dataset in datasets:
            if len(dataset) != len(datasets[0]):
                raise InvalidArgumentError(
                    f"All datasets must have the same length: {len(datasets[0])} and {len(dataset)}"
                )
            twice = keys.intersection(dataset.keys)
            if twice:
                raise InvalidArgumentError(
                    f"All keys must be unique among all datasets: {', '.join(sorted(twice))}"
                )
            keys.update(dataset.keys)
        super().__init__(datasets[0])
        self._datasets = datasets

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for dataset in self._datasets for key in dataset.keys)

    @property
    def mode(self) -> type | None:
        return next((dataset.mode for dataset in self._datasets if dataset.mode), tuple)

    def get_examples(self, indices: Any, key_indices: tuple[int, ...] | None) -> Columns:
        if key_indices is None:
            return tuple(
                column
                for dataset in self._datasets
                for column in dataset.get_examples(indices, None)
            )
        found: dict[int, Any] = {}
        offset = 0
        for dataset in self._datasets:
            end = offset + len(dataset.keys)
            # Each column once, however often it is asked for.
            here = tuple(dict.fromkeys(key for key in key_indices if offset <= key < end))
            if here:
                columns = dataset.get_examples(indices, tuple(key - offset for key in here))
                found.update(zip(here, columns, strict=True))
            offset = end
        return tuple(found[key] for key in key_indices)
