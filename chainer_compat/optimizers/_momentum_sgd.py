"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy
from chainer_compat.optimizers._rounding import add_products

__all__ = ["MomentumSGD", "MomentumSGDRule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.lr = 0.01
_DEFAULTS.momentum = 0.9


class MomentumSGDRule(ForeachRule):
    """The rule of :class:`MomentumSGD`.

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
        add_products(v, grads, -hp.lr)
        torch._foreach_add_(data, v)


class MomentumSGD(GradientMethod):
    """Stochastic gradient descent with a velocity: ``v = momentum * v - lr * grad``.

    A change of ``lr`` reaches the velocity little by little, as it is part of it; see
    :class:`CorrectedMomentumSGD` for the other way.

    Args:
        lr: The learning rate.
        momentum: How much of the velocity is kept at each step.

    Source: Chainer's reference, *chainer.optimizers.MomentumSGD*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(1,))
        >>> link.w.array[:] = 1
        >>> optimizer = chainer.optimizers.MomentumSGD(lr=0.5, momentum=0.5).setup(link)
        >>> for _ in range(2):
        ...     link.w.grad = np.ones(1, np.float32)
        ...     optimizer.update()
        >>> link.w.array, link.w.update_rule.state["v"]
        (array([-0.25], dtype=float32), array([-0.75], dtype=float32))
    """

    lr = HyperparameterProxy("lr")
    momentum = HyperparameterProxy("momentum")

    def __init__(self, lr: float = _DEFAULTS.lr, momentum: float = _DEFAULTS.momentum) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.momentum = momentum

    def create_update_rule(self) -> MomentumSGDRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return MomentumSGDRule(self.hyperparam)
