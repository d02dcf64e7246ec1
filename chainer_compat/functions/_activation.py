"""Activation functions (Chainer: *Activation functions*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable, as_variable
from chainer_compat.backends import _crossing
from chainer_compat.configuration import _this_thread
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._noise import _in_blocks
from chainer_compat.utils.argument import assert_kwargs_empty, check_unexpected_kwargs, parse_kwargs
from chainer_compat.utils.type_check import InvalidType, fail

__all__ = [
    "clipped_relu",
    "crelu",
    "elu",
    "hard_sigmoid",
    "leaky_relu",
    "log_softmax",
    "maxout",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "sigmoid",
    "softmax",
    "softplus",
    "swish",
    "tanh",
]


@function("ReLU", check=_checks.floating, use_cudnn=True)
def relu(x: Tensor) -> Tensor:
    """Returns ``max(x, 0)``, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.relu(np.array([-1.0, 2.0], np.float32))
        variable([0., 2.])
    """
    return torch.relu(x)


@function("Sigmoid", check=_checks.floating, use_cudnn=True)
def sigmoid(x: Tensor) -> Tensor:
    """Returns ``1 / (1 + exp(-x))``, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.sigmoid(np.array([0.0], np.float32))
        variable([0.5])
    """
    return torch.sigmoid(x)


@function("Tanh", check=_checks.floating, use_cudnn=True)
def tanh(x: Tensor) -> Tensor:
    """Returns the hyperbolic tangent, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.tanh(np.array([0.0], np.float32))
        variable([0.])
    """
    return torch.tanh(x)


@function("LeakyReLU", check=_checks.floating)
def leaky_relu(x: Tensor, slope: float = 0.2) -> Tensor:
    """Returns ``max(x, slope * x)`` for a slope below 1, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.
        slope: The factor of negative elements.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.leaky_relu(np.array([-1.0, 2.0], np.float32), slope=0.5)
        variable([-0.5,  2. ])
    """
    return torch.nn.functional.leaky_relu(x, slope)


@function("ELU", check=_checks.floating)
def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """Returns ``x`` where it is positive, else ``alpha * (exp(x) - 1)``, elementwise.

    Source: Clevert et al., *Fast and Accurate Deep Network Learning by Exponential Linear Units*,
    2015.

    Args:
        x: A variable or array of floating point, of any shape.
        alpha: The factor of the negative part.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.elu(np.array([-1.0, 2.0], np.float32))
        variable([-0.63212055,  2.        ])
    """
    return torch.nn.functional.elu(x, alpha)


def selu(x: Any, alpha: float = 1.6732632423543772, scale: float = 1.0507009873554805) -> Variable:
    """Returns ``scale * elu(x, alpha)``.

    Source: Klambauer et al., *Self-Normalizing Neural Networks*, 2017.

    Args:
        x: A variable or array of floating point, of any shape.
        alpha: The factor of the negative part.
        scale: The factor of all.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.selu(np.array([1.0], np.float32))
        variable([1.050701])
    """
    result: Variable = scale * elu(x, alpha=alpha)
    return result


@function("ClippedReLU", check=_checks.floating)
def _clipped(x: Tensor, z: float) -> Tensor:
    if z > 0:
        return torch.nn.functional.hardtanh(x, 0.0, z)
    return torch.relu(x).clamp(max=z)  # all of it is z, and has no slope


def clipped_relu(x: Any, z: float = 20.0) -> Variable:
    """Returns ``min(max(x, 0), z)``, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.
        z: The highest value, a float.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.
        TypeError: If ``z`` is no float.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.clipped_relu(np.array([-1.0, 2.0, 30.0], np.float32))
        variable([ 0.,  2., 20.])
    """
    if not isinstance(z, float):
        raise TypeError(f"z must be a float; got {z!r}")
    result: Variable = _clipped(x, z)
    return result


def relu6(x: Any) -> Variable:
    """Returns ``min(max(x, 0), 6)``, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.relu6(np.array([-1.0, 7.0], np.float32))
        variable([0., 6.])
    """
    return clipped_relu(x, 6.0)


def _check_axis(x: Tensor, axis: int) -> None:
    _checks.floating(x)
    if axis >= x.ndim:
        fail(f"x.ndim > {axis}", f"{x.ndim} <= {axis}")
    if axis < -x.ndim:
        fail(f"-x.ndim <= {axis}", f"{-x.ndim} > {axis}")


@function("CReLU", check=_check_axis)
def _crelu(x: Tensor, axis: int) -> Tensor:
    return torch.relu(torch.cat((x, -x), axis))


def crelu(x: Any, axis: int = 1) -> Variable:
    """Returns the rectified positive and negative parts, one behind the other.

    Source: Shang et al., *Understanding and Improving Convolutional Neural Networks via
    Concatenated Rectified Linear Units*, 2016.

    Args:
        x: A variable or array of floating point.
        axis: The axis that becomes twice as long.

    Returns:
        A variable of the same dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.
        TypeError: If ``axis`` is no int.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.crelu(np.array([[-1.0, 2.0]], np.float32))
        variable([[0., 2., 1., 0.]])
    """
    if not isinstance(axis, int):
        raise TypeError(f"axis must be an int; got {axis!r}")
    result: Variable = _crelu(x, axis)
    return result


@function("HardSigmoid", check=_checks.floating)
def hard_sigmoid(x: Tensor) -> Tensor:
    """Returns ``0.2 x + 0.5``, cut off below 0 and above 1, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.hard_sigmoid(np.array([-3.0, 0.0, 1.0], np.float32))
        variable([0. , 0.5, 0.7])
    """
    return torch.nn.functional.hardtanh(x * 0.2 + 0.5, 0.0, 1.0)


@function("Softmax", check=_check_axis, use_cudnn=("axis", "axis"))
def softmax(x: Tensor, axis: int = 1) -> Tensor:
    """Returns ``exp(x)`` over its sum along an axis.

    Args:
        x: A variable or array of floating point.
        axis: The axis along which the result sums to 1.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.softmax(np.array([[1.0, 1.0]], np.float32))
        variable([[0.5, 0.5]])
    """
    return torch.softmax(x, axis)


@function("LogSoftmax", check=_check_axis, use_cudnn=("axis", "axis"))
def log_softmax(x: Tensor, axis: int = 1) -> Tensor:
    """Returns the logarithm of the softmax along an axis, without computing the softmax.

    Args:
        x: A variable or array of floating point.
        axis: The axis along which the softmax sums to 1.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has no such axis.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.log_softmax(np.array([[1.0, 1.0]], np.float32))
        variable([[-0.6931472, -0.6931472]])
    """
    return torch.log_softmax(x, axis)


def _log_softmax(x: Any, axis: int = 1) -> Any:
    """The logarithm of the softmax of a raw array, a raw array: scripts write losses with it."""
    return _crossing.as_raw(torch.log_softmax(_crossing.as_tensor(x), axis))


@function("Softplus", check=_checks.floating)
def softplus(x: Tensor, beta: float = 1.0) -> Tensor:
    """Returns ``log(1 + exp(beta x)) / beta``, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.
        beta: How sharply it bends at 0.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.softplus(np.array([0.0], np.float32))
        variable([0.6931472])
    """
    # torch's own goes over to the identity at 20, where float64 still tells them apart.
    return torch.nn.functional.softplus(x, beta, 40.0)


@function("Max", check=_checks.floating)
def _max_over(x: Tensor, axis: int) -> Tensor:
    return x.amax(axis)


def maxout(x: Any, pool_size: int, axis: int = 1) -> Variable:
    """Returns the maximum of each group of neighbours along an axis.

    Source: Goodfellow et al., *Maxout Networks*, 2013.

    Args:
        x: A variable or array of floating point.
        pool_size: How many neighbours make a group.
        axis: The axis.

    Returns:
        A variable of the same dtype, in which the axis is ``pool_size`` times shorter.

    Raises:
        InvalidType: If ``x`` is not of floating point, or the axis is no multiple of
            ``pool_size``.
        ValueError: If ``pool_size`` is not positive.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.maxout(np.array([[1.0, 3.0, 2.0, 0.0]], np.float32), 2)
        variable([[3., 2.]])
    """
    from chainer_compat.functions._shape import reshape

    if pool_size <= 0:
        raise ValueError(f"pool_size must be positive; got {pool_size}")
    shape = tuple(x.shape)
    if shape[axis] % pool_size:
        raise InvalidType(
            "x.shape[axis] % pool_size == 0",
            f"{shape[axis]} % {pool_size} != 0",
            f"axis {axis} of length {shape[axis]} must be divided by pool_size, {pool_size}",
        )
    position = axis % len(shape)
    groups = (*shape[:position], shape[position] // pool_size, pool_size, *shape[position + 1 :])
    result: Variable = _max_over(reshape(x, groups), position + 1)
    return result


def _check_weighted(x: Tensor, W: Tensor, name: str) -> None:
    _checks.expect_floating(x, "x")
    _checks.expect_same_dtype(W, x, name, "x")
    if x.ndim < W.ndim + 1:
        fail(f"x.ndim >= {name}.ndim + 1", f"{x.ndim} < {W.ndim + 1}")
    if x.shape[1 : 1 + W.ndim] != W.shape:
        fail(
            f"x.shape[1:{1 + W.ndim}] == {name}.shape",
            f"{tuple(x.shape[1 : 1 + W.ndim])} != {tuple(W.shape)}",
        )


def _spread(W: Tensor, x: Tensor) -> Tensor:
    """A weight for each channel, in a shape that broadcasts over the others."""
    return W.reshape(1, *W.shape, *(1,) * (x.ndim - W.ndim - 1))


@function("PReLUFunction", check=lambda x, W: _check_weighted(x, W, "W"))
def prelu(x: Tensor, W: Tensor) -> Tensor:
    """Returns ``x`` where it is positive, else ``W x``.

    Source: He et al., *Delving Deep into Rectifiers*, 2015.

    Args:
        x: A variable or array of floating point, of shape ``(N, *W.shape, ...)``.
        W: The slopes, a variable or array of ``x``'s dtype.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.prelu(np.array([[-1.0, -1.0]], np.float32), np.array([0.5, 0.25], np.float32))
        variable([[-0.5 , -0.25]])
    """
    return torch.where(x < 0, x * _spread(W, x), x)


@function("Swish", check=lambda x, beta: _check_weighted(x, beta, "beta"))
def swish(x: Tensor, beta: Tensor) -> Tensor:
    """Returns ``x sigmoid(beta x)``.

    Source: Ramachandran et al., *Searching for Activation Functions*, 2017.

    Args:
        x: A variable or array of floating point, of shape ``(N, *beta.shape, ...)``.
        beta: The factors, a variable or array of ``x``'s dtype.

    Returns:
        A variable of ``x``'s shape and dtype.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.swish(np.array([[0.0]], np.float32), np.array([1.0], np.float32))
        variable([[0.]])
    """
    return x * torch.sigmoid(_spread(beta, x) * x)


@function("RReLU", check=_checks.floating)
def _rrelu(x: Tensor, slope: Any, lower: float, upper: float) -> Tensor:
    # One product with constants: a choice of torch's takes twice as long, there and back.
    with torch.no_grad():
        # The comparison writes numbers: kernels from and to bool have no vector instructions.
        positive = torch.ge(x, 0, out=torch.empty_like(x))
        factors = (1 - positive).mul_(slope).add_(positive)
    return x * factors


def rrelu(x: Any, l: float = 1.0 / 8, u: float = 1.0 / 3, **kwargs: Any) -> Any:  # noqa: E741 -- Chainer's name
    """Returns ``x`` where it is positive, else ``r x`` with random slopes ``r``.

    In testing, ``r`` is the middle of its range. On the CPU the slopes are drawn from NumPy's
    global generator, as in Chainer.

    Source: Xu et al., *Empirical Evaluation of Rectified Activations in Convolutional Network*,
    2015.

    Args:
        x: A variable or array of floating point, of any shape.
        l: The lowest slope.
        u: The highest slope.
        **kwargs: ``r``, the slopes to use, an array of ``x``'s shape; ``return_r``, whether to
            return them too.

    Returns:
        A variable of the same shape and dtype; with ``return_r`` also the slopes (None in
        testing).

    Raises:
        InvalidType: If ``x`` is not of floating point, or ``r`` does not fit.
        ValueError: If ``l`` is not below ``u``.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> with chainer.using_config('train', False):
        ...     chainer.functions.rrelu(np.array([-1.0, 2.0], np.float32), 0.25, 0.75)
        variable([-0.5,  2. ])
    """
    check_unexpected_kwargs(
        kwargs, train="train argument is not supported anymore. Use chainer.using_config"
    )
    r, return_r = parse_kwargs(kwargs, ("r", None), ("return_r", False))
    assert_kwargs_empty(kwargs)
    if not 0 <= l < u:
        raise ValueError(f"the lowest slope, {l}, must be below the highest, {u}")
    x = as_variable(x)
    result: Variable
    if not _this_thread.mode.train:
        result = _rrelu(x, (l + u) / 2, l, u)
        return (result, None) if return_r else result
    slope = _slopes(x, l, u) if r is None else _crossing.as_tensor(r)
    if slope.shape != x.tensor.shape or slope.dtype != x.tensor.dtype:
        raise InvalidType("r.shape == x.shape", f"{tuple(slope.shape)} != {x.shape}")
    result = _rrelu(x, slope, l, u)
    return (result, _crossing.as_raw(slope) if r is None else r) if return_r else result


def _slopes(x: Variable, low: float, high: float) -> Tensor:
    tensor = x.tensor
    if tensor.is_cuda:
        return torch.empty_like(tensor, requires_grad=False).uniform_(low, high)
    return _in_blocks(tensor, lambda size: np.random.uniform(low, high, size))  # noqa: NPY002 -- Chainer's stream
