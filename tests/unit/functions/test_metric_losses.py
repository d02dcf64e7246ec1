"""Losses of distances, margins and covariances by known values, and where they do better."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F
from chainer_compat.functions import DiscriminativeMarginBasedClusteringLoss
from chainer_compat.gradient_check import check_backward, check_double_backward
from chainer_compat.utils.type_check import InvalidType

ZEROS = np.zeros((2, 2), np.float32)


def test_alike_are_drawn_together_and_others_pushed_apart() -> None:
    x1 = chainer.Variable(np.array([[3, 4], [0.3, 0.4]], np.float32))
    loss = F.contrastive(ZEROS, x1, np.array([1, 0], np.int32), margin=2)
    loss.backward()
    assert loss.array == pytest.approx((12.5 + 0.5 * 1.5**2) / 2)
    np.testing.assert_allclose(x1.grad, [[1.5, 2], [-0.45, -0.6]], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_pair_without_distance_has_a_finite_gradient_also_twice(dtype: str) -> None:
    x0, x1 = (chainer.Variable(ZEROS.astype(dtype)) for _ in range(2))
    loss = F.contrastive(x0, x1, np.array([1, 0], np.int32))
    assert loss.array == 0.25
    (gx,) = chainer.grad([loss], [x0], enable_double_backprop=True)
    np.testing.assert_array_equal(gx.array, 0)
    (ggx,) = chainer.grad([F.sum(gx)], [x1])
    assert np.isfinite(ggx.array).all()


def test_a_triplet_within_the_margin_has_no_gradient() -> None:
    anchor, far = chainer.Variable(ZEROS), ZEROS + 3
    loss = F.triplet(anchor, ZEROS + 1, far, margin=16.5)
    loss.backward()
    assert loss.array == 0.5
    np.testing.assert_array_equal(anchor.grad, 2.0)
    anchor.cleargrad()
    F.triplet(anchor, ZEROS, far).backward()
    np.testing.assert_array_equal(anchor.grad, 0)
    anchor.cleargrad()
    F.triplet(anchor, ZEROS + 1, ZEROS + 2, margin=6).backward()  # right at the margin
    np.testing.assert_array_equal(anchor.grad, 0)


def test_the_hinge_of_one_class_against_the_rest() -> None:
    x = chainer.Variable(np.array([[2, 0.5], [-1, -3]], np.float32))
    t = np.array([0, -1], np.int32)
    np.testing.assert_array_equal(F.hinge(x, t, reduce="no").array, [[0, 1.5], [0, 4]])
    np.testing.assert_array_equal(F.hinge(x, t, "L2", "no").array, [[0, 2.25], [0, 16]])
    F.hinge(x, t).backward()
    np.testing.assert_array_equal(x.grad, [[0, 0.5], [0, -0.5]])


def test_covariances() -> None:
    x = np.array([[1, 0, 0], [-1, 0, 2]], np.float32)
    covariance = F.cross_covariance(x, x, reduce="no").array
    np.testing.assert_array_equal(covariance, [[1, 0, -1], [0, 0, 0], [-1, 0, 1]])
    assert F.cross_covariance(x, x).array == 2
    np.fill_diagonal(covariance, 0)
    np.testing.assert_array_equal(F.decov(x, reduce="no").array, covariance)
    assert F.decov(x).array == 1


def clusters(batch: int, size: int) -> tuple[Any, Any]:
    random = np.random.RandomState(0)
    vectors = random.uniform(-3, 3, (batch, size, 3, 4))
    return vectors, random.randint(0, size + 1, (batch, 3, 4))


def terms(vectors: Any, labels: Any, norm: int) -> list[float]:
    """The three terms by their definition, one pixel after the other."""
    size, batch = vectors.shape[1], len(vectors)
    chosen = [[v[:, t == c + 1] for v, t in zip(vectors, labels, strict=True)] for c in range(size)]
    means = [[p.mean(1) if p.size else np.zeros(size) for p in row] for row in chosen]
    variance = sum(
        sum(
            max(np.linalg.norm(pixel - mean, norm) - 0.5, 0) ** 2
            for pixels, mean in zip(*rows, strict=True)
            for pixel in pixels.T
        )
        / max(sum(pixels.shape[1] for pixels in rows[0]), 1)
        for rows in zip(chosen, means, strict=True)
    )
    distances = [
        max(3 - np.linalg.norm(means[a][b] - means[c][b], norm), 0) ** 2
        for b in range(batch)
        for a in range(size)
        for c in range(a + 1, size)
    ]
    regularization = sum(np.linalg.norm(np.ravel(mean), norm) for mean in means)
    return [variance / size, np.mean(distances), regularization / size / batch * 0.001]


@pytest.mark.parametrize("batch", [1, 2, 3, 5])
@pytest.mark.parametrize("norm", [1, 2])
def test_any_batch_of_pixels_is_gathered_around_the_means(batch: int, norm: int) -> None:
    vectors, labels = clusters(batch, 3)
    found = F.discriminative_margin_based_clustering_loss(vectors, labels, 0.5, 1.5, 3, norm)
    np.testing.assert_allclose([y.array for y in found], terms(vectors, labels, norm))


@pytest.mark.parametrize("norm", [1, 2])
def test_gradients_of_pixels_are_right_and_finite(norm: int) -> None:
    vectors, labels = clusters(2, 3)
    labels[labels == 2] = 0  # nothing belongs to the second one

    def loss(x: Any) -> Any:
        return F.discriminative_margin_based_clustering_loss(x, labels, 0.5, 1.5, 3, norm, 1, 1, 1)

    seeds = [np.array(v) for v in (0.5, -0.25, 2.0)]
    check_backward(loss, vectors, seeds, eps=1e-6, rtol=1e-5, atol=1e-5)
    check_double_backward(
        loss, vectors, seeds, np.ones_like(vectors), eps=1e-6, rtol=1e-5, atol=1e-5
    )


def test_a_single_cluster_has_nothing_to_be_apart_from() -> None:
    loss = DiscriminativeMarginBasedClusteringLoss(max_embedding_dim=1)
    _, distance, _ = loss(*clusters(2, 1))
    assert isinstance(distance, chainer.Variable)
    assert distance.array == 0


def test_pixels_and_labels_must_fit() -> None:
    vectors, labels = clusters(2, 3)
    with pytest.raises(AssertionError, match="max_embedding_dim is 4"):
        F.discriminative_margin_based_clustering_loss(vectors, labels, 0.5, 1.5, 4)
    with pytest.raises(InvalidType, match="labels"):
        F.discriminative_margin_based_clustering_loss(vectors, labels[:, :1], 0.5, 1.5, 3)
