"""Losses of a prediction of numbers (Chainer: *Loss functions*)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = [
    "absolute_error",
    "huber_loss",
    "mean_absolute_error",
    "mean_squared_error",
    "squared_difference",
    "squared_error",
]


def _check_pair(x0: Tensor, x1: Tensor, *options: Any) -> None:
    _checks.expect_floating(x0, "x0")
    _checks.expect_same_dtype(x0, x1, "x0", "x1")
    if x0.shape != x1.shape:
        fail("x0.shape == x1.shape", f"{tuple(x0.shape)} != {tuple(x1.shape)}")


@function("MeanSquaredError", check=_check_pair)
def mean_squared_error(x0: Tensor, x1: Tensor) -> Tensor:
    """Returns the mean of the squared differences.

    Args:
        x0: A variable or array of floating point.
        x1: Another one, of the same shape and dtype.

    Returns:
        A scalar variable.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.mean_squared_error(np.zeros(2, np.float32), np.array([1, 3], np.float32))
        variable(5.)
    """
    return torch.nn.functional.mse_loss(x0, x1)


@function("MeanAbsoluteError", check=_check_pair)
def mean_absolute_error(x0: Tensor, x1: Tensor) -> Tensor:
    """Returns the mean of the absolute differences.

    Args:
        x0: A variable or array of floating point.
        x1: Another one, of the same shape and dtype.

    Returns:
        A scalar variable.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.mean_absolute_error(np.zeros(2, np.float32), np.array([1, 3], np.float32))
        variable(2.)
    """
    return torch.nn.functional.l1_loss(x0, x1)


@function("SquaredError", check=_check_pair)
def squared_error(x0: Tensor, x1: Tensor) -> Tensor:
    """Returns the squared differences, elementwise.

    Args:
        x0: A variable or array of floating point.
        x1: Another one, of the same shape and dtype.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.squared_error(np.zeros(2, np.float32), np.array([1, 3], np.float32))
        variable([1., 9.])
    """
    return torch.square(x0 - x1)


def squared_difference(x1: Any, x2: Any) -> Variable:
    """Returns the squared differences, elementwise: :func:`squared_error` by another name.

    Args:
        x1: A variable or array of floating point.
        x2: Another one, of the same shape and dtype.

    Returns:
        A variable of the same shape and dtype.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.squared_difference(np.zeros(2, np.float32), np.array([1, 3], np.float32))
        variable([1., 9.])
    """
    result: Variable = squared_error(x1, x2)
    return result


@function("AbsoluteError", check=_check_pair)
def absolute_error(x0: Tensor, x1: Tensor) -> Tensor:
    """Returns the absolute differences, elementwise.

    Args:
        x0: A variable or array of floating point.
        x1: Another one, of the same shape and dtype.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.absolute_error(np.zeros(2, np.float32), np.array([1, -3], np.float32))
        variable([1., 3.])
    """
    return torch.abs(x0 - x1)


@function("HuberLoss", check=_check_pair)
def _huber(x: Tensor, t: Tensor, delta: float, reduce: str) -> Tensor:
    loss = torch.nn.functional.huber_loss(x, t, reduction="none", delta=delta)
    return loss if reduce == "no" else loss.sum(1)


def huber_loss(x: Any, t: Any, delta: float, reduce: str = "sum_along_second_axis") -> Variable:
    """Returns a loss that is quadratic for small differences and linear for large ones.

    Source: Huber, *Robust Estimation of a Location Parameter*, 1964.

    Args:
        x: A variable or array of floating point.
        t: Another one, of the same shape and dtype.
        delta: Where it becomes linear.
        reduce: ``"sum_along_second_axis"``, or ``"no"`` for the loss of each element.

    Returns:
        A variable.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If ``reduce`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.huber_loss(np.zeros((1, 2), np.float32), np.array([[1, 3]], np.float32), 1)
        variable([3.])
    """
    if reduce not in ("sum_along_second_axis", "no"):
        raise ValueError(f"reduce is 'sum_along_second_axis' or 'no'; got {reduce!r}")
    result: Variable = _huber(x, t, float(delta), reduce)
    return result
