"""Clipping of the gradients' norm."""

from __future__ import annotations

import math
from typing import Any

import torch

from chainer_compat.optimizers._rounding import is_numpys

__all__ = ["GradientClipping"]


class GradientClipping:
    """Scales all gradients so that their norm, as one vector, is at most a threshold.

    Args:
        threshold: The largest norm.

    Attributes:
        threshold: The largest norm.
        timing: When it is called: ``"pre"``, before updates.

    Source: Chainer's reference, *chainer.optimizer_hooks.GradientClipping*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(2,))
        >>> link.w.array[:] = 0
        >>> optimizer = chainer.optimizers.SGD(lr=1).setup(link)
        >>> optimizer.add_hook(chainer.optimizer_hooks.GradientClipping(1))
        >>> link.w.grad = np.array([3, 4], np.float32)
        >>> optimizer.update()
        >>> link.w.array
        array([-0.6, -0.8], dtype=float32)
    """

    name = "GradientClipping"
    timing = "pre"

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def __call__(self, opt: Any) -> None:
        """Scales the gradients of an optimizer's target.

        Args:
            opt: The optimizer.
        """
        grads, scales = [], []
        for param in opt.target.params(False):
            grad = param._grad_tensor()
            if grad is not None:
                grads.append(grad.data)
                scales.append(param._loss_scale)
        if not grads:
            return
        if is_numpys(grads):
            number = _norm_by_numpy(grads, scales)
        else:
            norm = _norm(grads, scales)
            if norm.is_cuda:
                # No look at the number: that would wait for the GPU.
                torch._foreach_mul_(grads, (self.threshold / norm).clamp(max=1))
                return
            number = norm.item()
        if not number <= self.threshold:
            torch._foreach_mul_(grads, self.threshold / number)


def _norm_by_numpy(grads: list[torch.Tensor], scales: list[float | None]) -> float:
    """The norm with the roundings of Chainer, which some optimizers magnify."""
    total = 0.0
    for grad, scale in zip(grads, scales, strict=True):
        flat = grad.numpy().ravel()
        total += float(flat.dot(flat)) / (1 if scale is None else scale) ** 2
    return math.sqrt(total)


def _norm(grads: list[torch.Tensor], scales: list[float | None]) -> torch.Tensor:
    """The norm of all gradients, on their device; on the CPU if they are on several."""
    norms = torch._foreach_norm(grads)
    device = norms[0].device
    if any(norm.device != device for norm in norms):
        device = torch.device("cpu")
    # Each in float32 at least, for the squares of float16 overflow early.
    same = [
        norm.to(device, torch.promote_types(norm.dtype, torch.float32)) / (scale or 1)
        for norm, scale in zip(norms, scales, strict=True)
    ]
    total: torch.Tensor = torch.linalg.vector_norm(torch.stack(same))
    return total
