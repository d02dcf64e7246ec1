"""Hooks of optimizers (Chainer: *Optimizer Hooks*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.optimizer_hooks._gradient_clipping import GradientClipping
from chainer_compat.optimizer_hooks._weight_decay import WeightDecay

__all__ = ["GradientClipping", "WeightDecay"]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
