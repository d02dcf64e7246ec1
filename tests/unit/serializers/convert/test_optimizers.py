from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from torch import nn, optim

from chainer_compat import serializers
from chainer_compat.serializers import convert


def snapshot(states, steps=True, extra=None):
    """A snapshot of a Linear(3, 2) and its optimizer, whose states are all of one value."""
    arrays = {"updater/model:main/fc/W": np.ones((2, 3)), "updater/model:main/fc/b": np.ones(2)}
    for name, shape in (("W", (2, 3)), ("b", (2,))):
        path = f"updater/optimizer:main/fc/{name}"
        arrays |= {f"{path}/{state}": np.full(shape, value) for state, value in states.items()}
        if steps:
            arrays[f"{path}/t"] = np.asarray(7)
    arrays["updater/optimizer:main/t"] = np.asarray(9)
    file = io.BytesIO()
    serializers.save_npz(file, {**arrays, **(extra or {})})
    return file


@pytest.fixture
def module():
    return nn.Sequential(nn.Linear(3, 2))


def load(states, optimizer, module, **options):
    return convert.load_optimizer(snapshot(states), optimizer, module, **options)


def test_adams_moments_and_count_arrive(module):
    optimizer = optim.Adam(module.parameters())
    report = load({"m": 1, "v": 2}, optimizer, module)
    state = optimizer.state[module[0].weight]
    assert state["exp_avg"].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert state["exp_avg_sq"].dtype == torch.float32
    assert state["step"].item() == 7
    assert len(report.loaded) == 4
    assert "eps" in report.notes[0]


def test_an_old_snapshot_counts_for_all_parameters(module):
    optimizer = optim.Adam(module.parameters())
    convert.load_optimizer(snapshot({"m": 1, "v": 2}, steps=False), optimizer, module)
    assert optimizer.state[module[0].bias]["step"].item() == 9


def test_velocity_becomes_torchs_buffer(module):
    optimizer = optim.SGD(module.parameters(), lr=0.5, momentum=0.9)
    report = load({"v": 3}, optimizer, module)
    assert optimizer.state[module[0].bias]["momentum_buffer"].tolist() == [-6, -6]
    assert report.loaded[0].how == "negated and divided by lr"


def test_sgd_has_no_state(module):
    optimizer = optim.SGD(module.parameters(), lr=0.5)
    assert load({}, optimizer, module).loaded == []


@pytest.mark.parametrize(
    ("states", "make", "options", "message"),
    [
        (
            {"m": 1, "v": 1},
            optim.SGD,
            {"lr": 1},
            "torch.optim.Adam or torch.optim.AdamW, not for SGD",
        ),
        ({"m": 1, "v": 1, "vhat": 1}, optim.Adam, {}, "needs amsgrad=True"),
        ({"msg": 1, "msdx": 1}, optim.Adadelta, {"lr": 0.5}, "needs lr=1.0"),
        ({"strange": 1}, optim.Adam, {}, "no optimizer of Chainer's is known by the states"),
    ],
)
def test_what_does_not_fit_is_a_value_error(module, states, make, options, message):
    with pytest.raises(ValueError, match=message):
        load(states, make(module.parameters(), **options), module)


def test_an_unknown_rule_is_a_value_error(module):
    with pytest.raises(ValueError, match="'Nadam'"):
        load({"m": 1}, optim.Adam(module.parameters()), module, rule="Nadam")


def test_no_optimizer_in_the_file_is_told(module):
    file = io.BytesIO()
    serializers.save_npz(file, {"fc/W": np.ones((2, 3)), "fc/b": np.ones(2)})
    with pytest.raises(KeyError, match="there is no optimizer under"):
        convert.load_optimizer(file, optim.Adam(module.parameters()), module)


def test_missing_states_change_nothing(module):
    file = snapshot({"m": 1, "v": 2}, extra={})
    arrays = dict(serializers.NpzArchive(file))
    del arrays["updater/optimizer:main/fc/b/m"]
    partial = io.BytesIO()
    serializers.save_npz(partial, arrays)
    optimizer = optim.Adam(module.parameters())
    with pytest.raises(KeyError, match="fc/b/m"):
        convert.load_optimizer(partial, optimizer, module)
    assert not optimizer.state


def test_a_parameter_that_is_not_the_modules_is_told(module):
    optimizer = optim.Adam(nn.Linear(4, 4).parameters())
    with pytest.raises(KeyError, match=r"a parameter of shape \(4, 4\)"):
        load({"m": 1, "v": 2}, optimizer, module)
