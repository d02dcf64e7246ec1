"""Normal and log-normal distributions."""

from __future__ import annotations

import math
from typing import Any

from chainer_compat import functions as F
from chainer_compat._variable import as_variable
from chainer_compat.distribution import register_kl
from chainer_compat.distributions import _sampling
from chainer_compat.distributions._parameters import Parametric, expect_one, parameter
from chainer_compat.utils.cache import cached_property

__all__ = ["LogNormal", "Normal"]

# log(sqrt(2 pi)): minus the logarithm of the standard normal density at 0.
_LOG_NORMALIZER = 0.5 * math.log(2 * math.pi)


class Normal(Parametric):
    """Normal distributions, ``p(x) = exp(-((x - loc) / scale) ** 2 / 2) / (sqrt(2 pi) scale)``.

    Args:
        loc: The means, a variable or array of floating point; its shape is that of the batch.
        scale: The standard deviations, of the same dtype.
        log_scale: Their logarithms instead.

    Raises:
        ValueError: If none of ``scale`` and ``log_scale`` is given, or both.

    Source: Chainer's reference, *chainer.distributions.Normal*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Normal(np.zeros(1, np.float32), np.ones(1, np.float32)).cdf(np.zeros(1, np.float32))
        variable([0.5])
    """

    support = "real"
    _names = ("loc", "scale")

    def __init__(self, loc: Any, scale: Any = None, *, log_scale: Any = None) -> None:
        expect_one(scale=scale, log_scale=log_scale)
        self._given = {"loc": loc, "scale": scale, "log_scale": log_scale}

    loc = parameter("loc", "The means.")

    @cached_property
    def scale(self) -> Any:
        """The standard deviations."""
        given = self._given["scale"]
        return F.exp(self.log_scale) if given is None else as_variable(given)

    @cached_property
    def log_scale(self) -> Any:
        """The logarithms of the standard deviations."""
        given = self._given["log_scale"]
        return F.log(self.scale) if given is None else as_variable(given)

    @cached_property
    def mean(self) -> Any:
        return self.loc

    @cached_property
    def stddev(self) -> Any:
        return self.scale

    @cached_property
    def variance(self) -> Any:
        return self.scale**2

    @cached_property
    def entropy(self) -> Any:
        return self.log_scale + (_LOG_NORMALIZER + 0.5)

    def _standardized(self, x: Any) -> Any:
        return (x - self.loc) / self.scale

    def log_prob(self, x: Any) -> Any:
        return self._standardized(x) ** 2 * -0.5 - self.log_scale - _LOG_NORMALIZER

    def prob(self, x: Any) -> Any:
        density = F.exp(self._standardized(x) ** 2 * -0.5)
        return density / (self.scale * math.sqrt(2 * math.pi))

    def cdf(self, x: Any) -> Any:
        return F.ndtr(self._standardized(x))

    def log_cdf(self, x: Any) -> Any:
        return F.log_ndtr(self._standardized(x))

    def survival_function(self, x: Any) -> Any:
        return F.ndtr(-self._standardized(x))

    def log_survival_function(self, x: Any) -> Any:
        return F.log_ndtr(-self._standardized(x))

    def icdf(self, x: Any) -> Any:
        return self.scale * F.ndtri(x) + self.loc

    def sample_n(self, n: int) -> Any:
        noise = _sampling.draw_standard("standard_normal", n, self.loc)
        return self.scale * noise + self.loc


@register_kl(Normal, Normal)
def _kl_of_normals(p: Normal, q: Normal) -> Any:
    ratio = p.variance / q.variance
    distance = ((p.loc - q.loc) / q.scale) ** 2
    return q.log_scale - p.log_scale + (ratio + distance - 1) * 0.5


class LogNormal(Parametric):
    """Distributions of ``exp(y)`` with ``y`` from normal distributions.

    Args:
        mu: The means of ``y``, a variable or array of floating point; its shape is that of the
            batch.
        sigma: The standard deviations of ``y``, of the same dtype.

    Source: Chainer's reference, *chainer.distributions.LogNormal*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.LogNormal(np.zeros(1, np.float32), np.ones(1, np.float32)).mean
        variable([1.6487212])
    """

    support = "positive"
    _names = ("mu", "sigma")

    def __init__(self, mu: Any, sigma: Any) -> None:
        self._given = {"mu": mu, "sigma": sigma}

    mu = parameter("mu", "The means of the logarithm.")
    sigma = parameter("sigma", "The standard deviations of the logarithm.")

    @cached_property
    def _log_sigma(self) -> Any:
        return F.log(self.sigma)

    @cached_property
    def mean(self) -> Any:
        return F.exp(self.sigma**2 * 0.5 + self.mu)

    @cached_property
    def variance(self) -> Any:
        return F.expm1(self.sigma**2) * F.exp(self.sigma**2 + self.mu * 2)

    @cached_property
    def entropy(self) -> Any:
        return self.mu + self._log_sigma + (_LOG_NORMALIZER + 0.5)

    def log_prob(self, x: Any) -> Any:
        log_x = F.log(x)
        squared = ((log_x - self.mu) / self.sigma) ** 2
        return squared * -0.5 - log_x - self._log_sigma - _LOG_NORMALIZER

    def sample_n(self, n: int) -> Any:
        noise = _sampling.draw_standard("standard_normal", n, self.mu)
        return F.exp(self.sigma * noise + self.mu)


@register_kl(LogNormal, LogNormal)
def _kl_of_log_normals(p: LogNormal, q: LogNormal) -> Any:
    ratio = (p.sigma / q.sigma) ** 2
    distance = ((p.mu - q.mu) / q.sigma) ** 2
    return q._log_sigma - p._log_sigma + (ratio + distance - 1) * 0.5
