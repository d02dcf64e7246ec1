"""Iterators, datasets and converters give what Chainer's give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import data

sizes = st.integers(1, 12)
batch_sizes = st.integers(1, 30)
flags = st.booleans()


@examples()
@given(sizes, batch_sizes, flags, st.none() | flags, st.integers(0, 12))
def test_serial_iterator(both, size, batch_size, repeat, shuffle, steps):
    both(data.serial, size, batch_size, repeat, shuffle, steps)


@settings(max_examples=100)
@given(sizes, batch_sizes, flags, st.none() | flags, st.integers(0, 12))
def test_multithread_iterator(both, size, batch_size, repeat, shuffle, steps):
    both(data.multithread, size, batch_size, repeat, shuffle, steps)


@examples()
@given(st.data(), sizes, batch_sizes, flags, flags)
def test_statemachine(both, draw, size, batch_size, repeat, ordered):
    position = draw.draw(st.integers(0, size - 1))
    epoch = draw.draw(st.integers(0, 3))
    order = list(reversed(range(size))) if ordered else None
    both(data.statemachine, position, epoch, batch_size, repeat, order, size)


@examples()
@given(
    sizes,
    batch_sizes,
    flags,
    st.none() | flags,
    st.integers(0, 6),
    st.integers(0, 6),
    st.sets(st.sampled_from(["previous_epoch_detail", "order"])),
)
def test_serial_iterator_resumed(both, size, batch_size, repeat, shuffle, steps, more, drop):
    both(data.serial_resumed, size, batch_size, repeat, shuffle, steps, more, sorted(drop))


def test_copy_of_an_iterator(both):
    both(data.copied, 7, 3, 4)


BATCHES = [
    [1, 2, 3],
    [1, 2.5],
    [True, False],
    [[1, 2], [3, 4]],
    [(1, 2.0), (3, 4.0)],
    [{"a": 1, "b": [1, 2]}, {"a": 2, "b": [3, 4]}],
    [np.float32(1), np.float32(2)],
    [np.array(1.0), np.array(2)],
    [np.zeros(2, np.float32), np.ones(2, np.float64)],
    [np.zeros((2, 3), np.int8), np.ones((2, 3), np.int8)],
    [np.zeros((0, 3)), np.ones((0, 3))],
    [(np.arange(3), 1), (np.arange(3) * 2, 2)],
    [np.arange(3), np.arange(2), np.zeros(0, int)],
    [(np.zeros((2, 1)), np.int32(1)), (np.ones((1, 2)), np.int32(2))],
    [np.arange(6.0).reshape(2, 3).T, np.arange(6.0).reshape(2, 3).T],
    [(1, 2), (3,)],
    [{"a": 1}, {"b": 1}],
    [],
]


@pytest.mark.parametrize("padding", [None, 0, -1.5], ids=repr)
@pytest.mark.parametrize("batch", BATCHES, ids=repr)
def test_concat_examples(both, batch, padding):
    both(data.concat, batch, padding)


DTYPES = ("float32", "float64", "int32", "int8", "bool")


@st.composite
def arrays_for_a_batch(draw, count, same_shape):
    """Arrays of one dtype and number of axes, of one shape or of any."""
    dtype = draw(st.sampled_from(DTYPES))
    shapes = st.lists(st.integers(0, 3), min_size=draw(st.integers(0, 3)), max_size=3)
    first = draw(shapes)
    sizes = st.lists(st.integers(0, 3), min_size=len(first), max_size=len(first))
    others = [first if same_shape else draw(sizes) for _ in range(count - 1)]
    return [np.full(shape, k, dtype) for k, shape in enumerate([first, *others])]


@st.composite
def batches(draw):
    """A batch of arrays, numbers, or tuples or dicts of these; and a padding, or none."""
    count = draw(st.integers(1, 4))
    padding = draw(st.none() | st.sampled_from([0, -1, 2.5]))
    numbers = st.lists(st.integers(-9, 9) | st.floats(-9, 9), min_size=count, max_size=count)
    column = arrays_for_a_batch(count, padding is None) | numbers
    columns = draw(st.lists(column, min_size=1, max_size=3))
    kind = draw(st.sampled_from(["plain", "tuple", "dict"]))
    if kind == "plain":
        return columns[0], padding
    if kind == "tuple":
        return list(zip(*columns, strict=True)), padding
    names = "abc"[: len(columns)]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)], padding


@examples()
@given(batches())
def test_concat_examples_of_any_batch(both, batch):
    both(data.concat, *batch)


def test_what_no_array_is_made_of(both):
    both(data.concat, [None, None], None)


@pytest.mark.parametrize("padding", [(0, 9), (None, 9)])
def test_padding_for_each_element(both, padding):
    both(data.concat, [(np.arange(3), np.arange(2)), (np.arange(3), np.arange(1))], padding)


def test_padding_for_each_key(both):
    batch = [{"x": np.arange(3), "t": np.arange(2)}, {"x": np.arange(1), "t": np.arange(1)}]
    both(data.concat, batch, {"x": 0, "t": 7})


@settings(max_examples=200)
@given(st.data(), st.integers(0, 8), st.none() | flags)
def test_sub_dataset(both, draw, size, ordered):
    bounds = st.integers(-1, size + 1)
    start, finish = draw.draw(bounds), draw.draw(bounds)
    index = draw.draw(st.integers(-size - 1, size))
    order = None if ordered is None else list(reversed(range(size - ordered * (size > 0))))
    both(data.subset, size, start, finish, order, index)


@pytest.mark.parametrize(
    "name",
    ["split_dataset_random", "split_dataset_n_random", "get_cross_validation_datasets_random"],
)
@settings(max_examples=50)
@given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_splits(both, name, size, number, seed):
    if number <= size:
        both(data.splits, name, size, number, seed)


@pytest.mark.parametrize("name", ["TupleDataset", "DictDataset", "ConcatenatedDataset"])
@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 5), max_size=3) | st.integers(1, 5).map(lambda n: [n, n]),
    st.integers(-2, 6) | st.tuples(st.none() | st.integers(-3, 6), st.none() | st.integers(-3, 6)),
)
def test_combined_datasets(both, name, lengths, index):
    both(data.combined, name, lengths, index)
