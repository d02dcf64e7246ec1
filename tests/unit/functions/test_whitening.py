"""Whitening and renormalization where they differ from Chainer, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import Variable, gradient_check

X = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float64)
WEIGHTS = np.random.RandomState(0).uniform(-1, 1, X.shape)


def test_the_gradient_holds_for_equal_eigenvalues() -> None:
    gradient_check.check_backward(
        lambda x: F.decorrelated_batch_normalization(x, groups=1, eps=1e-3), X, WEIGHTS, atol=1e-5
    )


def test_a_fixed_mean_and_projection_have_their_gradients() -> None:
    mean, projection = np.array([[0.5, 1]]), np.array([[[1, 2], [3, 4.0]]])
    gradient_check.check_backward(
        lambda *xs: F.fixed_decorrelated_batch_normalization(*xs, groups=1),
        (X, mean, projection), WEIGHTS, atol=1e-5,
    )  # fmt: skip


def test_half_precision_is_whitened_in_single() -> None:
    y = F.decorrelated_batch_normalization(X.astype(np.float16), groups=1, eps=0.0)
    assert y.dtype == np.float16
    np.testing.assert_allclose(y.array, X * np.sqrt(2), rtol=1e-3)


def test_running_statistics_have_their_shapes() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 1\); the batch's is \(1, 2\)"):
        F.decorrelated_batch_normalization(X, groups=1, running_mean=np.zeros((2, 1)))
    one = np.ones(2)
    with pytest.raises(ValueError, match="3 elements; gamma has 2"):
        F.batch_renormalization(X, one, one, 1, 0, running_mean=np.ones(3), running_var=one)


@pytest.mark.parametrize("shape", [(0, 2), (3, 2, 0), (3, 0)])
def test_a_batch_without_elements(shape: tuple[int, ...]) -> None:
    weights = np.ones(shape[1])
    x = Variable(np.zeros(shape))
    y = F.batch_renormalization(
        x, weights, weights, 1, 0,
        running_mean=weights, running_var=weights, update_statistics=True,
    )  # fmt: skip
    assert y.shape == shape
    np.testing.assert_array_equal(weights, 1)


def test_the_initializers_of_the_running_statistics_are_their_own() -> None:
    link = L.BatchRenormalization(2, initial_avg_mean=3, initial_avg_var=5)
    assert link.avg_mean.tolist() == [3, 3]
    assert link.avg_var.tolist() == [5, 5]
    assert link.axis is None
