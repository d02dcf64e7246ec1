# ruff: noqa: E712, I001, PTH123, UP010 (a script as its time wrote it)
"""A script in the dialect of Chainer 1, which Chainer 2 and later refuse.

`write_old_golden.py` runs it under Chainer 1.24.0, `test_version1.py` under `chainer-compat run`.

    version1_script.py OUT
"""

from __future__ import print_function

import json
import sys

import numpy as np

import chainer
import chainer.functions as F
import chainer.links as L
from chainer import FunctionSet, Variable, flag, optimizers


def make_model():
    return FunctionSet(
        conv=F.Convolution2D(2, 3, 3, 1, 1, 2.0, 0.1),
        norm=F.BatchNormalization(3, 0.8, use_cudnn=False),
        l1=F.Linear(27, 5, 0.5),
        l2=F.Linear(5, 3, bias=0.2, wscale=4),
    )


def forward(model, images, labels, train=True):
    x = Variable(images, volatile=not train)
    t = Variable(labels, volatile=not train)
    h = F.relu(model.norm(model.conv(x), test=not train), use_cudnn=False)
    h = F.max_pooling_2d(h, 2, use_cudnn=True)
    h = F.dropout(F.relu(model.l1(h)), ratio=0.3, train=train)
    y = model.l2(h)
    return F.softmax_cross_entropy(y, t, use_cudnn=False), F.accuracy(y, t)


def train():
    """The losses of five updates, then loss and accuracy of a test."""
    np.random.seed(3)
    images = np.random.rand(8, 2, 6, 6).astype(np.float32)
    labels = np.random.randint(0, 3, 8).astype(np.int32)
    model = make_model()
    model.norm.avg_var[...] = 1  # as versions from 2 on begin
    optimizer = optimizers.MomentumSGD(lr=0.02)
    optimizer.setup(model)
    found = []
    for _ in range(5):
        optimizer.zero_grads()
        loss, _ = forward(model, images, labels)
        loss.backward()
        optimizer.weight_decay(0.01)
        optimizer.clip_grads(1.0)
        optimizer.update()
        found.append(float(loss.data))
    loss, accuracy = forward(model, images, labels, train=False)
    return [*found, float(loss.data), float(accuracy.data)]


def links_with_old_arguments():
    """The weights and biases that Chainer 1's arguments give."""
    np.random.seed(5)
    models = [
        L.Linear(3, 2, wscale=2.5, bias=1.5),
        F.Linear(3, 2, 0.3, 0.5, initialW=np.ones((2, 3), np.float32)),
        L.Convolution2D(2, 3, 3, wscale=0.1, bias=-1, use_cudnn=False, deterministic=True),
        L.Deconvolution2D(2, 3, 3, wscale=9, bias=2, initialW=0.5, use_cudnn=True),
        L.DilatedConvolution2D(2, 3, 3, dilate=2, wscale=3, bias=1, use_cudnn=False),
        F.DilatedConvolution2D(2, 3, 3, 1, 0, 2, 3, 1),
        L.ConvolutionND(1, 2, 3, 3, initial_bias=0, use_cudnn=False),
        L.DeconvolutionND(1, 2, 3, 3, initial_bias=0, use_cudnn=False),
        L.Maxout(3, 2, 2, wscale=4),
        L.MLPConvolution2D(2, (3, 4), 3, wscale=0.25, use_cudnn=False),
        L.Linear(3, 2, 2.0),
        L.Linear(3, 2, 1, 0.5, False, np.ones((2, 3), np.float32)),
        L.Linear(3, 2, 2, nobias=True),
        L.Convolution2D(2, 3, 3, 1, 1, np.sqrt(2)),
        L.Convolution2D(2, 3, 3, 2, 1, 1.5, 0.5),
        L.Convolution2D(2, 3, 3, 1, 1, 1, 0, True),
        L.Convolution2D(2, 3, 3, 1, 1, 1, bias=0.25),
        L.Deconvolution2D(2, 3, 3, 2, 1, 2.0, 0.5, False, (6, 6)),
        L.DilatedConvolution2D(2, 3, 3, 1, 2, 2, 0.5),
        L.MLPConvolution2D(2, (3, 4), 3, 1, 1, 0.5, F.tanh, False),
        F.EmbedID(3, 2),
        F.Bilinear(2, 3, 2),
        F.Inception(2, 1, 2, 1, 2, 1, 1),
        F.PReLU((2,)),
        F.Parameter(np.ones(2, np.float32)),
    ]
    return [
        [path, param.data.tolist()]
        for model in models
        for path, param in sorted(model.namedparams())
    ]


