"""Computing again instead of remembering (Chainer: *Utility functions*)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable, as_variable
from chainer_compat.configuration import force_backprop_mode, no_backprop_mode, using_config
from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.functions._boundary import function

__all__ = ["forget"]


def _call(func: Callable[..., Any], xs: Sequence[Variable]) -> tuple[Variable, ...]:
    ys = func(*xs)
    results = ys if isinstance(ys, tuple) else (ys,)
    if not all(isinstance(y, Variable) for y in results):
        raise RuntimeError(
            "a function under F.forget returns a Variable or a tuple of Variables; "
            f"it returned {type(ys)}"
        )
    return results


class _Forgotten(torch.autograd.Function):
    """A function of which no result in between is kept: it runs again in the backward pass."""

    @staticmethod
    def forward(ctx: Any, func: Callable[..., Any], *xs: Tensor) -> tuple[Tensor, ...]:
        ctx.func = func
        ctx.save_for_backward(*xs)
        with no_backprop_mode(), using_config("_will_recompute", True):
            ys = _call(func, [Variable(x.detach(), requires_grad=False) for x in xs])
        return tuple(y.tensor.detach() for y in ys)

    @staticmethod
    def backward(ctx: Any, *gys: Tensor) -> tuple[Any, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError("F.forget cannot be differentiated twice; call the function itself")
        again = [x.detach().requires_grad_(x.requires_grad) for x in ctx.saved_tensors]
        modes = force_backprop_mode(), using_config("in_recomputing", True)
        with torch.enable_grad(), modes[0], modes[1]:
            ys = _call(ctx.func, [Variable(x, requires_grad=x.requires_grad) for x in again])
        ends = [(y.tensor, gy) for y, gy in zip(ys, gys, strict=True) if y.tensor.requires_grad]
        if ends:
            torch.autograd.backward([y for y, _ in ends], [gy for _, gy in ends])
        return None, *(x.grad for x in again)


@function("Forget")
def _forget(xs: Sequence[Tensor], func: Callable[..., Any]) -> Any:
    ys = _Forgotten.apply(func, *xs)  # type: ignore[no-untyped-call]  # torch's
    return ys if len(ys) > 1 else ys[0]


def forget(func: Callable[..., Any], *xs: Any) -> Any:
    """Calls a function without keeping its results in between, to save memory.

    In a backward pass the function is called again, with ``config.in_recomputing`` set, where
    links that keep statistics leave them alone. It must do the same then: no dropout.

    Args:
        func: A function of variables that returns a variable or a tuple of them.
        *xs: Its arguments: variables or arrays.

    Returns:
        What the function returns.

    Raises:
        TypeError: If ``func`` cannot be called or an argument is no array.
        RuntimeError: If it returns anything else, or is differentiated twice.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.forget(lambda x: F.exp(x) + 1, np.array([0.0], np.float32))
        variable([2.])
    """
    if not callable(func):
        raise InvalidArgumentTypeError(f"F.forget calls a function; got {type(func)}")
    variables = [as_variable(x) for x in xs]
    return _forget(variables, func)
