"""Functions of variables (Chainer: *Functions*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.functions._activation import (
    clipped_relu,
    crelu,
    elu,
    hard_sigmoid,
    leaky_relu,
    log_softmax,
    maxout,
    prelu,
    relu,
    relu6,
    rrelu,
    selu,
    sigmoid,
    softmax,
    softplus,
    swish,
    tanh,
)
from chainer_compat.functions._arithmetic import absolute, add
from chainer_compat.functions._connection import linear
from chainer_compat.functions._evaluation import accuracy
from chainer_compat.functions._indexing import get_item
from chainer_compat.functions._linear_algebra import matmul
from chainer_compat.functions._loss import softmax_cross_entropy
from chainer_compat.functions._noise import dropout
from chainer_compat.functions._reduction import average, mean, sum  # noqa: A004 -- Chainer's name
from chainer_compat.functions._rounding import floor
from chainer_compat.functions._shape import reshape, transpose

__all__ = [
    "absolute",
    "accuracy",
    "add",
    "average",
    "clipped_relu",
    "crelu",
    "dropout",
    "elu",
    "floor",
    "get_item",
    "hard_sigmoid",
    "leaky_relu",
    "linear",
    "log_softmax",
    "matmul",
    "maxout",
    "mean",
    "prelu",
    "relu",
    "relu6",
    "reshape",
    "rrelu",
    "selu",
    "sigmoid",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "sum",
    "swish",
    "tanh",
    "transpose",
]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
