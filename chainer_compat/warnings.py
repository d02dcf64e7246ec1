"""Warnings (Chainer: *chainer.warnings*)."""

from __future__ import annotations

__all__ = ["PerformanceWarning"]


class PerformanceWarning(RuntimeWarning):
    """Something works, and could be faster."""
