"""Batches of arrays and sums of observations, in Chainer's API under either library."""

from __future__ import annotations

import time

import numpy as np

EXAMPLES = 20_000
NAMES = 1_000


def arrays():
    """Images as rows, and labels."""
    random = np.random.RandomState(0)
    x = random.uniform(size=(EXAMPLES, 784)).astype(np.float32)
    return x, random.randint(0, 10, EXAMPLES).astype(np.int32)


def seconds_each(step, number):
    """The mean time of a step, after some to warm up."""
    for _ in range(number // 10 + 1):
        step()
    start = time.perf_counter()
    for _ in range(number):
        step()
    return (time.perf_counter() - start) / number


def batches(chainer, options):
    """Shuffled batches of 128, put together."""

    def measure():
        it = chainer.iterators.SerialIterator(chainer.datasets.TupleDataset(*arrays()), 128)
        concat = chainer.dataset.concat_examples
        number = options["iterations"] * 5
        return {"step_batch": seconds_each(lambda: concat(next(it)), number)}

    return measure


def summary(chainer, options):
    """A dictionary of arrays without dimensions, as reported losses are, added to a DictSummary."""
    observation = {f"name{i}": np.array(i, np.float32) for i in range(NAMES)}

    def measure():
        made = chainer.DictSummary()
        return {"step_add": seconds_each(lambda: made.add(observation), options["iterations"])}

    return measure
