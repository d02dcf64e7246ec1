"""Distributions of positive numbers: chi-square, exponential, gamma, Pareto."""

from __future__ import annotations

import math
from typing import Any

from chainer_compat import functions as F
from chainer_compat._variable import Variable, as_variable
from chainer_compat.distribution import register_kl
from chainer_compat.distributions import _sampling
from chainer_compat.distributions._parameters import Parametric, parameter, tensor_of, where
from chainer_compat.utils.cache import cached_property

__all__ = ["Chisquare", "Exponential", "Gamma", "Pareto"]


class Chisquare(Parametric):
    """Chi-square distributions: of the sum of ``k`` squared standard normal numbers.

    Samples cannot be differentiated.

    Args:
        k: The degrees of freedom, a variable or array of floating point; its shape is that of the
            batch.

    Source: Chainer's reference, *chainer.distributions.Chisquare*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Chisquare(np.array([2.0], np.float32)).log_prob(np.zeros(1, np.float32) + 2)
        variable([-1.6931472])
    """

    support = "positive"
    _names = ("k",)

    def __init__(self, k: Any) -> None:
        self._given = {"k": k}

    k = parameter("k", "The degrees of freedom.")

    @cached_property
    def _half_k(self) -> Any:
        return self.k * 0.5

    @cached_property
    def mean(self) -> Any:
        return self.k

    @cached_property
    def variance(self) -> Any:
        return self.k * 2

    @cached_property
    def entropy(self) -> Any:
        half = self._half_k
        return half + F.lgamma(half) + (1 - half) * F.digamma(half) + math.log(2)

    def log_prob(self, x: Any) -> Any:
        half = self._half_k
        return (half - 1) * F.log(x) - half * math.log(2) - F.lgamma(half) - x * 0.5

    def sample_n(self, n: int) -> Any:
        k = self.k
        return Variable(_sampling.draw("chisquare", n, k.shape, k.tensor.dtype, k))


class Exponential(Parametric):
    """Exponential distributions, ``p(x) = lam exp(-lam x)``.

    Args:
        lam: The rates, a variable or array of floating point; its shape is that of the batch.

    Source: Chainer's reference, *chainer.distributions.Exponential*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Exponential(np.array([2.0], np.float32)).mean
        variable([0.5])
    """

    support = "positive"
    _names = ("lam",)

    def __init__(self, lam: Any) -> None:
        self._given = {"lam": lam}

    lam = parameter("lam", "The rates.")

    @cached_property
    def _log_lam(self) -> Any:
        return F.log(self.lam)

    @cached_property
    def mean(self) -> Any:
        return 1 / self.lam

    @cached_property
    def variance(self) -> Any:
        return self.mean**2

    @cached_property
    def entropy(self) -> Any:
        return 1 - self._log_lam

    def log_prob(self, x: Any) -> Any:
        return where(tensor_of(x) >= 0, self._log_lam - self.lam * x, -math.inf)

    def cdf(self, x: Any) -> Any:
        return -F.expm1(-self.lam * x)

    def icdf(self, x: Any) -> Any:
        p: Any = as_variable(x)
        return -F.log1p(-p) / self.lam

    def sample_n(self, n: int) -> Any:
        noise: Any = as_variable(_sampling.draw_standard("standard_exponential", n, self.lam))
        return noise / self.lam


@register_kl(Exponential, Exponential)
def _kl_of_exponentials(p: Exponential, q: Exponential) -> Any:
    return p._log_lam - q._log_lam + q.lam / p.lam - 1


