"""Hooks of optimizers (Chainer: *Optimizer Hooks*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.optimizer_hooks._gradient_clipping import GradientClipping
from chainer_compat.optimizer_hooks._gradient_hard_clipping import GradientHardClipping
from chainer_compat.optimizer_hooks._gradient_lars import GradientLARS
from chainer_compat.optimizer_hooks._gradient_noise import GradientNoise
from chainer_compat.optimizer_hooks._lasso import Lasso
from chainer_compat.optimizer_hooks._weight_decay import WeightDecay

__all__ = [
    "GradientClipping",
    "GradientHardClipping",
    "GradientLARS",
    "GradientNoise",
    "Lasso",
    "WeightDecay",
]


def __getattr__(name: str) -> Any:
    if name == "exponential_decay_noise":
        # For the path chainer.optimizer_hooks.gradient_noise.exponential_decay_noise.
        from chainer_compat.optimizer_hooks import _gradient_noise

        return _gradient_noise.exponential_decay_noise
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
