"""Noise (Chainer: *Noise injections*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable, as_variable
from chainer_compat.backends import _crossing
from chainer_compat.configuration import config, using_config
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.argument import assert_kwargs_empty, parse_kwargs

__all__ = ["dropout"]


@function("Dropout", check=_checks.floating)
def _masked(x: Tensor, mask: Tensor) -> Tensor:
    return x * mask


def dropout(x: Any, ratio: float = 0.5, **kwargs: Any) -> Any:
    """Sets random elements to 0 and scales the others up, in training; else returns ``x``.

    On the CPU the mask is drawn from NumPy's global generator, as in Chainer.

    Source: Hinton et al., *Improving neural networks by preventing co-adaptation of feature
    detectors*, 2012.

    Args:
        x: A variable or array of floating point, of any shape.
        ratio: The probability of an element to be set to 0, in ``[0, 1)``.
        **kwargs: ``mask``, an array of factors to use instead; ``return_mask``, whether to return
            it too; ``train``, Chainer 1's switch, instead of ``config.train``.

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
    train = kwargs.pop("train", None)
    if train is not None:
        with using_config("train", bool(train)):
            return dropout(x, ratio, **kwargs)
    mask, return_mask = parse_kwargs(kwargs, ("mask", None), ("return_mask", False))
    assert_kwargs_empty(kwargs)
    if not config.train:
        result = as_variable(x)
        return (result, None) if return_mask else result
    if not 0.0 <= ratio < 1.0:
        raise ValueError(f"the ratio of dropout must be in [0, 1); got {ratio}")
    x = as_variable(x)
    factors = _mask(x.tensor, ratio) if mask is None else _crossing.as_tensor(mask)
    if factors.shape != x.tensor.shape:
        raise ValueError(
            f"the mask has shape {tuple(factors.shape)}; the input has shape {x.shape}"
        )
    dropped: Variable = _masked(x, factors)
    if not return_mask:
        return dropped
    return dropped, _crossing.as_raw(factors) if mask is None else mask


def _mask(x: Tensor, ratio: float) -> Tensor:
    if x.is_cuda or not x.is_floating_point():
        keep = torch.empty_like(x, requires_grad=False, dtype=torch.float32).bernoulli_(1 - ratio)
        return (keep / (1 - ratio)).to(x.dtype)
    flags: Any = np.random.rand(*x.shape) >= ratio  # noqa: NPY002 -- Chainer's stream
    scale = np.asarray(1.0 / (1 - ratio), dtype=_crossing.numpy_dtype(x.dtype))
    return torch.from_numpy(np.asarray(scale * flags))
