"""`Independent`: axes of a batch become axes of an event."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from chainer_compat import functions as F
from chainer_compat.distribution import Distribution, kl_divergence, register_kl
from chainer_compat.errors import NotSupportedError
from chainer_compat.functions._boundary import function
from chainer_compat.utils.cache import cached_property

__all__ = ["Independent"]


@function("BlockDiagonal")
def _block_diagonal(blocks: Tensor) -> Tensor:
    """Puts matrices of shape ``(..., m, d, d)`` on the diagonals of others: ``(..., m d, m d)``."""
    *batch, count, size, _ = blocks.shape
    spread = torch.diag_embed(blocks.movedim(-3, -1), dim1=-4, dim2=-2)
    return spread.reshape(*batch, count * size, count * size)


class Independent(Distribution):
    """A distribution whose last axes of the batch are taken for axes of the event.

    Probabilities of independent values are multiplied, logarithms and entropies are added.

    Args:
        distribution: The distribution.
        reinterpreted_batch_ndims: How many axes; all but the first by default.

    Raises:
        ValueError: If the batch has fewer axes.

    Source: Chainer's reference, *chainer.distributions.Independent*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> normal = D.Normal(np.zeros((4, 3), np.float32), np.ones((4, 3), np.float32))
        >>> D.Independent(normal).batch_shape, D.Independent(normal).event_shape
        ((4,), (3,))
    """

    def __init__(
        self, distribution: Distribution, reinterpreted_batch_ndims: int | None = None
    ) -> None:
        shape = distribution.batch_shape
        if reinterpreted_batch_ndims is None:
            reinterpreted_batch_ndims = max(0, len(shape) - 1)
        elif reinterpreted_batch_ndims > len(shape):
            raise ValueError(
                f"the batch has {len(shape)} axes; {reinterpreted_batch_ndims} cannot be taken as "
                "reinterpreted_batch_ndims"
            )
        self._distribution = distribution
        self._ndims = reinterpreted_batch_ndims
        kept = len(shape) - reinterpreted_batch_ndims
        self._batch_shape = shape[:kept]
        self._event_shape = shape[kept:] + distribution.event_shape

    @property
    def distribution(self) -> Distribution:
        """The distribution that it was made of."""
        return self._distribution

    @property
    def reinterpreted_batch_ndims(self) -> int:
        """How many axes of the batch were taken."""
        return self._ndims

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self._batch_shape

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self._event_shape

    @property
    def params(self) -> dict[str, Any]:
        return self.distribution.params

    @property
    def support(self) -> str:
        return self.distribution.support

    @property
    def xp(self) -> Any:
        return self.distribution.xp

    @cached_property
    def covariance(self) -> Any:
        """The covariance matrices of flattened events, with those of the parts on the diagonals."""
        size = math.prod(self.distribution.event_shape)
        count = math.prod(self.event_shape) // size if size else 0
        shape = (*self.batch_shape, count, size, size)
        return _block_diagonal(F.reshape(self.distribution.covariance, shape))

    @property
    def mean(self) -> Any:
        return self.distribution.mean

    @property
    def mode(self) -> Any:
        return self.distribution.mode

    @property
    def stddev(self) -> Any:
        return self.distribution.stddev

    @property
    def variance(self) -> Any:
        return self.distribution.variance

    def _over_events(self, reduction: Callable[..., Any], value: Any) -> Any:
        return reduction(value, axis=tuple(range(-self._ndims, 0)))

    @property
    def entropy(self) -> Any:
        return self._over_events(F.sum, self.distribution.entropy)

    def cdf(self, x: Any) -> Any:
        return self._over_events(F.prod, self.distribution.cdf(x))

    def icdf(self, x: Any) -> Any:
        """Raises: there is no inverse of a function of several numbers.

        Args:
            x: Anything.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(
            "the cumulative function of several numbers has no inverse; use "
            "`distribution.icdf` for each of them"
        )

    def log_cdf(self, x: Any) -> Any:
        return self._over_events(F.sum, self.distribution.log_cdf(x))

    def log_prob(self, x: Any) -> Any:
        return self._over_events(F.sum, self.distribution.log_prob(x))

    def log_survival_function(self, x: Any) -> Any:
        return self._over_events(F.sum, self.distribution.log_survival_function(x))

    def perplexity(self, x: Any) -> Any:
        return self._over_events(F.prod, self.distribution.perplexity(x))

    def prob(self, x: Any) -> Any:
        return self._over_events(F.prod, self.distribution.prob(x))

    def survival_function(self, x: Any) -> Any:
        return self._over_events(F.prod, self.distribution.survival_function(x))

    def sample_n(self, n: int) -> Any:
        return self.distribution.sample_n(n)


@register_kl(Independent, Independent)
def _kl_of_independents(p: Independent, q: Independent) -> Any:
    if p.event_shape != q.event_shape:
        raise ValueError(f"the events differ in shape: {p.event_shape} and {q.event_shape}")
    inner = len(p.distribution.event_shape)
    if p.distribution.event_shape != q.distribution.event_shape:
        raise NotSupportedError(
            "the divergence of Independents whose own distributions have events of different "
            f"shapes, {p.distribution.event_shape} and {q.distribution.event_shape}, is not known"
        )
    axes = tuple(range(inner - len(p.event_shape), 0))
    return F.sum(kl_divergence(p.distribution, q.distribution), axis=axes)
