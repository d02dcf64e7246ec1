"""Functions of several arrays, elementwise (Chainer: *Mathematical functions*)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable, as_variable, is_raw_array
from chainer_compat.backends import _crossing
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.functions import _checks, _gamma
from chainer_compat.functions._boundary import function
from chainer_compat.functions._shape import broadcast_to, reshape
from chainer_compat.utils.type_check import fail

__all__ = [
    "arctan2",
    "batch_l2_norm_squared",
    "bias",
    "fmod",
    "identity",
    "linear_interpolate",
    "polygamma",
    "scale",
    "zeta",
]


def _check_arctan2(x1: Tensor, x2: Tensor) -> None:
    _checks.expect_floating(x1, "x1")
    _checks.expect_floating(x2, "x2")
    _checks.expect_broadcast(x1, x2)


@function("Arctan2", label="arctan2", check=_check_arctan2)
def arctan2(x1: Tensor, x2: Tensor) -> Tensor:
    """Returns the angle in radians of the points ``(x2, x1)``, in the right quadrant.

    Args:
        x1: A variable or array of floating point: the ordinates.
        x2: Another one: the abscissae.

    Returns:
        A variable of angles between -pi and pi.

    Raises:
        InvalidType: If a dtype is not of floating point.
        ValueError: If the shapes do not broadcast.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.arctan2(np.array([0.0, 1.0], np.float32), np.array([1.0, 1.0], np.float32))
        variable([0.       , 0.7853982])
    """
    return torch.atan2(x1, x2)


def _check_fmod(x: Tensor, divisor: Tensor) -> None:
    _checks.expect_same_dtype(x, divisor, "x", "divisor")
    _checks.floating(x)
    _checks.expect_broadcast(x, divisor)


@function("Fmod", label="fmod", check=_check_fmod)
def fmod(x: Tensor, divisor: Tensor) -> Tensor:
    """Returns the remainder of a division whose quotient is rounded towards zero.

    Args:
        x: A variable or array of floating point.
        divisor: Another one of the same dtype.

    Returns:
        A variable of that dtype, with the sign of ``x``.

    Raises:
        InvalidType: If the dtypes differ or are not of floating point.
        ValueError: If the shapes do not broadcast.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.fmod(np.array([-3.0, 3.0], np.float32), np.array([2.0, 2.0], np.float32))
        variable([-1.,  1.])
    """
    return torch.fmod(x, divisor)


def _special(x: Tensor) -> Tensor:
    """An array in a precision for which torch has zeta."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _check_polygamma(n: Tensor, x: Tensor) -> None:
    _checks.expect_integer(n, "n")
    _checks.floating(x)
    _checks.expect_broadcast(n, x)


@function("PolyGamma", label="polygamma", check=_check_polygamma)
def polygamma(n: Tensor, x: Tensor) -> Tensor:
    """Returns derivatives of the digamma function.

    Args:
        n: A variable or array of integers: how often to differentiate.
        x: A variable or array of floating point.

    Returns:
        A variable of ``x``'s dtype; NaN where ``n`` is negative.

    Raises:
        InvalidType: If the dtypes are others.
        ValueError: If the shapes do not broadcast.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.polygamma(np.array([0, 1], np.int32), np.array([1.0, 1.0], np.float32))
        variable([-0.5772159,  1.644934 ])
    """
    wide = _special(x)
    order = n.to(wide.dtype)
    positive = order.clamp(min=1)
    factor = torch.where(n % 2 == 0, -1, 1) * torch.lgamma(positive + 1).exp()
    y = factor * torch.special.zeta(positive + 1, wide)
    y = torch.where(n > 0, y, torch.where(n == 0, _gamma.digamma(wide), torch.nan))
    return y.to(x.dtype)


def _check_zeta(q: Tensor, x: Any) -> None:
    _checks.expect_floating(q, "q")
    if not (is_raw_array(x) or isinstance(x, (int, float))):
        raise InvalidArgumentTypeError(
            f"x of zeta is an array, not a variable: it has no derivative; got {type(x)}"
        )
    if is_raw_array(x):
        _checks.expect_broadcast(_crossing.as_tensor(x), q)


@function("Zeta", label="zeta", check=_check_zeta)
def _zeta(q: Tensor, x: Any) -> Tensor:
    wide = _special(q)
    y: Tensor = torch.special.zeta(_crossing.as_tensor(x).to(wide), wide)
    return y.to(q.dtype)


