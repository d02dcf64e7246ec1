"""Losses of sequences of labels by their definition, and where they do better than Chainer."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F
from chainer_compat.gradient_check import check_backward
from chainer_compat.utils.type_check import InvalidType

random = np.random.RandomState(0)
COST = random.uniform(-1, 1, (3, 3))
XS = [random.uniform(-1, 1, (batch, 3)) for batch in (3, 2, 2, 1)]
LENGTHS = (4, 3, 1)


def score(sequence: int, path: tuple[int, ...]) -> float:
    """The score of a path of labels through one of the sequences."""
    found = sum(x[sequence, label] for x, label in zip(XS, path, strict=False))
    return float(found + sum(COST[a, b] for a, b in itertools.pairwise(path)))


def all_paths(sequence: int) -> list[tuple[int, ...]]:
    return list(itertools.product(range(3), repeat=LENGTHS[sequence]))


def test_the_likelihood_is_that_among_all_paths() -> None:
    ys = [np.array(y, np.int32) for y in ([0, 2, 1], [1, 2], [1, 0], [2])]
    loss = F.crf1d(COST, XS, ys, reduce="no").array
    for i, path in enumerate([(0, 1, 1, 2), (2, 2, 0), (1,)]):
        total = np.log(np.sum(np.exp([score(i, p) for p in all_paths(i)])))
        assert loss[i] == pytest.approx(total - score(i, path))
    assert F.crf1d(COST, XS, ys).array == pytest.approx(loss.mean())


def test_the_best_path_is_the_best_of_all() -> None:
    scores, labels = F.argmax_crf1d(COST, XS)
    for i in range(3):
        best = max(all_paths(i), key=lambda path: score(i, path))
        assert tuple(step[i] for step in labels if i < len(step)) == best
        assert scores.array[i] == pytest.approx(score(i, best))


def test_sequences_come_with_the_longest_first_and_a_label_for_each_step() -> None:
    ys = [np.zeros(len(x), np.int32) for x in XS]
    with pytest.raises(InvalidType, match=r"xs\[0\]"):
        F.crf1d(COST, XS[::-1], ys[::-1])
    with pytest.raises(InvalidType, match=r"xs\[0\]"):
        F.argmax_crf1d(COST, XS[::-1])
    for steps in (slice(3), slice(1, None)):
        with pytest.raises(ValueError, match="4 steps of scores and 3 of labels"):
            F.crf1d(COST, XS, ys[steps])
    with pytest.raises(AssertionError, match="3 labels"):
        F.crf1d(COST, [x[:, :2] for x in XS], ys)
    with pytest.raises(InvalidType, match="cost"):
        F.crf1d(COST[:, :2], XS, ys)


def ctc(x: Any, t: Any, *lengths: Any, blank: int = 0) -> Any:
    """The loss of each sequence."""
    given = [None if length is None else np.array(length, np.int32) for length in lengths]
    return F.connectionist_temporal_classification(
        list(F.separate(x)), np.array(t, np.int32), blank, *given, reduce="no"
    )


def likelihood(x: Any, labels: list[int], blank: int) -> float:
    """The sum over all ways in which steps can give labels."""
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    found = 0.0
    for path in itertools.product(range(x.shape[1]), repeat=len(x)):
        kept = [label for label, _ in itertools.groupby(path) if label != blank]
        if kept == labels:
            found += float(np.prod(p[np.arange(len(x)), path]))
    return found


@pytest.mark.parametrize("blank", [0, 1, 2])
def test_the_loss_is_that_of_all_ways_to_give_the_labels(blank: int) -> None:
    x = random.uniform(-2, 2, (5, 2, 3))
    one, two = (label for label in range(3) if label != blank)
    loss = ctc(x, [[one, two, one], [one, one, two]], [5, 3], [3, 2], blank=blank).array
    expected = [(x[:, 0], [one, two, one]), (x[:3, 1], [one, one])]
    np.testing.assert_allclose(
        loss, [-np.log(likelihood(part, labels, blank)) for part, labels in expected]
    )


def test_gradients_are_right_also_where_the_blank_is_among_the_labels() -> None:
    x = random.uniform(-2, 2, (5, 4, 3))
    t = [[1, 2, 0], [0, 0, 2], [0, 1, 1], [2, 2, 2]]

    def loss(x: Any) -> Any:
        return ctc(x, t, [5, 4, 5, 2], [3, 2, 2, 1])

    check_backward(loss, x, np.array([1, -0.5, 2, 1.5]), eps=1e-5, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("dtype", "expected"), [("float16", 1e4), ("float32", 1e10), ("float64", 1e10)]
)
def test_labels_that_do_not_fit_cost_much_and_give_no_gradient(dtype: str, expected: float) -> None:
    x = chainer.Variable(random.uniform(-2, 2, (3, 5, 3)).astype(dtype))
    t = [[1, 1, 1], [1, 2, 1], [1, 2, 1], [1, 2, 1], [0, 0, 1]]
    loss = ctc(x, t, [3, 3, 2, 0, 2], [3, 3, 3, 1, 2])
    np.testing.assert_allclose(loss.array[[0, 2, 3, 4]], expected, rtol=1e-3)
    assert loss.array[1] < 100
    F.sum(loss).backward()
    np.testing.assert_array_equal(x.grad[:, [0, 2, 3, 4]], 0)
    assert np.abs(x.grad[:, 1]).min() > 0


def test_a_class_that_cannot_be_leaves_a_finite_loss() -> None:
    x = chainer.Variable(np.array([[[0, 0, -np.inf]]] * 2, np.float32))
    loss = ctc(x, [[2]])
    assert loss.array == pytest.approx(1e10, rel=1e-3)
    loss.backward()
    assert np.isfinite(x.grad).all()


def test_nothing_to_say_in_no_time() -> None:
    x = random.uniform(-2, 2, (2, 2, 3))
    expected = -np.log([likelihood(x[:, 0], [], 0), 1])
    np.testing.assert_allclose(ctc(x, [[1], [1]], [2, 0], [0, 0]).array, expected, atol=1e-12)
    assert ctc(x, np.zeros((2, 0))).shape == (2,)


def test_labels_and_lengths_that_are_none_are_refused() -> None:
    x = random.uniform(-2, 2, (3, 2, 3))
    for label in (3, -1):
        with pytest.raises(IndexError, match=f"label {label} of t"):
            ctc(x, [[1], [label]])
        np.testing.assert_array_equal(
            ctc(x, [[1, 1], [2, label]], None, [2, 1]).array,
            ctc(x, [[1, 1], [2, 0]], None, [2, 1]).array,
        )
    with pytest.raises(AssertionError, match="input_length"):
        ctc(x, [[1], [1]], [3, 4])
    with pytest.raises(AssertionError, match="label_length"):
        ctc(x, [[1], [1]], None, [1, -1])
