"""Calls of `torch.autograd.Function` without the Python around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["caller"]

# Under torch.func, a function is called in another way.
_is_transformed = torch._C._are_functorch_transforms_active


def caller(function: type[torch.autograd.Function]) -> Callable[..., Any]:
    """Returns what calls a function with a derivative of its own, in half the time of ``apply``.

    Args:
        function: Its class, whose ``forward`` takes all arguments by place.
    """
    apply: Callable[..., Any] = function.apply
    direct: Callable[..., Any] = super(torch.autograd.Function, function).apply  # type: ignore[misc]  # of C

    def call(*args: Any) -> Any:
        if _is_transformed():
            return apply(*args)
        return direct(*args)

    return call
