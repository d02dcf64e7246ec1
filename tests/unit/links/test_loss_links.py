"""Links that are losses, by known values, and where they do better than Chainer."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.links as L
from chainer_compat.device_resident import DeviceResidentsVisitor

X = np.ones((2, 3), np.float32)
TREE = ((0, 1), (2, (5, 7)))


class Moved(DeviceResidentsVisitor):
    """Notes the arrays that a link shows."""

    def __init__(self) -> None:
        self.arrays: list[Any] = []

    def visit_device_resident(self, device_resident: Any) -> None:
        pass

    def visit_variable(self, param: Any) -> None:
        pass

    def visit_array(self, arr: Any) -> Any:
        self.arrays.append(arr)
        return arr.copy()


@pytest.mark.parametrize(
    ("link", "owner", "names"),
    [
        (L.NegativeSampling(3, [1, 2], 2), "sampler", ["threshold", "values"]),
        (L.BlackOut(3, [1, 2], 2), "sampler", ["threshold", "values"]),
        (L.BinaryHierarchicalSoftmax(3, TREE), "_func", ["paths", "codes", "begins"]),
    ],
)
def test_tables_move_with_their_link(link: Any, owner: str, names: list[str]) -> None:
    before = [getattr(getattr(link, owner), name) for name in names]
    visitor = Moved()
    link.device_resident_accept(visitor)
    after = [getattr(getattr(link, owner), name) for name in names]
    assert all(any(a is b for b in visitor.arrays) for a in before)
    assert all(a is not b for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_new_links_have_a_loss_and_can_be_copied(again: Any) -> None:
    t = np.array([0, 1], np.int32)
    for link in (
        L.NegativeSampling(3, [1, 2], 2),
        L.BlackOut(3, [1, 2], 2),
        L.BinaryHierarchicalSoftmax(3, TREE),
    ):
        np.random.seed(1)
        expected = link(X, t).array
        np.random.seed(1)
        assert np.isfinite(expected)
        assert again(link)(X, t).array == expected


def test_counts_that_half_precision_cannot_hold() -> None:
    with chainer.using_config("dtype", chainer.mixed16):
        link = L.NegativeSampling(3, [1, 2, 70000], 2)
    assert link.W.dtype == np.float16
    drawn = link.sampler.sample((1000,))
    assert (drawn == 2).mean() > 0.95


def test_a_tree_may_be_as_deep_as_it_has_words() -> None:
    tree: Any = 5000
    for word in reversed(range(5000)):
        tree = (word, tree)
    link = L.BinaryHierarchicalSoftmax(3, tree)
    link.W.array[...] = 0
    loss = link(X, np.array([0, 5000], np.int32))
    assert loss.array == pytest.approx(5001 * np.log(2))


@pytest.mark.parametrize("word", [8, -2])
def test_a_word_beyond_the_tree_is_an_index_error(word: int) -> None:
    with pytest.raises(IndexError, match=str(word)):
        L.BinaryHierarchicalSoftmax(3, TREE)(X, np.array([0, word], np.int32))


def test_the_likelihoods_of_all_words_sum_to_one() -> None:
    link = L.BinaryHierarchicalSoftmax(3, TREE)
    losses = [link(X[:1], np.array([word], np.int32)).array for word in (0, 1, 2, 5, 7)]
    assert np.exp(np.negative(losses)).sum() == pytest.approx(1, rel=1e-5)


def test_frequent_words_have_short_ways() -> None:
    tree = L.BinaryHierarchicalSoftmax.create_huffman_tree({"rare": 1, "common": 9, "odd": 2})
    assert tree == (("rare", "odd"), "common")
    with pytest.raises(ValueError, match="no word"):
        L.BinaryHierarchicalSoftmax.create_huffman_tree({})


def test_the_loss_over_a_tree_is_an_old_style_function_too() -> None:
    link = L.BinaryHierarchicalSoftmax(3, TREE)
    t = np.array([5, 1], np.int32)
    found = []
    for call in (type(link._func).__call__, chainer.Function.__call__):
        x = chainer.Variable(X)
        link.cleargrads()
        y = call(link._func, x, t, link.W)
        y.backward()
        found.append([y.array, x.grad, link.W.grad])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
