"""Models of Caffe (Chainer: *Caffe Model Import*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.links.caffe._caffe_function import CaffeFunction

__all__ = ["CaffeFunction"]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
