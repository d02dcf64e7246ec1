"""Links with random weights: what Chainer saves of them, and what they make of an input."""

from __future__ import annotations

import io


def _chain(chainer, **links):
    return chainer.Chain(**links)


def _zeros(*shape):
    import numpy as np

    return np.zeros(shape, np.float32)


# Name -> (makes the link, the input's shape, how to call it).
CASES = {
    "linear": (lambda c, L: L.Linear(5, 4), (3, 5), None),
    "linear_nobias": (lambda c, L: L.Linear(5, 4, nobias=True), (3, 5), None),
    "convolution_1d": (lambda c, L: L.Convolution1D(3, 4, 3, pad=1), (2, 3, 7), None),
    "convolution_2d": (lambda c, L: L.Convolution2D(3, 4, 3, 2, 1), (2, 3, 7, 8), None),
    "convolution_3d": (lambda c, L: L.Convolution3D(2, 3, 2), (2, 2, 4, 4, 4), None),
    "convolution_groups": (lambda c, L: L.Convolution2D(4, 6, 3, groups=2), (2, 4, 5, 5), None),
    "dilated": (lambda c, L: L.DilatedConvolution2D(3, 4, 3, dilate=2), (2, 3, 9, 9), None),
    "deformable": (lambda c, L: L.DeformableConvolution2D(3, 4, 3), (2, 3, 6, 6), None),
    "inception_bn": (
        lambda c, L: L.InceptionBN(3, 1, 2, 3, 2, 1, "max", 2), (2, 3, 6, 6), None
    ),
    "depthwise": (lambda c, L: L.DepthwiseConvolution2D(3, 2, 3), (2, 3, 6, 6), None),
    "deconvolution_1d": (lambda c, L: L.Deconvolution1D(3, 4, 3), (2, 3, 6), None),
    "deconvolution_2d": (lambda c, L: L.Deconvolution2D(3, 4, 3, 2, 1), (2, 3, 6, 6), None),
    "deconvolution_groups": (lambda c, L: L.Deconvolution2D(4, 6, 3, groups=2), (2, 4, 5, 5), None),
    "batch_normalization": (lambda c, L: L.BatchNormalization(4), (6, 4), None),
    "batch_renormalization": (lambda c, L: L.BatchRenormalization(4, 2, 1), (6, 4), None),
    "decorrelation": (lambda c, L: L.DecorrelatedBatchNormalization(4, 2), (6, 4), None),
    "layer_normalization": (lambda c, L: L.LayerNormalization(4), (6, 4), None),
    "group_normalization": (lambda c, L: L.GroupNormalization(2, 4), (3, 4, 5), None),
    "embed_id": (lambda c, L: L.EmbedID(7, 4), "ids", None),
    "prelu": (lambda c, L: L.PReLU(), (3, 4), None),
    "prelu_channels": (lambda c, L: L.PReLU((4,)), (3, 4), None),
    "bilinear": (lambda c, L: L.Bilinear(3, 4, 5, nobias=True), (2, 7), "bilinear"),
    "lstm": (lambda c, L: L.LSTM(3, 4), (2, 5, 3), "steps"),
    "stateless_lstm": (lambda c, L: L.StatelessLSTM(3, 4), (2, 5, 3), "stateless"),
    "nstep_lstm": (lambda c, L: L.NStepLSTM(2, 3, 4, 0), (2, 5, 3), "nstep3"),
    "nstep_bilstm": (lambda c, L: L.NStepBiLSTM(2, 3, 4, 0), (2, 5, 3), "nstep3"),
    "nstep_gru": (lambda c, L: L.NStepGRU(2, 3, 4, 0), (2, 5, 3), "nstep2"),
    "nstep_bigru": (lambda c, L: L.NStepBiGRU(2, 3, 4, 0), (2, 5, 3), "nstep2"),
    "nstep_tanh": (lambda c, L: L.NStepRNNTanh(1, 3, 4, 0), (2, 5, 3), "nstep2"),
    "nstep_birelu": (lambda c, L: L.NStepBiRNNReLU(2, 3, 4, 0), (2, 5, 3), "nstep2"),
    "stateful_gru": (lambda c, L: L.StatefulGRU(3, 4), (2, 5, 3), "steps"),
    "peephole": (lambda c, L: L.StatefulPeepholeLSTM(3, 4), (2, 5, 3), "steps"),
    "negative_sampling": (lambda c, L: L.NegativeSampling(3, [4, 2, 1, 3], 2), (4, 3), "words"),
    "black_out": (lambda c, L: L.BlackOut(3, [4, 2, 1, 3], 2), (4, 3), "words"),
    "tree": (lambda c, L: L.BinaryHierarchicalSoftmax(3, ((0, 1), (2, 3))), (4, 3), "words"),
    "field": (lambda c, L: L.CRF1d(3), (2, 5, 3), "field"),
    "stateful_mgu": (lambda c, L: L.StatefulMGU(3, 4), (2, 5, 3), "steps"),
    "stateless_mgu": (lambda c, L: L.StatelessMGU(4, 3), (2, 5, 4), "stateless1"),
    "zoneout": (lambda c, L: L.StatefulZoneoutLSTM(3, 4), (2, 5, 3), "steps"),
    "child_sum_tree": (lambda c, L: L.ChildSumTreeLSTM(3, 4), (2, 5, 3), "tree"),
    "nary_tree": (lambda c, L: L.NaryTreeLSTM(3, 4, 2), (2, 5, 3), "tree"),
    "dropconnect": (lambda c, L: L.SimplifiedDropconnect(5, 4), (3, 5), "undropped"),
    "nstep_bitanh": (lambda c, L: L.NStepBiRNNTanh(1, 3, 4, 0), (2, 5, 3), "nstep2"),
    "nstep_relu": (lambda c, L: L.NStepRNNReLU(2, 3, 4, 0), (2, 5, 3), "nstep2"),
    "swish": (lambda c, L: L.Swish((4,)), (3, 4), None),
    "scale": (lambda c, L: L.Scale(1, (4,), bias_term=True), (3, 4), None),
    "bias": (lambda c, L: L.Bias(1, (4,)), (3, 4), None),
    "parameter": (lambda c, L: L.Parameter(_zeros(2, 3)), (1,), "alone"),
    "maxout": (lambda c, L: L.Maxout(5, 4, 3), (3, 5), None),
    "highway": (lambda c, L: L.Highway(4), (3, 4), None),
    "inception": (lambda c, L: L.Inception(3, 1, 2, 3, 2, 1, 2), (2, 3, 6, 6), None),
    "mlp_convolution": (lambda c, L: L.MLPConvolution2D(3, (4, 5), 3), (2, 3, 6, 6), None),
    "local_convolution": (lambda c, L: L.LocalConvolution2D(3, 4, (6, 5), 3), (2, 3, 6, 5), None),
    "convolution_nd": (lambda c, L: L.ConvolutionND(2, 3, 4, 3), (2, 3, 6, 6), None),
    "deconvolution_nd": (lambda c, L: L.DeconvolutionND(1, 3, 4, 3), (2, 3, 6), None),
    "deconvolution_3d": (lambda c, L: L.Deconvolution3D(2, 3, 2), (2, 2, 3, 3, 3), None),
    "stateless_gru": (lambda c, L: L.StatelessGRU(4, 3), (2, 5, 4), "stateless1"),
    "gru": (lambda c, L: L.GRU(3, 4), (2, 5, 3), "steps"),
    "convnet": (
        lambda c, L: _chain(
            c, conv1=L.Convolution2D(1, 4, 3), bn1=L.BatchNormalization(4),
            conv2=L.Convolution2D(4, 4, 3), bn2=L.BatchNormalization(4), fc=L.Linear(16, 5),
        ),
        (2, 1, 6, 6),
        "convnet",
    ),
}  # fmt: skip


