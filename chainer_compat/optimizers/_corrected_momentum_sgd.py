"""Stochastic gradient descent with a momentum that does not depend on the learning rate."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy
from chainer_compat.optimizers._rounding import add_products

__all__ = ["CorrectedMomentumSGD", "CorrectedMomentumSGDRule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.lr = 0.01
_DEFAULTS.momentum = 0.9


class CorrectedMomentumSGDRule(ForeachRule):
    """The rule of :class:`CorrectedMomentumSGD`.

    Its state is the velocity ``v``.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        lr: The learning rate.
        momentum: How much of the velocity is kept at each step.
    """

    _states = {"v": 0}

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        momentum: float | None = None,
    ) -> None:
        super().__init__(parent_hyperparam or _DEFAULTS, lr=lr, momentum=momentum)

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        (v,) = states
        torch._foreach_mul_(v, hp.momentum)
        torch._foreach_sub_(v, grads)
        add_products(data, v, hp.lr)


class CorrectedMomentumSGD(GradientMethod):
    """Stochastic gradient descent with a velocity of gradients: ``v = momentum * v - grad``.

    The step is ``lr * v``, so that a change of ``lr`` counts at once.

    Args:
        lr: The learning rate.
        momentum: How much of the velocity is kept at each step.

    Source: Goyal et al., *Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour*,
    equation 9; Chainer's reference, *chainer.optimizers.CorrectedMomentumSGD*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(1,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([2], np.float32)
        >>> chainer.optimizers.CorrectedMomentumSGD().setup(link).update()
        >>> link.w.array
        array([0.98], dtype=float32)
    """

    lr = HyperparameterProxy("lr")
    momentum = HyperparameterProxy("momentum")

    def __init__(
        self,
        lr: float = _DEFAULTS.lr,
        momentum: float = _DEFAULTS.momentum,
    ) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.momentum = momentum

    def create_update_rule(self) -> CorrectedMomentumSGDRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return CorrectedMomentumSGDRule(self.hyperparam)
