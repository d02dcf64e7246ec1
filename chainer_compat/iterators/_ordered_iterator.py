"""What the iterators that visit a dataset in some order have in common: where they stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat.dataset import Iterator
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.iterators._order_samplers import ShuffleOrderSampler
from chainer_compat.iterators._statemachine import IteratorState, OrderSampler
from chainer_compat.serializer import Serializer

__all__ = ["OrderedIterator"]


class OrderedIterator(Iterator):
    """An iterator whose place is an :class:`IteratorState`.

    Args:
        dataset: Anything with ``__len__`` and integer indexing.
        batch_size: Number of examples in a batch.
        shuffle: See :class:`~chainer_compat.iterators.SerialIterator`.
        order_sampler: Likewise.
    """

    # The key of a snapshot that holds the order; older and other iterators used the second one.
    _order_keys = ("order", "_order")

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        shuffle: bool | None,
        order_sampler: OrderSampler | None,
    ) -> None:
        if batch_size <= 0:
            raise InvalidArgumentError(f"batch_size must be positive; got {batch_size!r}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.order_sampler = _resolve_sampler(shuffle, order_sampler)
        # -1 stands for None, which not every file format can hold.
        self._previous_epoch_detail = -1.0
        self._state = IteratorState(0, 0, False, None)

    def _first_state(self) -> IteratorState:
        """The state before the first batch; draws the first order."""
        order = None
        if self.order_sampler is not None:
            order = self.order_sampler(np.arange(len(self.dataset)), 0)
        return IteratorState(0, 0, False, order)

    def _move_to(self, state: IteratorState) -> None:
        """Goes on from another place."""
        self._state = state

    def reset(self) -> None:
        """Goes back to before the first batch, with an order drawn anew."""
        self._move_to(self._first_state())
        self._previous_epoch_detail = -1.0

    @property
    def current_position(self) -> int:
        """How many examples of the present epoch have been given (writable)."""
        return self._state.current_position

    @current_position.setter
    def current_position(self, position: int) -> None:
        self._move_to(self._state._replace(current_position=position))

    @property
    def epoch(self) -> int:
        """How many epochs are complete (writable)."""
        return self._state.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._move_to(self._state._replace(epoch=epoch))

    @property
    def is_new_epoch(self) -> bool:
        """Whether the last batch completed an epoch (writable)."""
        return self._state.is_new_epoch

    @is_new_epoch.setter
    def is_new_epoch(self, is_new_epoch: bool) -> None:
        self._move_to(self._state._replace(is_new_epoch=is_new_epoch))

    @property
    def epoch_detail(self) -> float:
        """How many epochs have been gone through, the present one in part."""
        state = self._state
        # An empty dataset has no parts.
        return state.epoch + state.current_position / (self._epoch_size or 1)

    @property
    def previous_epoch_detail(self) -> float | None:
        """The value of :attr:`epoch_detail` before the last batch; None before the first."""
        previous = self._previous_epoch_detail
        return None if previous < 0 else previous

    @property
    def _order(self) -> Any:
        return self._state.order

    @property
    def _epoch_size(self) -> int:
        order = self._state.order
        return len(self.dataset) if order is None else len(order)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads where the iterator stands, under Chainer's keys.

        Args:
            serializer: A serializer.

        Raises:
            KeyError: If a file does not hold a place, or holds no order where one is needed.
        """
        state = self._state
        loaded = IteratorState(
            serializer("current_position", state.current_position),
            serializer("epoch", state.epoch),
            serializer("is_new_epoch", state.is_new_epoch),
            self._serialize_order(serializer),
        )
        try:
            previous = serializer("previous_epoch_detail", self._previous_epoch_detail)
        except KeyError:
            previous = None
        if isinstance(serializer, Serializer):
            return
        self._move_to(loaded)
        self._previous_epoch_detail = self._guess_previous() if previous is None else previous

    def _serialize_order(self, serializer: Any) -> Any:
        order = self._state.order
        if order is None:
            return None
        # A copy, for copies of this iterator look at the same order.
        key, other_key = self._order_keys
        try:
            return serializer(key, order.copy())
        except KeyError:
            return serializer(other_key, order.copy())

    def _guess_previous(self) -> float:
        """What `previous_epoch_detail` must have been, for files of Chainer 1 and 2."""
        if self.epoch_detail <= 0:
            return -1.0
        position = self.current_position - self.batch_size
        return max(self.epoch + position / (self._epoch_size or 1), 0.0)


def _resolve_sampler(shuffle: bool | None, order_sampler: OrderSampler | None) -> Any:
    if shuffle is not None and order_sampler is not None:
        raise InvalidArgumentError(
            "`shuffle` is not `None` and a custom `order_sampler` is set. Please set `shuffle` "
            "to `None` to use the custom order sampler."
        )
    if order_sampler is None and (shuffle is None or shuffle):
        return ShuffleOrderSampler()
    return order_sampler
