from __future__ import annotations

import numpy as np
import pytest

from chainer_compat import datasets
from chainer_compat.dataset import DatasetMixin
from chainer_compat.dataset._examples import take_examples


class Drawing(DatasetMixin):
    """Its examples come from NumPy's global stream, so that the order of the calls shows."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def get_example(self, i):
        return int(i), np.random.uniform()


class Doubled(datasets.TupleDataset):
    """A subclass that gives other examples than its parent."""

    def __getitem__(self, index):
        return "doubled", index


X = np.arange(20.0).reshape(10, 2)
T = np.arange(10, dtype=np.int32)
WHOLE = datasets.TupleDataset(X, T)
DATASETS = {
    "array": X,
    "list": list("abcdefghij"),
    "tuple": tuple("abcdefghij"),
    "range": range(10),
    "TupleDataset": WHOLE,
    "TupleDataset of drawn": datasets.TupleDataset(Drawing(10), T),
    "subclass": Doubled(X, T),
    "DictDataset": datasets.DictDataset(x=X, t=T),
    "DictDataset of drawn": datasets.DictDataset(a=Drawing(10), b=Drawing(10)),
    "SubDataset": datasets.SubDataset(WHOLE, 0, 10),
    "SubDataset in order": datasets.SubDataset(
        WHOLE, 0, 10, np.random.RandomState(0).permutation(10)
    ),
    "SubDataset in a list's order": datasets.SubDataset(
        Drawing(10), 0, 10, [*range(5, 10), *range(5)]
    ),
    "SubDataset of a SubDataset": datasets.SubDataset(datasets.SubDataset(X, 0, 10), 0, 10),
    "TransformDataset": datasets.TransformDataset(WHOLE, lambda pair: (pair[0] * 2, pair[1])),
    "ConcatenatedDataset": datasets.ConcatenatedDataset(X[:4], X[4:]),
}


def flat(value):
    """Values and their types, all the way down."""
    if isinstance(value, dict):
        return {key: flat(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(flat, value))
    return (type(value), value.tolist()) if isinstance(value, (np.ndarray, np.generic)) else value


@pytest.mark.parametrize("indices", [[], [3], [7, 0, 9, 7], list(range(2, 6))], ids=repr)
@pytest.mark.parametrize("name", DATASETS)
def test_taking_many_is_taking_each(name, indices):
    dataset = DATASETS[name]
    indices = np.array(indices, np.intp)
    np.random.seed(1)
    expected = [dataset[i] for i in indices]
    np.random.seed(1)

    assert flat(take_examples(dataset, indices)) == flat(expected)


@pytest.mark.parametrize("name", ["array", "SubDataset", "SubDataset in order"])
def test_examples_of_arrays_are_views_as_by_indexing(name):
    first = take_examples(DATASETS[name], np.array([1]))[0]

    assert np.shares_memory(first if name == "array" else first[0], X)


@pytest.mark.parametrize("index", [10, -11])
def test_an_index_beyond_a_part_is_an_index_error(index):
    part = datasets.SubDataset(X, 0, 5)

    with pytest.raises(IndexError):
        take_examples(part, np.array([0, index]))


def test_a_negative_index_counts_from_the_end_of_the_part():
    part = datasets.SubDataset(list(range(10)), 2, 5)

    assert take_examples(part, np.array([-1])) == [4]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (datasets.TupleDataset, "no datasets"),
        (lambda: datasets.TupleDataset([1], [1, 2]), "index 1 has a wrong length: 2.*1"),
        (datasets.DictDataset, "no datasets"),
        (lambda: datasets.DictDataset(a=[1], b=[1, 2]), 'conflicts at "b": 2.*1'),
        (lambda: datasets.SubDataset([1], -1, 1), "overruns"),
        (lambda: datasets.SubDataset([1], 0, 2), r"overruns.*\[0, 2\) of 1"),
        (lambda: datasets.SubDataset([1, 2], 0, 1, [0]), "same length.*1.*2"),
        (lambda: datasets.split_dataset([1], -1), "non-negative"),
        (lambda: datasets.split_dataset([1], 2), "exceeds.*2 of 1"),
        (lambda: datasets.split_dataset_n([1], 0), "n=0"),
        (lambda: datasets.get_cross_validation_datasets([1], 0), "n_folds=0"),
    ],
)
def test_bad_values_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: datasets.split_dataset([1, 2], 1.0),
        lambda: datasets.get_cross_validation_datasets([1, 2]),
        lambda: datasets.get_cross_validation_datasets([1, 2], 1, folds=2),
    ],
)
def test_bad_types_are_type_errors(make):
    with pytest.raises(TypeError):
        make()


@pytest.mark.parametrize(
    "split", [datasets.get_cross_validation_datasets, datasets.get_cross_validation_datasets_random]
)
def test_the_old_name_of_n_folds_warns(split):
    with pytest.warns(DeprecationWarning, match="n_folds"):
        folds = split([1, 2, 3], n_fold=3)

    assert len(folds) == 3


def test_more_folds_than_examples_leave_some_empty():
    sizes = [len(test) for _, test in datasets.get_cross_validation_datasets([1, 2], 3)]

    assert sizes == [1, 1, 0]


@pytest.mark.parametrize("name", ["TupleDataset", "DictDataset", "ConcatenatedDataset"])
def test_slices(name):
    dataset = DATASETS[name]

    assert flat(dataset[2:5]) == flat([dataset[i] for i in range(2, 5)])
    assert len(dataset) == 10


@pytest.mark.parametrize("index", [10, -1])
def test_an_index_beyond_concatenated_datasets(index):
    with pytest.raises(IndexError, match=f"{index} is out of range for 10"):
        DATASETS["ConcatenatedDataset"][index]


def test_a_transform_runs_between_the_examples_as_in_chainer():
    dataset = datasets.TransformDataset(Drawing(4), lambda pair: (pair[1], np.random.uniform()))
    np.random.seed(0)
    expected = np.random.uniform(size=4).tolist()
    np.random.seed(0)

    assert [x for pair in take_examples(dataset, np.arange(2)) for x in pair] == expected
