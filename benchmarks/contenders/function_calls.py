"""The functions that are used most, forward and backward, at sizes that matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.contenders import _timing

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Row:
    """One function: its arrays, and how torch and Chainer call it.

    Of a link, ``chainer`` is given the link in the place of Chainer's functions. ``title`` says
    what its name does not; ``functions`` counts those in Chainer's graph.
    """

    arrays: Callable[[], list[Any]]
    torch: Callable[..., Any]
    chainer: Callable[..., Any]
    has_gradient: bool = True
    link: Callable[[Any], Any] | None = None
    title: str = ""
    functions: int = 1


def torch_calls(torch, options, rows=None):
    """The bare functions of torch."""

    def calls(row):
        tensors = [_leaf(torch.from_numpy(array)) for array in row.arrays()]

        def forward():
            return row.torch(torch, torch.nn.functional, *tensors)

        y = forward()
        if not (isinstance(y, torch.Tensor) and y.requires_grad):
            return forward, None
        gradient = torch.ones(y.shape)

        def step():
            for tensor in tensors:
                tensor.grad = None
            forward().backward(gradient)

        return forward, step

    return _timed(options, calls, rows)


def _leaf(tensor):
    if tensor.is_floating_point():
        return tensor.requires_grad_()
    return tensor.long() if tensor.dtype.is_signed else tensor


def calls(chainer, options, rows=None):
    """The functions of this package, or Chainer's."""

    def of_row(row):
        arrays = row.arrays()
        inputs = [chainer.Variable(a) if a.dtype.kind == "f" else a for a in arrays]
        variables = [x for x in inputs if isinstance(x, chainer.Variable)]
        called = chainer.functions if row.link is None else row.link(chainer.links)

        def forward():
            return row.chainer(called, *inputs)

        y = forward()
        if not row.has_gradient:
            return forward, None
        gradient = np.ones(y.shape, y.dtype)

        def step():
            for variable in variables:
                variable.cleargrad()
            y = forward()
            y.grad = gradient
            y.backward()

        return forward, step

    return _timed(options, of_row, rows)


def _timed(options, make, rows):
    calls = {name: make(row) for name, row in (rows or ROWS).items()}
    return _timing.timed_calls(calls, options["epochs"])


def floats(*shapes, low=-1.0):
    """Random arrays of floating point, made anew by each call."""

    def make():
        random = np.random.RandomState(0)
        return [random.uniform(low, 1, shape).astype(np.float32) for shape in shapes]

    return make


def with_labels(shape, classes):
    """A random matrix and labels of its rows, made anew by each call."""

    def make():
        random = np.random.RandomState(0)
        labels = random.randint(0, classes, shape[0]).astype(np.int32)
        return [random.uniform(-1, 1, shape).astype(np.float32), labels]

    return make


def _with_bits(shape):
    def make():
        random = np.random.RandomState(0)
        bits = random.randint(0, 2, shape).astype(np.int32)
        return [random.uniform(-1, 1, shape).astype(np.float32), bits]

    return make


def _with_condition(shape):
    def make():
        random = np.random.RandomState(0)
        a, b = random.uniform(-1, 1, (2, *shape)).astype(np.float32)
        return [random.rand(*shape) < 0.5, a, b]

    return make


def _ids(count, words, size):
    def make():
        random = np.random.RandomState(0)
        ids = random.randint(0, words, count).astype(np.int32)
        return [ids, random.uniform(-1, 1, (words, size)).astype(np.float32)]

    return make


def _same(name, *options, shape=None, has_gradient=True):
    """A function that torch has under the same name."""
    return Row(
        floats(shape or _MATRIX, low=0.1),
        lambda torch, _, x: getattr(torch, name)(x, *options),
        lambda F, x: getattr(F, name)(x, *options),
        has_gradient,
    )


# A batch of a layer of 1000 units, and one of the feature maps of a network for small images.
_MATRIX = (128, 1000)
_IMAGES = (32, 64, 28, 28)
_HALVES = (32, 64, 14, 14)

