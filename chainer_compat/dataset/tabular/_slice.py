"""Some rows and some columns of a dataset."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.dataset.tabular._views import View
from chainer_compat.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainer_compat.dataset.tabular._tabular_dataset import Columns, TabularDataset


def as_slice(rows: range) -> slice:
    """Returns the slice that picks the elements of a range, all from 0 on.

    Args:
        rows: The range.

    Example:
        >>> from chainer_compat.dataset.tabular._slice import as_slice
        >>> as_slice(range(4, -1, -2))
        slice(4, None, -2)
    """
    if not rows:
        return slice(0, 0, 1)
    # A negative end would count from the end.
    return slice(rows.start, rows.stop if rows.stop >= 0 else None, rows.step)


class _Slice(View):
    def __init__(self, dataset: TabularDataset, indices: Any, keys: Any) -> None:
        super().__init__(dataset)
        self._is_single = keys is not None and not isinstance(keys, tuple)
        self._indices = _as_indices(indices, len(dataset))
        wanted = (keys,) if self._is_single else keys
        self._key_indices = _as_key_indices(wanted, dataset.keys)

    def __len__(self) -> int:
        if isinstance(self._indices, slice):
            return len(range(*self._indices.indices(len(self._dataset))))
        return len(self._indices)

    @property
    def keys(self) -> tuple[str, ...]:
        names = self._dataset.keys
        if self._key_indices is None:
            return names
        return tuple(names[index] for index in self._key_indices)

    @property
    def mode(self) -> type | None:
        if self._is_single:
            return None
        if self._key_indices is None:
            return self._dataset.mode
        return self._dataset.mode or tuple

    def get_examples(self, indices: Any, key_indices: tuple[int, ...] | None) -> Columns:
        rows = _merge_indices(self._indices, indices, len(self._dataset))
        return self._dataset.get_examples(rows, _merge_key_indices(self._key_indices, key_indices))


class _SliceHelper:
    """What ``dataset.slice`` is; indexing it gives a view."""

    def __init__(self, dataset: TabularDataset) -> None:
        self._dataset = dataset

    def __getitem__(self, args: Any) -> TabularDataset:
        indices, keys = args if isinstance(args, tuple) else (args, None)
        return _Slice(self._dataset, indices, keys)


def _as_indices(indices: Any, size: int) -> Any:
    """A slice as it is, else a list of integers from 0 on."""
    if isinstance(indices, slice):
        return indices
    if len(indices) and all(isinstance(index, (bool, np.bool_)) for index in indices):
        if len(indices) != size:
            raise InvalidArgumentError(
                "The number of booleans is different from the length of dataset: "
                f"{len(indices)} for {size}"
            )
        return [index for index, wanted in enumerate(indices) if wanted]
    return [_in_range(int(index), size, "dataset") for index in indices]


def _in_range(index: int, size: int, what: str) -> int:
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for {what} with size {size}")
    return index + size if index < 0 else index


def _as_key_indices(keys: tuple[Any, ...] | None, names: tuple[str, ...]) -> tuple[int, ...] | None:
    if keys is None:
        return None
    indices = []
    for key in keys:
        if isinstance(key, numbers.Integral):
            indices.append(_in_range(int(key), len(names), "keys"))
        elif key in names:
            indices.append(names.index(key))
        else:
            raise KeyError(f"{key} does not exist; the keys are {', '.join(names)}")
    return tuple(indices)


def _merge_indices(outer: Any, inner: Any, size: int) -> Any:
    """The rows of a dataset of a size which are the `inner` ones of its `outer` ones."""
    if inner is None:
        return outer
    if isinstance(outer, slice):
        rows: Sequence[int] = range(*outer.indices(size))
        if isinstance(inner, slice):
            return as_slice(range(*outer.indices(size))[inner])
    else:
        rows = outer
        if isinstance(inner, slice):
            return outer[inner]
    return [rows[index] for index in inner]


def _merge_key_indices(
    outer: tuple[int, ...] | None, inner: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    if outer is None or inner is None:
        return outer if inner is None else inner
    return tuple(outer[index] for index in inner)
