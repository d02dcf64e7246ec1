"""Where an iterator stands in its dataset, and how it moves on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainer_compat.errors import InvalidArgumentError

__all__ = ["IteratorState", "iterator_statemachine"]

Order = np.ndarray[Any, Any]
OrderSampler = Callable[[Order, int], Order]


class IteratorState(NamedTuple):
    """Where an iterator stands.

    Args:
        current_position: How many examples of the present epoch have been given.
        epoch: How many epochs are complete.
        is_new_epoch: Whether the last step completed one.
        order: The indices in the order in which the present epoch gives them; None for
            ascending order.
    """

    current_position: int
    epoch: int
    is_new_epoch: bool
    order: Order | None


def iterator_statemachine(
    state: IteratorState,
    batch_size: int,
    repeat: bool,
    order_sampler: OrderSampler | None,
    dataset_len: int,
) -> tuple[IteratorState, Order | None]:
    """Moves on by one batch.

    With ``repeat``, a batch that reaches the end goes on into the next epoch (or epochs, if it
    is larger than the dataset); an epoch that ends exactly at the batch's end draws the next
    order right then, not at the next batch.

    Args:
        state: Where the iterator stands.
        batch_size: How many examples to give.
        repeat: Whether there is another epoch after the first one.
        order_sampler: Called with the present order and the position at which the batch began,
            to give the order of the next epoch; used only if the state has an order.
        dataset_len: The length of the dataset; used only if the state has no order.

    Returns:
        The new state and the indices of the batch, None after the end.

    Raises:
        ValueError: If an empty dataset is repeated, or an order has not the length of the last.

    Example:
        >>> from chainer_compat.iterators import IteratorState, iterator_statemachine
        >>> state = IteratorState(3, 0, False, order=None)
        >>> state, indices = iterator_statemachine(state, 2, True, None, dataset_len=4)
        >>> indices, state.epoch, state.current_position
        (array([3, 0]), 1, 1)
    """
    position, epoch, _, order = state
    if not repeat and epoch > 0:
        return state, None
    size = dataset_len if order is None else len(order)
    if repeat and size == 0:
        raise InvalidArgumentError(
            "Epoch size must be positive for an iterator that repeats: the dataset is empty"
        )

    end = position + batch_size
    if end < size:
        return IteratorState(end, epoch, False, order), _span(order, position, end)

    parts = []
    while end >= size:
        parts.append(_span(order, position, size))
        order = _next_order(order, order_sampler, position)
        epoch += 1
        position = 0
        end = end - size if repeat else 0
        if not repeat:
            break
    parts.append(_span(order, position, end))
    return IteratorState(end, epoch, True, order), np.concatenate(parts)


def _span(order: Order | None, start: int, stop: int) -> Order:
    if order is None:
        return np.arange(start, stop, dtype=np.intp)
    return order[start:stop]


def _next_order(
    order: Order | None, order_sampler: OrderSampler | None, position: int
) -> Order | None:
    if order is None or order_sampler is None:
        return order
    new_order = order_sampler(order, position)
    if len(new_order) != len(order):
        raise InvalidArgumentError(
            "The size of order does not match the size of the previous order: the order sampler "
            f"gave {len(new_order)} indices after {len(order)}"
        )
    return new_order
