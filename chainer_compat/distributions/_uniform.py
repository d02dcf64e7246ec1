"""`Uniform`."""

from __future__ import annotations

import math
from typing import Any

from chainer_compat import functions as F
from chainer_compat._variable import Variable, as_variable
from chainer_compat.distribution import register_kl
from chainer_compat.distributions import _sampling
from chainer_compat.distributions._parameters import Parametric, tensor_of, where
from chainer_compat.utils.cache import cached_property

__all__ = ["Uniform"]


class Uniform(Parametric):
    """Uniform distributions, ``p(x) = 1 / (high - low)`` from ``low`` to ``high``.

    They are given by ``low`` and ``high``, or by ``loc`` and ``scale``, of one dtype of floating
    point. The shape of the first of them is that of the batch.

    Args:
        low: The least values, a variable or array.
        high: The greatest values.
        loc: The least values.
        scale: The distances from the least to the greatest values.

    Raises:
        ValueError: If neither pair is complete, or both are.

    Source: Chainer's reference, *chainer.distributions.Uniform*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Uniform(low=np.zeros(1, np.float32), high=np.ones(1, np.float32)).mean
        variable([0.5])
    """

    support = "[low, high]"

    def __init__(
        self, *, low: Any = None, high: Any = None, loc: Any = None, scale: Any = None
    ) -> None:
        by_bounds = low is not None and high is not None
        by_scale = loc is not None and scale is not None
        if by_bounds == by_scale:
            raise ValueError("give one of `low, high` and `loc, scale`, and not both")
        self._names = ("low", "high") if by_bounds else ("loc", "scale")
        self._given = {"low": low, "high": high} if by_bounds else {"loc": loc, "scale": scale}

    @cached_property
    def low(self) -> Any:
        """The least values."""
        return as_variable(self._given["low"]) if "low" in self._given else self.loc

    @cached_property
    def high(self) -> Any:
        """The greatest values."""
        return as_variable(self._given["high"]) if "high" in self._given else self.loc + self.scale

    @cached_property
    def loc(self) -> Any:
        """The least values."""
        return as_variable(self._given["loc"]) if "loc" in self._given else self.low

    @cached_property
    def scale(self) -> Any:
        """The distances from the least to the greatest values."""
        return as_variable(self._given["scale"]) if "scale" in self._given else self.high - self.low

    @cached_property
    def mean(self) -> Any:
        return (self.low + self.high) * 0.5

    @cached_property
    def stddev(self) -> Any:
        return F.sqrt(self.variance)

    @cached_property
    def variance(self) -> Any:
        return self.scale**2 / 12

    @cached_property
    def entropy(self) -> Any:
        return F.log(self.scale)

    def log_prob(self, x: Any) -> Any:
        x = x if isinstance(x, Variable) else Variable(x)
        density = F.broadcast_to(-self.entropy, x.shape)
        value = tensor_of(x)
        inside = (value >= tensor_of(self.low)) & (value <= tensor_of(self.high))
        return where(inside, density, -math.inf)

    def cdf(self, x: Any) -> Any:
        return F.clip((x - self.loc) / self.scale, 0.0, 1.0)

    def icdf(self, x: Any) -> Any:
        return x * self.scale + self.loc

    def sample_n(self, n: int) -> Any:
        return self.icdf(_sampling.draw_standard("uniform", n, self.low))


@register_kl(Uniform, Uniform)
def _kl_of_uniforms(p: Uniform, q: Uniform) -> Any:
    reaches = (tensor_of(p.low) >= tensor_of(q.low)) & (tensor_of(p.high) <= tensor_of(q.high))
    return where(reaches, F.log(q.high - q.low) - F.log(p.high - p.low), math.inf)
