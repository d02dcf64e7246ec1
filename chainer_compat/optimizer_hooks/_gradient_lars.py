"""Layer-wise adaptive rate scaling."""

from __future__ import annotations

import math

import numpy as np
import torch

from chainer_compat.optimizer_hooks._gradient_hook import GradientHook
from chainer_compat.optimizers._rounding import add_products, is_numpys

__all__ = ["GradientLARS"]


class GradientLARS(GradientHook):
    """Scales each gradient by the ratio of its parameter's norm to its own.

    With the coefficient of the paper in the learning rate, that is LARS: for SGD or MomentumSGD.

    Args:
        threshold: Parameters of a norm up to this are left alone.
        weight_decay: A part of the parameter that is added to its gradient.
        eps: Added to the divisor.

    Source: You, Gitman and Ginsburg, *Large Batch Training of Convolutional Networks*; Chainer's
    reference, *chainer.optimizer_hooks.GradientLARS*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> param = chainer.Parameter(np.array([3, 4], np.float32))
        >>> param.grad = np.array([0, 2], np.float32)
        >>> chainer.optimizer_hooks.GradientLARS()(None, param)
        >>> param.grad
        array([0., 5.], dtype=float32)
    """

    name = "GradientLARS"

    def __init__(
        self, threshold: float = 1e-2, weight_decay: float = 0.0, eps: float = 1e-9
    ) -> None:
        self.threshold = threshold
        self.weight_decay = weight_decay
        self.eps = eps

    def _change(
        self, data: list[torch.Tensor], grads: list[torch.Tensor], scale: float | None
    ) -> None:
        scaled = 1 if scale is None else scale
        if is_numpys([*data, *grads]):
            self._change_by_numpy(data, grads, scaled)
            return
        rates = [
            self._rate(*norms, scaled)
            for norms in zip(torch._foreach_norm(data), torch._foreach_norm(grads), strict=True)
        ]
        if self.weight_decay:
            torch._foreach_add_(grads, data, alpha=self.weight_decay * scaled)
        torch._foreach_mul_(grads, rates)

    def _rate(self, param: torch.Tensor, grad: torch.Tensor, scale: float) -> torch.Tensor:
        # A tensor all the way: a look at the numbers would wait for the GPU.
        rate = param / (self.eps + grad / scale + self.weight_decay * param)
        return torch.where(param > self.threshold, rate, 1.0)

    def _change_by_numpy(
        self, data: list[torch.Tensor], grads: list[torch.Tensor], scale: float
    ) -> None:
        """The same with the roundings of Chainer, which some optimizers magnify."""
        rates = []
        for p, g in zip(data, grads, strict=True):
            param, grad = float(np.linalg.norm(p.numpy())), float(np.linalg.norm(g.numpy()))
            divisor = self.eps + grad / scale + self.weight_decay * param
            rate = param / divisor if divisor else param * math.inf
            rates.append(rate if param > self.threshold else 1.0)
        if self.weight_decay:
            add_products(grads, data, self.weight_decay * scale)
        torch._foreach_mul_(grads, rates)
