"""Calls on arrays so small that hardly anything but the call itself counts.

The functions and links that most repositories use, as far as they are one function of torch or a
few, and the commonest operators. A link is set beside the function of torch that does its work.
"""

from __future__ import annotations

import functools
import operator

import numpy as np

from benchmarks.contenders import function_calls
from benchmarks.contenders.function_calls import Row, floats, with_labels

# What a call may cost beyond torch's, in seconds.
LIMIT = 3e-6

_MATRIX = (2, 3)
_IMAGES = (1, 2, 4, 4)
_STATISTICS = np.zeros(3, np.float32), np.ones(3, np.float32)


def torch_calls(torch, options):
    """The bare functions of torch."""
    return function_calls.torch_calls(torch, options, ROWS)


def calls(chainer, options):
    """The functions and links of this package, or Chainer's."""
    return function_calls.calls(chainer, options, ROWS)


def _row(shapes, torch, chainer, **rest):
    return Row(floats(*shapes, low=0.1), torch, chainer, **rest)


def _of_matrix(torch, chainer, **rest):
    return _row([_MATRIX], torch, chainer, **rest)


def _of_labels(torch, chainer, dtype=np.int32, **rest):
    def arrays():
        x, labels = with_labels(_MATRIX, 3)()
        return [x, labels.astype(dtype)]

    return Row(arrays, torch, chainer, **rest)


def _widened(call):
    """A call with labels of int32, which torch's kernels refuse."""
    narrow = []

    def with_long(torch, nn, x, t):
        if not narrow:
            narrow.append(t.int())
        return call(torch, nn, x, narrow[0].long())

    return with_long


def _with_ids():
    return [np.array([0, 2], np.int32), *floats((4, 3))()]


def _with_condition():
    return [np.array([[True, False, True]] * 2), *floats(_MATRIX, _MATRIX)()]


def _torch_batch_norm(training):
    statistics = []

    def call(torch, nn, x, g, b):
        if not statistics:
            statistics.extend([torch.zeros(3), torch.ones(3)])
        mean, var = statistics
        return nn.batch_norm(x, mean, var, g, b, training=training)

    return call


def _with_bits():
    return [*floats(_MATRIX)(), np.array([[0, 1, 0], [1, 1, 0]], np.int32)]


def _pair(torch, chainer, **rest):
    return _row([_MATRIX, _MATRIX], torch, chainer, **rest)


def _by_hand(forward, backward):
    """A function with a slope of Chainer's as one would write it in torch."""

    @functools.cache
    def written(torch):
        class ByHand(torch.autograd.Function):
            @staticmethod
            def forward(ctx, *inputs):
                y = forward(torch, *inputs)
                ctx.save_for_backward(*inputs, y)
                return y

            @staticmethod
            def backward(ctx, gy):
                return backward(gy, *ctx.saved_tensors)

        return ByHand.apply

    return lambda torch, _, *inputs: written(torch)(*inputs)


def _to_the_first(holds):
    def backward(gy, x, y, _):
        first = gy * holds(x, y)
        return first, gy - first

    return backward


