"""Functions of variables (Chainer: *Functions*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.functions._activation import relu, sigmoid, tanh
from chainer_compat.functions._arithmetic import absolute, add
from chainer_compat.functions._connection import linear
from chainer_compat.functions._evaluation import accuracy
from chainer_compat.functions._loss import softmax_cross_entropy

__all__ = [
    "absolute",
    "accuracy",
    "add",
    "linear",
    "relu",
    "sigmoid",
    "softmax_cross_entropy",
    "tanh",
]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