class Gamma(Parametric):
    """Gamma distributions, ``p(x) = x ** (k - 1) exp(-x / theta) / (gamma(k) theta ** k)``.

    Samples can be differentiated by ``theta`` only.

    Args:
        k: The shapes of the densities, a variable or array of floating point; its own shape is that
            of the batch.
        theta: The scales, of the same dtype.

    Source: Chainer's reference, *chainer.distributions.Gamma*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Gamma(np.array([2.0], np.float32), np.array([3.0], np.float32)).variance
        variable([18.])
    """

    support = "positive"
    _names = ("k", "theta")

    def __init__(self, k: Any, theta: Any) -> None:
        self._given = {"k": k, "theta": theta}

    k = parameter("k", "The shapes of the densities.")
    theta = parameter("theta", "The scales.")

    @cached_property
    def mean(self) -> Any:
        return self.k * self.theta

    @cached_property
    def variance(self) -> Any:
        return self.mean * self.theta

    @cached_property
    def entropy(self) -> Any:
        k = self.k
        return k + F.log(self.theta) + F.lgamma(k) + (1 - k) * F.digamma(k)

    def log_prob(self, x: Any) -> Any:
        k, theta = self.k, self.theta
        density = (k - 1) * F.log(x) - x / theta - k * F.log(theta) - F.lgamma(k)
        return where(tensor_of(x) >= 0, density, -math.inf)

    def sample_n(self, n: int) -> Any:
        k = self.k
        noise = _sampling.draw("gamma", n, k.shape, k.tensor.dtype, k)
        theta: Any = F.broadcast_to(self.theta, tuple(noise.shape))
        return theta * noise


@register_kl(Gamma, Gamma)
def _kl_of_gammas(p: Gamma, q: Gamma) -> Any:
    return (
        (p.k - q.k) * F.digamma(p.k)
        - F.lgamma(p.k)
        + F.lgamma(q.k)
        + q.k * (F.log(q.theta) - F.log(p.theta))
        + p.k * (p.theta / q.theta - 1)
    )


class Pareto(Parametric):
    """Pareto distributions, ``p(x) = alpha scale ** alpha / x ** (alpha + 1)`` from ``scale`` on.

    Samples can be differentiated by ``scale`` only.

    Args:
        scale: The least values, a variable or array of floating point; its shape is that of the
            batch.
        alpha: How fast the densities fall, of the same dtype.

    Source: Chainer's reference, *chainer.distributions.Pareto*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Pareto(np.array([1.0, 1.0], np.float32), np.array([1.0, 2.0], np.float32)).mean
        variable([inf,  2.])
    """

    support = "[scale, inf]"
    _names = ("scale", "alpha")

    def __init__(self, scale: Any, alpha: Any) -> None:
        self._given = {"scale": scale, "alpha": alpha}

    scale = parameter("scale", "The least values.")
    alpha = parameter("alpha", "How fast the densities fall.")

    @cached_property
    def _log_scale(self) -> Any:
        return F.log(self.scale)

    @cached_property
    def _log_alpha(self) -> Any:
        return F.log(self.alpha)

    @cached_property
    def mean(self) -> Any:
        finite = self.alpha * self.scale / (self.alpha - 1)
        return where(tensor_of(self.alpha) > 1, finite, math.inf)

    @cached_property
    def variance(self) -> Any:
        finite = self.scale**2 * self.alpha / ((self.alpha - 1) ** 2 * (self.alpha - 2))
        return where(tensor_of(self.alpha) > 2, finite, math.inf)

    @cached_property
    def entropy(self) -> Any:
        return self._log_scale - self._log_alpha + 1 / self.alpha + 1

    def log_prob(self, x: Any) -> Any:
        x = as_variable(x)
        density = self._log_alpha + self.alpha * self._log_scale - (self.alpha + 1) * F.log(x)
        return where(tensor_of(x) >= tensor_of(self.scale), density, -math.inf)

    def sample_n(self, n: int) -> Any:
        alpha = self.alpha
        excess = _sampling.draw("pareto", n, self.batch_shape, alpha.tensor.dtype, alpha)
        return self.scale * (excess + 1)


@register_kl(Pareto, Pareto)
def _kl_of_paretos(p: Pareto, q: Pareto) -> Any:
    finite = (
        q.alpha * (p._log_scale - q._log_scale)
        + p._log_alpha
        - q._log_alpha
        + (q.alpha - p.alpha) / p.alpha
    )
    return where(tensor_of(p.scale) >= tensor_of(q.scale), finite, math.inf)
