"""Elementwise functions of one array (Chainer: *Mathematical functions*), as a table.

A row says what a function is; :func:`_function` writes its documentation and its boundary.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from chainer_compat.functions import _checks, _gamma
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = [
    "arccos",
    "arcsin",
    "arctan",
    "arctanh",
    "cos",
    "cosh",
    "digamma",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "exp",
    "expm1",
    "lgamma",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_ndtr",
    "ndtr",
    "ndtri",
    "rsqrt",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
]

_Kernel = Callable[[Tensor], Tensor]

_DOCUMENTATION = """Returns {what}, elementwise.

    Args:
        x: A variable or array of floating point, of any shape.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.{name}(np.array([{x}], np.float32))
        variable([{y}])
    """


def _floating_input(x: Tensor) -> None:
    """The check of the functions that do not name their input."""
    if not x.is_floating_point():
        fail("in_types[0].dtype.kind == f", f"{_checks.dtype_kind(x)} != f")


def _function(
    name: str,
    kernel: _Kernel,
    what: str,
    x: str,
    y: str,
    *,
    node: str | None = None,
    label: str | None = None,
    check: Callable[..., None] = _checks.floating,
) -> Any:
    """Builds a function of one array.

    Args:
        name: Its name.
        kernel: What computes it.
        what: Its documentation's first line, behind "Returns".
        x: An example's argument.
        y: And its value, as it is shown.
        node: The name of the node's class, if it is not the function's capitalized.
        label: The node's label, if it is not the function's name.
        check: The type check.
    """

    def body(x: Tensor) -> Tensor:
        return kernel(x)

    body.__name__ = body.__qualname__ = name
    body.__doc__ = _DOCUMENTATION.format(what=what, name=name, x=x, y=y)
    return function(node or name.capitalize(), label=label or name, check=check)(body)


def _widened(kernel: _Kernel) -> _Kernel:
    """A kernel that torch lacks for half precision, by way of single precision."""

    def widened(x: Tensor) -> Tensor:
        if x.dtype in (torch.float16, torch.bfloat16):
            return kernel(x.float()).to(x.dtype)
        return kernel(x)

    return widened


def _in_double(kernel: _Kernel) -> _Kernel:
    """A kernel whose derivatives cancel in single precision, by way of double precision."""

    def exact(x: Tensor) -> Tensor:
        return kernel(x) if x.dtype is torch.float64 else kernel(x.double()).to(x.dtype)

    return exact


def _ndtr(x: Tensor) -> Tensor:
    # torch's own has no digits left far below 0.
    return torch.erfc(x * -math.sqrt(0.5)) * 0.5


def _square(x: Tensor) -> Tensor:
    # Backward, torch.square raises to a power again.
    return x * x


def _erfcinv(x: Tensor) -> Tensor:
    y: Tensor = torch.special.ndtri(x / 2) * -math.sqrt(0.5)
    return y


exp = _function("exp", torch.exp, "``e ** x``", "0.0", "1.", check=_floating_input)
expm1 = _function(
    "expm1", torch.expm1, "``exp(x) - 1``, exact also near 0", "0.0", "0."
)  # fmt: skip
log = _function("log", torch.log, "the natural logarithm", "1.0", "0.")
log1p = _function("log1p", torch.log1p, "``log(1 + x)``, exact also near 0", "0.0", "0.")
log2 = _function("log2", torch.log2, "the logarithm to base 2", "8.0", "3.")
log10 = _function("log10", torch.log10, "the logarithm to base 10", "100.0", "2.")
sqrt = _function("sqrt", torch.sqrt, "the square root", "9.0", "3.")
rsqrt = _function(
    "rsqrt", torch.rsqrt, "``1 / sqrt(x)``", "4.0", "0.5", node="DivFromConstant", label="1.0 / _"
)
square = _function("square", _square, "``x * x``", "-3.0", "9.")

sin = _function("sin", torch.sin, "the sine of angles in radians", "0.0", "0.")
cos = _function("cos", torch.cos, "the cosine of angles in radians", "0.0", "1.")
tan = _function("tan", torch.tan, "the tangent of angles in radians", "0.0", "0.")
arcsin = _function("arcsin", torch.asin, "the angle in radians whose sine is ``x``", "0.0", "0.")
arccos = _function("arccos", torch.acos, "the angle in radians whose cosine is ``x``", "1.0", "0.")
arctan = _function("arctan", torch.atan, "the angle in radians whose tangent is ``x``", "0.0", "0.")
sinh = _function("sinh", torch.sinh, "the hyperbolic sine", "0.0", "0.")
cosh = _function("cosh", torch.cosh, "the hyperbolic cosine", "0.0", "1.")
arctanh = _function(
    "arctanh", torch.atanh, "the number whose hyperbolic tangent is ``x``", "0.0", "0.",
    label="Arctanh",
)  # fmt: skip

erf = _function(
    "erf", torch.erf, "the error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t * t)`` "
    "from 0 to ``x``", "0.0", "0.",
)  # fmt: skip
erfc = _function("erfc", torch.erfc, "``1 - erf(x)``, exact also where it is small", "0.0", "1.")
erfinv = _function(
    "erfinv", _widened(torch.erfinv), "the number whose ``erf`` is ``x``", "0.0", "0.",
    node="ErfInv",
)  # fmt: skip
erfcinv = _function(
    "erfcinv", _widened(_erfcinv), "the number whose ``erfc`` is ``x``", "2.0", "-inf",
    node="ErfcInv", check=_floating_input,
)  # fmt: skip
erfcx = _function(
    "erfcx", _in_double(torch.special.erfcx), "``exp(x * x) * erfc(x)``", "0.0", "1.",
    check=_floating_input,
)  # fmt: skip
ndtr = _function(
    "ndtr", _in_double(_ndtr), "the normal distribution's cumulative function",
    "0.0", "0.5", check=_floating_input,
)  # fmt: skip
ndtri = _function(
    "ndtri", _widened(torch.special.ndtri), "the number whose ``ndtr`` is ``x``",
    "0.5", "0.", check=_floating_input,
)  # fmt: skip
log_ndtr = _function(
    "log_ndtr", _in_double(torch.special.log_ndtr), "``log(ndtr(x))``, exact also far from 0",
    "0.0", "-0.6931472", node="LogNdtr", check=_floating_input,
)  # fmt: skip
lgamma = _function(
    "lgamma", _gamma.lgamma, "the logarithm of the gamma function's absolute value", "1.0", "0.",
    node="LGamma",
)  # fmt: skip
digamma = _function(
    "digamma", _gamma.digamma, "the derivative of ``lgamma``", "0.5", "-1.96351",
    node="DiGamma",
)  # fmt: skip
