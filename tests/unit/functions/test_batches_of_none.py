"""Batches of no example, weights that lie apart in memory, and arguments that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(4, 2), (4, 2, 3)])
def test_weights_of_a_batch_may_lie_apart(dtype: Any, shape: tuple[int, ...]) -> None:
    """As a column of a matrix does; torch's gradient takes what is between for the next weight."""
    random = np.random.RandomState(0)
    gammas = np.array([[-2, 9], [0.7, 9]], dtype)[:, 0]
    values, upstream = (random.uniform(-1, 1, shape).astype(dtype) for _ in range(2))
    found = []
    for gamma in (gammas, gammas.copy()):
        x = chainer.Variable(values)
        y = F.batch_normalization(x, gamma, np.zeros(2, dtype))
        y.grad = upstream
        y.backward()
        found.append(x.grad)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda x: F.im2col(x, 3), (0, 18, 4, 4)),
        (lambda x: F.fft((x, x))[1], (0, 2, 6, 6)),
        (lambda x: F.ifft((x, x))[0], (0, 2, 6, 6)),
        (lambda x: F.batch_normalization(x, *np.ones((2, 6), "f"), axis=(0, 1, 2)), (0, 2, 6, 6)),
        (
            lambda x: F.connectionist_temporal_classification(
                F.separate(F.reshape(x, (0, 2, 36)), 1), np.zeros((0, 1), "i"), 0, reduce="no"
            ),
            (0,),
        ),
    ],
    ids=["patches", "fft", "ifft", "normalization", "ctc"],
)
def test_a_batch_of_none_gives_none(call: Any, shape: tuple[int, ...]) -> None:
    x = chainer.Variable(np.zeros((0, 2, 6, 6), np.float32))
    y = call(x)
    assert y.shape == shape
    F.sum(y).backward()
    assert x.grad.shape == x.shape


def test_a_batch_of_none_leaves_its_weights_without_a_slope() -> None:
    gamma, beta = (chainer.Variable(np.ones(2, np.float32)) for _ in range(2))
    x = np.zeros((0, 2), np.float32)
    one = np.ones(2, np.float32)
    moved = {"running_mean": one.copy(), "running_var": one.copy()}
    for y in (
        F.batch_normalization(x, gamma, beta),
        F.batch_renormalization(x, gamma, beta, 1, 0, **moved),
    ):
        gamma.cleargrad()
        beta.cleargrad()
        F.sum(y).backward()
        assert gamma.grad.tolist() == beta.grad.tolist() == [0, 0]
    assert moved["running_mean"].tolist() == [1, 1]


X = np.ones((2, 3), np.float32)
IMAGE = np.ones((1, 1, 2, 2), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.upsampling_2d(IMAGE[0], np.zeros((1, 2, 2), "i"), 2), TypeError, "ndim"),
        (lambda: F.upsampling_2d(IMAGE, np.zeros((1, 1, 2, 1), "i"), 2), TypeError, "indexes"),
        (lambda: F.pad(X.astype("i"), 1, "mean"), TypeError, "kind == f"),
        (lambda: F.pad(X[:0], 1, "maximum"), ValueError, "axis 0 has no elements"),
        (lambda: F.zeta(X, X[:, :2]), ValueError, "do not broadcast"),
        (lambda: F.zoneout(X, X[:, :2]), ValueError, "do not broadcast"),
        (lambda: F.diagonal([[1.0]]), TypeError, "inputs of Diagonal"),
        (lambda: F.moveaxis([1.0], 0, 0), TypeError, "inputs of Moveaxis"),
        (lambda: F.repeat([1.0], 2, 0), TypeError, "inputs of Repeat"),
        (lambda: F.tensordot(X, "X"), TypeError, "inputs of TensorDot"),
        (lambda: F.group_normalization([1.0], 1, X[0], X[0]), TypeError, "GroupNormalization"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises((error, chainer.utils.type_check.InvalidType), match=text):
        call()
