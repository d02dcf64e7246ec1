from __future__ import annotations

import numpy as np
import pytest

from chainer_compat.dataset import DatasetMixin, Iterator


class Squares(DatasetMixin):
    def __len__(self):
        return 5

    def get_example(self, i):
        if i >= 5:
            raise IndexError
        return i * i


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (2, 4),
        (slice(1, None, 2), [1, 9]),
        (slice(None, None, -1), [16, 9, 4, 1, 0]),
        ([4, 0], [16, 0]),
        (np.array([1, 2]), [1, 4]),
        ([], []),
    ],
    ids=repr,
)
def test_indexing(index, expected):
    assert Squares()[index] == expected


def test_it_can_be_iterated_by_the_index_error():
    assert list(Squares()) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("ask", [len, lambda dataset: dataset[0]])
def test_what_a_subclass_must_define_is_named(ask):
    class Bare(DatasetMixin):
        pass

    with pytest.raises(NotImplementedError, match="Bare has to define"):
        ask(Bare())


class Counting(Iterator):
    finalized = 0

    def __next__(self):
        return 1

    def finalize(self):
        Counting.finalized += 1


def test_an_iterator_is_finalized_by_with_and_on_deletion():
    Counting.finalized = 0
    with Counting() as it:
        assert it.next() == 1
        assert iter(it) is it
    assert Counting.finalized == 1
    del it
    assert Counting.finalized == 2


def test_an_iterator_must_define_next():
    with pytest.raises(NotImplementedError, match="__next__"):
        next(Iterator())
    Iterator().serialize(None)
