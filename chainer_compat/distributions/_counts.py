"""Distributions of whole numbers: geometric, Poisson."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat import functions as F
from chainer_compat._variable import Variable
from chainer_compat.distribution import register_kl
from chainer_compat.distributions import _sampling
from chainer_compat.distributions._parameters import Parametric, parameter, tensor_of
from chainer_compat.utils.cache import cached_property

__all__ = ["Geometric", "Poisson"]


class Geometric(Parametric):
    """Geometric distributions: of the number of the first success, ``P(x) = p (1 - p) ** (x - 1)``.

    Samples cannot be differentiated.

    Args:
        p: The probabilities of success, a variable or array of floating point; its shape is that of
            the batch.

    Source: Chainer's reference, *chainer.distributions.Geometric*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Geometric(np.array([0.5], np.float32)).mean
        variable([2.])
    """

    support = "positive integer"
    _names = ("p",)

    def __init__(self, p: Any) -> None:
        self._given = {"p": p}

    p = parameter("p", "The probabilities of success.")

    @cached_property
    def mean(self) -> Any:
        return 1 / self.p

    @cached_property
    def variance(self) -> Any:
        return (1 - self.p) / self.p**2

    def log_prob(self, x: Any) -> Any:
        return (x - 1) * F.log(1 - self.p) + F.log(self.p)

    def sample_n(self, n: int) -> Any:
        p = self.p
        return Variable(_sampling.draw("geometric", n, p.shape, p.tensor.dtype, p))


@register_kl(Geometric, Geometric)
def _kl_of_geometrics(p: Geometric, q: Geometric) -> Any:
    failures = F.log(1 - p.p) - F.log(1 - q.p)
    return (1 / p.p - 1) * failures + F.log(p.p) - F.log(q.p)


class Poisson(Parametric):
    """Poisson distributions, ``P(x) = lam ** x exp(-lam) / x!``.

    Samples cannot be differentiated; they are of float32, whatever the dtype of ``lam``.

    Args:
        lam: The means, a variable or array of floating point; its shape is that of the batch.

    Source: Chainer's reference, *chainer.distributions.Poisson*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.Poisson(np.array([1.0], np.float32)).log_prob(np.array([2], np.int32))
        variable([-1.6931472])
    """

    support = "non negative integer"
    _names = ("lam",)

    def __init__(self, lam: Any) -> None:
        self._given = {"lam": lam}

    lam = parameter("lam", "The means.")

    @cached_property
    def _log_lam(self) -> Any:
        return F.log(self.lam)

    @cached_property
    def mean(self) -> Any:
        return self.lam

    @cached_property
    def variance(self) -> Any:
        return self.lam

    def log_prob(self, x: Any) -> Any:
        lam = self.lam
        count = tensor_of(x).to(lam.tensor.device, lam.tensor.dtype)
        return self._log_lam * count - F.lgamma(count + 1) - lam

    def sample_n(self, n: int) -> Any:
        return Variable(_sampling.draw("poisson", n, self.lam.shape, torch.float32, self.lam))


@register_kl(Poisson, Poisson)
def _kl_of_poissons(p: Poisson, q: Poisson) -> Any:
    return p.lam * (p._log_lam - q._log_lam) - p.lam + q.lam
