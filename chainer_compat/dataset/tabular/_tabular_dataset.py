"""Datasets whose examples have named columns, and which can give many rows of one at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from chainer_compat import backend
from chainer_compat.backends._crossing import is_array
from chainer_compat.dataset._dataset_mixin import DatasetMixin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainer_compat.dataset.tabular._slice import _SliceHelper

__all__ = ["TabularDataset"]

Columns = tuple[Any, ...]


class TabularDataset(DatasetMixin):
    """The base of datasets in columns.

    An example is a tuple or a dictionary of one value for each column or, if there is one column
    only, the value itself; :attr:`mode` says which. A subclass defines ``__len__``,
    :attr:`keys`, :attr:`mode` and :meth:`get_examples`. The methods of this class give views:
    parts, combinations and transformations, which ask the dataset for no more than is needed.

    Source: Chainer's reference, *chainer.dataset.TabularDataset*.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.dataset import TabularDataset
        >>> class Table(TabularDataset):
        ...     keys = ('a', 'b', 'c')
        ...     mode = tuple
        ...     data = np.arange(12).reshape(4, 3).T
        ...     def __len__(self):
        ...         return 4
        ...     def get_examples(self, indices, key_indices):
        ...         rows = slice(None) if indices is None else indices
        ...         keys = range(3) if key_indices is None else key_indices
        ...         return tuple(self.data[key][rows].tolist() for key in keys)
        >>> Table()[1], Table().asdict()[1]
        ((3, 4, 5), {'a': 3, 'b': 4, 'c': 5})
        >>> Table().slice[[3, 2], ('c', 0)].fetch()
        ([11, 8], [9, 6])
    """

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the columns."""
        raise NotImplementedError(f"{type(self).__name__} has to define keys")

    @property
    def mode(self) -> type | None:
        """What an example is: ``tuple``, ``dict``, or None for the value of the one column."""
        raise NotImplementedError(f"{type(self).__name__} has to define mode")

    def get_examples(self, indices: Any, key_indices: tuple[int, ...] | None) -> Columns:
        """Returns some columns of some rows.

        Args:
            indices: The rows: a list of integers from 0 on, a slice, or None for all.
            key_indices: The columns: integers from 0 on, or None for all.

        Returns:
            A list or an array for each column.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define get_examples")

    @property
    def slice(self) -> _SliceHelper:
        """Gives views by indexing: ``dataset.slice[rows]`` or ``dataset.slice[rows, columns]``.

        Rows are a slice, or a list or an array of integers or of booleans. Columns are a tuple
        of names or numbers, or one of these, which makes a dataset of single values.
        """
        from chainer_compat.dataset.tabular._slice import _SliceHelper

        return _SliceHelper(self)

    def fetch(self) -> Any:
        """Returns all rows: a tuple or a dictionary of columns, or the one column."""
        return self._shaped(self.get_examples(None, None))

    def convert(self, data: Any) -> Any:
        """Turns what :meth:`fetch` returned into arrays.

        Args:
            data: A tuple or a dictionary of columns, or one column.

        Returns:
            The same of arrays. :meth:`with_converter` puts another conversion in this one's
            place.
        """
        if isinstance(data, tuple):
            return tuple(map(_as_array, data))
        if isinstance(data, dict):
            return {key: _as_array(column) for key, column in data.items()}
        return _as_array(data)

    def astuple(self) -> TabularDataset:
        """Returns a view whose examples are tuples."""
        from chainer_compat.dataset.tabular._views import _Astuple

        return _Astuple(self)

    def asdict(self) -> TabularDataset:
        """Returns a view whose examples are dictionaries."""
        from chainer_compat.dataset.tabular._views import _Asdict

        return _Asdict(self)

    def concat(self, *datasets: TabularDataset) -> TabularDataset:
        """Returns the rows of this dataset and of others, one after the other.

        Args:
            *datasets: The others; with the same keys.

        Raises:
            ValueError: If the keys differ.
        """
        from chainer_compat.dataset.tabular._concat import _Concat

        return _Concat(self, *datasets)

    def join(self, *datasets: TabularDataset) -> TabularDataset:
        """Returns the columns of this dataset and of others, side by side.

        Args:
            *datasets: The others; of the same length, and with other keys.

        Raises:
            ValueError: If the lengths differ, or two columns have one name.
        """
        from chainer_compat.dataset.tabular._join import _Join

        return _Join(self, *datasets)

    def transform(
        self, keys: str | tuple[str, ...], transform: Callable[..., Any]
    ) -> TabularDataset:
        """Returns what a function makes of each example.

        Args:
            keys: The names of the new columns.
            transform: Takes the values of an example, by position or (in a dataset of
                dictionaries) by name. It returns a tuple or a dictionary of values, or one value,
                always the same kind.
        """
        from chainer_compat.dataset.tabular._transform import _Transform

        return _Transform(self, keys, transform)

    def transform_batch(
        self, keys: str | tuple[str, ...], transform_batch: Callable[..., Any]
    ) -> TabularDataset:
        """Returns what a function makes of many examples at once.

        Args:
            keys: The names of the new columns.
            transform_batch: Takes columns, by position or (in a dataset of dictionaries) by
                name. It returns a tuple or a dictionary of columns, or one column, always the
                same kind and of the same length.
        """
        from chainer_compat.dataset.tabular._transform import _TransformBatch

        return _TransformBatch(self, keys, transform_batch)

    def with_converter(self, converter: Callable[..., Any]) -> TabularDataset:
        """Returns a view with another :meth:`convert`.

        Args:
            converter: Takes columns, by position or (for a dictionary) by name.
        """
        from chainer_compat.dataset.tabular._views import _WithConverter

        return _WithConverter(self, converter)

    def get_example(self, i: int) -> Any:
        """Returns one example.

        Args:
            i: Its index.
        """
        return self._shaped(tuple(column[0] for column in self.get_examples([i], None)))

    def _shaped(self, columns: Columns) -> Any:
        mode = self.mode
        if mode is tuple:
            return columns
        return columns[0] if mode is None else dict(zip(self.keys, columns, strict=True))

    def __iter__(self) -> Iterator[Any]:
        return (self.get_example(i) for i in range(len(self)))


def _as_array(column: Any) -> Any:
    if is_array(column):
        return column
    if len(column) and isinstance(column[0], torch.Tensor):
        return torch.stack(list(column))
    device = backend.get_device_from_array(*column[:1])
    with backend.using_device(device):
        return device.xp.asarray(column)
