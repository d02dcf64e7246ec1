"""What holds for every iterator over every dataset."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chainer_compat.iterators import MultithreadIterator, SerialIterator, iterator_statemachine
from chainer_compat.iterators._statemachine import IteratorState
from chainer_compat.serializers import DictionarySerializer, NpzDeserializer

sizes = st.integers(1, 15)
batch_sizes = st.integers(1, 20)


def serial(*args, **kwargs):
    return SerialIterator(*args, **kwargs)


def threads(*args, **kwargs):
    return MultithreadIterator(*args, n_threads=2, **kwargs)


makers = st.sampled_from([serial, threads])


@given(makers, sizes, batch_sizes, st.booleans(), st.integers(1, 6))
def test_every_epoch_is_a_permutation(make, size, batch_size, shuffle, n_epochs):
    with make(list(range(size)), batch_size, shuffle=shuffle) as it:
        stream = itertools.chain.from_iterable(it)
        epochs = [sorted(itertools.islice(stream, size)) for _ in range(n_epochs)]

    assert epochs == [list(range(size))] * n_epochs


@given(makers, sizes, batch_sizes, st.booleans())
def test_without_repeat_every_example_is_given_once(make, size, batch_size, shuffle):
    with make(list(range(size)), batch_size, repeat=False, shuffle=shuffle) as it:
        batches = list(it)

    assert sorted(itertools.chain.from_iterable(batches)) == list(range(size))
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert 1 <= len(batches[-1]) <= batch_size
    assert (it.epoch, it.current_position, it.epoch_detail) == (1, 0, 1.0)


@given(makers, sizes, batch_sizes, st.booleans(), st.integers(1, 12))
def test_the_counters_tell_how_many_examples_were_given(make, size, batch_size, shuffle, steps):
    with make(list(range(size)), batch_size, shuffle=shuffle) as it:
        for step in range(1, steps + 1):
            before = it.epoch_detail
            batch = next(it)
            given_so_far = step * batch_size

            assert len(batch) == batch_size
            assert (it.epoch, it.current_position) == divmod(given_so_far, size)
            assert it.previous_epoch_detail == before
            assert it.is_new_epoch == (given_so_far // size > (given_so_far - batch_size) // size)
            assert it.epoch_detail == it.epoch + it.current_position / size


@given(
    makers,
    sizes,
    batch_sizes,
    st.booleans(),
    st.integers(0, 8),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["order", "_order"]),
)
def test_saved_anywhere_it_resumes_the_very_sequence(
    make, size, batch_size, shuffle, done, seed, key
):
    np.random.seed(seed)
    it = make(list(range(size)), batch_size, shuffle=shuffle)
    for _ in range(done):
        next(it)
    stored = DictionarySerializer()
    it.serialize(stored)
    content = dict(stored.target)
    for other in ("order", "_order"):
        if other in content:
            content[key] = content.pop(other)  # either key is read
    state = np.random.get_state()
    expected = [(next(it), it.epoch_detail, it.is_new_epoch) for _ in range(6)]

    np.random.seed((seed + 1) % 2**32)
    resumed = make(list(range(size)), batch_size, shuffle=shuffle)
    resumed.serialize(NpzDeserializer(content))
    np.random.set_state(state)

    assert [
        (next(resumed), resumed.epoch_detail, resumed.is_new_epoch) for _ in range(6)
    ] == expected
    it.finalize()
    resumed.finalize()


@given(makers, sizes, batch_sizes, st.integers(0, 8))
def test_a_copy_and_the_original_go_the_same_way_in_one_epoch(make, size, batch_size, done):
    it = make(list(range(size)), batch_size)
    for _ in range(done):
        next(it)
    other = copy.copy(it)
    rest = size - it.current_position

    mine = [x for batch in itertools.islice(it, 20) for x in batch][:rest]
    its = [x for batch in itertools.islice(other, 20) for x in batch][:rest]
    it.finalize()
    other.finalize()
    assert mine == its


@given(st.integers(0, 20), st.integers(1, 50), st.integers(1, 20), st.booleans())
def test_one_move_is_as_good_as_many(position, batch_size, size, repeat):
    """A batch of n examples brings the iterator where n batches of one bring it."""
    position = min(position, size - 1)
    state = start = IteratorState(position, 0, False, np.arange(size))

    def sampler(order, position):
        return order[::-1]

    singles = []
    for _ in range(batch_size):
        state, indices = iterator_statemachine(state, 1, repeat, sampler, size)
        if indices is None:
            break
        singles += indices.tolist()
    at_once, indices = iterator_statemachine(start, batch_size, repeat, sampler, size)

    assert indices.tolist() == singles
    assert (at_once.epoch, at_once.current_position) == (state.epoch, state.current_position)


class Interleaved(RuleBasedStateMachine):
    """A thread iterator and a serial one, used in one way, stay in step."""

    @initialize(size=st.integers(1, 9), batch_size=st.integers(1, 12), shuffle=st.booleans())
    def make(self, size, batch_size, shuffle):
        self.data = list(range(size))
        self.arguments = {"batch_size": batch_size, "shuffle": shuffle}
        self.random = [np.random.RandomState(1), np.random.RandomState(1)]
        self.its = self.fresh()

    def fresh(self):
        """Both draw from generators of their own, in one state."""
        made = []
        for kind, random in zip((serial, threads), self.random, strict=True):
            it = kind(self.data, **self.arguments)
            if it.order_sampler is not None:
                it.order_sampler._random = random
                it.reset()
            made.append(it)
        return made

    @rule()
    def step(self):
        first, second = (next(it) for it in self.its)
        assert first == second

    @rule()
    def look(self):
        self.same(lambda it: (it.epoch, it.epoch_detail, it.previous_epoch_detail))

    @rule()
    def finalize(self):
        for it in self.its:
            it.finalize()

    @rule()
    def save_and_load(self):
        for it in self.its:
            stored = DictionarySerializer()
            it.serialize(stored)
            it.serialize(NpzDeserializer(stored.target))

    @rule()
    def go_back(self):
        for it in self.its:
            it.current_position = 0

    def same(self, ask):
        first, second = map(ask, self.its)
        assert first == second

    @invariant()
    def they_stand_at_one_place(self):
        if hasattr(self, "its"):
            self.same(lambda it: it._state[:3])
            self.same(lambda it: None if it._order is None else it._order.tolist())

    def teardown(self):
        for it in getattr(self, "its", ()):
            it.finalize()


TestInterleaved = Interleaved.TestCase
TestInterleaved.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("make", [serial, threads])
@given(order=st.permutations(range(6)), batch_size=st.integers(1, 8))
def test_the_samplers_order_is_the_order(make, order, batch_size):
    with make(list("abcdef"), batch_size, order_sampler=lambda *_: np.array(order)) as it:
        first = [x for batch in itertools.islice(it, 6) for x in batch][:6]

    assert first == ["abcdef"[i] for i in order]