TURN = np.array([[[0.5, 0.1, 0], [-0.1, 0.7, 0.2]]] * 2, np.float32)


def drawn(seed):
    """Images, rows, filters for images, lines and filters for lines."""
    np.random.seed(seed)
    shapes = [(2, 3, 6, 6), (4, 3), (3, 3, 2, 2), (2, 3, 6), (3, 3, 2)]
    return [np.random.randn(*shape).astype(np.float32) for shape in shapes]


def labels_of_rows():
    """The column of each row, and a bit for each of its elements; -1 where there is none."""
    return np.array([0, 2, 1, -1], np.int32), np.array([[0, 1, -1]] * 4, np.int32)


def functions_with_old_arguments():
    """What functions give for Chainer 1's arguments."""
    image, rows, filters, line, short = drawn(7)
    labels, signs = labels_of_rows()
    ones, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    grid = F.spatial_transformer_grid(Variable(TURN), (4, 4), use_cudnn=False)
    norm = L.BatchNormalization(3)
    norm.avg_var[...] = 1  # as versions from 2 on begin
    results = [
        F.sigmoid(rows, use_cudnn=False),
        F.tanh(rows, use_cudnn=True),
        F.softmax(rows, use_cudnn=False),
        F.log_softmax(rows, use_cudnn=False),
        F.average_pooling_2d(image, 2, use_cudnn=False),
        F.average_pooling_nd(line, 2, use_cudnn=False),
        F.max_pooling_nd(line, 2, use_cudnn=False),
        F.convolution_2d(image, filters, use_cudnn=False, deterministic=True),
        F.deconvolution_2d(image, filters, use_cudnn=False, deterministic=False),
        F.dilated_convolution_2d(image, filters, dilate=2, use_cudnn=False),
        F.convolution_nd(line, short, use_cudnn=False),
        F.deconvolution_nd(line, short, use_cudnn=False),
        F.batch_normalization(rows, ones, zeros, use_cudnn=False),
        F.fixed_batch_normalization(rows, ones, zeros, zeros, ones, use_cudnn=False),
        F.sigmoid_cross_entropy(rows, signs, use_cudnn=False),
        F.softmax_cross_entropy(rows, labels, use_cudnn=False),
        grid,
        F.spatial_transformer_sampler(Variable(image), grid, use_cudnn=False),
        F.dropout(rows, train=False),
        F.dropout(rows, 0.25, True),
        norm(Variable(rows)),
        norm(Variable(rows), True),
        F.spatial_pyramid_pooling_2d(image, 2, F.MaxPooling2D),
        F.spatial_pyramid_pooling_2d(image, 2, pooling_class=F.MaxPooling2D, use_cudnn=False),
    ]
    return [variable.data.tolist() for variable in results]


