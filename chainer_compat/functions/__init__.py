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
from chainer_compat.functions._joining import (
    concat,
    dstack,
    hstack,
    separate,
    split_axis,
    stack,
    vstack,
)
from chainer_compat.functions._linear_algebra import matmul
from chainer_compat.functions._loss import softmax_cross_entropy
from chainer_compat.functions._noise import dropout
from chainer_compat.functions._reduction import average, mean, sum  # noqa: A004 -- Chainer's name
from chainer_compat.functions._rounding import floor
from chainer_compat.functions._shape import (
    broadcast,
    broadcast_to,
    expand_dims,
    flatten,
    flip,
    fliplr,
    flipud,
    moveaxis,
    repeat,
    reshape,
    rollaxis,
    squeeze,
    swapaxes,
    tile,
    transpose,
)

__all__ = [
    "absolute",
    "accuracy",
    "add",
    "average",
    "broadcast",
    "broadcast_to",
    "clipped_relu",
    "concat",
    "crelu",
    "dropout",
    "dstack",
    "elu",
    "expand_dims",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
    "floor",
    "get_item",
    "hard_sigmoid",
    "hstack",
    "leaky_relu",
    "linear",
    "log_softmax",
    "matmul",
    "maxout",
    "mean",
    "moveaxis",
    "prelu",
    "relu",
    "relu6",
    "repeat",
    "reshape",
    "rollaxis",
    "rrelu",
    "selu",
    "separate",
    "sigmoid",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "split_axis",
    "squeeze",
    "stack",
    "sum",
    "swapaxes",
    "swish",
    "tanh",
    "tile",
    "transpose",
    "vstack",
]


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
