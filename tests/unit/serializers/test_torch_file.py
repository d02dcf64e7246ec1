from __future__ import annotations

import errno
import io
import os

import numpy as np
import pytest
import torch
from packaging import version

from chainer_compat import serializers
from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers._kinds import check_file, file_kind
from chainer_compat.serializers._stores import load_file, open_store
from chainer_compat.serializers._torch_file import open_torch
from tests.unit.serializers._targets import Whole, state


def saved(obj):
    file = io.BytesIO()
    serializers.save_torch(file, obj)
    file.seek(0)
    return file


def test_what_was_saved_is_loaded():
    whole = Whole()
    serializers.load_torch(saved(Whole(3)), whole)
    assert state(whole) == {**state(Whole(3)), "log": [0]}


def test_a_module_keeps_its_own_names(tmp_path):
    first, second = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3)
    serializers.save_torch(tmp_path / "x.pt", first)
    second.load_state_dict(torch.load(tmp_path / "x.pt", weights_only=True))
    assert torch.equal(first.weight, second.weight)
    third = torch.nn.Linear(2, 3)
    serializers.load_torch(tmp_path / "x.pt", third)
    assert torch.equal(first.weight, third.weight)


class TestDtypesThatAnOlderTorchCannotSave:
    @pytest.fixture(autouse=True)
    def older(self, monkeypatch):
        def save(state, file):
            raise KeyError(next(iter(state.values())).dtype)

        monkeypatch.setattr(torch, "save", save)

    @pytest.mark.parametrize("dtype", ["u2", "u4", "u8"])
    def test_the_value_is_named(self, tmp_path, dtype):
        path = tmp_path / "x.pt"
        path.write_bytes(b"before")
        with pytest.raises(TypeError, match=r"^a: torch .* unsigned.* Save them as int64"):
            serializers.save_torch(path, {"a": np.ones(3, dtype), "b": np.ones(3)})
        assert path.read_bytes() == b"before"

    def test_any_other_failure_is_torchs_own(self):
        with pytest.raises(KeyError, match="float64"):
            serializers.save_torch(io.BytesIO(), {"b": np.ones(3)})


@pytest.mark.parametrize("dtype", ["u2", "u4", "u8"])
def test_wide_unsigned_integers_survive(dtype):
    values = {"a": np.array([0, 3, np.iinfo(dtype).max], dtype)}
    try:
        file = saved(values)
    except TypeError:
        assert version.parse(torch.__version__) < version.parse("2.6")
        return
    assert open_torch(file).member("a").read().tolist() == values["a"].tolist()


def test_nested_dictionaries_become_paths():
    file = io.BytesIO()
    torch.save({"state_dict": {"l1.weight": torch.ones(2)}, "epoch": 3, "list": [1, None]}, file)
    file.seek(0)

    class Target:
        epoch = 0

        def serialize(self, serializer):
            self.epoch = serializer("epoch", 0)
            self.weight = serializer("state_dict/l1/weight", None)
            self.one = serializer("list/0", None)

    target = Target()
    serializers.load_torch(file, target)
    assert (target.epoch, target.weight.tolist(), target.one) == (3, [1, 1], 1)


class Hostile:
    def __reduce__(self):
        return os.system, ("exit 3",)


@pytest.mark.parametrize("legacy", [False, True])
def test_objects_are_refused(tmp_path, legacy):
    path = tmp_path / "x.pt"
    torch.save({"x": Hostile()}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(UnsafeFileError, match="could run code"):
        serializers.load_torch(path, Whole())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"nothing"])
def test_damaged_files_are_told(content):
    with pytest.raises(FileFormatError):
        serializers.load_torch(io.BytesIO(content), Whole())


KINDS = {
    "npz": serializers.save_npz,
    "hdf5": serializers.save_hdf5,
    "safetensors": serializers.save_safetensors,
    "torch": serializers.save_torch,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_told_by_its_bytes_and_loaded(tmp_path, kind):
    path = str(tmp_path / "file")
    KINDS[kind](path, Whole(3))
    assert file_kind(path) == kind
    check_file(path)
    whole = Whole()
    load_file(path, whole)
    assert whole.count == 3
    with open_store(path) as store:
        assert store.member("part/array").read().tolist() == [[3, 3, 3], [3, 3, 3]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_fills_a_torch_module(tmp_path, kind):
    path = str(tmp_path / "file")
    KINDS[kind](path, {"l1/W": np.ones((2, 3)), "l1/b": np.ones(2)})
    module = torch.nn.Linear(3, 2)
    load_file(path, module)
    assert module.weight.unique().item() == 1
    module = torch.nn.Linear(3, 2)
    loader = getattr(serializers, f"load_{kind}")
    assert loader(path, module).complete


def test_anything_else_is_unknown(tmp_path):
    (tmp_path / "x").write_bytes(b"anything")
    assert file_kind(str(tmp_path / "x")) == "unknown"


@pytest.mark.parametrize(
    "error", [OSError(errno.EINVAL, "seek"), IndexError("pop"), AssertionError()]
)
def test_whatever_torch_raises_at_damage_is_a_damaged_file(monkeypatch, error):
    def load(*args, **kwargs):
        raise error

    file = saved({"x": 1})
    monkeypatch.setattr(torch, "load", load)
    with pytest.raises(FileFormatError, match=r"no whole file of torch\.save"):
        serializers.load_torch(file, Whole())


@pytest.mark.parametrize("error", [OSError(errno.EIO, "disk"), MemoryError()])
def test_errors_of_the_machine_are_not_the_files(monkeypatch, error):
    def load(*args, **kwargs):
        raise error

    file = saved({"x": 1})
    monkeypatch.setattr(torch, "load", load)
    with pytest.raises(type(error)):
        serializers.load_torch(file, Whole())
