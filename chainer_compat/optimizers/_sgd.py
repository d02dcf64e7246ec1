"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy

__all__ = ["SGD", "SGDRule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.lr = 0.01


class SGDRule(ForeachRule):
    """The rule of :class:`SGD`.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        lr: The learning rate.
    """

    def __init__(
        self, parent_hyperparam: Hyperparameter | None = None, lr: float | None = None
    ) -> None:
        super().__init__(parent_hyperparam or _DEFAULTS, lr=lr)

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        torch._foreach_add_(data, grads, alpha=-hp.lr)


class SGD(GradientMethod):
    """Stochastic gradient descent: each parameter goes ``lr`` times its gradient downhill.

    Args:
        lr: The learning rate.

    Source: Chainer's reference, *chainer.optimizers.SGD*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(2,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([1, 2], np.float32)
        >>> chainer.optimizers.SGD(lr=0.25).setup(link).update()
        >>> link.w.array
        array([0.75, 0.5 ], dtype=float32)
    """

    lr = HyperparameterProxy("lr")

    def __init__(self, lr: float = _DEFAULTS.lr) -> None:
        super().__init__()
        self.hyperparam.lr = lr

    def create_update_rule(self) -> SGDRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return SGDRule(self.hyperparam)
