"""Simon Funk's SMORMS3."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy

__all__ = ["SMORMS3", "SMORMS3Rule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.lr = 0.001
_DEFAULTS.eps = 1e-16


class SMORMS3Rule(ForeachRule):
    """The rule of :class:`SMORMS3`.

    Its state is how far each element looks back, ``mem``, and the means of its gradients, ``g``,
    and of their squares, ``g2``.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        lr: The largest rate.
        eps: Added to the divisor.
    """

    _states = {"mem": 1, "g": 0, "g2": 0}

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        eps: float | None = None,
    ) -> None:
        super().__init__(parent_hyperparam or _DEFAULTS, lr=lr, eps=eps)

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        mem, g, g2 = states
        new = torch._foreach_add(mem, 1)
        torch._foreach_reciprocal_(new)
        kept = torch._foreach_neg(new)
        torch._foreach_add_(kept, 1)
        torch._foreach_mul_(new, grads)
        torch._foreach_mul_(g, kept)
        torch._foreach_add_(g, new)
        torch._foreach_mul_(new, grads)
        torch._foreach_mul_(g2, kept)
        torch._foreach_add_(g2, new)
        agreement = torch._foreach_mul(g, g)
        torch._foreach_div_(agreement, torch._foreach_add(g2, hp.eps))
        steps = torch._foreach_clamp_max(agreement, hp.lr)
        torch._foreach_mul_(steps, grads)
        divisor = torch._foreach_sqrt(g2)
        torch._foreach_add_(divisor, hp.eps)
        torch._foreach_div_(steps, divisor)
        torch._foreach_sub_(data, steps)
        torch._foreach_neg_(agreement)
        torch._foreach_add_(agreement, 1)
        torch._foreach_mul_(mem, agreement)
        torch._foreach_add_(mem, 1)


class SMORMS3(GradientMethod):
    """SMORMS3: RMSprop whose rate is bounded by how far the gradients agree.

    Args:
        lr: The largest rate.
        eps: Added to the divisor.

    Source: Funk, *RMSprop loses to SMORMS3, beware the epsilon* (sifter.org); Chainer's
    reference, *chainer.optimizers.SMORMS3*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(1,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([2], np.float32)
        >>> chainer.optimizers.SMORMS3().setup(link).update()
        >>> link.w.array
        array([0.9986], dtype=float32)
    """

    lr = HyperparameterProxy("lr")
    eps = HyperparameterProxy("eps")

    def __init__(
        self,
        lr: float = _DEFAULTS.lr,
        eps: float = _DEFAULTS.eps,
    ) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.eps = eps

    def create_update_rule(self) -> SMORMS3Rule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return SMORMS3Rule(self.hyperparam)