# By how many repositories use each, whether as a function or by the link of it.
ROWS = {
    "linear": Row(
        floats((128, 1000), (1000, 1000), (1000,)),
        lambda _, nn, x, w, b: nn.linear(x, w, b),
        lambda F, x, w, b: F.linear(x, w, b),
    ),
    "relu": Row(floats(_IMAGES), lambda torch, _, x: torch.relu(x), lambda F, x: F.relu(x)),
    "convolution_2d": Row(
        floats((32, 32, 28, 28), (64, 32, 3, 3), (64,)),
        lambda _, nn, x, w, b: nn.conv2d(x, w, b, padding=1),
        lambda F, x, w, b: F.convolution_2d(x, w, b, pad=1),
    ),
    "concat": Row(
        floats(_IMAGES, _IMAGES),
        lambda torch, _, a, b: torch.cat((a, b), 1),
        lambda F, a, b: F.concat((a, b), 1),
    ),
    "concat_of_relu": Row(
        floats(_IMAGES, _IMAGES),
        lambda torch, _, a, b: torch.cat((torch.relu(a), torch.relu(b)), 1),
        lambda F, a, b: F.concat((F.relu(a), F.relu(b)), 1),
    ),
    "reshape": Row(
        floats(_IMAGES),
        lambda _, __, x: x.reshape(32, 64 * 28 * 28),
        lambda F, x: F.reshape(x, (32, 64 * 28 * 28)),
    ),
    "softmax_cross_entropy": Row(
        with_labels(_MATRIX, 1000),
        lambda _, nn, x, t: nn.cross_entropy(x, t),
        lambda F, x, t: F.softmax_cross_entropy(x, t),
    ),
    "sum": _same("sum"),
    "dropout": Row(
        floats(_MATRIX), lambda _, nn, x: nn.dropout(x, 0.5), lambda F, x: F.dropout(x, 0.5)
    ),
    "batch_normalization": Row(
        floats(_IMAGES, (64,), (64,)),
        lambda _, nn, x, g, b: nn.batch_norm(x, None, None, g, b, training=True, eps=2e-5),
        lambda F, x, g, b: F.batch_normalization(x, g, b),
    ),
    "softmax": _same("softmax", 1),
    "max_pooling_2d": Row(
        floats(_IMAGES),
        lambda _, nn, x: nn.max_pool2d(x, 2),
        lambda F, x: F.max_pooling_2d(x, 2),
    ),
    "accuracy": Row(
        with_labels(_MATRIX, 1000),
        lambda _, __, x, t: (x.detach().argmax(1) == t).float().mean(),
        lambda F, x, t: F.accuracy(x, t),
        has_gradient=False,
    ),
    "sigmoid": _same("sigmoid"),
    "average_pooling_2d": Row(
        floats(_IMAGES),
        lambda _, nn, x: nn.avg_pool2d(x, 2),
        lambda F, x: F.average_pooling_2d(x, 2),
    ),
    "tanh": _same("tanh"),
    "embed_id": Row(
        _ids(2048, 1000, 256),
        lambda _, nn, ids, w: nn.embedding(ids, w),
        lambda F, ids, w: F.embed_id(ids, w),
    ),
    "mean_squared_error": Row(
        floats(_MATRIX, _MATRIX),
        lambda _, nn, a, b: nn.mse_loss(a, b),
        lambda F, a, b: F.mean_squared_error(a, b),
    ),
    "leaky_relu": Row(
        floats(_IMAGES),
        lambda _, nn, x: nn.leaky_relu(x, 0.2),
        lambda F, x: F.leaky_relu(x, 0.2),
    ),
    "split_axis": Row(
        floats(_MATRIX),
        lambda torch, _, x: torch.split(x, 500, 1)[0],
        lambda F, x: F.split_axis(x, 2, 1)[0],
    ),
    "broadcast_to": Row(
        floats((1, 1000)),
        lambda torch, _, x: torch.broadcast_to(x, _MATRIX),
        lambda F, x: F.broadcast_to(x, _MATRIX),
    ),
    "deconvolution_2d": Row(
        floats((32, 64, 14, 14), (64, 32, 4, 4), (32,)),
        lambda _, nn, x, w, b: nn.conv_transpose2d(x, w, b, stride=2, padding=1),
        lambda F, x, w, b: F.deconvolution_2d(x, w, b, stride=2, pad=1),
    ),
    "sqrt": _same("sqrt"),
    "transpose": Row(floats(_MATRIX), lambda _, __, x: x.mT, lambda F, x: F.transpose(x)),
    "softplus": Row(floats(_MATRIX), lambda _, nn, x: nn.softplus(x), lambda F, x: F.softplus(x)),
    "mean": _same("mean", 1),
    "expand_dims": Row(
        floats(_MATRIX),
        lambda torch, _, x: torch.unsqueeze(x, 1),
        lambda F, x: F.expand_dims(x, 1),
    ),
    "exp": _same("exp"),
    "log": _same("log"),
    "unpooling_2d": Row(
        floats(_HALVES),
        lambda _, nn, x: nn.interpolate(x, scale_factor=2, mode="nearest"),
        lambda F, x: F.unpooling_2d(x, 2, outsize=(28, 28)),
    ),
    "batch_matmul": Row(
        floats((32, 64, 64), (32, 64, 64)),
        lambda torch, _, a, b: torch.bmm(a, b),
        lambda F, a, b: F.batch_matmul(a, b),
    ),
    "matmul": Row(
        floats((128, 256), (256, 128)),
        lambda torch, _, a, b: torch.matmul(a, b),
        lambda F, a, b: F.matmul(a, b),
    ),
    "elu": Row(floats(_IMAGES), lambda _, nn, x: nn.elu(x), lambda F, x: F.elu(x)),
    "gaussian": Row(
        floats(_MATRIX, _MATRIX),
        lambda torch, _, mean, ln_var: mean + torch.exp(ln_var / 2) * torch.randn(_MATRIX),
        lambda F, mean, ln_var: F.gaussian(mean, ln_var),
    ),
    "where": Row(
        _with_condition(_MATRIX),
        lambda torch, _, c, a, b: torch.where(c.bool(), a, b),
        lambda F, c, a, b: F.where(c, a, b),
    ),
    "absolute": _same("absolute"),
    "log_softmax": _same("log_softmax", 1),
    "resize_images": Row(
        floats(_HALVES),
        lambda _, nn, x: nn.interpolate(x, (28, 28), mode="bilinear", align_corners=True),
        lambda F, x: F.resize_images(x, (28, 28)),
    ),
    "square": _same("square"),
    "local_response_normalization": Row(
        floats(_IMAGES),
        lambda _, nn, x: nn.local_response_norm(x, 5, alpha=5e-4, k=2.0),
        lambda F, x: F.local_response_normalization(x),
    ),
    "clip": _same("clip", 0.2, 0.8),
    "argmax": _same("argmax", 1, has_gradient=False),
    "max": Row(floats(_MATRIX), lambda _, __, x: x.amax(1), lambda F, x: F.max(x, axis=1)),
    "tile": _same("tile", (1, 2)),
    "layer_normalization": Row(
        floats(_MATRIX, (1000,), (1000,)),
        lambda _, nn, x, g, b: nn.layer_norm(x, (1000,), g, b),
        lambda F, x, g, b: F.layer_normalization(x, g, b),
    ),
    "sigmoid_cross_entropy": Row(
        _with_bits(_MATRIX),
        lambda _, nn, x, t: nn.binary_cross_entropy_with_logits(x, t.float()),
        lambda F, x, t: F.sigmoid_cross_entropy(x, t),
    ),
    "hinge": Row(
        with_labels((1000, 1000), 1000),
        lambda _, nn, x, t: nn.relu(1 + x * (1 - 2 * nn.one_hot(t, 1000))).sum() / 1000,
        lambda F, x, t: F.hinge(x, t),
    ),
}
