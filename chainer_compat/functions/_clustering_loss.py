"""A loss of the vectors that a network gives to pixels (Chainer: *Loss functions*)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError, UnexpectedArrayError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = [
    "DiscriminativeMarginBasedClusteringLoss",
    "discriminative_margin_based_clustering_loss",
]


def _check(embeddings: Tensor, labels: Tensor, *options: Any) -> None:
    _checks.expect_floating(embeddings, "embeddings")
    _checks.expect_ndim(embeddings, "embeddings", 4)
    expected = (embeddings.shape[0], *embeddings.shape[2:])
    if labels.shape != expected:
        fail(
            "labels.shape == (embeddings.shape[0], *embeddings.shape[2:])",
            f"{tuple(labels.shape)} != {expected}",
        )


@function("DiscriminativeMarginBasedClusteringLoss", check=_check)
def _clustering_terms(
    embeddings: Tensor, labels: Tensor, delta_v: float, delta_d: float, norm: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The three terms; here B is the batch, E the size of a vector, P the pixels, C the clusters.

    Chainer compares every pixel with every cluster; a pixel belongs to one at most.
    """
    batch, clusters = embeddings.shape[:2]
    vectors = embeddings.flatten(2)  # B, E, P
    numbers = torch.arange(1, clusters + 1, device=labels.device)
    members = labels.flatten(1).unsqueeze(1) == numbers.unsqueeze(1)  # B, C, P
    weights = members.to(embeddings.dtype)
    counts = members.sum(2)  # B, C
    means = vectors @ weights.mT / counts.clamp(min=1).unsqueeze(1)  # B, E, C
    size = _length(means, (0, 1), norm).sum() / (clusters * batch)
    away = (means @ weights - vectors) * members.any(1, keepdim=True)  # B, E, P
    excess = torch.square(torch.relu(_length(away, (1,), norm) - delta_v))  # B, P
    spread = (weights @ excess.unsqueeze(2)).sum((0, 2))  # C
    variance = (spread / counts.sum(0).clamp(min=1)).sum() / clusters
    first, second = torch.triu_indices(clusters, clusters, 1, device=means.device)
    apart = _length(means[:, :, first] - means[:, :, second], (1,), norm)  # B, pairs
    lacking = torch.square(torch.relu(2 * delta_d - apart)).sum()
    return variance, lacking / max(apart.numel(), 1), size


def _length(x: Tensor, axes: tuple[int, ...], norm: int) -> Tensor:
    if norm == 1:
        return x.abs().sum(axes)
    squared = torch.square(x).sum(axes)
    is_zero = squared == 0
    # The root's slope at 0 is infinite; twice, so that it is neither met in its own slope.
    return torch.where(is_zero, 0.0, torch.where(is_zero, 1.0, squared).sqrt())


class DiscriminativeMarginBasedClusteringLoss:
    """The loss of :func:`discriminative_margin_based_clustering_loss` with its options kept.

    Args:
        delta_v: How far a pixel may be from the mean of its cluster.
        delta_d: Half of how far two means are to be apart.
        max_embedding_dim: The size of a vector, and the number of clusters.
        norm: 1 or 2, for the distance.
        alpha: The factor of the first term.
        beta: The factor of the second term.
        gamma: The factor of the third term.

    Raises:
        ValueError: If ``max_embedding_dim`` is not positive, or ``norm`` is another one.
    """

    def __init__(
        self,
        delta_v: float = 0.5,
        delta_d: float = 1.5,
        max_embedding_dim: int = 10,
        norm: int = 1,
        alpha: float = 1.0,
        beta: float = 1.0,
        gamma: float = 0.001,
    ) -> None:
        if max_embedding_dim <= 0:
            raise InvalidArgumentError(
                f"max_embedding_dim must be positive; got {max_embedding_dim}"
            )
        if norm not in (1, 2):
            raise InvalidArgumentError(f"norm is 1 or 2; got {norm!r}")
        self.delta_v = delta_v
        self.delta_d = delta_d
        self.max_embedding_dim = max_embedding_dim
        self.norm = norm
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma

    def __call__(self, embeddings: Any, labels: Any) -> tuple[Variable, Variable, Variable]:
        """Returns the three terms; see :func:`discriminative_margin_based_clustering_loss`.

        Args:
            embeddings: The vectors of the pixels.
            labels: The clusters of the pixels.
        """
        if embeddings.shape[1] != self.max_embedding_dim:
            raise UnexpectedArrayError(
                f"the vectors have size {embeddings.shape[1]}, and max_embedding_dim is "
                f"{self.max_embedding_dim}; they must be the same"
            )
        variance, distance, size = _clustering_terms(
            embeddings, labels, self.delta_v, self.delta_d, self.norm
        )
        return self.alpha * variance, self.beta * distance, self.gamma * size


def discriminative_margin_based_clustering_loss(
    embeddings: Any,
    labels: Any,
    delta_v: float,
    delta_d: float,
    max_embedding_dim: int,
    norm: int = 1,
    alpha: float = 1.0,
    beta: float = 1.0,
    gamma: float = 0.001,
) -> tuple[Variable, Variable, Variable]:
    """Returns a loss of the vectors of pixels, which gathers those of one instance.

    Pixels are drawn to the mean of their instance until they are within ``delta_v`` of it, and
    the means are pushed apart until each two are ``2 * delta_d`` apart.

    Source: De Brabandere et al., *Semantic Instance Segmentation with a Discriminative Loss
    Function*, 2017.

    Args:
        embeddings: The vectors, of shape ``(B, E, H, W)`` and floating point.
        labels: The instance of each pixel, from 1 to ``max_embedding_dim``, of shape
            ``(B, H, W)``; pixels with other numbers belong to none.
        delta_v: How far a pixel may be from the mean of its instance.
        delta_d: Half of how far two means are to be apart.
        max_embedding_dim: ``E``, which is the number of instances as well.
        norm: 1 or 2: the distance is the sum of the absolute differences, or the Euclidean one.
        alpha: The factor of the first term.
        beta: The factor of the second term.
        gamma: The factor of the third term.

    Returns:
        Three scalar variables of the vectors' dtype: for the pixels' distances from their means,
        for the distances between means, and for the size of the means.

    Raises:
        AssertionError: If the vectors are not of size ``max_embedding_dim``.
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If ``max_embedding_dim`` is not positive, or ``norm`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> vectors = np.array([[[[0, 0, 3]], [[0, 0, 0]]]], np.float32)
        >>> labels = np.array([[[1, 1, 2]]], np.int32)
        >>> F.discriminative_margin_based_clustering_loss(vectors, labels, 0.5, 2, 2)
        (variable(0.), variable(1.), variable(0.0015))
    """
    loss = DiscriminativeMarginBasedClusteringLoss(
        delta_v, delta_d, max_embedding_dim, norm, alpha, beta, gamma
    )
    return loss(embeddings, labels)
