"""The gamma function's logarithm and its derivatives, exact to the last digits.

torch's first derivative of digamma, ``torch.polygamma(1, x)``, has errors of 5e-10 in double
precision. ``zeta(2, x)`` is the same function, and exact.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["digamma", "lgamma"]


class _LGamma(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.lgamma(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return grads[0] * digamma(x)


class _DiGamma(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.digamma(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        # torch has no zeta of half precision.
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        trigamma: Tensor = torch.special.zeta(2.0, wide)
        return grads[0] * trigamma.to(x.dtype)


def lgamma(x: Tensor) -> Tensor:
    """Returns the logarithm of the gamma function's absolute value.

    Args:
        x: A tensor of floating point.
    """
    y: Tensor = _LGamma.apply(x)  # type: ignore[no-untyped-call]  # torch's
    return y


def digamma(x: Tensor) -> Tensor:
    """Returns the derivative of :func:`lgamma`.

    Args:
        x: A tensor of floating point.
    """
    y: Tensor = _DiGamma.apply(x)  # type: ignore[no-untyped-call]  # torch's
    return y
