"""Weights that Chainer saved give the same outputs in torch's modules."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from torch import nn

from chainer_compat.errors import SnapshotMismatchError
from chainer_compat.serializers import convert, load_npz
from tests.parity.bodies import weights


class Steps(nn.Module):
    """A cell called step by step, or a recurrent layer, with the outputs of all steps."""

    def __init__(self, cell, last=False):
        super().__init__()
        self.cell = cell
        self.last = last

    def forward(self, x):
        state, outputs = None, []
        for step in x.unbind(1):
            state = self.cell(step, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return outputs[-1] if self.last else torch.stack(outputs, 1)


class First(nn.Module):
    """The outputs of a recurrent layer, without its states."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


class Halves(nn.Bilinear):
    def forward(self, x):
        return super().forward(x[:, :3], x[:, 3:])


class Convnet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3)
        self.bn1, self.bn2 = nn.BatchNorm2d(4, 2e-5), nn.BatchNorm2d(4, 2e-5)
        self.fc = nn.Linear(16, 5)

    def forward(self, x):
        h = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(torch.relu(self.bn2(self.conv2(h))).flatten(1))


def recurrent(kind, layers, **options):
    return First(kind(3, 4, layers, batch_first=True, **options))


MODULES = {
    "linear": lambda: nn.Linear(5, 4),
    "linear_nobias": lambda: nn.Linear(5, 4, bias=False),
    "convolution_1d": lambda: nn.Conv1d(3, 4, 3, padding=1),
    "convolution_2d": lambda: nn.Conv2d(3, 4, 3, 2, 1),
    "convolution_3d": lambda: nn.Conv3d(2, 3, 2),
    "convolution_groups": lambda: nn.Conv2d(4, 6, 3, groups=2),
    "dilated": lambda: nn.Conv2d(3, 4, 3, dilation=2),
    "depthwise": lambda: nn.Conv2d(3, 6, 3, groups=3),
    "deconvolution_1d": lambda: nn.ConvTranspose1d(3, 4, 3),
    "deconvolution_2d": lambda: nn.ConvTranspose2d(3, 4, 3, 2, 1),
    "deconvolution_groups": lambda: nn.ConvTranspose2d(4, 6, 3, groups=2),
    "batch_normalization": lambda: nn.BatchNorm1d(4, eps=2e-5),
    "layer_normalization": lambda: nn.LayerNorm(4, eps=1e-6),
    "group_normalization": lambda: nn.GroupNorm(2, 4),
    "embed_id": lambda: nn.Embedding(7, 4),
    "prelu": nn.PReLU,
    "prelu_channels": lambda: nn.PReLU(4),
    "bilinear": lambda: Halves(3, 4, 5, bias=False),
    "lstm": lambda: Steps(nn.LSTMCell(3, 4)),
    "stateless_lstm": lambda: Steps(nn.LSTMCell(3, 4), last=True),
    "nstep_lstm": lambda: recurrent(nn.LSTM, 2),
    "nstep_bilstm": lambda: recurrent(nn.LSTM, 2, bidirectional=True),
    "nstep_gru": lambda: recurrent(nn.GRU, 2),
    "nstep_bigru": lambda: recurrent(nn.GRU, 2, bidirectional=True),
    "nstep_tanh": lambda: recurrent(nn.RNN, 1),
    "nstep_bitanh": lambda: recurrent(nn.RNN, 1, bidirectional=True),
    "nstep_relu": lambda: recurrent(nn.RNN, 2, nonlinearity="relu"),
    "nstep_birelu": lambda: recurrent(nn.RNN, 2, bidirectional=True, nonlinearity="relu"),
    "convnet": Convnet,
}


@pytest.mark.parametrize("name", MODULES)
def test_outputs_are_chainers(oracle, name):
    theirs = oracle.ask(weights.saved, name).value
    module = MODULES[name]().eval()
    report = load_npz(io.BytesIO(theirs["npz"]), module)
    assert report.complete
    assert report.extra == []
    x = theirs["x"]
    y = module(torch.from_numpy(x.astype(np.int64) if x.dtype == np.int32 else x))
    np.testing.assert_allclose(y.detach().numpy(), theirs["y"], rtol=1e-5, atol=1e-6)


def test_one_layer_of_lstm_takes_the_old_link_too(oracle):
    theirs = oracle.ask(weights.saved, "lstm").value
    module = recurrent(nn.LSTM, 1)
    load_npz(io.BytesIO(theirs["npz"]), module)
    y = module(torch.from_numpy(theirs["x"]))
    np.testing.assert_allclose(y.detach().numpy(), theirs["y"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "module", "reason"),
    [
        ("stateful_gru", nn.GRUCell(3, 4), "resets the state before the recurrent matrix"),
        ("stateful_gru", nn.GRU(3, 4), "resets the state before the recurrent matrix"),
        ("peephole", nn.LSTMCell(3, 4), "no peepholes"),
    ],
)
def test_what_torch_computes_otherwise_is_refused_with_the_reason(oracle, name, module, reason):
    theirs = oracle.ask(weights.saved, name).value
    with pytest.raises(SnapshotMismatchError, match=reason):
        load_npz(io.BytesIO(theirs["npz"]), module)


OPTIMIZERS = {
    "SGD": ({"lr": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
    "Adam": ({"alpha": 0.01}, lambda p: torch.optim.Adam(p, lr=0.01)),
    "AMSGrad": ({"alpha": 0.01}, lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True)),
    "AdamW": (
        {"alpha": 0.01, "weight_decay_rate": 0.0},
        lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0),
    ),
    "MomentumSGD": ({"lr": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    "CorrectedMomentumSGD": ({"lr": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    "RMSprop": ({"lr": 0.01}, lambda p: torch.optim.RMSprop(p, lr=0.01)),
    "AdaGrad": ({"lr": 0.05}, lambda p: torch.optim.Adagrad(p, lr=0.05, eps=1e-8)),
    "AdaDelta": ({}, lambda p: torch.optim.Adadelta(p, lr=1.0, rho=0.95)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_as_under_chainer(oracle, name):
    options, make = OPTIMIZERS[name]
    theirs = oracle.ask(weights.trained, name, options, 5, 5).value
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    optimizer = make(module.parameters())
    file = io.BytesIO(theirs["npz"])
    load_npz(file, module)
    convert.load_optimizer(file, optimizer, module, rule=name)
    for x in theirs["data"]:
        optimizer.zero_grad()
        module(torch.from_numpy(x)).square().mean().backward()
        optimizer.step()
    for theirs_name, ours in (("/l1/W", module[0].weight), ("/l2/b", module[2].bias)):
        np.testing.assert_allclose(
            ours.detach().numpy(), theirs["after"][theirs_name], rtol=1e-4, atol=1e-6
        )


@pytest.mark.parametrize("name", ["SMORMS3", "RMSpropGraves", "NesterovAG", "MSVAG", "AdaBound"])
def test_optimizers_that_torch_lacks_are_refused(oracle, name):
    theirs = oracle.ask(weights.trained, name, {}, 2, 0).value
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    optimizer = torch.optim.RMSprop(module.parameters())
    with pytest.raises(NotImplementedError, match=name):
        convert.load_optimizer(io.BytesIO(theirs["npz"]), optimizer, module, rule=name)
    assert not optimizer.state
