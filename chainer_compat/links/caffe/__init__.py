"""Models of Caffe (Chainer: *Caffe Model Import*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.links.caffe._caffe_function import CaffeFunction

__all__ = ["CaffeFunction"]

# Caffe's phases, for chainer.links.caffe.protobuf3.caffe_pb2.
TRAIN = 0
TEST = 1


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
