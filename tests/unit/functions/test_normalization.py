"""Batch normalization: the running statistics, however torch moves them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((4, 3, 2)).astype(np.float32)
GAMMA, BETA = RANDOM.uniform(0.5, 1.5, (2, 3)).astype(np.float32)


def expected(x: Any, count: int) -> tuple[Any, Any]:
    mean, var = x.mean((0, 2)), x.var((0, 2)) * count / max(count - 1, 1)
    return 0.2 * mean, 0.8 + 0.2 * var


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_running_statistics_move_in_place_in_their_own_dtype(dtype: Any) -> None:
    mean, var = np.zeros(3, dtype), np.ones(3, dtype)

    F.batch_normalization(X, GAMMA, BETA, running_mean=mean, running_var=var, decay=0.8)

    for found, wanted in zip((mean, var), expected(X, 8), strict=True):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


def test_one_of_the_two_may_move_alone() -> None:
    mean = np.zeros(3, np.float32)

    F.batch_normalization(X, GAMMA, BETA, running_mean=mean, decay=0.8)

    np.testing.assert_allclose(mean, expected(X, 8)[0], rtol=1e-5, atol=1e-7)


def test_a_batch_of_one_element_has_no_infinite_variance() -> None:
    mean, var = np.zeros(3, np.float32), np.ones(3, np.float32)

    F.batch_normalization(X[:1, :, 0], GAMMA, BETA, running_mean=mean, running_var=var, decay=0.8)

    np.testing.assert_allclose(var, 0.8, rtol=1e-6)


def test_statistics_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="have 2 elements; the batch has 3 channels"):
        F.batch_normalization(
            X, GAMMA, BETA, running_mean=np.zeros(2, "f"), running_var=np.zeros(2, "f")
        )


def test_a_graph_that_is_held_survives_their_move() -> None:
    mean, var = torch.zeros(3), torch.ones(3)
    gamma = chainer.Variable(GAMMA)
    held = F.sum(F.fixed_batch_normalization(X, gamma, BETA, mean, var) ** 2)

    F.batch_normalization(X, gamma, BETA, running_mean=mean, running_var=var)
    held.backward()

    assert bool((mean != 0).all())
    assert np.isfinite(gamma.grad).all()


def test_the_way_for_channels_gives_what_the_way_for_all_shapes_gives() -> None:
    moved = np.moveaxis(X, 1, 2)
    mean, var = np.zeros((2, 3), np.float32)
    running = {"running_mean": mean, "running_var": var}

    by_channel = F.batch_normalization(X, GAMMA, BETA, eps=1e-3)
    by_axis = F.batch_normalization(moved, GAMMA, BETA, eps=1e-3, axis=(0, 1), **running)

    np.testing.assert_allclose(np.moveaxis(by_axis.array, 2, 1), by_channel.array, rtol=1e-5)
    np.testing.assert_allclose(mean, 0.1 * X.mean((0, 2)), rtol=1e-5, atol=1e-7)


def test_the_response_of_neighbours_has_both_derivatives() -> None:
    x = torch.linspace(-2, 3, 2 * 7 * 3, dtype=torch.float64).view(2, 7, 3).requires_grad_()

    def body(x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = F.local_response_normalization.body(x, 5, 2.0, 0.3, 0.75)
        return y

    assert torch.autograd.gradcheck(body, (x,))
    assert torch.autograd.gradgradcheck(body, (x,))
