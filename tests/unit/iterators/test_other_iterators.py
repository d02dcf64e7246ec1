"""DaliIterator and DataLoaderIterator."""

from __future__ import annotations

import copy
import pickle
import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler, IterableDataset, TensorDataset

from chainer_compat.dataset import CollatedBatch, concat_examples
from chainer_compat.iterators import DaliIterator, DataLoaderIterator
from chainer_compat.serializers import DictionarySerializer, NpzDeserializer


class Pipeline:
    """What DaliIterator asks of a DALI pipeline."""

    batch_size = 4

    def __init__(self):
        self.runs = 0

    def build(self):
        self.built = True

    def epoch_size(self):
        return {"reader": 10}

    def run(self):
        assert self.built
        self.runs += 1
        return self.runs


def saved(it):
    stored = DictionarySerializer()
    it.serialize(stored)
    return stored.target


def counters(it):
    return it.epoch, it.epoch_detail, it.previous_epoch_detail, it.is_new_epoch


class TestDali:
    def test_it_counts_the_examples_of_the_pipeline(self):
        it = DaliIterator(Pipeline())
        seen = [(next(it), *counters(it)) for _ in range(4)]

        assert seen == [
            (1, 0, 0.4, 0.0, False),
            (2, 0, 0.8, 0.4, False),
            (3, 1, 1.2, 0.8, True),
            (4, 1, 1.6, 1.2, False),
        ]
        assert (it.batch_size, it.repeat) == (4, True)

    def test_it_ends_without_repeat(self):
        assert list(DaliIterator(Pipeline(), repeat=False)) == [1, 2, 3]

    @pytest.mark.parametrize("drop", [(), ("previous_epoch_detail",)])
    def test_its_counters_survive_a_snapshot(self, drop):
        it = DaliIterator(Pipeline())
        for _ in range(3):
            next(it)
        stored = {key: value for key, value in saved(it).items() if key not in drop}
        other = DaliIterator(Pipeline())
        other.epoch_size = 10
        other.serialize(NpzDeserializer(stored))

        assert counters(other) == pytest.approx(counters(it))

    def test_a_file_from_before_the_first_batch(self):
        stored = {k: v for k, v in saved(DaliIterator(Pipeline())).items() if "prev" not in k}
        it = DaliIterator(Pipeline())
        it.serialize(NpzDeserializer(stored))

        assert it.previous_epoch_detail is None

    def test_anything_but_a_pipeline_is_told_what_to_install(self):
        with pytest.raises(TypeError, match=r"nvidia-dali.*list.*build"):
            DaliIterator([1, 2, 3])


def loader(n=7, batch_size=2, **kwargs):
    return DataLoader(TensorDataset(torch.arange(n)), batch_size, **kwargs)


def values(batch):
    return batch[0].tolist()


