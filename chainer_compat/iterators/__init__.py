"""Iterators: batches of a dataset, in order or shuffled, loaded here or elsewhere."""

from __future__ import annotations

from chainer_compat.iterators._dali_iterator import DaliIterator
from chainer_compat.iterators._data_loader_iterator import DataLoaderIterator
from chainer_compat.iterators._multiprocess_iterator import MultiprocessIterator
from chainer_compat.iterators._multithread_iterator import MultithreadIterator
from chainer_compat.iterators._order_samplers import OrderSampler, ShuffleOrderSampler
from chainer_compat.iterators._serial_iterator import SerialIterator
from chainer_compat.iterators._statemachine import IteratorState, iterator_statemachine

__all__ = [
    "DaliIterator",
    "DataLoaderIterator",
    "IteratorState",
    "MultiprocessIterator",
    "MultithreadIterator",
    "OrderSampler",
    "SerialIterator",
    "ShuffleOrderSampler",
    "iterator_statemachine",
]