def functions_with_old_arguments_by_position():
    """What functions and links give for Chainer 1's arguments in Chainer 1's order."""
    image, rows, filters, line, short = drawn(11)
    labels, signs = labels_of_rows()
    ones, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    weights = np.array([1, 2, 3], np.float32)
    grid = F.spatial_transformer_grid(Variable(TURN), (4, 4), False)
    mean, var = zeros.copy(), ones.copy()
    results = [
        F.relu(rows, False),
        F.sigmoid(rows, True),
        F.tanh(rows, False),
        F.softmax(rows, False),
        F.softmax(rows, True),
        F.softmax(rows, False, 0),
        F.log_softmax(rows, False),
        F.max_pooling_2d(image, 2, 2, 0, True, False),
        F.max_pooling_nd(line, 4, 3, 1, False, False),
        F.average_pooling_2d(image, 2, 2, 1, False),
        F.average_pooling_nd(line, 2, 2, 1, True),
        F.spatial_pyramid_pooling_2d(image, 2, F.MaxPooling2D, False),
        F.convolution_2d(image, filters, ones, 2, 1, False),
        F.convolution_2d(image, filters, ones, 2, 1, False, True),
        F.convolution_2d(image, filters, None, 2, 1, True, False, True),
        F.convolution_nd(line, short, None, 3, 1, False, True),
        F.convolution_nd(line, short, None, 3, 1, True, False),
        F.deconvolution_2d(image, filters, None, 2, 0, (13, 13), True),
        F.deconvolution_2d(image, filters, None, 2, 0, None, False, True),
        F.deconvolution_nd(line, short, None, 2, 0, None, False),
        F.deconvolution_nd(line, short, None, 2, 0, (13,), True),
        F.dilated_convolution_2d(image, filters, None, 3, 0, 2, False),
        F.dilated_convolution_2d(image, filters, None, 3, 0, 2, True, False),
        F.dilated_convolution_2d(image, filters, None, 3, 0, 2, False, True),
        F.batch_normalization(rows, ones, zeros, 0.1, mean, var, 0.5, False),
        F.batch_normalization(rows, ones, zeros, 0.5),
        F.fixed_batch_normalization(rows, ones, zeros, ones, weights, 0.1, False),
        F.sigmoid_cross_entropy(rows, signs, True, False),
        F.sigmoid_cross_entropy(rows, signs, False, True),
        F.sigmoid_cross_entropy(rows, signs, False, True, "no"),
        F.softmax_cross_entropy(rows, labels, True, False, True),
        F.softmax_cross_entropy(rows, labels, False, True, False, weights),
        F.softmax_cross_entropy(rows, abs(labels), False, True, True, None, 2),
        F.softmax_cross_entropy(rows, labels, False, True, True, None, -1, "no"),
        grid,
        F.spatial_transformer_sampler(Variable(image), grid, False),
        F.dropout(rows, 0.5, False),
        F.zoneout(rows, rows + 1, 0.25, False),
        F.zoneout(rows, rows + 1, 0.25, True),
        L.ConvolutionND(1, 3, 3, 2, 1, 0, short, ones)(Variable(line)),
        L.ConvolutionND(1, 3, 3, 2, 3, 1, short, 0, True, True)(Variable(line)),
        L.DeconvolutionND(1, 3, 3, 2, 2, 0, (13,), short, ones)(Variable(line)),
        L.DeconvolutionND(1, 3, 3, 2, 2, 0, None, short, 1, False)(Variable(line)),
        L.BatchNormalization(3, 0.9, 0.1, np.float32, True, True, 2, 3, False)(Variable(rows)),
        L.StatefulZoneoutLSTM(3, 2, 0.5, 0.5, False)(Variable(rows)),
    ]
    sequences = [np.random.randn(n, 3).astype(np.float32) for n in (3, 2)]
    lstm = L.NStepLSTM(2, 3, 2, 0.5, False)
    states = [np.zeros((2, 2, 2), np.float32)] * 2
    ws = [[layer[name].data for name in _names("w")] for layer in map(vars, lstm)]
    bs = [[layer[name].data for name in _names("b")] for layer in map(vars, lstm)]
    times = [np.stack([s[0] for s in sequences]), np.stack([s[1] for s in sequences])]
    results += [
        lstm(states[0], states[1], [Variable(s) for s in sequences], False)[0],
        F.n_step_lstm(2, 0.5, states[0], states[1], ws, bs, times, False)[0],
        F.n_step_lstm(2, 0.5, states[0], states[1], ws, bs, times, True, False)[0],
        F.n_step_rnn(2, 0.5, states[0], _some(ws, 2), _some(bs, 2), times, False)[0],
        F.n_step_rnn(2, 0.5, states[0], _some(ws, 2), _some(bs, 2), times, True, True, "relu")[0],
        F.n_step_gru(2, 0.5, states[0], _some(ws, 6), _some(bs, 6), times, False)[0],
    ]
    return [variable.data.tolist() for variable in results]


def _names(kind):
    return [kind + str(i) for i in range(8)]


def _some(layers, count):
    """Of each layer as many of the eight, half of them for the input, half for the output."""
    half = count // 2
    return [layer[:half] + layer[4 : 4 + half] for layer in layers]


def flags():
    """What a variable says of its flag, and what flags say of themselves."""
    array = np.zeros(1, np.float32)
    given = [True, False, "on", "off", chainer.ON, chainer.OFF, flag.Flag("ON"), flag.Flag(False)]
    found = [repr(Variable(array, value).volatile) for value in given]
    found += [repr(Variable(array, volatile=value).volatile) for value in given]
    found += [
        Variable(array, True, "x").name,
        Variable(array, chainer.OFF, None, array).grad.tolist(),
        [bool(chainer.ON), bool(chainer.OFF)],
        [chainer.ON == "on", chainer.ON == True, chainer.ON == chainer.OFF],
        [chainer.AUTO != "auto", chainer.OFF != "OFF", chainer.AUTO == flag.AUTO],
        chainer.Flag("auto") is chainer.AUTO,
    ]
    for wrong in (lambda: bool(chainer.AUTO), lambda: chainer.ON < chainer.OFF):
        try:
            wrong()
        except (RuntimeError, TypeError, ValueError):
            found.append("refused")
    return found


def main(out):
    found = {
        "training": train(),
        "links": links_with_old_arguments(),
        "functions": functions_with_old_arguments(),
        "by position": functions_with_old_arguments_by_position(),
        "flags": flags(),
    }
    with open(out, "w") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main(sys.argv[1])
