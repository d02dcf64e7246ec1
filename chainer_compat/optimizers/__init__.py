"""Optimizers (Chainer: *Optimizers*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.optimizers._adam import AdaBound, Adam, AdamW, AMSBound, AMSGrad
from chainer_compat.optimizers._momentum_sgd import MomentumSGD
from chainer_compat.optimizers._sgd import SGD

__all__ = ["SGD", "AMSBound", "AMSGrad", "AdaBound", "Adam", "AdamW", "MomentumSGD"]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
