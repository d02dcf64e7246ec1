"""Exporters of models (Chainer: *chainer.exporters*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.exporters import caffe

__all__ = ["caffe"]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
