"""Distributions of shares of a whole: beta, Dirichlet."""

from __future__ import annotations

import math
from typing import Any

from chainer_compat import functions as F
from chainer_compat._variable import Variable, as_variable
from chainer_compat.distribution import register_kl
from chainer_compat.distributions import _sampling
from chainer_compat.distributions._parameters import Parametric, parameter, tensor_of, where
from chainer_compat.utils.cache import cached_property

__all__ = ["Beta", "Dirichlet"]


class Beta(Parametric):
    """Beta distributions, ``p(x) = x ** (a - 1) (1 - x) ** (b - 1) / B(a, b)`` in [0, 1].

    Samples cannot be differentiated.

    Args:
        a: The weights of 1, a variable or array of floating point; its shape is that of the batch.
        b: The weights of 0, of the same dtype.

    Source: Chainer's reference, *chainer.distributions.Beta*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Beta(np.array([1.0], np.float32), np.array([3.0], np.float32)).mean
        variable([0.25])
    """

    support = "[0, 1]"
    _names = ("a", "b")

    def __init__(self, a: Any, b: Any) -> None:
        self._given = {"a": a, "b": b}

    a = parameter("a", "The weights of 1.")
    b = parameter("b", "The weights of 0.")

    @cached_property
    def _total(self) -> Any:
        return self.a + self.b

    @cached_property
    def _log_normalizer(self) -> Any:
        return F.lgamma(self.a) + F.lgamma(self.b) - F.lgamma(self._total)

    @cached_property
    def mean(self) -> Any:
        return self.a / self._total

    @cached_property
    def variance(self) -> Any:
        return self.a * self.b / (self._total**2 * (self._total + 1))

    @cached_property
    def entropy(self) -> Any:
        return (
            self._log_normalizer
            + (self._total - 2) * F.digamma(self._total)
            - (self.a - 1) * F.digamma(self.a)
            - (self.b - 1) * F.digamma(self.b)
        )

    def log_prob(self, x: Any) -> Any:
        x = as_variable(x)
        weighted = (self.a - 1) * F.log(x) + (self.b - 1) * F.log(1 - x)
        value = tensor_of(x)
        return where((value >= 0) & (value <= 1), weighted - self._log_normalizer, -math.inf)

    def sample_n(self, n: int) -> Any:
        a = self.a
        return Variable(_sampling.draw("beta", n, a.shape, a.tensor.dtype, a, self.b))


@register_kl(Beta, Beta)
def _kl_of_betas(p: Beta, q: Beta) -> Any:
    return (
        q._log_normalizer
        - p._log_normalizer
        + (p.a - q.a) * F.digamma(p.a)
        + (p.b - q.b) * F.digamma(p.b)
        + (q._total - p._total) * F.digamma(p._total)
    )


class Dirichlet(Parametric):
    """Dirichlet distributions: of ``K`` shares of 1, ``p(x) = prod(x ** (alpha - 1)) / B(alpha)``.

    Samples cannot be differentiated.

    Args:
        alpha: The weights of the shares, a variable or array of floating point, of shape
            ``batch_shape + (K,)``.

    Source: Chainer's reference, *chainer.distributions.Dirichlet*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Dirichlet(np.array([1.0, 3.0], np.float32)).mean
        variable([0.25, 0.75])
    """

    support = "[0, 1]"
    _names = ("alpha",)
    _event_ndim = 1

    def __init__(self, alpha: Any) -> None:
        self._given = {"alpha": alpha}

    alpha = parameter("alpha", "The weights of the shares.")

    @cached_property
    def alpha0(self) -> Any:
        """The sums of the weights."""
        return F.sum(self.alpha, axis=-1)

    @cached_property
    def _total(self) -> Any:
        return F.expand_dims(self.alpha0, axis=-1)

    @cached_property
    def _log_normalizer(self) -> Any:
        return F.sum(F.lgamma(self.alpha), axis=-1) - F.lgamma(self.alpha0)

    @cached_property
    def mean(self) -> Any:
        return self.alpha / self._total

    @cached_property
    def variance(self) -> Any:
        return self.mean * (1 - self.mean) / (self._total + 1)

    @cached_property
    def entropy(self) -> Any:
        weighted = F.sum((self.alpha - 1) * F.digamma(self.alpha), axis=-1)
        excess = self.alpha0 - self.event_shape[0]
        return self._log_normalizer + excess * F.digamma(self.alpha0) - weighted

    def log_prob(self, x: Any) -> Any:
        return F.sum((self.alpha - 1) * F.log(x), axis=-1) - self._log_normalizer

    def sample_n(self, n: int) -> Any:
        return Variable(_sampling.proportions(n, self.alpha))


@register_kl(Dirichlet, Dirichlet)
def _kl_of_dirichlets(p: Dirichlet, q: Dirichlet) -> Any:
    expected = F.digamma(p.alpha) - F.digamma(p._total)
    difference = F.sum((p.alpha - q.alpha) * expected, axis=-1)
    return q._log_normalizer - p._log_normalizer + difference
