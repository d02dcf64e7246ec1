"""Lasso."""

from __future__ import annotations

import torch

from chainer_compat.optimizer_hooks._gradient_hook import GradientHook

__all__ = ["Lasso"]


class Lasso(GradientHook):
    """Adds the sign of each parameter to its gradient: the gradient of ``rate * sum(abs(W))``.

    Args:
        rate: How much of it.

    Source: Chainer's reference, *chainer.optimizer_hooks.Lasso*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> param = chainer.Parameter(np.array([-2, 0, 2], np.float32))
        >>> param.grad = np.ones(3, np.float32)
        >>> chainer.optimizer_hooks.Lasso(0.5)(None, param)
        >>> param.grad
        array([0.5, 1. , 1.5], dtype=float32)
    """

    name = "Lasso"

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def _change(
        self, data: list[torch.Tensor], grads: list[torch.Tensor], scale: float | None
    ) -> None:
        rate = self.rate if scale is None else self.rate * scale
        torch._foreach_add_(grads, torch._foreach_sign(data), alpha=rate)
