"""What the iterators that load ahead have in common; each test runs for every kind."""

from __future__ import annotations

import copy
import gc
import pickle
import threading

import numpy as np
import pytest

from chainer_compat.iterators import MultiprocessIterator, MultithreadIterator, SerialIterator
from chainer_compat.serializers import DictionarySerializer, NpzDeserializer
from tests.unit.iterators._datasets import Pairs


def threads(dataset, batch_size, *args, **kwargs):
    return MultithreadIterator(dataset, batch_size, *args, n_threads=2, **kwargs)


def processes(dataset, batch_size, *args, **kwargs):
    return MultiprocessIterator(dataset, batch_size, *args, n_processes=2, **kwargs)


def far_ahead(dataset, batch_size, *args, **kwargs):
    return MultiprocessIterator(
        dataset, batch_size, *args, n_processes=2, n_prefetch=4, shared_mem=0, **kwargs
    )


@pytest.fixture(params=[threads, processes, far_ahead])
def make(request):
    """Makes an iterator, which is finalized after the test."""
    made = []

    def make(*args, **kwargs):
        made.append(request.param(*args, **kwargs))
        return made[-1]

    yield make
    for it in made:
        it.finalize()


def take(it, number):
    seen = []
    for _ in range(number):
        batch = [int(i) for _, i in next(it)]
        seen.append((batch, it.epoch, it.epoch_detail, it.previous_epoch_detail, it.is_new_epoch))
    return seen


def saved(it):
    stored = DictionarySerializer()
    it.serialize(stored)
    return stored.target


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [2, 5, 12])
def test_the_batches_are_those_of_a_serial_iterator(make, shuffle, batch_size):
    np.random.seed(1)
    expected = take(SerialIterator(Pairs(5), batch_size, shuffle=shuffle), 8)
    np.random.seed(1)

    assert take(make(Pairs(5), batch_size, shuffle=shuffle), 8) == expected


def test_it_ends_without_repeat_and_stays_ended(make):
    it = make(Pairs(5), 2, repeat=False, shuffle=False)

    assert [len(batch) for batch in it] == [2, 2, 1]
    assert (it.epoch, it.epoch_detail, it.previous_epoch_detail) == (1, 1.0, 1.0)
    with pytest.raises(StopIteration):
        next(it)


def test_arrays_are_the_callers_own(make):
    it = make(Pairs(4), 2, shuffle=False)
    first = next(it)
    first[0][0][...] = -1

    assert [x.tolist() for x, _ in next(it)] == [[2.0] * 3, [3.0] * 3]
    assert [x.tolist() for x, _ in next(it)] == [[0.0] * 3, [1.0] * 3]
    assert first[0][0].tolist() == [-1.0] * 3


@pytest.mark.parametrize("done", range(7))
def test_a_run_that_is_saved_and_resumed_goes_on_like_one_that_is_not(make, done):
    np.random.seed(2)
    it = make(Pairs(5), 2)
    take(it, done)
    stored = saved(it)
    state = np.random.get_state()
    expected = take(it, 8)

    np.random.seed(99)
    other = make(Pairs(5), 2)
    other.serialize(NpzDeserializer(stored))
    np.random.set_state(state)

    assert take(other, 8) == expected


def test_saving_twice_gives_the_same(make):
    it = make(Pairs(5), 2)
    take(it, 4)
    first, second = saved(it), saved(it)

    assert {k: v.tolist() for k, v in first.items()} == {k: v.tolist() for k, v in second.items()}


def test_a_place_saved_by_another_kind_of_iterator_can_be_loaded(make):
    serial = SerialIterator(Pairs(5), 2)
    take(serial, 3)
    it = make(Pairs(5), 2)
    it.serialize(NpzDeserializer(saved(serial)))
    other = SerialIterator(Pairs(5), 2)
    other.serialize(NpzDeserializer(saved(it)))

    assert take(it, 1) == take(serial, 1)
    assert other.epoch_detail == 1.2


def test_loading_while_batches_are_under_way(make):
    it = make(Pairs(5), 2, shuffle=False)
    take(it, 1)
    stored = saved(it)
    take(it, 2)
    it.serialize(NpzDeserializer(stored))

    assert take(it, 1)[0][0] == [2, 3]


