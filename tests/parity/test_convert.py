"""Weights that Chainer saved give the same outputs in torch's modules."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import torch
from torch import nn

import chainer_compat
from chainer_compat import links
from chainer_compat._unsupported import Unsupported
from chainer_compat.errors import SnapshotMismatchError
from chainer_compat.serializers import convert, load_npz
from chainer_compat.serializers.convert import _optimizers
from tests.parity import _golden, _oracle
from tests.parity.bodies import tiny, weights

LINKS = _golden.FOLDER / "links"


class Steps(nn.Module):
    """A cell called step by step, or a recurrent layer, with the outputs of all steps."""

    def __init__(self, cell, last=False, begin=None):
        super().__init__()
        self.cell = cell
        self.last = last
        self.begin = begin

    def forward(self, x):
        state, outputs = self.begin, []
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


class Highway(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain, self.transform = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        gate = torch.sigmoid(self.transform(x))
        return gate * torch.relu(self.plain(x)) + (1 - gate) * x


class Maxout(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(5, 12)

    def forward(self, x):
        return self.linear(x).unflatten(1, (4, 3)).amax(2)


class Scale(nn.Module):
    """Chainer's names for what torch has no module for."""

    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.ones(4))
        self.bias = nn.Module()
        self.bias.b = nn.Parameter(torch.zeros(4))

    def forward(self, x):
        return x * self.W + self.bias.b


class GRU(nn.Module):
    """The cell that the refusal of nn.GRU asks for."""

    def __init__(self, inputs, units):
        super().__init__()
        self.W_r, self.W_z, self.W = (nn.Linear(inputs, units) for _ in range(3))
        self.U_r, self.U_z, self.U = (nn.Linear(units, units) for _ in range(3))

    def forward(self, x, h):
        if h is None:  # the stateful link begins without the recurrent biases
            return torch.sigmoid(self.W_z(x)) * torch.tanh(self.W(x))
        z = torch.sigmoid(self.W_z(x) + self.U_z(h))
        r = torch.sigmoid(self.W_r(x) + self.U_r(h))
        return (1 - z) * h + z * torch.tanh(self.W(x) + self.U(r * h))


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
    "dropconnect": lambda: nn.Linear(5, 4),
    "nstep_bitanh": lambda: recurrent(nn.RNN, 1, bidirectional=True),
    "nstep_relu": lambda: recurrent(nn.RNN, 2, nonlinearity="relu"),
    "nstep_birelu": lambda: recurrent(nn.RNN, 2, bidirectional=True, nonlinearity="relu"),
    "batch_renormalization": lambda: nn.BatchNorm1d(4, eps=2e-5),
    "convolution_nd": lambda: nn.Conv2d(3, 4, 3),
    "deconvolution_nd": lambda: nn.ConvTranspose1d(3, 4, 3),
    "deconvolution_3d": lambda: nn.ConvTranspose3d(2, 3, 2),
    "mlp_convolution": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 1)),
    "highway": Highway,
    "maxout": Maxout,
    "scale": Scale,
    "stateless_gru": lambda: Steps(GRU(4, 3), last=True, begin=torch.zeros(2, 3)),
    "stateful_gru": lambda: Steps(GRU(3, 4)),
    "gru": lambda: Steps(GRU(3, 4)),
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


def leaf(arrays):
    """The torch module that a link's own arrays look like, or one with Chainer's names."""
    shapes = {name: array.shape for name, array in arrays.items()}
    if shapes.keys() in ({"W"}, {"W", "b"}):
        bias, (outputs, *others) = "b" in shapes, shapes["W"] or (0,)
        ours = not bias or shapes["b"] == (outputs,)
        if ours and len(others) == 1:
            return nn.Linear(*others, outputs, bias)
        if ours and len(others) == 3:
            return nn.Conv2d(others[0], outputs, others[1:], bias=bias)
    if "avg_mean" in shapes and "gamma" in shapes:
        return nn.BatchNorm2d(*shapes["gamma"], eps=2e-5)
    module = nn.Module()
    for name, array in arrays.items():
        module.register_buffer(name, torch.zeros(shapes[name], dtype=torch.tensor(array).dtype))
    return module


def torch_twin(arrays):
    """A module with the same parts under the same names, made of torch's modules."""
    own = {name: array for name, array in arrays.items() if "/" not in name}
    module = leaf(own) if own else nn.Module()
    for part in dict.fromkeys(name.partition("/")[0] for name in arrays if "/" in name):
        inner = {
            name.removeprefix(f"{part}/"): array
            for name, array in arrays.items()
            if name.startswith(f"{part}/")
        }
        module.add_module(part, torch_twin(inner))
    return module


@pytest.mark.parametrize("name", sorted(weights.CASES))
def test_each_links_file_fills_a_module_with_its_names(name):
    """Also of links that torch has nothing like: made of links, or with arrays of their own."""
    with np.load(LINKS / f"{name}.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    module = torch_twin(arrays)
    report = load_npz(LINKS / f"{name}.npz", module, strict="exact")
    assert {key for item in report.loaded for key in item.sources} == arrays.keys()
    loaded = dict(module.state_dict())
    for item in report.loaded:
        (source,) = item.sources
        np.testing.assert_array_equal(loaded[item.name].numpy(), arrays[source])


RECIPE = _oracle.ROOT / "migration_guide" / "recipes" / "old_weights.md"
# Links without arrays of their own, and links that Chainer lacks.
NO_LAYOUT = {"Classifier", "TorchModule"}


def test_the_recipe_says_of_every_link_which_module_takes_it():
    rows = re.findall(r"^\| (`L\..*?) \|", RECIPE.read_text(encoding="utf-8"), re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`L\.(\w+)`", row)]
    assert len(told) == len(set(told))
    kinds = {name: getattr(links, name) for name in links.__all__}
    here = {
        name
        for name, kind in kinds.items()
        if not isinstance(kind, Unsupported) and issubclass(kind, chainer_compat.Link)
    }
    assert here - NO_LAYOUT - set(told) == set(), "say in the recipe which torch module takes it"


def test_every_optimizer_has_a_rule_or_a_refusal():
    assert _optimizers._RULES.keys() | _optimizers._REFUSED.keys() == set(tiny.OPTIMIZERS)


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
            ours.detach().numpy(), theirs["after"][theirs_name], rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("name", ["SMORMS3", "RMSpropGraves", "NesterovAG", "MSVAG", "AdaBound"])
def test_optimizers_that_torch_lacks_are_refused(oracle, name):
    theirs = oracle.ask(weights.trained, name, {}, 2, 0).value
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    optimizer = torch.optim.RMSprop(module.parameters())
    with pytest.raises(NotImplementedError, match=name):
        convert.load_optimizer(io.BytesIO(theirs["npz"]), optimizer, module, rule=name)
    assert not optimizer.state
