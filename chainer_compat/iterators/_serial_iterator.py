"""The iterator that loads each batch when it is asked for."""

from __future__ import annotations

from typing import Any

from chainer_compat.dataset._examples import take_examples
from chainer_compat.iterators._ordered_iterator import OrderedIterator
from chainer_compat.iterators._statemachine import OrderSampler, iterator_statemachine

__all__ = ["SerialIterator"]


class SerialIterator(OrderedIterator):
    """Gives batches of a dataset, each loaded when it is asked for.

    Args:
        dataset: Anything with ``__len__`` and integer indexing.
        batch_size: Number of examples in a batch.
        repeat: Whether to start over at the end; a batch may then hold examples of two epochs.
            Otherwise iteration ends with the dataset, and the last batch may be smaller.
        shuffle: Whether to draw a new random order for every epoch, from NumPy's global stream.
            None shuffles too, unless an ``order_sampler`` is given.
        order_sampler: Called as ``order_sampler(current_order, current_position)`` before each
            epoch for the indices of that epoch, in order; see
            :class:`~chainer_compat.iterators.OrderSampler`. Only with ``shuffle=None``.

    Raises:
        ValueError: If the batch size is not positive, or both ``shuffle`` and
            ``order_sampler`` are given.

    Source: Chainer's reference, *chainer.iterators.SerialIterator*.

    Example:
        >>> from chainer_compat.iterators import SerialIterator
        >>> it = SerialIterator(['a', 'b', 'c'], batch_size=2, shuffle=False)
        >>> next(it), it.epoch_detail, it.is_new_epoch
        (['a', 'b'], 0.67, False)
        >>> next(it), it.epoch_detail, it.is_new_epoch
        (['c', 'a'], 1.33, True)
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        repeat: bool = True,
        shuffle: bool | None = None,
        order_sampler: OrderSampler | None = None,
    ) -> None:
        super().__init__(dataset, batch_size, shuffle, order_sampler)
        self._repeat = repeat
        self._shuffle = shuffle
        self.reset()

    @property
    def repeat(self) -> bool:
        """Whether iteration starts over at the end."""
        return self._repeat

    def __next__(self) -> list[Any]:
        """Returns the next batch, a list of examples.

        Raises:
            StopIteration: At the end of a dataset that is not repeated.
            ValueError: If the dataset is empty and to be repeated.
        """
        self._previous_epoch_detail = self.epoch_detail
        self._state, indices = iterator_statemachine(
            self._state, self.batch_size, self.repeat, self.order_sampler, len(self.dataset)
        )
        if indices is None or not len(indices):
            raise StopIteration
        return take_examples(self.dataset, indices)

    next = __next__
