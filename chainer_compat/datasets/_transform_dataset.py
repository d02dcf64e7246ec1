"""A dataset seen through a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat.dataset import DatasetMixin

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TransformDataset"]


class TransformDataset(DatasetMixin):
    """Gives what a function makes of each example of a dataset.

    Args:
        dataset: The dataset; an example goes into the function as it comes out.
        transform: Takes one example. It must not write into it: for datasets of arrays the
            example is the dataset's own memory.

    Source: Chainer's reference, *chainer.datasets.TransformDataset*.

    Example:
        >>> from chainer_compat.datasets import TransformDataset
        >>> TransformDataset([1, 2, 3], lambda x: x * 10)[1:]
        [20, 30]
    """

    def __init__(self, dataset: Any, transform: Callable[[Any], Any]) -> None:
        self._dataset = dataset
        self._transform = transform

    def __len__(self) -> int:
        return len(self._dataset)

    def get_example(self, i: int) -> Any:
        """Returns one transformed example.

        Args:
            i: Its index.
        """
        return self._transform(self._dataset[i])
