"""Batch normalization near the running statistics (Chainer: *Normalization functions*)."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.backends import _crossing
from chainer_compat.configuration import config
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._normalization import (
    _by_channel,
    _widest,
    fixed_batch_normalization,
)
from chainer_compat.utils.type_check import fail

__all__ = ["batch_renormalization", "fixed_batch_renormalization"]


def _check(x: Tensor, gamma: Tensor, beta: Tensor, *options: Any) -> None:
    _checks.expect_floating(x, "in_types[0]")
    if x.ndim < gamma.ndim + 1:
        fail("in_types[0].ndim >= in_types[1].ndim + 1", f"{x.ndim} < {gamma.ndim + 1}")
    keys = x.shape[1 : 1 + gamma.ndim]
    if keys != gamma.shape:
        fail(
            f"in_types[0].shape[1:{1 + gamma.ndim}] == in_types[1].shape",
            f"{tuple(keys)} != {tuple(gamma.shape)}",
        )
    _checks.expect_floating(gamma, "in_types[1]")
    _checks.expect_same_dtype(gamma, beta, "in_types[1]", "in_types[2]")
    if gamma.shape != beta.shape:
        fail(
            "in_types[1].shape == in_types[2].shape",
            f"{tuple(gamma.shape)} != {tuple(beta.shape)}",
        )


@function("BatchRenormalizationFunction", check=_check)
def _batch_renormalization(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    rmax: float,
    dmax: float,
    eps: float,
    running: tuple[Any, Any],
    decay: float,
    update_statistics: bool,
) -> Tensor:
    wide = _widest(x, gamma)
    # One row for each example and place, one column for each weight.
    count = x.numel() // max(gamma.numel(), 1)
    if count == 0 or gamma.numel() == 0:
        ones = [1] * (x.ndim - 1 - gamma.ndim)
        factor, shift = (w.reshape(*w.shape, *ones).to(x.dtype) for w in (gamma, beta))
        return x * factor + shift
    flat = x.reshape(len(x), gamma.numel(), -1).to(wide)
    kept_mean, kept_var = (_crossing.as_tensor(a).data for a in running)
    for kept in (kept_mean, kept_var):
        if kept.numel() != gamma.numel():
            raise ValueError(
                f"the running statistics have {kept.numel()} elements; gamma has {gamma.numel()}"
            )
    with torch.no_grad():
        # By the kernel of batch normalization: `var_mean` takes three times as long.
        mean, var = torch.batch_norm_update_stats(flat.contiguous(), None, None, 0.0)
        sigma = torch.sqrt(kept_var.reshape(-1).to(wide) + eps)
        r = (torch.sqrt(var + eps) / sigma).clamp(1.0 / rmax, rmax)
        d = ((mean - kept_mean.reshape(-1).to(wide)) / sigma).clamp(-dmax, dmax)
    factors = gamma.reshape(-1).to(wide)
    # No gradient goes through r and d, so this is batch normalization with other weights.
    y = _by_channel(
        flat, factors * r, beta.reshape(-1).to(wide) + factors * d, None, None, eps, 0.0
    )
    if update_statistics:
        unbiased = var * (count / max(count - 1, 1))
        for kept, fresh in ((kept_mean, mean), (kept_var, unbiased)):
            now = fresh.reshape(kept.shape).to(kept.dtype)
            kept.mul_(decay).add_(now, alpha=1 - decay)
    return y.reshape(x.shape).to(x.dtype)


def batch_renormalization(
    x: Any,
    gamma: Any,
    beta: Any,
    rmax: float,
    dmax: float,
    eps: float = 2e-5,
    running_mean: Any = None,
    running_var: Any = None,
    decay: float = 0.9,
    update_statistics: bool = False,
) -> Variable:
    r"""Normalizes with the mean and the variance of the batch, moved towards the running ones.

    .. math:: y = \gamma \left(\frac{x - \mu}{\sigma} r + d\right) + \beta, \quad
        r = \frac{\sigma}{\sigma'}, \quad d = \frac{\mu - \mu'}{\sigma'}

    where the primed values are the running ones, r is clipped to ``1 / rmax`` … ``rmax`` and d to
    ``-dmax`` … ``dmax``, and no gradient goes through r and d. Source: Ioffe, *Batch
    Renormalization*, 2017.

    Args:
        x: The input, of shape ``(N, *gamma.shape, ...)`` and floating point.
        gamma: The factors behind.
        beta: What is added behind, of ``gamma``'s shape and dtype.
        rmax: The largest correction of the scale; 1 for none.
        dmax: The largest correction of the mean; 0 for none.
        eps: Added to the variances.
        running_mean: The running mean, an array of ``gamma``'s shape.
        running_var: The running variance, likewise.
        decay: How much of the running statistics is kept.
        update_statistics: Move the running statistics, in place.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        TypeError: If ``running_mean`` or ``running_var`` is missing.
        AssertionError: If ``config.train`` is False.
        ValueError: If the running statistics have another size than ``gamma``.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[1.0], [3.0]], np.float32)
        >>> one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
        >>> F.batch_renormalization(
        ...     x, one, zero, 2, 1, eps=0.0, running_mean=one, running_var=one)
        variable([[0.],
                  [2.]])
    """
    for name, value in (("running_mean", running_mean), ("running_var", running_var)):
        if value is None:
            raise InvalidArgumentTypeError(f"batch_renormalization needs {name}, an array")
    if not config.train:
        raise AssertionError(
            "batch_renormalization is for training (config.train is False); "
            "use fixed_batch_normalization with the running statistics"
        )
    result: Variable = _batch_renormalization(
        x, gamma, beta, rmax, dmax, eps, (running_mean, running_var), decay, update_statistics
    )
    return result


def fixed_batch_renormalization(
    x: Any, gamma: Any, beta: Any, mean: Any, var: Any, eps: float = 2e-5
) -> Variable:
    """Does what :func:`fixed_batch_normalization` does, with a warning to use that.

    Args:
        x: The input, of shape ``(N, *gamma.shape, ...)`` and floating point.
        gamma: The factors behind.
        beta: What is added behind, of ``gamma``'s shape.
        mean: The mean, of ``gamma``'s shape.
        var: The variance, of ``gamma``'s shape.
        eps: Added to the variance.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import warnings
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     F.fixed_batch_renormalization(np.array([[3.0]], "f"), one, zero, one, one, eps=0.0)
        variable([[2.]])
    """
    warnings.warn(
        "fixed_batch_renormalization is deprecated; use fixed_batch_normalization",
        DeprecationWarning,
        stacklevel=2,
    )
    result: Variable = fixed_batch_normalization(x, gamma, beta, mean, var, eps)
    return result
