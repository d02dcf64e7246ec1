"""The links that are used most, forward and backward, at sizes that matter."""

from __future__ import annotations

import functools

import numpy as np

from benchmarks.contenders import _timing

TITLES = {
    "linear": "Linear, 128 x 1000 to 1000",
    "convolution": "Convolution2D, 32 x 32 x 28 x 28 to 64 maps",
    "normalization": "BatchNormalization, 32 x 64 x 28 x 28",
    "embedding": "EmbedID, 2048 of 1000 words, 256 units",
    "classifier": "Classifier of a Linear, 128 x 1000 to 10, both values read",
    "mnist": "Classifier of 784-1000-1000-10, batch 100, both values read",
    "deconvolution": "Deconvolution2D, 32 x 64 x 14 x 14 to 32 maps",
    "lstm": "LSTM, 20 steps, batch 32, 128 to 256",
    "ptb": "LSTM, 35 steps, batch 20, 650 to 650",
    "small": "NStepLSTM, 8 sequences of 5 to 15, 32 to 64",
    "middle": "NStepLSTM, 16 sequences of 10 to 50, 128 to 256",
    "two": "NStepLSTM, 2 layers, 16 sequences of 30, 128 to 256",
    "both": "NStepBiLSTM, 16 sequences of 10 to 50, 128 to 256",
    "gru": "NStepGRU, 16 sequences of 10 to 50, 128 to 256",
    "tanh": "NStepRNNTanh, 16 sequences of 10 to 50, 128 to 256",
}

# Steps, batch, units of the input and of the layer: the second is Chainer's example of a language
# model.
_STEPWISE = {"lstm": (20, 32, 128, 256), "ptb": (35, 20, 650, 650)}

# Layers, units of the input and of a layer.
_SIZES = {
    "small": (1, 32, 64),
    "middle": (1, 128, 256),
    "two": (2, 128, 256),
    "both": (1, 128, 256),
    "gru": (1, 128, 256),
    "tanh": (1, 128, 256),
}


def torch_calls(torch, options):
    """The layers of torch."""

    def pair(net, inputs, forward):
        def step():
            net.zero_grad()
            for x in inputs:
                x.grad = None
            forward().backward()

        return forward, step

    made = {**_torch_layers(torch), **_torch_recurrent(torch)}
    pairs = {name: pair(*made[name]) for name in TITLES}
    return _timing.timed_calls(pairs, options["epochs"])


def _torch_layers(torch):
    nn, observed = torch.nn, {}
    x = {name: torch.from_numpy(array) for name, array in _arrays().items()}

    def single(net, x, loss=torch.sum):
        if x.is_floating_point():
            x.requires_grad_()
        return net, [x], lambda: loss(net(x))

    def classified(y):
        t = torch.from_numpy(_labels(len(y))).long()
        loss = nn.functional.cross_entropy(y, t)
        accuracy = (y.detach().argmax(1) == t).float().mean()
        # What a log gets: numbers of Python.
        observed.update(loss=loss.item(), accuracy=accuracy.item())
        return loss

    return {
        "linear": single(nn.Linear(1000, 1000), x["rows"]),
        "convolution": single(nn.Conv2d(32, 64, 3, padding=1), x["maps"]),
        "normalization": single(nn.BatchNorm2d(64), x["images"]),
        "embedding": single(nn.Embedding(1000, 256), x["ids"].long()),
        "classifier": single(nn.Linear(1000, 10), x["rows"], classified),
        "mnist": single(_mlp(nn), x["digits"], classified),
        "deconvolution": single(nn.ConvTranspose2d(64, 32, 4, 2, 1), x["halves"]),
    }


def _mlp(nn):
    relu, last = nn.ReLU(), nn.Linear(1000, 10)
    return nn.Sequential(nn.Linear(784, 1000), relu, nn.Linear(1000, 1000), relu, last)


def _torch_recurrent(torch):
    nn, rnn = torch.nn, torch.nn.utils.rnn

    def stepwise(name):
        steps, _, size, units = _STEPWISE[name]
        cell, x = nn.LSTMCell(size, units), torch.from_numpy(_step_input(name))

        def run():
            state, total = None, 0
            for _ in range(steps):
                state = cell(x, state)
                total = total + state[0].sum()
            return total

        return cell, [], run

    def over_lists(net, sequences):
        def run():
            packed = rnn.pack_sequence(sequences, enforce_sorted=False)
            return torch.cat(rnn.unpack_sequence(net(packed)[0])).sum()

        return net, sequences, run

    made = {name: stepwise(name) for name in _STEPWISE}
    kinds = {"both": nn.LSTM, "gru": nn.GRU, "tanh": nn.RNN}
    for name, (layers, size, units) in _SIZES.items():
        net = kinds.get(name, nn.LSTM)(size, units, layers, bidirectional=name == "both")
        sequences = [torch.from_numpy(a).requires_grad_() for a in _sequences(name)]
        made[name] = over_lists(net, sequences)
    return made