def _halves(chainer, np, link, x):
    return link(x[:, :3], x[:, 3:])


def _steps(chainer, np, link, x):
    return chainer.functions.stack([link(x[:, i]) for i in range(x.shape[1])], axis=1)


def _stateless(chainer, np, link, x):
    c = h = None
    for i in range(x.shape[1]):
        c, h = link(c, h, x[:, i])
    return h


def _one_state(chainer, np, link, x):
    h = np.zeros((len(x), 3), np.float32)
    for i in range(x.shape[1]):
        h = link(h, x[:, i])
    return h


def _chain_of_nodes(chainer, np, link, x):
    c = h = None
    for i in range(x.shape[1]):
        c, h = link(c, None, h, None, x[:, i])
    return h


def _sequences_from(states):
    def call(chainer, np, link, x):
        return chainer.functions.stack(link(*[None] * states, [x[0], x[1]])[-1])

    return call


def _words(chainer, np, link, x):
    np.random.seed(5)  # for the samples
    return link(x, np.arange(4, dtype=np.int32))


def _field(chainer, np, link, x):
    return link([x[0], x[1]], [np.arange(5, dtype=np.int32) % 3] * 2, transpose=True)


def _convnet(chainer, np, link, x):
    h = chainer.functions.relu(link.bn1(link.conv1(x)))
    h = chainer.functions.relu(link.bn2(link.conv2(h)))
    return link.fc(h)


