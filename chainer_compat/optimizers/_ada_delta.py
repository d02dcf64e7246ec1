"""AdaDelta."""

from __future__ import annotations

import functools
from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors, all_in_one
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy
from chainer_compat.optimizers._rounding import take_roots

__all__ = ["AdaDelta", "AdaDeltaRule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.rho = 0.95
_DEFAULTS.eps = 1e-6


class AdaDeltaRule(ForeachRule):
    """The rule of :class:`AdaDelta`.

    Its state is the mean square of the gradients, ``msg``, and of the steps, ``msdx``.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        rho: How much of the two means of squares is kept at each step.
        eps: Added to both means, so that the first step is not zero.
    """

    _states = {"msg": 0, "msdx": 0}

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        rho: float | None = None,
        eps: float | None = None,
    ) -> None:
        super().__init__(parent_hyperparam or _DEFAULTS, rho=rho, eps=eps)

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        all_in_one(functools.partial(_formula, hp), data, grads, states)


def _formula(hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
    msg, msdx = states
    _move(msg, grads, hp.rho)
    steps = torch._foreach_add(msdx, hp.eps)
    torch._foreach_div_(steps, torch._foreach_add(msg, hp.eps))
    take_roots(steps)
    torch._foreach_mul_(steps, grads)
    _move(msdx, steps, hp.rho)
    torch._foreach_sub_(data, steps)


def _move(mean: Tensors, values: Tensors | tuple[torch.Tensor, ...], rho: float) -> None:
    """Moves a mean of squares. Each product is rounded, as in Chainer."""
    squares = torch._foreach_mul(values, 1 - rho)
    torch._foreach_mul_(squares, values)
    torch._foreach_mul_(mean, rho)
    torch._foreach_add_(mean, squares)


class AdaDelta(GradientMethod):
    """AdaDelta: steps relative to the recent ones and to the gradients, with no learning rate.

    Args:
        rho: How much of the two means of squares is kept at each step.
        eps: Added to both means, so that the first step is not zero.

    Source: Zeiler, *ADADELTA: An Adaptive Learning Rate Method*;
    Chainer's reference, *chainer.optimizers.AdaDelta*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(1,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([2], np.float32)
        >>> chainer.optimizers.AdaDelta().setup(link).update()
        >>> link.w.array
        array([0.9955], dtype=float32)
    """

    rho = HyperparameterProxy("rho")
    eps = HyperparameterProxy("eps")

    def __init__(
        self,
        rho: float = _DEFAULTS.rho,
        eps: float = _DEFAULTS.eps,
    ) -> None:
        super().__init__()
        self.hyperparam.rho = rho
        self.hyperparam.eps = eps

    def create_update_rule(self) -> AdaDeltaRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return AdaDeltaRule(self.hyperparam)
