"""Distributions over categories, which are drawn as numbers or as one-hot vectors."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat import functions as F
from chainer_compat._variable import Variable, as_variable
from chainer_compat.distribution import register_kl
from chainer_compat.distributions import _sampling
from chainer_compat.distributions._information import xlogx
from chainer_compat.distributions._parameters import (
    Parametric,
    expect_one,
    parameter,
    tensor_of,
)
from chainer_compat.utils.cache import cached_property

__all__ = ["Categorical", "OneHotCategorical"]


class Categorical(Parametric):
    """Categorical distributions: ``i`` with probability ``p[i]``.

    Samples are of int64 and cannot be differentiated.

    Args:
        p: Probabilities, a variable or array of floating point, of shape ``batch_shape + (K,)``.
        logit: The logarithms of numbers that are proportional to them, instead.

    Raises:
        ValueError: If none of ``p`` and ``logit`` is given, or both.

    Source: Chainer's reference, *chainer.distributions.Categorical*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> dice = D.Categorical(logit=np.zeros((2, 6), np.float32))
        >>> dice.batch_shape, dice.sample((3,)).shape
        ((2,), (3, 2))
    """

    _names = ("p",)

    def __init__(self, p: Any = None, *, logit: Any = None) -> None:
        expect_one(p=p, logit=logit)
        self._given = {"p": p, "logit": logit}

    @cached_property
    def p(self) -> Any:
        """The probabilities."""
        given = self._given["p"]
        return F.exp(self.log_p) if given is None else as_variable(given)

    @cached_property
    def log_p(self) -> Any:
        """The logarithms of the probabilities."""
        given = self._given["p"]
        return F.log_softmax(self._given["logit"], axis=-1) if given is None else F.log(given)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self._shape[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        return ()

    @cached_property
    def entropy(self) -> Any:
        return -F.sum(xlogx(self.p), axis=-1)

    def log_prob(self, x: Any) -> Any:
        log_p = self.log_p
        device, batch = log_p.tensor.device, self.batch_shape
        place = [
            torch.arange(size, device=device).reshape([size] + [1] * (len(batch) - axis - 1))
            for axis, size in enumerate(batch)
        ]
        index = (*place, tensor_of(x).to(device, torch.int64))
        return log_p[index]

    def sample_n(self, n: int) -> Any:
        return Variable(_sampling.choices(n, self.p))


class OneHotCategorical(Parametric):
    """Categorical distributions over one-hot vectors.

    Samples cannot be differentiated.

    Args:
        p: Probabilities, a variable or array of floating point, of shape ``batch_shape + (K,)``.

    Source: Chainer's reference, *chainer.distributions.OneHotCategorical*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.distributions as D
        >>> D.OneHotCategorical(np.array([0.0, 1.0], np.float32)).sample()
        variable([0., 1.])
    """

    _names = ("p",)
    _event_ndim = 1

    def __init__(self, p: Any) -> None:
        self._given = {"p": p}

    p = parameter("p", "The probabilities.")

    @cached_property
    def log_p(self) -> Any:
        """The logarithms of the probabilities."""
        return F.log(self.p)

    @cached_property
    def mean(self) -> Any:
        return self.p

    @cached_property
    def variance(self) -> Any:
        return self.p * (1 - self.p)

    def log_prob(self, x: Any) -> Any:
        return F.sum(self.log_p * x, axis=-1)

    def sample_n(self, n: int) -> Any:
        chosen = torch.nn.functional.one_hot(_sampling.choices(n, self.p), self.event_shape[0])
        return Variable(chosen.to(self.p.tensor.dtype))


@register_kl(Categorical, Categorical)
@register_kl(OneHotCategorical, OneHotCategorical)
def _kl_of_categories(p: Any, q: Any) -> Any:
    return F.sum(p.p * (p.log_p - q.log_p), axis=-1)