def zeta(x: Any, q: Any) -> Variable:
    """Returns the zeta function of Hurwitz, the sum of ``(k + q) ** -x`` over ``k`` from 0.

    Args:
        x: An array of exponents; there is no derivative with respect to it.
        q: A variable or array of floating point.

    Returns:
        A variable of ``q``'s dtype.

    Raises:
        InvalidType: If ``q`` is not of floating point.
        TypeError: If ``x`` is a variable.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.zeta(np.array([2.0], np.float32), np.array([1.0], np.float32))
        variable([1.644934])
    """
    result: Variable = _zeta(q, x)
    return result


def _check_linear_interpolate(p: Tensor, x: Tensor, y: Tensor) -> None:
    _checks.expect_floating(p, "p")
    for other, name in ((x, "x"), (y, "y")):
        _checks.expect_same_dtype(other, p, name, "p")
    for other, name in ((x, "x"), (y, "y")):
        if other.shape != p.shape:
            fail(f"p.shape == {name}.shape", f"{tuple(p.shape)} != {tuple(other.shape)}")


@function("LinearInterpolate", check=_check_linear_interpolate)
def linear_interpolate(p: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Returns ``p * x + (1 - p) * y``, elementwise.

    Args:
        p: A variable or array of floating point: the share of ``x``.
        x: Another one of the same shape and dtype.
        y: Another one of the same shape and dtype.

    Returns:
        A variable of that shape and dtype.

    Raises:
        InvalidType: If the shapes or dtypes differ.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> p, x, y = np.array([[0.25], [4.0], [8.0]], np.float32)
        >>> F.linear_interpolate(p, x, y)
        variable([7.])
    """
    return torch.lerp(y, x, p)


@function("Identity")
def _identity(*inputs: Tensor) -> Any:
    if len(inputs) == 1:
        return inputs[0].view_as(inputs[0])
    return tuple(x.view_as(x) for x in inputs)


def identity(*inputs: Any) -> Any:
    """Returns its arguments.

    Args:
        *inputs: Variables or arrays.

    Returns:
        A variable, or a tuple of them.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.identity(np.array([1.0], np.float32))
        variable([1.])
    """
    return _identity(*inputs) if inputs else ()


def _check_batch_l2(x: Tensor) -> None:
    _checks.floating(x)
    if x.ndim < 2:
        fail("x.ndim >= 2", f"{x.ndim} < 2")


@function("BatchL2NormSquared", check=_check_batch_l2)
def batch_l2_norm_squared(x: Tensor) -> Tensor:
    """Returns the sum of the squares of each example.

    Args:
        x: A variable or array of floating point, of shape ``(N, ...)``.

    Returns:
        A variable of shape ``(N,)``.

    Raises:
        InvalidType: If ``x`` is not of floating point or has fewer than two axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.batch_l2_norm_squared(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32))
        variable([ 5., 25.])
    """
    return x.flatten(1).square().sum(1)


def _spread(x: Any, y: Any, axis: int) -> Any:
    """An array with ones appended to its shape, broadcast to that of another, from an axis on."""
    whole, part = tuple(x.shape), tuple(y.shape)
    shape = (1,) * axis + part + (1,) * (len(whole) - axis - len(part))
    return broadcast_to(reshape(y, shape), whole)


def scale(x: Any, y: Any, axis: int = 1) -> Variable:
    """Returns the product of an array and a smaller one, whose axes are matched from one on.

    Args:
        x: A variable or array of floating point, of shape ``(N, C, ...)``.
        y: Another one, whose shape is that of some axes of ``x``.
        axis: The first of these.

    Returns:
        A variable of ``x``'s shape.

    Raises:
        InvalidType: If the shapes do not match or the dtypes differ.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.scale(np.ones((1, 2, 2), np.float32), np.array([2.0, 3.0], np.float32))
        variable([[[2., 2.],
                   [3., 3.]]])
    """
    result: Variable = _spread(x, y, axis) * as_variable(x)
    return result


def bias(x: Any, y: Any, axis: int = 1) -> Variable:
    """Returns the sum of an array and a smaller one, whose axes are matched from one on.

    Args:
        x: A variable or array, of shape ``(N, C, ...)``.
        y: Another one, whose shape is that of some axes of ``x``.
        axis: The first of these.

    Returns:
        A variable of ``x``'s shape.

    Raises:
        InvalidType: If the shapes do not match or the dtypes differ.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.bias(np.ones((1, 2, 2), np.float32), np.array([2.0, 3.0], np.float32))
        variable([[[3., 3.],
                   [4., 4.]]])
    """
    result: Variable = _spread(x, y, axis) + as_variable(x)
    return result
