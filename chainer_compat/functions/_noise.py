"""Noise (Chainer: *Noise injections*)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat import _version1
from chainer_compat._variable import Variable, as_variable
from chainer_compat.backends import _crossing
from chainer_compat.configuration import _this_thread
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.argument import assert_kwargs_empty, parse_kwargs
from chainer_compat.utils.type_check import fail

__all__ = ["dropout", "gaussian", "gumbel_softmax"]

# So many random numbers are made at a time: they stay in a processor's cache until they are used.
_BLOCK = 1 << 16


@function("Dropout", check=_checks.floating)
def _masked(x: Tensor, mask: Any, ratio: float) -> Tensor:
    masked: Tensor = x * mask
    return masked


def dropout(x: Any, ratio: float = 0.5, *version_1: Any, **kwargs: Any) -> Any:
    """Sets random elements to 0 and scales the others up, in training; else returns ``x``.

    On the CPU the mask is drawn from NumPy's global generator, as in Chainer.

    Source: Hinton et al., *Improving neural networks by preventing co-adaptation of feature
    detectors*, 2012.

    Args:
        x: A variable or array of floating point, of any shape.
        ratio: The probability of an element to be set to 0, in ``[0, 1)``.
        *version_1: ``train``, Chainer 1's switch, instead of ``config.train``.
        **kwargs: ``mask``, an array of factors to use instead; ``return_mask``, whether to return
            it too; ``train``, as above.

    Returns:
        A variable of the same shape and dtype; with ``return_mask`` also the mask (None in
        testing).

    Raises:
        InvalidType: If ``x`` is not of floating point.
        ValueError: If ``ratio`` is not in its range.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> x = np.ones(3, np.float32)
        >>> with chainer.using_config('train', False):
        ...     chainer.functions.dropout(x)
        variable([1., 1., 1.])
    """
    if version_1:
        _version1.name(kwargs, version_1, "train")
    switch = _version1.take(kwargs, "train") if kwargs else None
    if switch is not None:
        with switch:
            return dropout(x, ratio, **kwargs)
    mask, return_mask = None, False
    if kwargs:
        mask, return_mask = parse_kwargs(kwargs, ("mask", None), ("return_mask", False))
        assert_kwargs_empty(kwargs)
    if not _this_thread.mode.train:
        result = as_variable(x)
        return (result, None) if return_mask else result
    if not 0.0 <= ratio < 1.0:
        raise ValueError(f"the ratio of dropout must be in [0, 1); got {ratio}")
    x = as_variable(x)
    if mask is None:
        factors = _mask(x.tensor, ratio)
    else:
        factors = _crossing.as_tensor(mask)
        if factors.shape != x.tensor.shape:
            raise ValueError(
                f"the mask has shape {tuple(factors.shape)}; the input has shape {x.shape}"
            )
    dropped: Variable = _masked(x, factors, ratio)
    if not return_mask:
        return dropped
    return dropped, _crossing.as_raw(factors) if mask is None else mask


def _mask(x: Tensor, ratio: float) -> Tensor:
    if x.is_cuda or not x.is_floating_point():
        keep = torch.empty_like(x, requires_grad=False, dtype=torch.float32).bernoulli_(1 - ratio)
        return (keep / (1 - ratio)).to(x.dtype)
    if x.dtype is torch.bfloat16:  # out of a mixed precision; NumPy does not have it
        flags: Any = np.random.rand(*x.shape) >= ratio  # noqa: NPY002 -- Chainer's stream
        return (torch.from_numpy(flags) / (1 - ratio)).to(x.dtype)
    scale = _scale(ratio, x.dtype)

    def factors(size: Any) -> Any:
        return scale * (np.random.random_sample(size) >= ratio)  # noqa: NPY002 -- as above

    return _in_blocks(x, factors)


def _in_blocks(like: Tensor, draw: Callable[[Any], Any]) -> Tensor:
    """An array of what is drawn, in the order of its elements; `draw` takes a shape or a size."""
    if like.dtype is torch.bfloat16:  # out of a mixed precision; NumPy does not have it
        return torch.from_numpy(np.asarray(draw(tuple(like.shape)))).to(like.dtype)
    dtype = _crossing.numpy_dtype(like.dtype)
    if like.numel() <= _BLOCK:
        return torch.from_numpy(np.asarray(draw(like.shape), dtype))
    drawn = np.empty(like.shape, dtype)
    flat = drawn.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        part = flat[start : start + _BLOCK]
        part[:] = draw(part.size)
    return torch.from_numpy(drawn)


@functools.lru_cache(maxsize=64)
def _scale(ratio: float, dtype: torch.dtype) -> Any:
    return np.asarray(1.0 / (1 - ratio), dtype=_crossing.numpy_dtype(dtype))


def _check_gaussian(mean: Tensor, ln_var: Tensor, eps: Any) -> None:
    if _checks.all_of_one_floating(mean, ln_var) and mean.shape == ln_var.shape:
        return
    _checks.expect_floating(mean, "mean")
    _checks.expect_floating(ln_var, "ln_var")
    _checks.expect_same_dtype(mean, ln_var, "mean", "ln_var")
    if mean.shape != ln_var.shape:
        fail("mean.shape == ln_var.shape", f"{tuple(mean.shape)} != {tuple(ln_var.shape)}")


@function("Gaussian", check=_check_gaussian)
def _gaussian(mean: Tensor, ln_var: Tensor, eps: Any) -> Tensor:
    drawn: Tensor = mean + torch.exp(ln_var * 0.5) * eps
    return drawn


def gaussian(mean: Any, ln_var: Any, **kwargs: Any) -> Any:
    """Draws from normal distributions, so that the result can be differentiated by them.

    On the CPU the noise is drawn from NumPy's global generator, as in Chainer.

    Source: Kingma & Welling, *Auto-Encoding Variational Bayes*, 2014.

    Args:
        mean: The means, a variable or array of floating point.
        ln_var: The logarithms of the variances, of the same shape.
        **kwargs: ``eps``, an array of standard normal noise to use instead; ``return_eps``,
            whether to return it too.

    Returns:
        A variable of ``mean``'s shape and dtype; with ``return_eps`` also the noise.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
        >>> F.gaussian(one, zero, eps=one)
        variable([2.])
    """
    eps, return_eps = None, False
    if kwargs:
        eps, return_eps = parse_kwargs(kwargs, ("eps", None), ("return_eps", False))
        assert_kwargs_empty(kwargs)
    tensor = as_variable(mean).tensor
    noise = _normal_noise(tensor) if eps is None else _crossing.as_tensor(eps)
    result: Variable = _gaussian(mean, ln_var, noise)
    if not return_eps:
        return result
    return result, _crossing.as_raw(noise) if eps is None else eps


def _normal_noise(like: Tensor) -> Tensor:
    if like.is_cuda:
        return torch.randn_like(like, requires_grad=False)
    return _in_blocks(like, np.random.standard_normal)  # Chainer's stream


def gumbel_softmax(log_pi: Any, tau: float = 0.1, axis: int = 1) -> Variable:
    """Draws nearly one-hot vectors, so that the result can be differentiated.

    On the CPU the noise is drawn from NumPy's global generator, as in Chainer.

    Source: Jang et al., *Categorical Reparameterization with Gumbel-Softmax*, 2017.

    Args:
        log_pi: The logarithms of the probabilities, a variable or array of floating point.
        tau: The temperature: the lower, the nearer to one-hot.
        axis: The axis of the classes.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``log_pi`` is not of floating point or has no such axis.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.gumbel_softmax(np.zeros((2, 3), np.float32)).shape
        (2, 3)
    """
    from chainer_compat.functions._activation import softmax

    log_pi = as_variable(log_pi)
    if log_pi.ndim < 1:
        fail("log_pi.ndim >= 1", f"{log_pi.ndim} < 1")
    tensor = log_pi.tensor
    if tensor.is_cuda:
        noise = -torch.empty_like(tensor, requires_grad=False).exponential_().log()
    else:
        drawn: Any = np.random.gumbel(size=log_pi.shape)  # noqa: NPY002 -- Chainer's stream
        noise = torch.from_numpy(np.asarray(drawn)).to(tensor.dtype)
    result: Variable = softmax((log_pi + noise) / tau, axis)
    return result