def calls(chainer, options):
    """The links of this package, or Chainer's."""

    def pair(net, inputs, forward):
        def step():
            net.cleargrads()
            for x in inputs:
                x.cleargrad()
            forward().backward()

        return forward, step

    made = {**_chainers_layers(chainer), **_chainers_recurrent(chainer)}
    pairs = {name: pair(*made[name]) for name in TITLES}
    return _timing.timed_calls(pairs, options["epochs"])


def _chainers_layers(chainer):
    links, functions = chainer.links, chainer.functions
    x = {
        name: array if name == "ids" else chainer.Variable(array)
        for name, array in _arrays().items()
    }

    def single(net, x):
        inputs = [x] if isinstance(x, chainer.Variable) else []
        return net, inputs, lambda: functions.sum(net(x))

    def classified(net, x):
        classifier, reporter = links.Classifier(net), chainer.Reporter()
        reporter.add_observer("main", classifier)

        def forward():
            observed = {}
            with reporter.scope(observed):
                loss = classifier(x, _labels(len(x)))
            observed.update({name: float(value.array) for name, value in observed.items()})
            return loss

        return classifier, [x], forward

    return {
        "linear": single(links.Linear(1000, 1000), x["rows"]),
        "convolution": single(links.Convolution2D(32, 64, 3, pad=1), x["maps"]),
        "normalization": single(links.BatchNormalization(64), x["images"]),
        "embedding": single(links.EmbedID(1000, 256), x["ids"]),
        "classifier": classified(links.Linear(1000, 10), x["rows"]),
        "mnist": classified(_chainers_mlp(chainer), x["digits"]),
        "deconvolution": single(links.Deconvolution2D(64, 32, 4, 2, 1), x["halves"]),
    }


def _chainers_mlp(chainer):
    links, relu = chainer.links, chainer.functions.relu
    hidden = links.Linear(784, 1000), relu, links.Linear(1000, 1000), relu
    return chainer.Sequential(*hidden, links.Linear(1000, 10))


def _chainers_recurrent(chainer):
    links, functions = chainer.links, chainer.functions

    def stepwise(name):
        steps, _, size, units = _STEPWISE[name]
        layer, x = links.LSTM(size, units), _step_input(name)

        def run():
            layer.reset_state()
            total = 0
            for _ in range(steps):
                total = total + functions.sum(layer(x))
            return total

        return layer, [], run

    def over_lists(net, sequences):
        def run():
            ys = net(*[None] * net.n_cells, sequences)[-1]
            return functions.sum(functions.concat(ys, 0))

        return net, sequences, run

    made = {name: stepwise(name) for name in _STEPWISE}
    kinds = {"both": links.NStepBiLSTM, "gru": links.NStepGRU, "tanh": links.NStepRNNTanh}
    for name, (layers, size, units) in _SIZES.items():
        net = kinds.get(name, links.NStepLSTM)(layers, size, units, 0.0)
        made[name] = over_lists(net, [chainer.Variable(x) for x in _sequences(name)])
    return made


def _arrays():
    random = np.random.RandomState(0)
    shapes = {
        "rows": (128, 1000),
        "digits": (100, 784),
        "maps": (32, 32, 28, 28),
        "images": (32, 64, 28, 28),
        "halves": (32, 64, 14, 14),
    }
    arrays = {n: random.uniform(-1, 1, s).astype(np.float32) for n, s in shapes.items()}
    return {**arrays, "ids": random.randint(0, 1000, 2048).astype(np.int32)}


def _step_input(name):
    _, batch, size, _ = _STEPWISE[name]
    return np.random.RandomState(0).uniform(-1, 1, (batch, size)).astype(np.float32)


@functools.cache
def _labels(count):
    return np.random.RandomState(0).randint(0, 10, count).astype(np.int32)


def _sequences(name):
    random = np.random.RandomState(0)
    if name == "small":
        lengths = random.randint(5, 16, 8)
    else:
        lengths = [30] * 16 if name == "two" else random.randint(10, 51, 16)
    size = _SIZES[name][1]
    return [random.uniform(-1, 1, (n, size)).astype(np.float32) for n in lengths]
