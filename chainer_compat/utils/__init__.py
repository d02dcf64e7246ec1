"""Helpers (Chainer: *chainer.utils*)."""

from __future__ import annotations

from chainer_compat.utils import type_check

__all__ = ["type_check"]
