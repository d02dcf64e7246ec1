"""`Bernoulli`."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from chainer_compat import functions as F
from chainer_compat._variable import Variable, as_variable
from chainer_compat.distribution import register_kl
from chainer_compat.distributions import _sampling
from chainer_compat.distributions._information import xlogx
from chainer_compat.distributions._parameters import Parametric, expect_one, tensor_of
from chainer_compat.functions._boundary import function
from chainer_compat.utils.cache import cached_property

__all__ = ["Bernoulli"]


class _WithoutDerivative(torch.autograd.Function):
    """Zeros that say, in some places, that there is no derivative: it is NaN there."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, places: Tensor) -> Tensor:
        ctx.save_for_backward(places)
        return torch.zeros_like(x)

    @staticmethod
    def backward(ctx: Any, gy: Tensor) -> tuple[Tensor, None]:
        (places,) = ctx.saved_tensors
        return gy * torch.where(places, math.nan, 0.0).to(gy.dtype), None


@function("BernoulliLogProb")
def _log_prob(logit: Tensor, x: Tensor, binary_check: bool) -> Tensor:
    x = x.detach().to(logit.dtype)
    logit, x = torch.broadcast_tensors(logit, x)  # type: ignore[no-untyped-call]  # torch's
    infinite = logit.isinf()
    usual = torch.where(infinite, 0, logit)
    # Of the two equal forms, the one that does not subtract large numbers.
    y = torch.where(
        logit > 0,
        (x - 1) * usual + torch.nn.functional.logsigmoid(usual),
        x * usual + torch.nn.functional.logsigmoid(-usual),
    )
    y = torch.where(infinite, torch.log(torch.where(logit > 0, x, 1 - x)), y)
    undefined = infinite
    if binary_check:
        invalid = (x != 0) & (x != 1)
        y = torch.where(invalid, -math.inf, y)
        undefined = undefined | invalid
    elif x.device.type == "cpu" and ((x < 0) | (x > 1)).any():
        raise FloatingPointError(
            "Bernoulli.log_prob takes values in [0, 1]; with binary_check=True the others are "
            "impossible"
        )
    return y + _WithoutDerivative.apply(logit, undefined)  # type: ignore[no-any-return,no-untyped-call]  # torch's


class Bernoulli(Parametric):
    """Bernoulli distributions: 1 with probability ``p``, else 0.

    Samples are of int64 and cannot be differentiated.

    Args:
        p: The probabilities of 1, a variable or array of floating point; its shape is that of the
            batch.
        logit: ``log(p / (1 - p))`` instead.
        binary_check: Whether values other than 0 and 1 are impossible; otherwise values between
            them are taken for what they say in proportion.

    Raises:
        ValueError: If none of ``p`` and ``logit`` is given, or both.

    Source: Chainer's reference, *chainer.distributions.Bernoulli*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> coin = D.Bernoulli(logit=np.zeros(1, np.float32))
        >>> coin.prob(np.ones(1, np.float32))
        variable([0.5])
    """

    support = "{0, 1}"
    _names = ("logit",)

    def __init__(self, p: Any = None, logit: Any = None, binary_check: bool = False) -> None:
        expect_one(p=p, logit=logit)
        self._given = {"p": p, "logit": logit}
        self.binary_check = binary_check

    @cached_property
    def p(self) -> Any:
        """The probabilities of 1."""
        given = self._given["p"]
        return F.sigmoid(self.logit) if given is None else as_variable(given)

    @cached_property
    def logit(self) -> Any:
        """``log(p / (1 - p))``."""
        given = self._given["logit"]
        return F.log(self.p) - F.log1p(-self.p) if given is None else as_variable(given)

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(self.p.shape)

    @cached_property
    def mean(self) -> Any:
        return self.p

    @cached_property
    def stddev(self) -> Any:
        return self.variance**0.5

    @cached_property
    def variance(self) -> Any:
        return self.p * (1 - self.p)

    @property
    def entropy(self) -> Any:
        return -xlogx(self.p) - xlogx(1 - self.p)

    def log_prob(self, x: Any) -> Any:
        return _log_prob(self.logit, x, self.binary_check)

    def prob(self, x: Any) -> Any:
        x = as_variable(x)
        probability = x * self.p + (1 - x) * (1 - self.p)
        if not self.binary_check:
            return probability
        value = tensor_of(x)
        return probability * ((value == 0) | (value == 1))

    def sample_n(self, n: int) -> Any:
        return Variable(_sampling.draw("binomial", n, self.p.shape, torch.int64, self.p))


@register_kl(Bernoulli, Bernoulli)
def _kl_of_bernoullis(p: Bernoulli, q: Bernoulli) -> Any:
    difference = (p.logit - q.logit) * (p.p - 1)
    return difference - F.softplus(-p.logit) + F.softplus(-q.logit)
