"""Distributions that are moved by `loc` and stretched by `scale`: Cauchy, Gumbel, Laplace."""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch
from torch import Tensor

from chainer_compat import functions as F
from chainer_compat._variable import as_variable
from chainer_compat.distribution import register_kl
from chainer_compat.distributions import _sampling
from chainer_compat.distributions._parameters import Parametric, parameter
from chainer_compat.functions._boundary import function
from chainer_compat.utils.cache import cached_property

__all__ = ["Cauchy", "Gumbel", "Laplace"]

_EULER = 0.5772156649015329


class _LocationScale(Parametric):
    """``loc + scale * noise``, with noise that has no parameters.

    Args:
        loc: Where the noise is put; its shape is that of the batch.
        scale: How wide it is.
    """

    # NumPy's name of the noise, and a dtype to which its numbers are rounded before.
    _noise: tuple[str, torch.dtype | None]

    support = "real"
    _names = ("loc", "scale")

    def __init__(self, loc: Any, scale: Any) -> None:
        self._given = {"loc": loc, "scale": scale}

    loc = parameter("loc", "Where the distributions are.")
    scale = parameter("scale", "How wide they are.")

    @cached_property
    def _log_scale(self) -> Any:
        return F.log(self.scale)

    def _standardized(self, x: Any) -> Any:
        return (x - self.loc) / self.scale

    def sample_n(self, n: int) -> Any:
        name, dtype = self._noise
        return self.scale * _sampling.draw_standard(name, n, self.loc, dtype) + self.loc


class Cauchy(_LocationScale):
    """Cauchy distributions, ``p(x) = scale / (pi ((x - loc) ** 2 + scale ** 2))``.

    They have no mean and no variance: these are NaN, with a :class:`RuntimeWarning`.

    Args:
        loc: The medians, a variable or array of floating point; its shape is that of the batch.
        scale: Half the distance of the quartiles, of the same dtype.

    Source: Chainer's reference, *chainer.distributions.Cauchy*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Cauchy(np.zeros(1, np.float32), np.ones(1, np.float32)).cdf(np.ones(1, np.float32))
        variable([0.75])
    """

    _noise = ("standard_cauchy", None)

    def _undefined(self, what: str) -> Any:
        warnings.warn(
            f"the {what} of a Cauchy distribution is undefined", RuntimeWarning, stacklevel=4
        )
        return as_variable(torch.full_like(self.loc.tensor, math.nan, requires_grad=False))

    @cached_property
    def mean(self) -> Any:
        return self._undefined("mean")

    @cached_property
    def variance(self) -> Any:
        return self._undefined("variance")

    @cached_property
    def entropy(self) -> Any:
        return self._log_scale + math.log(4 * math.pi)

    def log_prob(self, x: Any) -> Any:
        spread = (x - self.loc) ** 2 + self.scale**2
        return self._log_scale - F.log(spread) - math.log(math.pi)

    def cdf(self, x: Any) -> Any:
        return F.arctan(self._standardized(x)) / math.pi + 0.5

    def icdf(self, x: Any) -> Any:
        p: Any = as_variable(x)
        return self.scale * F.tan((p - 0.5) * math.pi) + self.loc


class Gumbel(_LocationScale):
    """Gumbel distributions, ``p(x) = exp(-y - exp(-y)) / scale`` with ``y = (x - loc) / scale``.

    Args:
        loc: The modes, a variable or array of floating point; its shape is that of the batch.
        scale: How wide they are, of the same dtype.

    Source: Chainer's reference, *chainer.distributions.Gumbel*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Gumbel(np.zeros(1, np.float32), np.ones(1, np.float32)).mean
        variable([0.5772157])
    """

    _noise = ("gumbel", None)

    @cached_property
    def mean(self) -> Any:
        return self.scale * _EULER + self.loc

    @cached_property
    def variance(self) -> Any:
        return self.scale**2 * (math.pi**2 / 6)

    @cached_property
    def entropy(self) -> Any:
        return self._log_scale + (_EULER + 1)

    def log_prob(self, x: Any) -> Any:
        y = self._standardized(x)
        return -(y + F.exp(-y) + self._log_scale)


@register_kl(Gumbel, Gumbel)
def _kl_of_gumbels(p: Gumbel, q: Gumbel) -> Any:
    ratio = p.scale / q.scale
    shift = (p.loc - q.loc) / q.scale
    tail = F.exp(F.lgamma(ratio + 1) - shift)
    return q._log_scale - p._log_scale + (ratio - 1) * _EULER + shift + tail - 1


# At the kink both branches have the same slope. Each is kept from the other's side, where it could
# be infinite; not by clamp(), the slope of whose bounds depends on torch's version.


@function("LaplaceCDF")
def _standard_cdf(x: Tensor) -> Tensor:
    low = x < 0
    below = 0.5 * torch.exp(torch.where(low, x, 0.0))
    above = 1 - 0.5 * torch.exp(-torch.where(low, 0.0, x))
    return torch.where(low, below, above)


@function("LaplaceICDF")
def _standard_icdf(x: Tensor) -> Tensor:
    low = x < 0.5
    below = torch.log(2 * torch.where(low, x, 0.5))
    above = -torch.log(2 * (1 - torch.where(low, 0.5, x)))
    return torch.where(low, below, above)


class Laplace(_LocationScale):
    """Laplace distributions, ``p(x) = exp(-abs(x - loc) / scale) / (2 scale)``.

    Args:
        loc: The means, a variable or array of floating point; its shape is that of the batch.
        scale: How wide they are, of the same dtype.

    Source: Chainer's reference, *chainer.distributions.Laplace*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Laplace(np.zeros(1, np.float32), np.ones(1, np.float32)).prob(np.zeros(1, np.float32))
        variable([0.5])
    """

    _noise = ("laplace", torch.float32)  # Chainer's noise is of single precision in any case

    @cached_property
    def mean(self) -> Any:
        return self.loc

    @cached_property
    def mode(self) -> Any:
        return self.loc

    @cached_property
    def stddev(self) -> Any:
        return self.scale * math.sqrt(2)

    @cached_property
    def variance(self) -> Any:
        return self.scale**2 * 2

    @cached_property
    def entropy(self) -> Any:
        return self._log_scale + (math.log(2) + 1)

    def log_prob(self, x: Any) -> Any:
        return -(abs(self._standardized(x)) + self._log_scale + math.log(2))

    def prob(self, x: Any) -> Any:
        return F.exp(-abs(self._standardized(x))) / (self.scale * 2)

    def cdf(self, x: Any) -> Any:
        return _standard_cdf(self._standardized(x))

    def icdf(self, x: Any) -> Any:
        return self.scale * _standard_icdf(x) + self.loc


@register_kl(Laplace, Laplace)
def _kl_of_laplaces(p: Laplace, q: Laplace) -> Any:
    distance = abs(p.loc - q.loc)
    overlap = F.exp(-distance / p.scale) * p.scale
    return q._log_scale - p._log_scale + (distance + overlap) / q.scale - 1
