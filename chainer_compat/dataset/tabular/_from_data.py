"""Datasets in columns out of lists, arrays and functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat.backends._crossing import is_array
from chainer_compat.dataset.tabular._tabular_dataset import Columns, TabularDataset
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["from_data"]


def from_data(data: Any, *, size: int | None = None) -> TabularDataset:
    """Makes a dataset in columns out of lists, arrays and functions.

    Args:
        data: One column: a list or an array, or a pair of its name and a list, an array or a
            function of the row's number; or a pair of several names and a function that gives
            a tuple or a dictionary of their values. Or several of these, as a tuple, which makes
            a dataset of tuples; or a dictionary of names (or tuples of names) and columns, which
            makes one of dictionaries.
        size: The number of rows, if there are functions only.

    Returns:
        A dataset; one of single values if there is one column.

    Raises:
        ValueError: If the number of rows or the name of a function's column is missing, or
            columns do not go together.
        TypeError: If a column is none of these.

    Source: Chainer's reference, *chainer.dataset.tabular.from_data*.

    Example:
        >>> from chainer_compat.dataset import tabular
        >>> tabular.from_data({'x': [1, 2, 3], 'square': lambda i: (i + 1) ** 2})[2]
        {'x': 3, 'square': 9}
        >>> tabular.from_data((('a', 'b'), lambda i: (i, -i)), size=4)[3]
        (3, -3)
    """
    if isinstance(data, dict):
        columns = list(data.items())
        return _joined(columns, size).asdict()
    if not isinstance(data, tuple):
        return _make_dataset(None, data, size)
    if len(data) == 2 and _are_names(data[0]):
        return _make_dataset(data[0], data[1], size)
    columns = [column if isinstance(column, tuple) else (None, column) for column in data]
    return _joined(columns, size).astuple()


def _are_names(key: Any) -> bool:
    return isinstance(key, str) or (
        isinstance(key, tuple) and all(isinstance(name, str) for name in key)
    )


def _joined(columns: list[tuple[Any, Any]], size: int | None) -> TabularDataset:
    if not columns:
        raise InvalidArgumentError("a dataset needs one column or more")
    if size is None:
        size = next(_lengths(column for _, column in columns), None)
    first, *others = [_make_dataset(key, column, size) for key, column in columns]
    return first.join(*others)


def _lengths(columns: Iterable[Any]) -> Iterator[int]:
    return (len(column) for column in columns if hasattr(column, "__len__"))


def _make_dataset(key: Any, data: Any, size: int | None) -> TabularDataset:
    if isinstance(data, list) or is_array(data):
        # Nameless columns need names of their own, to be joined.
        name = f"_{id(data)}" if key is None else key
        return _List(name, data) if isinstance(data, list) else _Array(name, data)
    if not callable(data):
        raise InvalidArgumentTypeError(
            f"a column is a list, an array or a function of the row's number; got {type(data)}"
        )
    if key is None:
        raise InvalidArgumentError("key(s) must be specified for callable")
    if size is None:
        raise InvalidArgumentError("size must be specified for callable")
    return _Index(size).transform(key, data)


class _Column(TabularDataset):
    """A dataset of one column of single values."""

    mode = None

    def __init__(self, key: str, data: Any) -> None:
        self._key = key
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    @property
    def keys(self) -> tuple[str, ...]:
        return (self._key,)

    def get_examples(self, indices: Any, key_indices: tuple[int, ...] | None) -> Columns:
        values = self._data if indices is None else self._picked(indices)
        return (values,) * (1 if key_indices is None else len(key_indices))

    def _picked(self, indices: Any) -> Any:
        return self._data[indices]


class _Array(_Column):
    pass


class _List(_Column):
    def _picked(self, indices: Any) -> Any:
        if isinstance(indices, slice):
            return self._data[indices]
        return [self._data[index] for index in indices]


class _Index(_List):
    """The number of each row."""

    def __init__(self, size: int) -> None:
        super().__init__("index", list(range(size)))
