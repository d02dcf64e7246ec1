"""Clipping of each element of the gradients."""

from __future__ import annotations

import torch

from chainer_compat.optimizer_hooks._gradient_hook import GradientHook

__all__ = ["GradientHardClipping"]


class GradientHardClipping(GradientHook):
    """Brings each element of the gradients between two bounds.

    Args:
        lower_bound: The lower bound.
        upper_bound: The upper bound.

    Source: Chainer's reference, *chainer.optimizer_hooks.GradientHardClipping*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> param = chainer.Parameter(np.zeros(3, np.float32))
        >>> param.grad = np.array([-3, 0.5, 3], np.float32)
        >>> chainer.optimizer_hooks.GradientHardClipping(-1, 1)(None, param)
        >>> param.grad
        array([-1. ,  0.5,  1. ], dtype=float32)
    """

    name = "GradientHardClipping"

    def __init__(self, lower_bound: float, upper_bound: float) -> None:
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound

    def _change(
        self, data: list[torch.Tensor], grads: list[torch.Tensor], scale: float | None
    ) -> None:
        factor = 1 if scale is None else scale
        torch._foreach_clamp_min_(grads, self.lower_bound * factor)
        torch._foreach_clamp_max_(grads, self.upper_bound * factor)
