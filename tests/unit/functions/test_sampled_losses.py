"""Losses that look at a few classes, by known values, and where they do better than Chainer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F

X = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
W = np.array([[0, 1], [2, 0], [-1, 3]], np.float32)


def sampler(shape: tuple[int, int]) -> Any:
    return np.ones(shape, np.int32)


def test_a_class_is_told_from_its_samples() -> None:
    t = np.array([2, 0, -1], np.int32)
    loss, samples = F.negative_sampling(X, t, W, sampler, 2, reduce="no", return_samples=True)
    np.testing.assert_array_equal(samples, [[2, 1, 1], [0, 1, 1], [-1, 1, 1]])
    expected = [np.logaddexp(0, 1) + 2 * np.logaddexp(0, 2), np.logaddexp(0, -1) + 2 * np.log(2), 0]
    np.testing.assert_allclose(loss.array, expected, rtol=1e-6)
    total = F.negative_sampling(X, t, W, sampler, 2)
    np.testing.assert_allclose(total.array, np.sum(expected), rtol=1e-6)


def test_an_example_that_does_not_count_has_no_gradient() -> None:
    x, weights = chainer.Variable(X), chainer.Variable(W)
    F.negative_sampling(x, np.full(3, -1, np.int32), weights, sampler, 2).backward()
    np.testing.assert_array_equal(x.grad, 0)
    np.testing.assert_array_equal(weights.grad, 0)


def test_half_precision_sums_in_single() -> None:
    x, weights = np.full((1, 4096), 0.01, np.float16), np.full((2, 4096), 0.1, np.float16)
    loss = F.negative_sampling(x, np.array([0], np.int32), weights, sampler, 1)
    assert loss.dtype == np.float16
    score = float(x[0].astype("d") @ weights[0].astype("d"))
    expected = np.logaddexp(0, -score) + np.logaddexp(0, score)
    assert loss.array == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("label", [3, -2])
def test_a_label_that_is_no_class_is_an_index_error(label: int) -> None:
    with pytest.raises(IndexError):
        F.negative_sampling(X, np.array([0, label, 1], np.int32), W, sampler, 2)


def test_samples_are_drawn_once_the_types_are_right() -> None:
    def never(shape: tuple[int, int]) -> Any:
        raise AssertionError

    with pytest.raises(chainer.utils.type_check.InvalidType):
        F.negative_sampling(X, np.zeros(3), W, never, 2)
    with pytest.raises(ValueError, match="size 1"):
        F.negative_sampling(X[:, :1], np.zeros(3, np.int32), W, never, 2)


def test_a_class_among_its_samples_only() -> None:
    samples = np.array([[1], [1], [1]], np.int32)
    loss = F.black_out(X, np.array([2, 0, 1], np.int32), W, samples, reduce="no")
    p = 1 / (1 + np.exp([3, -1, 0]))
    np.testing.assert_allclose(loss.array, -2 * np.log(p), rtol=1e-5)
    with pytest.raises(ValueError, match="reduce is 'mean' or 'no'"):
        F.black_out(X, np.array([2, 0, 1], np.int32), W, samples, reduce="sum")
