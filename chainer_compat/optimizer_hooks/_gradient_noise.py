"""Noise on the gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from chainer_compat.backends import _crossing
from chainer_compat.optimizer_hooks._gradient_hook import call_for_all

__all__ = ["GradientNoise", "exponential_decay_noise"]


def exponential_decay_noise(xp: Any, shape: Any, dtype: Any, hook: Any, opt: Any) -> Any:
    """Returns normal noise whose variance falls with the updates: ``eta / (1 + t) ** 0.55``.

    Args:
        xp: The array module, whose random numbers are taken.
        shape: The shape of the noise.
        dtype: Its dtype.
        hook: What has ``eta``.
        opt: What has ``t``, the number of updates so far.

    Source: Neelakantan et al., *Adding Gradient Noise Improves Learning for Very Deep Networks*.
    """
    return xp.random.normal(0, _deviation(hook, opt), shape).astype(dtype)


def _deviation(hook: Any, opt: Any) -> float:
    return float(np.sqrt(hook.eta / np.power(1 + opt.t, 0.55)))


class GradientNoise:
    """Adds noise to each gradient.

    Args:
        eta: The variance of the noise at the beginning: 0.01, 0.3 or 1.0 in the paper.
        noise_func: What makes the noise: a function of the array module, shape, dtype, this hook
            and the parameter's rule. By default :func:`exponential_decay_noise`.

    Attributes:
        timing: When it is called: ``"pre"``, before updates.
        call_for_each_param: That it takes a rule and a parameter.

    Source: Chainer's reference, *chainer.optimizer_hooks.GradientNoise*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> param = chainer.Parameter(np.zeros(2, np.float32))
        >>> param.grad = np.zeros(2, np.float32)
        >>> hook = chainer.optimizer_hooks.GradientNoise(
        ...     2, lambda xp, shape, dtype, hook, rule: xp.full(shape, hook.eta, dtype))
        >>> hook(None, param)
        >>> param.grad
        array([2., 2.], dtype=float32)
    """

    name = "GradientNoise"
    call_for_each_param = True
    timing = "pre"

    def __init__(
        self, eta: float, noise_func: Callable[..., Any] = exponential_decay_noise
    ) -> None:
        self.eta = eta
        self.noise_func = noise_func

    def __call__(self, rule: Any, param: Any = None) -> None:
        """Adds noise to the gradient of one parameter, if it has one.

        Args:
            rule: The parameter's rule; or an optimizer alone, for all its parameters, as in
                Chainer 1.
            param: The parameter.

        Raises:
            TypeError: If there is no parameter, nor an optimizer.
        """
        if param is None:
            call_for_all(self, rule)
            return
        grad = param._grad_tensor() if param._data_tensor() is not None else None
        if grad is None:
            return
        if grad.is_cuda and self.noise_func is exponential_decay_noise:
            noise = torch.randn_like(grad) * _deviation(self, rule)
        else:
            made = self.noise_func(
                param.device.xp, tuple(grad.shape), _crossing.numpy_dtype(grad.dtype), self, rule
            )
            noise = _crossing.as_tensor(made)
        grad.data.add_(noise, alpha=1 if param._loss_scale is None else param._loss_scale)
