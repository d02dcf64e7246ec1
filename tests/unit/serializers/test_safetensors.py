from __future__ import annotations

import io
import json

import numpy as np
import pytest
import torch

from chainer_compat import serializers
from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers._safetensors import SafetensorsStore
from tests.unit.serializers._targets import Whole, state


def saved(obj):
    file = io.BytesIO()
    serializers.save_safetensors(file, obj)
    return file


def raw(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return io.BytesIO(len(text).to_bytes(8, "little") + text + data)


def test_what_was_saved_is_loaded():
    whole = Whole()
    serializers.load_safetensors(saved(Whole(3)), whole)
    assert state(whole) == {**state(Whole(3)), "log": [0]}


def test_a_path_will_do(tmp_path):
    serializers.save_safetensors(tmp_path / "x", Whole(3))
    whole = Whole()
    serializers.load_safetensors(tmp_path / "x", whole)
    assert whole.count == 3


def test_the_formats_own_library_agrees():
    import safetensors.numpy as library

    arrays = {"a/b": np.arange(6, dtype="f4").reshape(2, 3), "c": np.array(3), "e": np.zeros(0)}
    found = library.load(saved(arrays).getvalue())
    assert {key: (v.tolist(), v.dtype) for key, v in found.items()} == {
        key: (v.tolist(), v.dtype) for key, v in arrays.items()
    }
    with SafetensorsStore(io.BytesIO(library.save(arrays))) as store:
        assert {key: store.member(key).read().tolist() for key in store} == {
            key: v.tolist() for key, v in arrays.items()
        }


def test_bfloat16_is_read_as_float32():
    tensor = torch.tensor([1.5, -2.0], dtype=torch.bfloat16)
    data = tensor.view(torch.int16).numpy().tobytes()
    file = raw({"x": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}, data)
    target = torch.nn.ParameterDict({"x": torch.nn.Parameter(torch.zeros(2))})
    serializers.load_safetensors(file, target)
    assert target["x"].tolist() == [1.5, -2.0]
    with SafetensorsStore(file) as store:
        store.member("x").verify()
        assert store.member("x").read().tolist() == [1.5, -2.0]


def test_foreign_byte_order_is_turned():
    with SafetensorsStore(saved({"x": np.array([1.0, 2.0], ">f4")})) as store:
        assert store.member("x").read().tolist() == [1, 2]


def test_a_dtype_that_the_format_lacks_is_named():
    with pytest.raises(TypeError, match="x: safetensors has no dtype for complex128"):
        saved({"x": np.zeros(2, "c16")})


entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "file",
    [
        io.BytesIO(b"abc"), io.BytesIO((50).to_bytes(8, "little") + b"{}"), raw(b"{"), raw(b"[]"),
        raw(b"[" * 100_000), raw({"x": entry}), raw({"x": {**entry, "shape": [2]}}, bytes(4)),
        raw({"x": {**entry, "shape": [-1]}}, bytes(4)), raw({"x": 3}), raw({"x": {}}),
        raw({"x": {**entry, "shape": [1.0]}}, bytes(4)), raw({"__metadata__": 3}),
        raw({"__metadata__": {"chainer_compat": '{"a": 3}'}}),
        raw({"x": {**entry, "data_offsets": [0]}}),
    ],
)  # fmt: skip
def test_damaged_files_are_told(file):
    with pytest.raises(FileFormatError, match="no whole safetensors file"):
        SafetensorsStore(file)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (io.BytesIO((1 << 40).to_bytes(8, "little")), "header of 1,099,511,627,776 bytes"),
        (raw({"x": {**entry, "dtype": "PICKLE"}}, bytes(4)), "unknown dtype"),
        (raw({"x": entry, "y": entry}, bytes(4)), "share bytes"),
        (raw(b'{"x": 1, "x": 2}'), "there twice"),
    ],
)
def test_hostile_files_are_refused(file, message):
    with pytest.raises(UnsafeFileError, match=message):
        SafetensorsStore(file)
