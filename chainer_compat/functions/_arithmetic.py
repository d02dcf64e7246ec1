"""The operators of `Variable`: with scalars, raw arrays and variables on either side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable, is_raw_array
from chainer_compat.backends import _crossing
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function

__all__ = ["absolute", "add"]


def _constant_like(value: Any, x: Tensor) -> float:
    """A scalar in the dtype of a tensor, as Chainer casts it: 1.5 is 1 beside integers."""
    return float(value) if x.is_floating_point() else int(value)


def _same_floating(lhs: Tensor, rhs: Tensor) -> None:
    if not lhs.is_floating_point():
        _checks.expect_floating(lhs, "lhs")
    _same(lhs, rhs)


def _same(lhs: Tensor, rhs: Tensor) -> None:
    if lhs.dtype is not rhs.dtype:
        _checks.expect_same_dtype(lhs, rhs, "lhs", "rhs")
    if lhs.shape != rhs.shape:
        _checks.broadcastable(lhs, rhs)


def _sum_types(*xs: Tensor) -> None:
    for i, x in enumerate(xs):
        if x.dtype is not xs[0].dtype:
            _checks.expect_same_dtype(xs[0], x, "x0", f"x{i}")
        if x.shape != xs[0].shape:
            _checks.broadcastable(xs[0], x)


@function("Add", label="_ + _", check=_same)
def _add(lhs: Tensor, rhs: Tensor) -> Tensor:
    return lhs + rhs


@function("MultiAdd", check=_sum_types)
def _multi_add(*xs: Tensor) -> Tensor:
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return total


@function("AddConstant", label="_ + {value}")
def _add_constant(x: Tensor, value: Any) -> Tensor:
    return x + _constant_like(value, x)


@function("Sub", label="_ - _", check=_same)
def _sub(lhs: Tensor, rhs: Tensor) -> Tensor:
    return lhs - rhs


@function("SubFromConstant", label="{value} - _")
def _sub_from_constant(x: Tensor, value: Any) -> Tensor:
    return _constant_like(value, x) - x


@function("Mul", label="_ * _", check=_same_floating)
def _mul(lhs: Tensor, rhs: Tensor) -> Tensor:
    return lhs * rhs


@function("MulConstant", label="_ * {value}")
def _mul_constant(x: Tensor, value: Any) -> Tensor:
    return x * _constant_like(value, x)


@function("Div", label="_ / _", check=_same_floating)
def _div(lhs: Tensor, rhs: Tensor) -> Tensor:
    return lhs / rhs


@function("DivFromConstant", label="{value} / _", check=_checks.floating)
def _div_from_constant(x: Tensor, value: Any) -> Tensor:
    # Of two tensors, for torch divides a number by multiplying it with the reciprocal.
    return torch.div(torch.tensor(_constant_like(value, x), dtype=x.dtype, device="cpu"), x)


@function("PowVarVar", label="_ ** _", check=_same_floating)
def _pow(lhs: Tensor, rhs: Tensor) -> Tensor:
    return torch.pow(lhs, rhs)


@function("PowVarConst", label="_ ** {value}", check=_checks.floating)
def _pow_constant(x: Tensor, value: Any) -> Tensor:
    return torch.pow(x, _constant_like(value, x))


@function("PowConstVar", label="{value} ** _", check=_checks.floating)
def _pow_of_constant(x: Tensor, value: Any) -> Tensor:
    return torch.pow(_constant_like(value, x), x)


@function("Neg", label="__neg__")
def _neg(x: Tensor) -> Tensor:
    return -x


@function("Absolute", label="|_|", check=_checks.floating)
def _absolute(x: Tensor) -> Tensor:
    return torch.abs(x)


def absolute(self: Any) -> Variable:
    """Returns the absolute value of each element.

    Args:
        self: A variable or array of floating point, of any shape.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.absolute(np.array([-1.0, 2.0], np.float32))
        variable([1., 2.])
    """
    result: Variable = _absolute(self)
    return result


def add(*xs: Any) -> Variable:
    """Returns the sum of arrays, elementwise, with broadcasting.

    Args:
        *xs: Variables or arrays of one dtype; of two, one may be a scalar.

    Raises:
        TypeError: If something is no array and no scalar.
        InvalidType: If the dtypes differ or the shapes do not broadcast.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([1.0, 2.0], np.float32)
        >>> F.add(x, x, x)
        variable([3., 6.])
    """
    result: Variable
    if len(xs) == 2:
        result = _operate(_add, _add_constant, *xs)
    else:
        result = xs[0] if len(xs) == 1 else _multi_add(*xs)
    return result


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (int, float, np.generic)) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    )


def _refuse(value: Any) -> NoReturn:
    raise InvalidArgumentTypeError(
        "an operand must be a scalar, an array of NumPy, CuPy or torch, or a Variable; "
        f"got {type(value)}"
    )


_SINGLE = np.dtype(np.float32)


def _is_single(x: Any) -> bool:
    return isinstance(x, Variable) and x._tensor is not None and x._tensor.dtype is torch.float32


def _beside(value: Any, x: Any) -> Any:
    """A raw array in the dtype of the variable beside it."""
    if type(value) is np.ndarray and value.dtype is _SINGLE and _is_single(x):
        return value
    if not is_raw_array(value):
        _refuse(value)
    if not isinstance(x, Variable):
        return value
    tensor, own = _crossing.as_tensor(value), x.tensor
    return value if tensor.dtype is own.dtype else tensor.to(own.dtype)


def _operate(
    binary: Callable[..., Any], constant: Callable[..., Any], lhs: Any, rhs: Any
) -> Variable:
    result: Variable
    if isinstance(rhs, Variable):
        result = binary(lhs if isinstance(lhs, Variable) else _beside(lhs, rhs), rhs)
    elif _is_scalar(rhs):
        result = constant(lhs, _plain(rhs))
    else:
        result = binary(lhs, _beside(rhs, lhs))
    return result


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) else value


def _forward(binary: Callable[..., Any], constant: Callable[..., Any]) -> Callable[..., Any]:
    def operator_of_variable(self: Variable, other: Any) -> Variable:
        return _operate(binary, constant, self, other)

    return operator_of_variable


def _reflected(binary: Callable[..., Any], constant: Callable[..., Any]) -> Callable[..., Any]:
    def operator_of_variable(self: Variable, other: Any) -> Variable:
        if _is_scalar(other):
            result: Variable = constant(self, _plain(other))
        else:
            result = binary(_beside(other, self), self)
        return result

    return operator_of_variable


def _minus_constant(x: Any, value: Any) -> Any:
    return _add_constant(x, -value)


def _over_constant(x: Any, value: Any) -> Any:
    return _mul_constant(x, 1.0 / value)


def _floor_divided(lhs: Any, rhs: Any) -> Variable:
    """Chainer's floor of the quotient, which is no part of a graph."""
    from chainer_compat import functions

    quotient = _forward(_div, _over_constant)(lhs, rhs)
    result: Variable = functions.floor(quotient)
    return result


