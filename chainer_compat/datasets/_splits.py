"""Parting a dataset: in two, in n, for cross validation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainer_compat.datasets._sub_dataset import SubDataset
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError

__all__ = [
    "get_cross_validation_datasets",
    "get_cross_validation_datasets_random",
    "split_dataset",
    "split_dataset_n",
    "split_dataset_n_random",
    "split_dataset_random",
]

Order = Sequence[int] | np.ndarray[Any, Any]


def split_dataset(
    dataset: Any, split_at: int, order: Order | None = None
) -> tuple[SubDataset, SubDataset]:
    """Parts a dataset in two.

    Args:
        dataset: The whole.
        split_at: How many examples the first part has.
        order: A permutation of the indices of the whole, to part it in that order.

    Returns:
        The examples ``order[:split_at]`` and ``order[split_at:]``.

    Raises:
        TypeError: If ``split_at`` is no integer.
        ValueError: If it is negative, or more than the dataset has.

    Example:
        >>> from chainer_compat.datasets import split_dataset
        >>> train, test = split_dataset('abcde', 3)
        >>> train[:], test[:]
        (['a', 'b', 'c'], ['d', 'e'])
    """
    if not isinstance(split_at, (int, np.integer)):
        raise InvalidArgumentTypeError(f"split_at must be int, got {type(split_at)} instead")
    if split_at < 0:
        raise InvalidArgumentError(f"split_at must be non-negative; got {split_at}")
    if split_at > len(dataset):
        raise InvalidArgumentError(
            f"split_at exceeds the dataset size: {split_at} of {len(dataset)}"
        )
    return (
        SubDataset(dataset, 0, split_at, order),
        SubDataset(dataset, split_at, len(dataset), order),
    )


def split_dataset_random(
    dataset: Any, first_size: int, seed: int | None = None
) -> tuple[SubDataset, SubDataset]:
    """Parts a dataset in two at random.

    Args:
        dataset: The whole.
        first_size: How many examples the first part has.
        seed: The same seed gives the same parts, as in Chainer; None gives others every time.

    Returns:
        Two parts that have no example in common.

    Raises:
        TypeError: If ``first_size`` is no integer.
        ValueError: If it is negative, or more than the dataset has.

    Example:
        >>> from chainer_compat.datasets import split_dataset_random
        >>> train, test = split_dataset_random('abcde', 3, seed=0)
        >>> train[:], test[:]
        (['c', 'a', 'b'], ['d', 'e'])
    """
    return split_dataset(dataset, first_size, _permutation(dataset, seed))


def split_dataset_n(dataset: Any, n: int, order: Order | None = None) -> list[SubDataset]:
    """Parts a dataset in ``n`` of one size; the examples left over are in none of them.

    Args:
        dataset: The whole.
        n: The number of parts.
        order: A permutation of the indices of the whole, to part it in that order.

    Returns:
        ``n`` parts of ``len(dataset) // n`` examples each.

    Raises:
        ValueError: If ``n`` is not positive.

    Example:
        >>> from chainer_compat.datasets import split_dataset_n
        >>> [part[:] for part in split_dataset_n('abcde', 2)]
        [['a', 'b'], ['c', 'd']]
    """
    if n <= 0:
        raise InvalidArgumentError(f"a dataset is split into one part or more; got n={n}")
    size = len(dataset) // n
    return [SubDataset(dataset, size * i, size * (i + 1), order) for i in range(n)]


def split_dataset_n_random(dataset: Any, n: int, seed: int | None = None) -> list[SubDataset]:
    """Parts a dataset in ``n`` of one size at random.

    Args:
        dataset: The whole.
        n: The number of parts.
        seed: The same seed gives the same parts, as in Chainer; None gives others every time.

    Returns:
        ``n`` parts of ``len(dataset) // n`` examples each, with none in common.

    Raises:
        ValueError: If ``n`` is not positive.
    """
    return split_dataset_n(dataset, n, _permutation(dataset, seed))


def get_cross_validation_datasets(
    dataset: Any, n_folds: int | None = None, order: Order | None = None, **kwargs: Any
) -> list[tuple[SubDataset, SubDataset]]:
    """Parts a dataset for cross validation.

    Args:
        dataset: The whole.
        n_folds: The number of splits.
        order: A permutation of the indices of the whole, to part it in that order.
        **kwargs: ``n_fold``, the old name of ``n_folds``.

    Returns:
        ``n_folds`` pairs of a training and a test dataset. The test datasets have no example in
        common, cover the whole together, and differ in size by one at most.

    Raises:
        TypeError: If the number of splits is missing.
        ValueError: If it is not positive.

    Example:
        >>> from chainer_compat.datasets import get_cross_validation_datasets
        >>> [test[:] for train, test in get_cross_validation_datasets('abcde', 2)]
        [['c', 'd', 'e'], ['a', 'b']]
    """
    n_folds = _number_of_folds(n_folds, kwargs)
    whole = len(dataset)
    borders = [whole * i // n_folds for i in range(n_folds + 1)]
    turned = np.arange(whole) if order is None else np.array(order)
    splits = []
    for i in reversed(range(n_folds)):
        test_size = borders[i + 1] - borders[i]
        splits.append(split_dataset(dataset, whole - test_size, turned))
        # The next fold's test examples come to the end.
        turned = np.roll(turned, test_size)
    return splits


def get_cross_validation_datasets_random(
    dataset: Any, n_folds: int | None = None, seed: int | None = None, **kwargs: Any
) -> list[tuple[SubDataset, SubDataset]]:
    """Parts a dataset for cross validation at random.

    Args:
        dataset: The whole.
        n_folds: The number of splits.
        seed: The same seed gives the same splits, as in Chainer; None gives others every time.
        **kwargs: ``n_fold``, the old name of ``n_folds``.

    Returns:
        See :func:`get_cross_validation_datasets`.

    Raises:
        TypeError: If the number of splits is missing.
        ValueError: If it is not positive.
    """
    n_folds = _number_of_folds(n_folds, kwargs)
    return get_cross_validation_datasets(dataset, n_folds, _permutation(dataset, seed))


def _permutation(dataset: Any, seed: int | None) -> np.ndarray[Any, Any]:
    # The legacy generator: the same seed has to give Chainer's parts.
    return np.random.RandomState(seed).permutation(len(dataset))


def _number_of_folds(n_folds: int | None, kwargs: dict[str, Any]) -> int:
    if "n_fold" in kwargs:
        warnings.warn(
            "Argument `n_fold` is deprecated. Please use `n_folds` instead",
            DeprecationWarning,
            stacklevel=3,
        )
        n_folds = kwargs["n_fold"]
    unknown = sorted(set(kwargs) - {"n_fold"})
    if unknown or n_folds is None:
        raise InvalidArgumentTypeError(
            f"unknown arguments: {', '.join(unknown)}" if unknown else "`n_folds` is missing"
        )
    if n_folds <= 0:
        raise InvalidArgumentError(f"there is one fold or more; got n_folds={n_folds}")
    return n_folds
