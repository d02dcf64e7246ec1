"""Calls on arrays so small that hardly anything but the call itself counts."""

from __future__ import annotations

from benchmarks.contenders import function_calls
from benchmarks.contenders.function_calls import Row, floats, with_labels

_MATRIX = (2, 3)
_IMAGES = (1, 2, 4, 4)


def torch_calls(options):
    """The bare functions of torch."""
    return function_calls.torch_calls(options, ROWS)


def compat_calls(options):
    """The functions of this package."""
    return function_calls.compat_calls(options, ROWS)


def chainer_calls(options):
    """Chainer's functions."""
    return function_calls.chainer_calls(options, ROWS)


def _row(shapes, torch, chainer):
    return Row(floats(*shapes, low=0.1), torch, chainer)


ROWS = {
    "relu": _row([_MATRIX], lambda torch, _, x: torch.relu(x), lambda F, x: F.relu(x)),
    "sigmoid": _row([_MATRIX], lambda torch, _, x: torch.sigmoid(x), lambda F, x: F.sigmoid(x)),
    "softmax": _row([_MATRIX], lambda torch, _, x: torch.softmax(x, 1), lambda F, x: F.softmax(x)),
    "sum": _row([_MATRIX], lambda torch, _, x: torch.sum(x), lambda F, x: F.sum(x)),
    "mean": _row([_MATRIX], lambda _, __, x: x.mean(1), lambda F, x: F.mean(x, 1)),
    "reshape": _row([_MATRIX], lambda _, __, x: x.reshape(6), lambda F, x: F.reshape(x, (6,))),
    "transpose": _row([_MATRIX], lambda _, __, x: x.mT, lambda F, x: F.transpose(x)),
    "x[0]": _row([_MATRIX], lambda _, __, x: x[0], lambda _, x: x[0]),
    "x[:,1:]": _row([_MATRIX], lambda _, __, x: x[:, 1:], lambda _, x: x[:, 1:]),
    "x*2": _row([_MATRIX], lambda _, __, x: x * 2, lambda _, x: x * 2),
    "x+y": _row([_MATRIX, _MATRIX], lambda _, __, x, y: x + y, lambda _, x, y: x + y),
    "matmul": _row(
        [_MATRIX, (3, 2)], lambda torch, _, x, y: torch.matmul(x, y), lambda F, x, y: F.matmul(x, y)
    ),
    "concat": _row(
        [_MATRIX, _MATRIX],
        lambda torch, _, x, y: torch.cat((x, y), 1),
        lambda F, x, y: F.concat((x, y), 1),
    ),
    "dropout": _row([_MATRIX], lambda _, nn, x: nn.dropout(x), lambda F, x: F.dropout(x)),
    "linear": _row(
        [_MATRIX, (4, 3), (4,)],
        lambda _, nn, x, w, b: nn.linear(x, w, b),
        lambda F, x, w, b: F.linear(x, w, b),
    ),
    "convolution_2d": _row(
        [_IMAGES, (2, 2, 3, 3), (2,)],
        lambda _, nn, x, w, b: nn.conv2d(x, w, b, padding=1),
        lambda F, x, w, b: F.convolution_2d(x, w, b, pad=1),
    ),
    "max_pooling_2d": _row(
        [_IMAGES], lambda _, nn, x: nn.max_pool2d(x, 2), lambda F, x: F.max_pooling_2d(x, 2)
    ),
    "batch_normalization": _row(
        [_MATRIX, (3,), (3,)],
        lambda _, nn, x, g, b: nn.batch_norm(x, None, None, g, b, training=True),
        lambda F, x, g, b: F.batch_normalization(x, g, b),
    ),
    "softmax_cross_entropy": Row(
        with_labels(_MATRIX, 3),
        lambda _, nn, x, t: nn.cross_entropy(x, t),
        lambda F, x, t: F.softmax_cross_entropy(x, t),
    ),
}
