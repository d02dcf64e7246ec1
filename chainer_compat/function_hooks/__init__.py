"""Hooks of functions (Chainer: *chainer.function_hooks*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.function_hooks.cuda_profile import CUDAProfileHook
from chainer_compat.function_hooks.cupy_memory_profile import CupyMemoryProfileHook
from chainer_compat.function_hooks.debug_print import PrintHook
from chainer_compat.function_hooks.timer import TimerHook

__all__ = ["CUDAProfileHook", "CupyMemoryProfileHook", "PrintHook", "TimerHook"]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