def _floor_divided_from(rhs: Any, lhs: Any) -> Variable:
    from chainer_compat import functions

    quotient = _reflected(_div, _div_from_constant)(rhs, lhs)
    result: Variable = functions.floor(quotient)
    return result


def _matmul(lhs: Any, rhs: Any) -> Variable:
    from chainer_compat import functions

    if not isinstance(rhs, Variable) and not is_raw_array(rhs):
        _refuse(rhs)
    result: Variable = functions.matmul(lhs, rhs)
    return result


def _matmul_from(rhs: Any, lhs: Any) -> Variable:
    if not is_raw_array(lhs):
        _refuse(lhs)
    return _matmul(lhs, rhs)


def _get_item(x: Any, slices: Any) -> Variable:
    from chainer_compat import functions

    result: Variable = functions.get_item(x, slices)
    return result


_OPERATORS: dict[str, Callable[..., Any]] = {
    "__neg__": _neg,
    "__pos__": lambda self: self,
    "__abs__": absolute,
    "__add__": _forward(_add, _add_constant),
    "__radd__": _reflected(_add, _add_constant),
    "__sub__": _forward(_sub, _minus_constant),
    "__rsub__": _reflected(_sub, _sub_from_constant),
    "__mul__": _forward(_mul, _mul_constant),
    "__rmul__": _reflected(_mul, _mul_constant),
    "__truediv__": _forward(_div, _over_constant),
    "__rtruediv__": _reflected(_div, _div_from_constant),
    "__div__": _forward(_div, _over_constant),  # Python 2's names
    "__rdiv__": _reflected(_div, _div_from_constant),
    "__floordiv__": _floor_divided,
    "__rfloordiv__": _floor_divided_from,
    "__pow__": _forward(_pow, _pow_constant),
    "__rpow__": _reflected(_pow, _pow_of_constant),
    "__matmul__": _matmul,
    "__rmatmul__": _matmul_from,
    "__getitem__": _get_item,
}


# Whoever has a variable or a function has imported this module, and so has the operators.
for _name, _operation in _OPERATORS.items():
    setattr(Variable, _name, _operation)