_CALLS = {
    None: lambda chainer, np, link, x: link(x),
    "alone": lambda chainer, np, link, x: link(),
    "bilinear": _halves,
    "steps": _steps,
    "stateless": _stateless,
    "stateless1": _one_state,
    "tree": _chain_of_nodes,
    "words": _words,
    "field": _field,
    "undropped": lambda chainer, np, link, x: link(x, train=False),
    "nstep2": _sequences_from(1),
    "nstep3": _sequences_from(2),
    "convnet": _convnet,
}


def _call(chainer, np, link, x, how):
    return _CALLS[how](chainer, np, link, x)


def saved(chainer, np, name):
    """The npz file of a link, an input, and the output in test mode."""
    make, shape, how = CASES[name]
    random = np.random.RandomState(7)
    link = make(chainer, chainer.links)
    if shape == "ids":
        x = np.array([[0, 3], [6, 2]], np.int32)
    else:
        x = random.uniform(-1, 1, shape).astype(np.float32)
    with chainer.using_config("train", False):
        _call(chainer, np, link, x, how)  # gives every parameter its shape
    for _, parameter in sorted(link.namedparams()):
        parameter.data[...] = random.uniform(-1, 1, parameter.shape)
    for _, part in sorted(link.namedlinks()):
        if hasattr(part, "avg_mean"):
            part.avg_mean[...] = random.uniform(-1, 1, part.avg_mean.shape)
        if hasattr(part, "avg_var"):
            part.avg_var[...] = random.uniform(0.5, 2, part.avg_var.shape)
        if hasattr(part, "avg_projection"):
            part.avg_projection[...] = random.uniform(-1, 1, part.avg_projection.shape)
        if hasattr(part, "reset_state"):
            part.reset_state()
    with chainer.using_config("train", False):
        y = _call(chainer, np, link, x, how).data
    file = io.BytesIO()
    chainer.serializers.save_npz(file, link)
    return {"npz": file.getvalue(), "x": x, "y": y}


def trained(chainer, np, name, options, steps, more):
    """A snapshot of a model and its optimizer, and the weights after some more steps."""
    functions, links = chainer.functions, chainer.links
    random = np.random.RandomState(3)
    model = chainer.Chain(l1=links.Linear(4, 5), l2=links.Linear(5, 3))
    for _, parameter in sorted(model.namedparams()):
        parameter.data[...] = random.uniform(-1, 1, parameter.shape)
    optimizer = getattr(chainer.optimizers, name)(**options).setup(model)
    data = random.uniform(-1, 1, (steps + more, 8, 4)).astype(np.float32)

    def loss(x):
        return functions.mean(model.l2(functions.tanh(model.l1(x))) ** 2)

    for x in data[:steps]:
        optimizer.update(loss, x)
    arrays = {}
    for part, obj in (("model", model), ("optimizer", optimizer)):
        saver = chainer.serializers.DictionarySerializer(arrays, f"updater/{part}:main/")
        saver.save(obj)
    file = io.BytesIO()
    np.savez(file, **arrays)
    for x in data[steps:]:
        optimizer.update(loss, x)
    after = {name: parameter.data for name, parameter in sorted(model.namedparams())}
    return {"npz": file.getvalue(), "data": data[steps:], "after": after}


def loaded(chainer, np, name, data, x):
    """The output, in test mode, of a fresh link that a file was loaded into."""
    make, _, how = CASES[name]
    link = make(chainer, chainer.links)
    chainer.serializers.load_npz(io.BytesIO(data), link)
    with chainer.using_config("train", False):
        return _call(chainer, np, link, x, how).data
