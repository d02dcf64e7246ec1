"""AdaGrad."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy

__all__ = ["AdaGrad", "AdaGradRule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.lr = 0.001
_DEFAULTS.eps = 1e-8


class AdaGradRule(ForeachRule):
    """The rule of :class:`AdaGrad`.

    Its state is the sum of the squares of all gradients, ``h``.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        lr: The learning rate.
        eps: Added to the divisor.
    """

    _states = {"h": 0}

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        eps: float | None = None,
    ) -> None:
        super().__init__(parent_hyperparam or _DEFAULTS, lr=lr, eps=eps)

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        (h,) = states
        torch._foreach_addcmul_(h, grads, grads)
        divisor = torch._foreach_sqrt(h)
        torch._foreach_add_(divisor, hp.eps)
        torch._foreach_addcdiv_(data, grads, divisor, value=-hp.lr)


class AdaGrad(GradientMethod):
    """AdaGrad: the learning rate of each element falls with the squares of its gradients so far.

    Args:
        lr: The learning rate.
        eps: Added to the divisor.

    Source: Duchi, Hazan and Singer, *Adaptive Subgradient Methods for Online Learning and
    Stochastic Optimization*; Chainer's reference, *chainer.optimizers.AdaGrad*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(1,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([2], np.float32)
        >>> chainer.optimizers.AdaGrad().setup(link).update()
        >>> link.w.array
        array([0.999], dtype=float32)
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

    def create_update_rule(self) -> AdaGradRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return AdaGradRule(self.hyperparam)
