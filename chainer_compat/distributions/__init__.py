"""Probability distributions (Chainer: *chainer.distributions*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.distributions._bernoulli import Bernoulli
from chainer_compat.distributions._categorical import Categorical, OneHotCategorical
from chainer_compat.distributions._counts import Geometric, Poisson
from chainer_compat.distributions._independent import Independent
from chainer_compat.distributions._location_scale import Cauchy, Gumbel, Laplace
from chainer_compat.distributions._multivariate_normal import MultivariateNormal
from chainer_compat.distributions._normal import LogNormal, Normal
from chainer_compat.distributions._positive import Chisquare, Exponential, Gamma, Pareto
from chainer_compat.distributions._simplex import Beta, Dirichlet
from chainer_compat.distributions._uniform import Uniform

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Cauchy",
    "Chisquare",
    "Dirichlet",
    "Exponential",
    "Gamma",
    "Geometric",
    "Gumbel",
    "Independent",
    "Laplace",
    "LogNormal",
    "MultivariateNormal",
    "Normal",
    "OneHotCategorical",
    "Pareto",
    "Poisson",
    "Uniform",
]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)


def _find_deep_name(name: str) -> Any:
    """What a deep module, ``distributions.gumbel``, has under a name."""
    if name in globals():
        return globals()[name]
    from chainer_compat.distributions import _deep_names

    return _deep_names.find(name)
