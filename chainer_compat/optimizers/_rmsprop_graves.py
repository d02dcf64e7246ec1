"""Alex Graves's RMSprop."""

from __future__ import annotations

import functools
from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors, all_in_one
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy
from chainer_compat.optimizers._rounding import take_roots

__all__ = ["RMSpropGraves", "RMSpropGravesRule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.lr = 1e-4
_DEFAULTS.alpha = 0.95
_DEFAULTS.momentum = 0.9
_DEFAULTS.eps = 1e-4


class RMSpropGravesRule(ForeachRule):
    """The rule of :class:`RMSpropGraves`.

    Its state is the mean of the squares ``n``, that of the gradients ``g`` and the velocity
    ``delta``.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        lr: The learning rate.
        alpha: How much of the mean of the gradients and of their squares is kept at each
            step.
        momentum: How much of the velocity is kept at each step.
        eps: Added to the variance.
    """

    _states = {"n": 0, "g": 0, "delta": 0}

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        alpha: float | None = None,
        momentum: float | None = None,
        eps: float | None = None,
    ) -> None:
        super().__init__(
            parent_hyperparam or _DEFAULTS, lr=lr, alpha=alpha, momentum=momentum, eps=eps
        )

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        all_in_one(functools.partial(_formula, hp), data, grads, states)


def _formula(hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
    n, g, delta = states
    part = torch._foreach_mul(grads, 1 - hp.alpha)
    torch._foreach_mul_(g, hp.alpha)
    torch._foreach_add_(g, part)
    torch._foreach_mul_(part, grads)
    torch._foreach_mul_(n, hp.alpha)
    torch._foreach_add_(n, part)
    # The difference of two nearly equal numbers: each product is rounded, as in Chainer.
    divisor = torch._foreach_sub(n, torch._foreach_mul(g, g))
    torch._foreach_add_(divisor, hp.eps)
    take_roots(divisor)
    torch._foreach_mul_(delta, hp.momentum)
    torch._foreach_addcdiv_(delta, grads, divisor, value=-hp.lr)
    torch._foreach_add_(data, delta)


class RMSpropGraves(GradientMethod):
    """Alex Graves's RMSprop: gradients over the root of their variance, with a velocity.

    Args:
        lr: The learning rate.
        alpha: How much of the mean of the gradients and of their squares is kept at each
            step.
        momentum: How much of the velocity is kept at each step.
        eps: Added to the variance.

    Source: Graves, *Generating Sequences With Recurrent Neural Networks*; Chainer's reference,
    *chainer.optimizers.RMSpropGraves*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(1,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([2], np.float32)
        >>> chainer.optimizers.RMSpropGraves().setup(link).update()
        >>> link.w.array
        array([0.9995], dtype=float32)
    """

    lr = HyperparameterProxy("lr")
    alpha = HyperparameterProxy("alpha")
    momentum = HyperparameterProxy("momentum")
    eps = HyperparameterProxy("eps")

    def __init__(
        self,
        lr: float = _DEFAULTS.lr,
        alpha: float = _DEFAULTS.alpha,
        momentum: float = _DEFAULTS.momentum,
        eps: float = _DEFAULTS.eps,
    ) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.alpha = alpha
        self.hyperparam.momentum = momentum
        self.hyperparam.eps = eps

    def create_update_rule(self) -> RMSpropGravesRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return RMSpropGravesRule(self.hyperparam)
