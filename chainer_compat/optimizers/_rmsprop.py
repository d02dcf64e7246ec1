"""RMSprop."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors, check_eps
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy

__all__ = ["RMSprop", "RMSpropRule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.lr = 0.01
_DEFAULTS.alpha = 0.99
_DEFAULTS.eps = 1e-8
_DEFAULTS.eps_inside_sqrt = False


class RMSpropRule(ForeachRule):
    """The rule of :class:`RMSprop`.

    Its state is the mean square of the gradients, ``ms``.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        lr: The learning rate.
        alpha: How much of the mean of squares is kept at each step.
        eps: Added to the divisor.
        eps_inside_sqrt: Whether ``eps`` is added before the root is taken, not after.
    """

    _states = {"ms": 0}

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        alpha: float | None = None,
        eps: float | None = None,
        eps_inside_sqrt: bool | None = None,
    ) -> None:
        super().__init__(
            parent_hyperparam or _DEFAULTS,
            lr=lr,
            alpha=alpha,
            eps=eps,
            eps_inside_sqrt=eps_inside_sqrt,
        )

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        (ms,) = states
        check_eps("RMSprop", hp.eps, grads[0].dtype)
        torch._foreach_mul_(ms, hp.alpha)
        torch._foreach_addcmul_(ms, grads, grads, value=1 - hp.alpha)
        if hp.eps_inside_sqrt:
            divisor = torch._foreach_add(ms, hp.eps)
            torch._foreach_sqrt_(divisor)
        else:
            divisor = torch._foreach_sqrt(ms)
            torch._foreach_add_(divisor, hp.eps)
        torch._foreach_addcdiv_(data, grads, divisor, value=-hp.lr)


class RMSprop(GradientMethod):
    """RMSprop: gradients over the root of the mean of their squares.

    Args:
        lr: The learning rate.
        alpha: How much of the mean of squares is kept at each step.
        eps: Added to the divisor.
        eps_inside_sqrt: Whether ``eps`` is added before the root is taken, not after.

    Source: Tieleman and Hinton, *Lecture 6.5: rmsprop*, COURSERA: Neural Networks for Machine
    Learning; Chainer's reference, *chainer.optimizers.RMSprop*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(1,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([2], np.float32)
        >>> chainer.optimizers.RMSprop().setup(link).update()
        >>> link.w.array
        array([0.9], dtype=float32)
    """

    lr = HyperparameterProxy("lr")
    alpha = HyperparameterProxy("alpha")
    eps = HyperparameterProxy("eps")
    eps_inside_sqrt = HyperparameterProxy("eps_inside_sqrt")

    def __init__(
        self,
        lr: float = _DEFAULTS.lr,
        alpha: float = _DEFAULTS.alpha,
        eps: float = _DEFAULTS.eps,
        eps_inside_sqrt: bool = _DEFAULTS.eps_inside_sqrt,
    ) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.alpha = alpha
        self.hyperparam.eps = eps
        self.hyperparam.eps_inside_sqrt = eps_inside_sqrt

    def create_update_rule(self) -> RMSpropRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return RMSpropRule(self.hyperparam)
