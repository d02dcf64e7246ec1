"""Nesterov's accelerated gradient."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy
from chainer_compat.optimizers._rounding import add_products

__all__ = ["NesterovAG", "NesterovAGRule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.lr = 0.01
_DEFAULTS.momentum = 0.9


class NesterovAGRule(ForeachRule):
    """The rule of :class:`NesterovAG`.

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
        add_products(data, v, hp.momentum * hp.momentum)
        add_products(data, grads, -(1 + hp.momentum) * hp.lr)


class NesterovAG(GradientMethod):
    """Nesterov's accelerated gradient: momentum that looks ahead.

    The parameter is kept where the next gradient is to be taken.

    Args:
        lr: The learning rate.
        momentum: How much of the velocity is kept at each step.

    Source: Bengio, Boulanger-Lewandowski and Pascanu, *Advances in Optimizing Recurrent
    Networks*; Chainer's reference, *chainer.optimizers.NesterovAG*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(1,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([2], np.float32)
        >>> chainer.optimizers.NesterovAG().setup(link).update()
        >>> link.w.array
        array([0.9458], dtype=float32)
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

    def create_update_rule(self) -> NesterovAGRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return NesterovAGRule(self.hyperparam)