class TestDataLoader:
    def test_it_counts_epochs(self):
        it = DataLoaderIterator(loader(5))
        seen = [(values(next(it)), *counters(it)) for _ in range(4)]

        assert seen == [
            ([0, 1], 0, 1 / 3, 0.0, False),
            ([2, 3], 0, 2 / 3, 1 / 3, False),
            ([4], 1, 1.0, 2 / 3, True),
            ([0, 1], 1, 1 + 1 / 3, 1.0, False),
        ]
        assert (it.batch_size, len(it.dataset)) == (2, 5)

    def test_it_ends_without_repeat_and_starts_over_after_reset(self):
        it = DataLoaderIterator(loader(3), repeat=False)

        assert [values(batch) for batch in it] == [[0, 1], [2]]
        assert it.previous_epoch_detail == it.epoch_detail == 1.0
        it.reset()
        assert it.previous_epoch_detail is None
        assert values(next(it)) == [0, 1]

    def test_concat_examples_takes_its_batches(self):
        batch = next(DataLoaderIterator(loader()))

        assert isinstance(batch, CollatedBatch)
        (x,) = concat_examples(batch, device=-1)
        assert x.tolist() == [0, 1]

    def test_a_loader_may_give_lists_of_examples(self):
        it = DataLoaderIterator(loader(collate_fn=list), collated=False)

        (x,) = concat_examples(next(it))
        assert x.tolist() == [0, 1]

    @pytest.mark.parametrize("own", [False, True], ids=["global", "own generator"])
    @pytest.mark.parametrize("done", range(10))
    def test_a_resumed_run_goes_on_like_one_that_is_not(self, done, own):
        class Noisy(TensorDataset):
            """Draws from three global generators for each example."""

            def __getitem__(self, index):
                drawn = torch.rand(()), np.random.uniform(), random.random()
                return (*super().__getitem__(index), *drawn)

        def make():
            generator = torch.Generator().manual_seed(5) if own else None
            dataset = Noisy(torch.arange(7))
            return DataLoaderIterator(DataLoader(dataset, 2, shuffle=True, generator=generator))

        def step(it):
            batch = [part.tolist() for part in next(it)]
            # As a model's dropout does, between the batches.
            drawn = torch.rand(()).item(), np.random.uniform(), random.random()
            return [*batch, *counters(it), *drawn]

        def seen(it):
            return [step(it) for _ in range(9)]

        it = make()
        for _ in range(done):
            step(it)
        stored = saved(it)
        states = torch.get_rng_state(), np.random.get_state(), random.getstate()
        own_state = it.loader.generator.get_state() if own else None
        expected = seen(it)

        other = make()
        other.serialize(NpzDeserializer(stored))
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        if own and not other.current_position:
            other.loader.generator.set_state(own_state)

        assert seen(other) == expected

    def test_a_copy_and_a_pickle_go_on_by_themselves(self):
        it = DataLoaderIterator(loader(shuffle=True))
        next(it)
        copied, pickled = copy.copy(it), pickle.loads(pickle.dumps(it))
        expected = values(next(it))

        assert values(next(copied)) == expected
        assert values(next(pickled)) == expected

    def test_after_finalize_it_goes_on_at_the_same_place(self):
        it = DataLoaderIterator(loader())
        next(it)
        it.finalize()

        assert values(next(it)) == [2, 3]

    def test_a_distributed_sampler_is_told_the_epoch(self):
        dataset = TensorDataset(torch.arange(8))
        sampler = DistributedSampler(dataset, num_replicas=2, rank=0, seed=1)
        it = DataLoaderIterator(DataLoader(dataset, 2, sampler=sampler))
        epochs = [[x for _ in range(2) for x in values(next(it))] for _ in range(2)]
        sampler.set_epoch(1)

        assert epochs[1] == list(sampler)
        assert epochs[0] != epochs[1]

    def test_a_stream_of_unknown_length(self):
        class Stream(IterableDataset):
            def __iter__(self):
                return iter(range(5))

        it = DataLoaderIterator(DataLoader(Stream(), 2))
        seen = [(next(it).tolist(), *counters(it)) for _ in range(4)]

        assert seen == [
            ([0, 1], 0, 0.0, 0.0, False),
            ([2, 3], 0, 0.0, 0.0, False),
            ([4], 1, 1.0, 0.0, True),
            ([0, 1], 1, 1 + 1 / 3, 1.0, False),
        ]

    def test_an_empty_loader(self):
        with pytest.raises(ValueError, match="the loader gives no batch"):
            next(DataLoaderIterator(loader(1, drop_last=True)))
        with pytest.raises(StopIteration):
            next(DataLoaderIterator(loader(1, drop_last=True), repeat=False))

    def test_any_iterable_of_batches_will_do(self):
        it = DataLoaderIterator([{"x": 1}, {"x": 2}])

        assert [next(it) for _ in range(3)] == [{"x": 1}, {"x": 2}, {"x": 1}]
        assert it.dataset is None
