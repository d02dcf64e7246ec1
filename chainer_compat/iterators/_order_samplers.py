"""In which order the next epoch goes through a dataset."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["OrderSampler", "ShuffleOrderSampler"]


class OrderSampler:
    """The base of order samplers, which an iterator asks for the order of each epoch.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import iterators
        >>> class Backwards(iterators.OrderSampler):
        ...     def __call__(self, current_order, current_position):
        ...         return np.arange(len(current_order))[::-1]
        >>> it = iterators.SerialIterator('abc', 2, order_sampler=Backwards())
        >>> next(it), next(it)
        (['c', 'b'], ['a', 'c'])
    """

    def __call__(self, current_order: Any, current_position: int) -> Any:
        """Returns the order of the next epoch, an array of indices.

        Args:
            current_order: The order of the epoch that ends; ascending before the first one.
            current_position: How far the iterator had come in it.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define __call__")


class ShuffleOrderSampler(OrderSampler):
    """Shuffles the whole dataset anew for each epoch.

    Args:
        random_state: A ``numpy.random.RandomState`` to draw from; NumPy's global one if None.
    """

    def __init__(self, random_state: np.random.RandomState | None = None) -> None:
        # The functions of numpy.random are methods of the global generator.
        self._random: Any = random_state or getattr(np.random.random, "__self__")  # noqa: B009 -- its type hides it

    def __call__(self, current_order: Any, current_position: int) -> Any:
        """Returns a permutation.

        Args:
            current_order: Tells the length.
            current_position: Not used.
        """
        return self._random.permutation(len(current_order))
