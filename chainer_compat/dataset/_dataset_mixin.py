"""Indexing by slices and lists for datasets that know how to give one example."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["DatasetMixin"]


class DatasetMixin:
    """The base of datasets that give one example at a time.

    A subclass defines ``__len__`` and :meth:`get_example`; indexing by a slice, a list or an
    array of integers comes with it.

    Source: Chainer's reference, *chainer.dataset.DatasetMixin*.

    Example:
        >>> from chainer_compat.dataset import DatasetMixin
        >>> class Squares(DatasetMixin):
        ...     def __len__(self):
        ...         return 5
        ...     def get_example(self, i):
        ...         return i * i
        >>> Squares()[3], Squares()[1:4], Squares()[[4, 0]]
        (9, [1, 4, 9], [16, 0])
    """

    def __getitem__(self, index: Any) -> Any:
        """Returns an example, or a list of examples.

        Args:
            index: An integer gives one example; a slice, a list or an array of integers a list.
        """
        if isinstance(index, slice):
            return [self.get_example(i) for i in range(*index.indices(len(self)))]
        if isinstance(index, (list, np.ndarray)):
            return [self.get_example(i) for i in index]
        return self.get_example(index)

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has to define __len__")

    def get_example(self, i: int) -> Any:
        """Returns one example.

        Args:
            i: Its index.

        Raises:
            IndexError: If there is no such example (a subclass should see to it).
        """
        raise NotImplementedError(f"{type(self).__name__} has to define get_example")