# By how many repositories use each, whether as a function or by the link of it.
ROWS = {
    "L.Linear": _row(
        [_MATRIX, (4, 3), (4,)],
        lambda _, nn, x, w, b: nn.linear(x, w, b),
        lambda layer, x, *_: layer(x),
        link=lambda links: links.Linear(3, 4),
    ),
    "linear": _row(
        [_MATRIX, (4, 3), (4,)],
        lambda _, nn, x, w, b: nn.linear(x, w, b),
        lambda F, x, w, b: F.linear(x, w, b),
    ),
    "relu": _of_matrix(lambda torch, _, x: torch.relu(x), lambda F, x: F.relu(x)),
    "L.Convolution2D": _row(
        [_IMAGES, (2, 2, 3, 3), (2,)],
        lambda _, nn, x, w, b: nn.conv2d(x, w, b, padding=1),
        lambda layer, x, *_: layer(x),
        link=lambda links: links.Convolution2D(2, 2, 3, pad=1),
    ),
    "convolution_2d": _row(
        [_IMAGES, (2, 2, 3, 3), (2,)],
        lambda _, nn, x, w, b: nn.conv2d(x, w, b, padding=1),
        lambda F, x, w, b: F.convolution_2d(x, w, b, pad=1),
    ),
    "concat": _row(
        [_MATRIX, _MATRIX],
        lambda torch, _, x, y: torch.cat((x, y), 1),
        lambda F, x, y: F.concat((x, y), 1),
    ),
    "reshape": _of_matrix(lambda _, __, x: x.reshape(6), lambda F, x: F.reshape(x, (6,))),
    "softmax_cross_entropy": _of_labels(
        lambda _, nn, x, t: nn.cross_entropy(x, t),
        lambda F, x, t: F.softmax_cross_entropy(x, t),
        np.int64,
    ),
    "softmax_cross_entropy(int32)": _of_labels(
        lambda _, nn, x, t: nn.cross_entropy(x, t),
        lambda F, x, t: F.softmax_cross_entropy(x, t),
    ),
    "softmax_cross_entropy(int32,long)": _of_labels(
        _widened(lambda _, nn, x, t: nn.cross_entropy(x, t)),
        lambda F, x, t: F.softmax_cross_entropy(x, t),
        title="softmax_cross_entropy(int32); with t.long() in torch",
    ),
    "sum": _of_matrix(lambda torch, _, x: torch.sum(x), lambda F, x: F.sum(x)),
    "dropout": _of_matrix(lambda _, nn, x: nn.dropout(x), lambda F, x: F.dropout(x)),
    "L.BatchNormalization": _row(
        [_MATRIX, (3,), (3,)],
        _torch_batch_norm(training=True),
        lambda layer, x, *_: layer(x),
        link=lambda links: links.BatchNormalization(3),
    ),
    "batch_normalization": _row(
        [_MATRIX, (3,), (3,)],
        lambda _, nn, x, g, b: nn.batch_norm(x, None, None, g, b, training=True),
        lambda F, x, g, b: F.batch_normalization(x, g, b),
    ),
    "softmax": _of_matrix(lambda torch, _, x: torch.softmax(x, 1), lambda F, x: F.softmax(x)),
    "max_pooling_2d": _row(
        [_IMAGES], lambda _, nn, x: nn.max_pool2d(x, 2), lambda F, x: F.max_pooling_2d(x, 2)
    ),
    "max_pooling_2d(3,2)": _row(
        [_IMAGES],
        lambda _, nn, x: nn.max_pool2d(x, 3, 2, ceil_mode=True),
        lambda F, x: F.max_pooling_2d(x, 3, 2),
    ),
    "accuracy": _of_labels(
        lambda _, __, x, t: (x.detach().argmax(1) == t).float().mean(),
        lambda F, x, t: F.accuracy(x, t),
        has_gradient=False,
    ),
    "sigmoid": _of_matrix(lambda torch, _, x: torch.sigmoid(x), lambda F, x: F.sigmoid(x)),
    "average_pooling_2d": _row(
        [_IMAGES], lambda _, nn, x: nn.avg_pool2d(x, 2), lambda F, x: F.average_pooling_2d(x, 2)
    ),
    "tanh": _of_matrix(lambda torch, _, x: torch.tanh(x), lambda F, x: F.tanh(x)),
    "L.EmbedID": Row(
        _with_ids,
        lambda _, nn, ids, w: nn.embedding(ids, w),
        lambda layer, ids, _: layer(ids),
        link=lambda links: links.EmbedID(4, 3),
    ),
    "embed_id": Row(
        _with_ids,
        lambda _, nn, ids, w: nn.embedding(ids, w),
        lambda F, ids, w: F.embed_id(ids, w),
    ),
    "mean_squared_error": _row(
        [_MATRIX, _MATRIX],
        lambda _, nn, x, y: nn.mse_loss(x, y),
        lambda F, x, y: F.mean_squared_error(x, y),
    ),
    "leaky_relu": _of_matrix(
        lambda _, nn, x: nn.leaky_relu(x, 0.2), lambda F, x: F.leaky_relu(x, 0.2)
    ),
    "split_axis": _row(
        [(2, 4)],
        lambda torch, _, x: torch.split(x, 2, 1)[0],
        lambda F, x: F.split_axis(x, 2, 1)[0],
    ),
    "broadcast_to": _row(
        [(1, 3)],
        lambda torch, _, x: torch.broadcast_to(x, _MATRIX),
        lambda F, x: F.broadcast_to(x, _MATRIX),
    ),
    "L.Deconvolution2D": _row(
        [_IMAGES, (2, 2, 4, 4), (2,)],
        lambda _, nn, x, w, b: nn.conv_transpose2d(x, w, b, 2, 1),
        lambda layer, x, *_: layer(x),
        link=lambda links: links.Deconvolution2D(2, 2, 4, 2, 1),
    ),
    "sqrt": _of_matrix(lambda torch, _, x: torch.sqrt(x), lambda F, x: F.sqrt(x)),
    "transpose": _of_matrix(lambda _, __, x: x.mT, lambda F, x: F.transpose(x)),
    "mean": _of_matrix(lambda _, __, x: x.mean(1), lambda F, x: F.mean(x, 1)),
    "softplus": _of_matrix(lambda _, nn, x: nn.softplus(x), lambda F, x: F.softplus(x)),
    "exp": _of_matrix(lambda torch, _, x: torch.exp(x), lambda F, x: F.exp(x)),
    "expand_dims": _of_matrix(
        lambda torch, _, x: torch.unsqueeze(x, 1), lambda F, x: F.expand_dims(x, 1)
    ),
    "log": _of_matrix(lambda torch, _, x: torch.log(x), lambda F, x: F.log(x)),
    "unpooling_2d": _row(
        [_IMAGES],
        lambda _, nn, x: nn.interpolate(x, scale_factor=2, mode="nearest"),
        lambda F, x: F.unpooling_2d(x, 2, outsize=(8, 8)),
    ),
    "batch_matmul": _row(
        [(2, 2, 3), (2, 3, 2)],
        lambda torch, _, x, y: torch.bmm(x, y),
        lambda F, x, y: F.batch_matmul(x, y),
    ),
    "matmul": _row(
        [_MATRIX, (3, 2)], lambda torch, _, x, y: torch.matmul(x, y), lambda F, x, y: F.matmul(x, y)
    ),
    "elu": _of_matrix(lambda _, nn, x: nn.elu(x), lambda F, x: F.elu(x)),
    "gaussian": _row(
        [_MATRIX, _MATRIX],
        lambda torch, _, mean, ln_var: mean + torch.exp(ln_var / 2) * torch.randn(_MATRIX),
        lambda F, mean, ln_var: F.gaussian(mean, ln_var),
    ),
    "where": Row(
        _with_condition,
        lambda torch, _, c, x, y: torch.where(c, x, y),
        lambda F, c, x, y: F.where(c, x, y),
    ),
    "absolute": _of_matrix(lambda torch, _, x: torch.absolute(x), lambda F, x: F.absolute(x)),
    "log_softmax": _of_matrix(
        lambda torch, _, x: torch.log_softmax(x, 1), lambda F, x: F.log_softmax(x)
    ),
    "resize_images": _row(
        [_IMAGES],
        lambda _, nn, x: nn.interpolate(x, (8, 8), mode="bilinear", align_corners=True),
        lambda F, x: F.resize_images(x, (8, 8)),
    ),
    "square": _of_matrix(lambda torch, _, x: torch.square(x), lambda F, x: F.square(x)),
    "clip": _of_matrix(
        lambda torch, _, x: torch.clip(x, 0.2, 0.8), lambda F, x: F.clip(x, 0.2, 0.8)
    ),
    "clip(Function)": _of_matrix(
        _by_hand(
            lambda torch, x: torch.clip(x, 0.2, 0.8),
            lambda gy, x, y: gy * (x == y),
        ),
        lambda F, x: F.clip(x, 0.2, 0.8),
        title="clip; Chainer's slope by hand in torch",
    ),
    "argmax": _of_matrix(
        lambda torch, _, x: torch.argmax(x, 1), lambda F, x: F.argmax(x, 1), has_gradient=False
    ),
    "max": _of_matrix(lambda _, __, x: x.amax(1), lambda F, x: F.max(x, axis=1)),
    "max(Function)": _of_matrix(
        _by_hand(lambda _, x: x.amax(1), lambda gy, x, y: gy.unsqueeze(1) * (x == y.unsqueeze(1))),
        lambda F, x: F.max(x, axis=1),
        title="max; Chainer's slope by hand in torch",
    ),
    "tile": _of_matrix(lambda torch, _, x: torch.tile(x, (1, 2)), lambda F, x: F.tile(x, (1, 2))),
    "local_response_normalization": _row(
        [_IMAGES],
        lambda _, nn, x: nn.local_response_norm(x, 5, alpha=5e-4, k=2.0),
        lambda F, x: F.local_response_normalization(x),
    ),
    "select_item": _of_labels(
        lambda _, __, x, t: x.gather(1, t.unsqueeze(1)).squeeze(1),
        lambda F, x, t: F.select_item(x, t),
    ),
    "scale": _row(
        [_MATRIX, (2,)],
        lambda torch, _, x, y: torch.broadcast_to(y.reshape(2, 1), _MATRIX) * x,
        lambda F, x, y: F.scale(x, y, 0),
        title="scale; 3 functions",
        functions=3,
    ),
    "bias": _row(
        [_MATRIX, (2,)],
        lambda torch, _, x, y: torch.broadcast_to(y.reshape(2, 1), _MATRIX) + x,
        lambda F, x, y: F.bias(x, y, 0),
        title="bias; 3 functions",
        functions=3,
    ),
    "maximum": _pair(lambda torch, _, x, y: torch.maximum(x, y), lambda F, x, y: F.maximum(x, y)),
    "maximum(Function)": _pair(
        _by_hand(lambda torch, x, y: torch.maximum(x, y), _to_the_first(operator.ge)),
        lambda F, x, y: F.maximum(x, y),
        title="maximum; Chainer's slope by hand in torch",
    ),
    "minimum": _pair(lambda torch, _, x, y: torch.minimum(x, y), lambda F, x, y: F.minimum(x, y)),
    "minimum(Function)": _pair(
        _by_hand(lambda torch, x, y: torch.minimum(x, y), _to_the_first(operator.le)),
        lambda F, x, y: F.minimum(x, y),
        title="minimum; Chainer's slope by hand in torch",
    ),
    "fixed_batch_normalization": _row(
        [_MATRIX, (3,), (3,)],
        _torch_batch_norm(training=False),
        lambda F, x, g, b: F.fixed_batch_normalization(x, g, b, *_STATISTICS),
    ),
    "fixed_batch_normalization(arrays)": _row(
        [_MATRIX, (3,), (3,)],
        lambda torch, nn, x, g, b: nn.batch_norm(x, *map(torch.from_numpy, _STATISTICS), g, b),
        lambda F, x, g, b: F.fixed_batch_normalization(x, g, b, *_STATISTICS),
        title="fixed_batch_normalization; with from_numpy in torch",
    ),
    "pad": _of_matrix(
        lambda _, nn, x: nn.pad(x, (1, 1, 1, 1)), lambda F, x: F.pad(x, 1, "constant")
    ),
    "squeeze": _row([(2, 1)], lambda _, __, x: x.squeeze(1), lambda F, x: F.squeeze(x, 1)),
    "sigmoid_cross_entropy": Row(
        _with_bits,
        lambda _, nn, x, t: nn.binary_cross_entropy_with_logits(x, t.float()),
        lambda F, x, t: F.sigmoid_cross_entropy(x, t),
    ),
    "sigmoid_cross_entropy(-1)": Row(
        _with_bits,
        lambda _, nn, x, t: (
            nn.binary_cross_entropy_with_logits(x, t.float()) if t.min() >= 0 else None
        ),
        lambda F, x, t: F.sigmoid_cross_entropy(x, t),
        title="sigmoid_cross_entropy; with a look for -1 in torch",
    ),
    "mean_absolute_error": _pair(
        lambda _, nn, x, y: nn.l1_loss(x, y), lambda F, x, y: F.mean_absolute_error(x, y)
    ),
    "gaussian_kl_divergence": _pair(
        lambda _, __, mean, ln_var: (mean * mean + ln_var.exp() - ln_var - 1).mul(0.5).sum(),
        lambda F, mean, ln_var: F.gaussian_kl_divergence(mean, ln_var),
        title="gaussian_kl_divergence; 7 functions",
        functions=7,
    ),
    "stack": _pair(lambda torch, _, x, y: torch.stack((x, y)), lambda F, x, y: F.stack((x, y))),
    "L.LayerNormalization": _row(
        [_MATRIX, (3,), (3,)],
        lambda _, nn, x, g, b: nn.layer_norm(x, (3,), g, b),
        lambda layer, x, *_: layer(x),
        link=lambda links: links.LayerNormalization(3),
    ),
    "flatten": _of_matrix(lambda _, __, x: x.flatten(), lambda F, x: F.flatten(x)),
    "normalize": _of_matrix(lambda _, nn, x: nn.normalize(x), lambda F, x: F.normalize(x)),
    "swapaxes": _of_matrix(lambda _, __, x: x.swapaxes(0, 1), lambda F, x: F.swapaxes(x, 0, 1)),
    "huber_loss": _pair(
        lambda _, nn, x, y: nn.huber_loss(x, y, reduction="none").sum(1),
        lambda F, x, y: F.huber_loss(x, y, 1.0),
    ),
    "vstack": _pair(lambda torch, _, x, y: torch.vstack((x, y)), lambda F, x, y: F.vstack((x, y))),
    "broadcast": _row(
        [_MATRIX, (3,)],
        lambda torch, _, x, y: torch.broadcast_tensors(x, y)[0],
        lambda F, x, y: F.broadcast(x, y)[0],
    ),
    "logsumexp": _of_matrix(
        lambda torch, _, x: torch.logsumexp(x, 1), lambda F, x: F.logsumexp(x, 1)
    ),
    "copy": _of_matrix(lambda _, __, x: x.clone(), lambda F, x: F.copy(x, -1)),
    "binary_accuracy": Row(
        _with_bits,
        lambda _, __, x, t: ((x.detach() >= 0) == t).float().mean(),
        lambda F, x, t: F.binary_accuracy(x, t),
        has_gradient=False,
    ),
    "pad_sequence": _row(
        [(2,), (3,)],
        lambda torch, _, x, y: torch.nn.utils.rnn.pad_sequence([x, y], True),
        lambda F, x, y: F.pad_sequence([x, y]),
    ),
    "clipped_relu": _of_matrix(
        lambda _, nn, x: nn.hardtanh(x, 0.0, 0.5), lambda F, x: F.clipped_relu(x, 0.5)
    ),
    "convolution_nd": _row(
        [(1, 2, 4), (2, 2, 3), (2,)],
        lambda _, nn, x, w, b: nn.conv1d(x, w, b, padding=1),
        lambda F, x, w, b: F.convolution_nd(x, w, b, pad=1),
    ),
    "L.DilatedConvolution2D": _row(
        [_IMAGES, (2, 2, 3, 3), (2,)],
        lambda _, nn, x, w, b: nn.conv2d(x, w, b, padding=2, dilation=2),
        lambda layer, x, *_: layer(x),
        link=lambda links: links.DilatedConvolution2D(2, 2, 3, pad=2, dilate=2),
    ),
    "cos": _of_matrix(lambda torch, _, x: torch.cos(x), lambda F, x: F.cos(x)),
    "repeat": _of_matrix(
        lambda torch, _, x: torch.repeat_interleave(x, 2, 1), lambda F, x: F.repeat(x, 2, 1)
    ),
    "separate": _of_matrix(lambda _, __, x: x.unbind(0)[0], lambda F, x: F.separate(x)[0]),
    "sum(axes)": _of_matrix(
        lambda _, __, x: x.sum((0, 1), True), lambda F, x: F.sum(x, (0, 1), keepdims=True)
    ),
    "softmax_cross_entropy(no)": _of_labels(
        lambda _, nn, x, t: nn.cross_entropy(x, t, reduction="none"),
        lambda F, x, t: F.softmax_cross_entropy(x, t, reduce="no"),
        np.int64,
        title="softmax_cross_entropy(reduce=no)",
    ),
    "x[:,[0,2]]": _of_matrix(lambda _, __, x: x[:, [0, 2]], lambda _, x: x[:, [0, 2]]),
    "x[0]": _of_matrix(lambda _, __, x: x[0], lambda _, x: x[0]),
    "x[:,1:]": _of_matrix(lambda _, __, x: x[:, 1:], lambda _, x: x[:, 1:]),
    "x*2": _of_matrix(lambda _, __, x: x * 2, lambda _, x: x * 2),
    "x+y": _row([_MATRIX, _MATRIX], lambda _, __, x, y: x + y, lambda _, x, y: x + y),
}
