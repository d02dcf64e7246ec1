"""Hooks of links (Chainer: *chainer.link_hooks*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.link_hooks.spectral_normalization import SpectralNormalization
from chainer_compat.link_hooks.timer import TimerHook
from chainer_compat.link_hooks.weight_standardization import WeightStandardization

__all__ = ["SpectralNormalization", "TimerHook", "WeightStandardization"]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
