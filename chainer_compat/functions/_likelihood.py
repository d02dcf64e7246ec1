"""Losses of distributions, as variational autoencoders use them (Chainer: *Loss functions*)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chainer_compat._variable import Variable, as_variable
from chainer_compat.functions import _reduction
from chainer_compat.functions._activation import softplus

__all__ = ["bernoulli_nll", "gaussian_kl_divergence", "gaussian_nll"]

_REDUCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum": _reduction.sum,
    "mean": _reduction.average,
    "no": as_variable,
}


def _reduced(loss: Any, reduce: str) -> Variable:
    result: Variable = _REDUCTIONS[reduce](loss)
    return result


def _check_reduce(reduce: str) -> None:
    if reduce not in _REDUCTIONS:
        raise ValueError(f"reduce is 'sum', 'mean' or 'no'; got {reduce!r}")


def _exp(x: Any) -> Any:
    from chainer_compat import functions

    return functions.exp(x)


def gaussian_kl_divergence(mean: Any, ln_var: Any, reduce: str = "sum") -> Variable:
    """Returns the Kullback-Leibler divergence of a normal distribution from the standard one.

    Args:
        mean: The means, a variable or array of floating point.
        ln_var: The logarithms of the variances, of the same shape and dtype.
        reduce: ``"sum"``, ``"mean"``, or ``"no"`` for the divergence of each element.

    Returns:
        A variable.

    Raises:
        ValueError: If ``reduce`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.gaussian_kl_divergence(np.ones(2, np.float32), np.zeros(2, np.float32))
        variable(1.)
    """
    _check_reduce(reduce)
    mean, ln_var = as_variable(mean), as_variable(ln_var)
    return _reduced((mean * mean + _exp(ln_var) - ln_var - 1) * 0.5, reduce)


def gaussian_nll(x: Any, mean: Any, ln_var: Any, reduce: str = "sum") -> Variable:
    """Returns the negative log-likelihood under normal distributions.

    Args:
        x: What was observed, a variable or array of floating point.
        mean: The means, of the same shape and dtype.
        ln_var: The logarithms of the variances, of the same shape and dtype.
        reduce: ``"sum"``, ``"mean"``, or ``"no"`` for the loss of each element.

    Returns:
        A variable.

    Raises:
        ValueError: If ``reduce`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> zero = np.zeros(1, np.float32)
        >>> F.gaussian_nll(zero, zero, zero)
        variable(0.9189385)
    """
    _check_reduce(reduce)
    x, mean, ln_var = as_variable(x), as_variable(mean), as_variable(ln_var)
    difference = x - mean
    weighted = difference * difference * _exp(-ln_var) * -0.5
    return _reduced((ln_var + math.log(2 * math.pi)) / 2 - weighted, reduce)


def bernoulli_nll(x: Any, y: Any, reduce: str = "sum") -> Variable:
    """Returns the negative log-likelihood under Bernoulli distributions.

    Args:
        x: What was observed, in [0, 1], a variable or array of floating point.
        y: The scores whose sigmoids are the probabilities, of the same shape and dtype.
        reduce: ``"sum"``, ``"mean"``, or ``"no"`` for the loss of each element.

    Returns:
        A variable.

    Raises:
        ValueError: If ``reduce`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.bernoulli_nll(np.ones(1, np.float32), np.zeros(1, np.float32))
        variable(0.6931472)
    """
    _check_reduce(reduce)
    x, y = as_variable(x), as_variable(y)
    return _reduced(softplus(y) - x * y, reduce)
