"""Views that change how a dataset's examples look, not which they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat.dataset.tabular._tabular_dataset import Columns, TabularDataset

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DelegateDataset", "View"]


class DelegateDataset(TabularDataset):
    """The base of datasets that are defined by another one, the attribute ``dataset``.

    Args:
        dataset: The other one.

    Source: Chainer's reference, *chainer.dataset.tabular.DelegateDataset*.

    Example:
        >>> from chainer_compat.dataset import tabular
        >>> class Squares(tabular.DelegateDataset):
        ...     def __init__(self, n):
        ...         super().__init__(tabular.from_data((
        ...             ('x', list(range(n))), ('square', lambda i: i * i))))
        >>> Squares(5)[3], Squares(5).keys
        ((3, 9), ('x', 'square'))
    """

    def __init__(self, dataset: TabularDataset) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    @property
    def keys(self) -> tuple[str, ...]:
        """The other dataset's."""
        return self.dataset.keys

    @property
    def mode(self) -> type | None:
        """The other dataset's."""
        return self.dataset.mode

    def get_examples(self, indices: Any, key_indices: tuple[int, ...] | None) -> Columns:
        """Returns the other dataset's.

        Args:
            indices: The rows.
            key_indices: The columns.
        """
        return self.dataset.get_examples(indices, key_indices)


class View(TabularDataset):
    """A dataset seen in another way; what a subclass does not define is the dataset's.

    Args:
        dataset: The dataset.
    """

    def __init__(self, dataset: TabularDataset) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self._dataset)

    @property
    def keys(self) -> tuple[str, ...]:
        return self._dataset.keys

    @property
    def mode(self) -> type | None:
        return self._dataset.mode

    def get_examples(self, indices: Any, key_indices: tuple[int, ...] | None) -> Columns:
        return self._dataset.get_examples(indices, key_indices)

    def convert(self, data: Any) -> Any:
        return self._dataset.convert(data)


class _Astuple(View):
    mode = tuple


class _Asdict(View):
    mode = dict


class _WithConverter(View):
    def __init__(self, dataset: TabularDataset, converter: Callable[..., Any]) -> None:
        super().__init__(dataset)
        self._converter = converter

    def convert(self, data: Any) -> Any:
        if isinstance(data, tuple):
            return self._converter(*data)
        if isinstance(data, dict):
            return self._converter(**data)
        return self._converter(data)