def test_reset_starts_over_with_a_new_order(make):
    it = make(Pairs(8), 3)
    take(it, 2)
    it.reset()

    assert (it.epoch, it.current_position, it.previous_epoch_detail) == (0, 0, None)
    seen = [i for batch, *_ in take(it, 2) for i in batch]
    assert seen == it._state.order[:6].tolist()


def test_a_copy_goes_on_by_itself_without_drawing(make):
    np.random.seed(5)
    it = make(Pairs(5), 2)
    take(it, 2)
    state = np.random.get_state()[1].tolist()
    other = copy.copy(it)
    assert np.random.get_state()[1].tolist() == state

    # Both have drawn the next epoch's order already, the same one.
    assert take(other, 1) == take(it, 1)
    other.finalize()


def test_a_subclass_may_copy_by_the_method():
    class Named(MultiprocessIterator):
        def __copy__(self):
            other = super().__copy__()
            other.name = "copy"
            return other

    original = Named(Pairs(5), 2, shuffle=False, n_processes=1)
    take(original, 1)
    other = copy.copy(original)

    assert (type(other), other.name) == (Named, "copy")
    assert take(other, 2) == take(original, 2)
    other.finalize()
    original.finalize()


def test_it_can_be_pickled_midway(make):
    it = make(Pairs(5), 2, shuffle=False)
    take(it, 3)
    other = pickle.loads(pickle.dumps(it))

    assert take(other, 4) == take(it, 4)
    other.finalize()


def test_after_finalize_it_goes_on_at_the_same_place(make):
    it = make(Pairs(5), 2)
    take(it, 2)
    it.finalize()
    it.finalize()
    np.random.seed(3)
    ended = [batch for batch, *_ in take(it, 1)]

    assert len(ended[0]) == 2
    assert it.epoch_detail == 1.2


def test_the_datasets_exception_is_raised_when_its_batch_is_asked_for(make):
    it = make(Pairs(6, fail=4), 2, shuffle=False)

    assert take(it, 1)[0][0] == [0, 1]
    assert take(it, 1)[0][0] == [2, 3]
    with pytest.raises(KeyError, match="broken example"):
        next(it)
    assert take(it, 1)[0][0] == [0, 1]


def test_an_empty_dataset(make):
    with pytest.raises(ValueError, match="Epoch size must be positive"):
        next(make(Pairs(0), 2))
    with pytest.raises(StopIteration):
        next(make(Pairs(0), 2, repeat=False))


def test_a_failing_sampler_loses_nothing(make):
    calls = []

    def sampler(order, position):
        calls.append(position)
        if len(calls) == 2:
            raise RuntimeError("no order today")
        return np.arange(4)

    it = make(Pairs(4), 2, order_sampler=sampler)
    with pytest.raises(RuntimeError, match="no order today"):
        take(it, 5)
    start = it.current_position

    assert take(it, 1)[0][0] == ([0, 1] if start == 0 else [2, 3])


def test_positions_may_be_set(make):
    it = make(Pairs(4), 2, shuffle=False)
    take(it, 1)
    it.current_position = 0

    assert take(it, 1)[0][0] == [0, 1]


def test_nothing_runs_on_after_finalize_or_deletion(make, request):
    import multiprocessing

    before = threading.active_count()
    it = make(Pairs(4), 2)
    take(it, 2)
    it.finalize()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.daemon:
            thread.join(1)

    assert threading.active_count() <= before
    assert multiprocessing.active_children() == []


def test_a_constructor_that_fails_is_finalized_in_silence(make):
    with pytest.raises(ValueError, match="batch_size"):
        make(Pairs(4), 0)
    gc.collect()


def test_threads_are_positive():
    with pytest.raises(ValueError, match="n_threads"):
        MultithreadIterator([1], 1, n_threads=0)


def test_names_that_scripts_read():
    with threads(Pairs(3), 2, True, False) as it:
        assert (it.repeat, it._repeat, it._shuffle, it.n_threads) == (True, True, False, 2)
    with processes(Pairs(3), 2, True, False) as it:
        assert (it.repeat, it.shuffle, it.n_processes, it.n_prefetch) == (True, False, 2, 1)
