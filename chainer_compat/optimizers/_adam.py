"""Adam and its variants: AdamW, AMSGrad, AdaBound, AMSBound."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors, check_eps
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import (
    Hyperparameter,
    HyperparameterProxy,
    effective,
)

__all__ = ["AMSBound", "AMSGrad", "AdaBound", "Adam", "AdamRule", "AdamW"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.alpha = 0.001
_DEFAULTS.beta1 = 0.9
_DEFAULTS.beta2 = 0.999
_DEFAULTS.eps = 1e-8
_DEFAULTS.eta = 1.0
_DEFAULTS.weight_decay_rate = 0
_DEFAULTS.amsgrad = False
_DEFAULTS.adabound = False
_DEFAULTS.final_lr = 0.1
_DEFAULTS.gamma = 1e-3


def _learning_rate(hp: Any, t: int) -> float:
    if t == 0:
        raise RuntimeError(
            "the learning rate of Adam depends on the number of updates: there is none before "
            "the first update; `alpha` is what does not depend on it"
        )
    rate: float = hp.alpha * math.sqrt(1 - hp.beta2**t) / (1 - hp.beta1**t)
    return rate


def _warn_of_lr(name: str) -> None:
    warnings.warn(f"{name}.lr is called alpha_t since Chainer 6", DeprecationWarning, stacklevel=3)


class AdamRule(ForeachRule):
    """The rule of :class:`Adam` and of its variants.

    Its state is the mean of the gradients ``m``, that of their squares ``v``, and with ``amsgrad``
    the largest so far of these, ``vhat``.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        alpha: The step size.
        beta1: How much of the mean of the gradients is kept at each step.
        beta2: How much of the mean of their squares is kept at each step.
        eps: Added to the divisor.
        eta: A factor of the whole step, weight decay included.
        weight_decay_rate: How much of the parameter is taken off at each step.
        amsgrad: Whether to divide by the largest mean of squares so far.
        adabound: Whether to bound the rate.
        final_lr: Where the bounds go to.
        gamma: How fast they go there.
    """

    _states = {"m": 0, "v": 0, "vhat": 0}
    _widens = True

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        alpha: float | None = None,
        beta1: float | None = None,
        beta2: float | None = None,
        eps: float | None = None,
        eta: float | None = None,
        weight_decay_rate: float | None = None,
        amsgrad: bool | None = None,
        adabound: bool | None = None,
        final_lr: float | None = None,
        gamma: float | None = None,
    ) -> None:
        super().__init__(
            parent_hyperparam or _DEFAULTS,
            alpha=alpha,
            beta1=beta1,
            beta2=beta2,
            eps=eps,
            eta=eta,
            weight_decay_rate=weight_decay_rate,
            amsgrad=amsgrad,
            adabound=adabound,
            final_lr=final_lr,
            gamma=gamma,
        )
        # The bounds follow `alpha` as it changes, in proportion.
        self.initial_alpha = self.hyperparam.alpha

    @property
    def alpha_t(self) -> float:
        """The step size, corrected for the means' start from zero.

        Raises:
            RuntimeError: Before the first update.
        """
        return _learning_rate(effective(self.hyperparam), self.t)

    @property
    def lr(self) -> float:
        """An old name of :attr:`alpha_t`."""
        _warn_of_lr("AdamRule")
        return self.alpha_t

    @property
    def bounds(self) -> tuple[float, float]:
        """AdaBound's lower and upper bound of the rate.

        Raises:
            RuntimeError: Before the first update.
        """
        if self.t == 0:
            raise RuntimeError(
                "the bounds of AdaBound depend on the number of updates: there are none before "
                "the first update"
            )
        hp = effective(self.hyperparam)
        final = hp.final_lr * hp.alpha / self.initial_alpha
        progress = hp.gamma * self.t
        return final * (1 - 1 / (progress + 1)), final * (1 + 1 / progress)

    def _used_states(self, hp: Any) -> Sequence[str]:
        return ("m", "v", "vhat") if hp.amsgrad else ("m", "v")

    def _alike(self) -> Any:
        return float(self.initial_alpha)

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        m, v, *rest = states
        check_eps("Adam", hp.eps, data[0].dtype)
        torch._foreach_lerp_(m, grads, 1 - hp.beta1)
        # v += (1 - beta2) * (grad * grad - v), rounded as little as in Chainer: beta2 itself has
        # no exact float32.
        torch._foreach_add_(v, v, alpha=hp.beta2 - 1)
        torch._foreach_addcmul_(v, grads, grads, value=1 - hp.beta2)
        if hp.amsgrad:
            torch._foreach_maximum_(rest[0], v)
            v = rest[0]
        divisor = torch._foreach_sqrt(v)
        torch._foreach_add_(divisor, hp.eps)
        if hp.weight_decay_rate:
            torch._foreach_mul_(data, 1 - hp.eta * hp.weight_decay_rate)
        if hp.adabound:
            lower, upper = self.bounds
            torch._foreach_reciprocal_(divisor)
            torch._foreach_mul_(divisor, self.alpha_t)
            torch._foreach_clamp_min_(divisor, lower)
            torch._foreach_clamp_max_(divisor, upper)
            torch._foreach_addcmul_(data, m, divisor, value=-hp.eta)
        else:
            torch._foreach_addcdiv_(data, m, divisor, value=-hp.eta * self.alpha_t)


class Adam(GradientMethod):
    """Adam: steps by the mean of the gradients over the root of the mean of their squares.

    Both means start from zero, and the step size is corrected for that; ``eps`` is added to the
    root as it is. Weight decay is that of AdamW: ``eta * weight_decay_rate`` of the parameter,
    whatever ``alpha`` is.

    Args:
        alpha: The step size.
        beta1: How much of the mean of the gradients is kept at each step.
        beta2: How much of the mean of their squares is kept at each step.
        eps: Added to the divisor.
        eta: A factor of the whole step, weight decay included.
        weight_decay_rate: How much of the parameter is taken off at each step.
        amsgrad: Whether to divide by the largest mean of squares so far (AMSGrad).
        adabound: Whether to bound the rate (AdaBound).
        final_lr: Where AdaBound's bounds go to.
        gamma: How fast they go there.

    Source: Kingma and Ba, *Adam: A Method for Stochastic Optimization*; Chainer's reference,
    *chainer.optimizers.Adam*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(2,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([3, -3], np.float32)
        >>> optimizer = chainer.optimizers.Adam(alpha=0.125).setup(link)
        >>> optimizer.update()
        >>> link.w.array
        array([0.875, 1.125], dtype=float32)
    """

    alpha = HyperparameterProxy("alpha")
    beta1 = HyperparameterProxy("beta1")
    beta2 = HyperparameterProxy("beta2")
    eps = HyperparameterProxy("eps")
    eta = HyperparameterProxy("eta")
    weight_decay_rate = HyperparameterProxy("weight_decay_rate")
    amsgrad = HyperparameterProxy("amsgrad")
    adabound = HyperparameterProxy("adabound")
    final_lr = HyperparameterProxy("final_lr")
    gamma = HyperparameterProxy("gamma")

    def __init__(
        self,
        alpha: float = _DEFAULTS.alpha,
        beta1: float = _DEFAULTS.beta1,
        beta2: float = _DEFAULTS.beta2,
        eps: float = _DEFAULTS.eps,
        eta: float = _DEFAULTS.eta,
        weight_decay_rate: float = _DEFAULTS.weight_decay_rate,
        amsgrad: bool = _DEFAULTS.amsgrad,
        adabound: bool = _DEFAULTS.adabound,
        final_lr: float = _DEFAULTS.final_lr,
        gamma: float = _DEFAULTS.gamma,
    ) -> None:
        super().__init__()
        hp = self.hyperparam
        hp.alpha, hp.beta1, hp.beta2, hp.eps = alpha, beta1, beta2, eps
        hp.eta, hp.weight_decay_rate = eta, weight_decay_rate
        hp.amsgrad, hp.adabound = amsgrad, adabound
        hp.final_lr, hp.gamma = final_lr, gamma

    def create_update_rule(self) -> AdamRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return AdamRule(self.hyperparam)

    @property
    def alpha_t(self) -> float:
        """The step size, corrected for the means' start from zero.

        Raises:
            RuntimeError: Before the first update.
        """
        return _learning_rate(self.hyperparam, self.t)

    @property
    def lr(self) -> float:
        """An old name of :attr:`alpha_t`."""
        _warn_of_lr("Adam")
        return self.alpha_t


class AdamW(Adam):
    """Adam with weight decay apart from the gradient.

    Args:
        alpha: The step size.
        beta1: How much of the mean of the gradients is kept at each step.
        beta2: How much of the mean of their squares is kept at each step.
        eps: Added to the divisor.
        eta: A factor of the whole step, weight decay included.
        weight_decay_rate: How much of the parameter is taken off at each step.

    Source: Loshchilov and Hutter, *Decoupled Weight Decay Regularization*; Chainer's reference,
    *chainer.optimizers.AdamW*.
    """

    def __init__(
        self,
        alpha: float = _DEFAULTS.alpha,
        beta1: float = _DEFAULTS.beta1,
        beta2: float = _DEFAULTS.beta2,
        eps: float = _DEFAULTS.eps,
        eta: float = _DEFAULTS.eta,
        weight_decay_rate: float = _DEFAULTS.weight_decay_rate,
    ) -> None:
        super().__init__(alpha, beta1, beta2, eps, eta, weight_decay_rate)


class AMSGrad(Adam):
    """Adam that divides by the largest mean of squares so far.

    Args:
        alpha: The step size.
        beta1: How much of the mean of the gradients is kept at each step.
        beta2: How much of the mean of their squares is kept at each step.
        eps: Added to the divisor.
        eta: A factor of the whole step.

    Source: Reddi, Kale and Kumar, *On the Convergence of Adam and Beyond*; Chainer's reference,
    *chainer.optimizers.AMSGrad*.
    """

    def __init__(
        self,
        alpha: float = _DEFAULTS.alpha,
        beta1: float = _DEFAULTS.beta1,
        beta2: float = _DEFAULTS.beta2,
        eps: float = _DEFAULTS.eps,
        eta: float = _DEFAULTS.eta,
    ) -> None:
        super().__init__(alpha, beta1, beta2, eps, eta, amsgrad=True)


class AdaBound(Adam):
    """Adam with bounds of the rate that close in on that of plain gradient descent.

    Args:
        alpha: The step size.
        beta1: How much of the mean of the gradients is kept at each step.
        beta2: How much of the mean of their squares is kept at each step.
        final_lr: Where the bounds go to.
        gamma: How fast they go there.
        eps: Added to the divisor.
        eta: A factor of the whole step.

    Source: Luo, Xiong, Liu and Sun, *Adaptive Gradient Methods with Dynamic Bound of Learning
    Rate*; Chainer's reference, *chainer.optimizers.AdaBound*.
    """

    def __init__(
        self,
        alpha: float = _DEFAULTS.alpha,
        beta1: float = _DEFAULTS.beta1,
        beta2: float = _DEFAULTS.beta2,
        final_lr: float = _DEFAULTS.final_lr,
        gamma: float = _DEFAULTS.gamma,
        eps: float = _DEFAULTS.eps,
        eta: float = _DEFAULTS.eta,
    ) -> None:
        super().__init__(
            alpha,
            beta1,
            beta2,
            eps,
            eta,
            amsgrad=False,
            adabound=True,
            final_lr=final_lr,
            gamma=gamma,
        )


class AMSBound(Adam):
    """AdaBound that divides by the largest mean of squares so far.

    Args:
        alpha: The step size.
        beta1: How much of the mean of the gradients is kept at each step.
        beta2: How much of the mean of their squares is kept at each step.
        final_lr: Where the bounds go to.
        gamma: How fast they go there.
        eps: Added to the divisor.
        eta: A factor of the whole step.

    Source: as of :class:`AdaBound`; Chainer's reference, *chainer.optimizers.AMSBound*.
    """

    def __init__(
        self,
        alpha: float = _DEFAULTS.alpha,
        beta1: float = _DEFAULTS.beta1,
        beta2: float = _DEFAULTS.beta2,
        final_lr: float = _DEFAULTS.final_lr,
        gamma: float = _DEFAULTS.gamma,
        eps: float = _DEFAULTS.eps,
        eta: float = _DEFAULTS.eta,
    ) -> None:
        super().__init__(
            alpha,
            beta1,
            beta2,
            eps,
            eta,
            amsgrad=True,
            adabound=True,
            final_lr=final_lr,
            gamma=gamma,
        )
