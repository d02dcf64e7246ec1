"""Whole models at sizes where arithmetic counts: forward, backward, update."""

from __future__ import annotations

import numpy as np

from benchmarks.contenders import _timing

BATCH = 100


def torch_models(torch, options):
    """Written by hand in torch."""
    nn = torch.nn

    def made(net, x, t):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
        x, t = torch.from_numpy(x), torch.from_numpy(t).long()

        def step():
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), t).backward()
            optimizer.step()

        return step

    nets = {
        "mlp": nn.Sequential(
            nn.Linear(784, 1000), nn.ReLU(), nn.Linear(1000, 1000), nn.ReLU(), nn.Linear(1000, 10)
        ),
        "convnet": nn.Sequential(
            nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(512, 10),
        ),
    }  # fmt: skip
    steps = {name: made(net, *_data(name)) for name, net in nets.items()}
    steps["lstm"] = _torch_lstm(torch)
    return _timing.timed(steps, 1, options["epochs"])


def _torch_lstm(torch):
    net = torch.nn.LSTM(LSTM_IN, LSTM_OUT, 1)
    sequences = [torch.from_numpy(x).requires_grad_() for x in _sequences()]

    def step():
        net.zero_grad()
        packed = torch.nn.utils.rnn.pack_sequence(sequences)
        net(packed)[0].data.sum().backward()

    return step


def chainers_models(chainer, options):
    """Written in Chainer's API, under this package or Chainer."""
    links, functions = chainer.links, chainer.functions

    class MLP(chainer.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.l1 = links.Linear(784, 1000)
                self.l2 = links.Linear(1000, 1000)
                self.l3 = links.Linear(1000, 10)

        def forward(self, x):
            h = functions.relu(self.l1(x))
            return self.l3(functions.relu(self.l2(h)))

    class ConvNet(chainer.Chain):
        def __init__(self):
            super().__init__()
            with self.init_scope():
                self.c1 = links.Convolution2D(1, 16, 5)
                self.c2 = links.Convolution2D(16, 32, 5)
                self.bn = links.BatchNormalization(32)
                self.l = links.Linear(512, 10)

        def forward(self, x):
            h = functions.max_pooling_2d(functions.relu(self.c1(x)), 2)
            h = functions.max_pooling_2d(functions.relu(self.bn(self.c2(h))), 2)
            return self.l(h)

    def made(net, x, t):
        model = links.Classifier(net)
        model.compute_accuracy = False
        optimizer = chainer.optimizers.MomentumSGD().setup(model)
        return lambda: optimizer.update(model, x, t)

    steps = {name: made(net(), *_data(name)) for name, net in (("mlp", MLP), ("convnet", ConvNet))}
    steps["lstm"] = _chainers_lstm(chainer)
    return _timing.timed(steps, 1, options["epochs"])


def _chainers_lstm(chainer):
    net = chainer.links.NStepLSTM(1, LSTM_IN, LSTM_OUT, 0.0)
    sequences = [chainer.Variable(x) for x in _sequences()]

    def step():
        net.cleargrads()
        for x in sequences:
            x.cleargrad()
        ys = net(None, None, sequences)[2]
        chainer.functions.sum(chainer.functions.concat(ys, 0)).backward()

    return step


LSTM_IN, LSTM_OUT = 128, 256


def _sequences():
    random = np.random.RandomState(0)
    lengths = sorted(random.randint(10, 50, 16), reverse=True)
    return [random.uniform(-1, 1, (n, LSTM_IN)).astype(np.float32) for n in lengths]


def _data(name):
    random = np.random.RandomState(0)
    shape = (784,) if name == "mlp" else (1, 28, 28)
    x = random.uniform(0, 1, (BATCH, *shape)).astype(np.float32)
    return x, random.randint(0, 10, BATCH).astype(np.int32)
