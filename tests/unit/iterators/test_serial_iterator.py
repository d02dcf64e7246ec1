from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from chainer_compat import datasets
from chainer_compat.iterators import OrderSampler, SerialIterator, ShuffleOrderSampler
from chainer_compat.iterators._statemachine import IteratorState
from chainer_compat.serializers import DictionarySerializer, NpzDeserializer


def saved(it):
    stored = DictionarySerializer()
    it.serialize(stored)
    return stored.target


def test_chainers_keys():
    assert list(saved(SerialIterator([1, 2], 1))) == [
        "current_position",
        "epoch",
        "is_new_epoch",
        "order",
        "previous_epoch_detail",
    ]
    assert "order" not in saved(SerialIterator([1, 2], 1, shuffle=False))


def test_a_snapshot_without_the_order_needed_is_a_key_error():
    stored = saved(SerialIterator([1, 2], 1, shuffle=False))

    with pytest.raises(KeyError, match="order"):
        SerialIterator([1, 2], 1).serialize(NpzDeserializer(stored))


def test_loading_into_an_iterator_leaves_its_copies_alone():
    it = SerialIterator(list(range(9)), 2)
    other = copy.copy(it)
    before = other._state.order.tolist()
    it.serialize(NpzDeserializer(saved(SerialIterator(list(range(9)), 2))))

    assert other._state.order.tolist() == before


def test_saving_changes_nothing():
    it = SerialIterator(list(range(9)), 2)
    next(it)
    state, previous = it._state, it.previous_epoch_detail
    saved(it)

    assert it._state is state
    assert it.previous_epoch_detail == previous


def test_an_empty_dataset():
    with pytest.raises(ValueError, match="Epoch size must be positive"):
        next(SerialIterator([], 2))
    with pytest.raises(StopIteration):
        next(SerialIterator([], 2, repeat=False))


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_has_an_example_or_more(batch_size):
    with pytest.raises(ValueError, match="batch_size must be positive"):
        SerialIterator([1], batch_size)


@pytest.mark.parametrize("shuffle", [True, False])
def test_shuffle_and_a_sampler_exclude_each_other(shuffle):
    with pytest.raises(ValueError, match="order_sampler"):
        SerialIterator([1], 1, shuffle=shuffle, order_sampler=ShuffleOrderSampler())


def test_a_sampler_must_keep_the_size():
    class Shrinking(OrderSampler):
        def __call__(self, current_order, current_position):
            return current_order[: -1 if len(current_order) == 2 else None]

    it = SerialIterator([1, 2], 2, order_sampler=Shrinking())
    it._state = IteratorState(0, 0, False, np.arange(2))

    with pytest.raises(ValueError, match="gave 1 indices after 2"):
        next(it)


def test_a_sampler_may_visit_a_part_of_the_dataset():
    it = SerialIterator(list("abcd"), 2, order_sampler=lambda order, position: np.array([3, 1, 3]))

    assert [next(it) for _ in range(3)] == [["d", "b"], ["d", "d"], ["b", "d"]]
    assert it.epoch_detail == 2.0


def test_a_sampler_with_its_own_generator():
    sampler = ShuffleOrderSampler(np.random.RandomState(3))
    before = np.random.get_state()[1].tolist()
    it = SerialIterator(list(range(4)), 4, order_sampler=sampler)

    assert next(it) == np.random.RandomState(3).permutation(4).tolist()
    assert np.random.get_state()[1].tolist() == before


def test_the_base_sampler_asks_for_a_call():
    with pytest.raises(NotImplementedError):
        OrderSampler()(np.arange(2), 0)


def test_positions_may_be_set_as_scripts_for_chainer_1_do():
    it = SerialIterator(list(range(4)), 3, shuffle=False)
    next(it)
    it.current_position = it.epoch = 0
    it.is_new_epoch = False

    assert (next(it), it.epoch) == ([0, 1, 2], 0)


def test_names_that_scripts_read():
    it = SerialIterator([1, 2, 3], 2, repeat=False, shuffle=True)

    assert (it.repeat, it._repeat, it._shuffle, it._epoch_size) == (False, False, True, 3)
    assert it._order is it._state.order
    assert isinstance(it.order_sampler, ShuffleOrderSampler)


def test_it_can_be_pickled_midway():
    it = SerialIterator(
        list(range(7)), 2, order_sampler=ShuffleOrderSampler(np.random.RandomState(0))
    )
    next(it)
    other = pickle.loads(pickle.dumps(it))

    assert [next(other) for _ in range(9)] == [next(it) for _ in range(9)]


def test_a_subclass_that_changes_next():
    class Doubling(SerialIterator):
        def __next__(self):
            return super().__next__() * 2

        next = __next__

    assert Doubling([1], 1).next() == [1, 1]


def test_indices_are_numpys_for_datasets_of_ones_own():
    seen = []

    class Spy:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            seen.append(type(index))
            return 0

    next(SerialIterator(datasets.SubDataset(Spy(), 0, 2), 2, shuffle=False))

    assert seen == [np.intp, np.intp]


def test_a_mean_over_two_epochs_of_one_batch():
    it = SerialIterator([0, 1, 2], 7, shuffle=False)

    assert next(it) == [0, 1, 2, 0, 1, 2, 0]
    assert (it.epoch, it.current_position, it.is_new_epoch) == (2, 1, True)
    assert next(it) == [1, 2, 0, 1, 2, 0, 1]
