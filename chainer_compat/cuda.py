"""The name under which Chainer 1 to 3 knew :mod:`chainer_compat.backends.cuda`."""

from __future__ import annotations

from typing import Any

from chainer_compat.backends import cuda as _cuda

__all__ = list(_cuda.__all__)


def __getattr__(name: str) -> Any:
    return getattr(_cuda, name)
