"""Weight decay."""

from __future__ import annotations

import torch

from chainer_compat.optimizer_hooks._gradient_hook import GradientHook
from chainer_compat.optimizers._rounding import add_products

__all__ = ["WeightDecay"]


class WeightDecay(GradientHook):
    """Adds a part of each parameter to its gradient: the gradient of ``rate / 2 * sum(W ** 2)``.

    Args:
        rate: How much of it.

    Source: Chainer's reference, *chainer.optimizer_hooks.WeightDecay*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(2,))
        >>> link.w.array[:] = 1
        >>> optimizer = chainer.optimizers.SGD(lr=0.5).setup(link)
        >>> optimizer.add_hook(chainer.optimizer_hooks.WeightDecay(0.5))
        >>> link.w.grad = np.array([0, 1], np.float32)
        >>> optimizer.update()
        >>> link.w.array
        array([0.75, 0.25], dtype=float32)
    """

    name = "WeightDecay"

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def _change(
        self, data: list[torch.Tensor], grads: list[torch.Tensor], scale: float | None
    ) -> None:
        rate = self.rate if scale is None else self.rate * scale
        add_products(grads, data, rate)
