"""M-SVAG."""

from __future__ import annotations

from typing import Any

import torch

from chainer_compat.optimizers._foreach_rule import ForeachRule, Tensors
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy

__all__ = ["MSVAG", "MSVAGRule"]

_DEFAULTS: Any = Hyperparameter()
_DEFAULTS.lr = 0.1
_DEFAULTS.beta = 0.9
_DEFAULTS.eta = 1.0
_DEFAULTS.weight_decay_rate = 0


class MSVAGRule(ForeachRule):
    """The rule of :class:`MSVAG`.

    Its state is the mean of the gradients ``m`` and that of their squares ``v``.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        lr: The learning rate.
        beta: How much of the two means is kept at each step.
        eta: A factor of the whole step, weight decay included.
        weight_decay_rate: How much of the parameter is taken off at each step.
    """

    _states = {"m": 0, "v": 0}

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        beta: float | None = None,
        eta: float | None = None,
        weight_decay_rate: float | None = None,
    ) -> None:
        super().__init__(
            parent_hyperparam or _DEFAULTS,
            lr=lr,
            beta=beta,
            eta=eta,
            weight_decay_rate=weight_decay_rate,
        )
        # beta to the power of the next update's number.
        self.beta_power = float(self.hyperparam.beta)

    def _alike(self) -> Any:
        return self.beta_power

    def _stepped(self) -> None:
        self.__dict__["beta_power"] *= self.hyperparam.beta

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the count of updates and the state.

        Args:
            serializer: What saves or loads.
        """
        super().serialize(serializer)
        try:
            self.beta_power = serializer("_beta_power", self.beta_power)
        except KeyError:
            # A file of Chainer's, which begins anew here; the count tells where it was.
            self.beta_power = self.hyperparam.beta ** (self.t + 1)

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        m, v = states
        power = self.beta_power
        rho = min(0.9999, _variance_factor(hp.beta, power))
        part = torch._foreach_sub(grads, m)
        torch._foreach_mul_(part, 1 - hp.beta)
        torch._foreach_add_(m, part)
        part = torch._foreach_mul(grads, grads)
        torch._foreach_sub_(part, v)
        torch._foreach_mul_(part, 1 - hp.beta)
        torch._foreach_add_(v, part)
        steps = torch._foreach_div(m, 1 - power)
        squares = torch._foreach_mul(steps, steps)
        variance = torch._foreach_div(v, 1 - power)
        torch._foreach_sub_(variance, squares)
        torch._foreach_div_(variance, 1 - rho)
        torch._foreach_mul_(variance, rho)
        torch._foreach_add_(variance, squares)
        torch._foreach_div_(squares, variance)
        torch._foreach_clamp_min_(squares, 0)
        torch._foreach_clamp_max_(squares, 1)
        for factor in squares:
            factor.nan_to_num_(0)  # where there was no gradient so far
        torch._foreach_mul_(steps, hp.lr)
        torch._foreach_mul_(steps, squares)
        if hp.weight_decay_rate:
            torch._foreach_add_(steps, data, alpha=hp.weight_decay_rate)
        torch._foreach_add_(data, steps, alpha=-hp.eta)


def _variance_factor(beta: float, power: float) -> float:
    return ((1 - beta) ** 2 * (1 - power**2)) / ((1 - power) ** 2 * (1 - beta**2))


class MSVAG(GradientMethod):
    """M-SVAG: momentum whose steps shrink where the gradients vary.

    Args:
        lr: The learning rate.
        beta: How much of the two means is kept at each step.
        eta: A factor of the whole step, weight decay included.
        weight_decay_rate: How much of the parameter is taken off at each step.

    Source: Balles and Hennig, *Dissecting Adam: The Sign, Magnitude and Variance of Stochastic
    Gradients*; Chainer's reference, *chainer.optimizers.MSVAG*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> link = chainer.Link(w=(1,))
        >>> link.w.array[:] = 1
        >>> link.w.grad = np.array([2], np.float32)
        >>> chainer.optimizers.MSVAG().setup(link).update()
        >>> link.w.array
        array([0.8], dtype=float32)
    """

    lr = HyperparameterProxy("lr")
    beta = HyperparameterProxy("beta")
    eta = HyperparameterProxy("eta")
    weight_decay_rate = HyperparameterProxy("weight_decay_rate")

    def __init__(
        self,
        lr: float = _DEFAULTS.lr,
        beta: float = _DEFAULTS.beta,
        eta: float = _DEFAULTS.eta,
        weight_decay_rate: float = _DEFAULTS.weight_decay_rate,
    ) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.beta = beta
        self.hyperparam.eta = eta
        self.hyperparam.weight_decay_rate = weight_decay_rate

    def create_update_rule(self) -> MSVAGRule:
        """Returns a new rule under the optimizer's hyperparameters."""
        return MSVAGRule(self.hyperparam)
