from __future__ import annotations

import lightning
import numpy as np
import pytest
import torch

from chainer_compat import serializers
from chainer_compat.serializers._rewrite import rewrite
from chainer_compat.serializers._stores import open_store

ARRAYS = {
    "updater/model:main/fc/W": np.ones((2, 3), np.float32),
    "updater/model:main/fc/b": np.zeros(2, np.float32),
    "updater/model:main/bn/avg_mean": np.zeros(2, np.float32),
    "updater/iteration": np.asarray(7),
    "updater/note": np.asarray("text"),
    "updater/none": np.asarray(None),
}


@pytest.fixture
def file(tmp_path):
    serializers.save_npz(tmp_path / "in.npz", ARRAYS)
    return tmp_path / "in.npz"


@pytest.mark.parametrize("suffix", [".npz", ".h5", ".hdf5", ".safetensors"])
def test_every_key_and_value_is_kept(file, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    done = rewrite(file, out)
    assert (done.left_out, set(done.names)) == ([], set(ARRAYS))
    with open_store(out) as store:
        assert set(store) == set(ARRAYS)
        for key, array in ARRAYS.items():
            assert store.member(key).read().tolist() == array.tolist()


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_a_state_dictionary_has_torchs_names(file, tmp_path, suffix):
    done = rewrite(file, tmp_path / f"out{suffix}", path="model")
    state = torch.load(tmp_path / f"out{suffix}", weights_only=True)
    assert list(state) == ["fc.weight", "fc.bias", "bn.running_mean"]
    assert done.names["updater/model:main/fc/W"] == "fc.weight"
    torch.nn.ModuleDict({"fc": torch.nn.Linear(3, 2)}).load_state_dict(
        {key: value for key, value in state.items() if key.startswith("fc")}
    )


def test_numbers_only_go_to_torch(file, tmp_path):
    done = rewrite(file, tmp_path / "out.pt")
    assert done.left_out == ["updater/note", "updater/none"]


def test_lightning_loads_the_checkpoint(file, tmp_path):
    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(3, 2)

    rewrite(file, tmp_path / "out.ckpt", path="updater/model:main")
    with pytest.warns(UserWarning, match="bn.running_mean"):
        module = Module.load_from_checkpoint(tmp_path / "out.ckpt", strict=False, weights_only=True)
    assert module.fc.weight.unique().item() == 1


def test_the_format_may_be_said(file, tmp_path):
    assert rewrite(file, tmp_path / "out", format="hdf5").format == "hdf5"


def test_an_unknown_suffix_is_a_value_error(file, tmp_path):
    with pytest.raises(ValueError, match="not known by its suffix"):
        rewrite(file, tmp_path / "out.zip")


def test_a_path_without_anything_is_a_key_error(file, tmp_path):
    with pytest.raises(KeyError, match="nothing under 'x/'"):
        rewrite(file, tmp_path / "out.npz", path="x")


def test_two_keys_of_one_name_are_a_value_error(tmp_path):
    serializers.save_npz(tmp_path / "in.npz", {"l/W": 1, "l/gamma": 2})
    with pytest.raises(ValueError, match=r"both become 'l.weight'"):
        rewrite(tmp_path / "in.npz", tmp_path / "out.pt")
