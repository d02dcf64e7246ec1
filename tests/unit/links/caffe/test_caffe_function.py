"""Models of Caffe: damaged and hostile files, and where Chainer computes something else."""

from __future__ import annotations

import pathlib
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat.errors import ChainerCompatWarning, FileFormatError, NotSupportedError
from chainer_compat.links.caffe import CaffeFunction
from chainer_compat.links.caffe._wire import Field, Schema, read
from tests._caffe import field, fields, layer, message, varint

RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(-1, 1, (2, 4, 5, 5)).astype(np.float32)
W = RANDOM.uniform(-1, 1, (3, 4, 2, 2)).astype(np.float32)
B = RANDOM.uniform(-1, 1, 3).astype(np.float32)
CONVOLUTION = layer("Convolution", "conv", ["x"], ["y"], {4: [2]}, [W, B])


@pytest.fixture
def load(tmp_path: pathlib.Path) -> Any:
    def load_bytes(data: bytes) -> CaffeFunction:
        path = tmp_path / "net.caffemodel"
        path.write_bytes(data)
        return CaffeFunction(path)

    return load_bytes


def test_a_model_without_layers(load: Any) -> None:
    assert load(b"").layers == []
    assert load(field(1, "net")).forwards == {}


def test_a_missing_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        CaffeFunction(tmp_path / "none.caffemodel")


def test_dilated_filters_are_dilated(load: Any) -> None:
    net = load(layer("Convolution", "conv", ["x"], ["y"], {4: [2], 18: [2]}, [W, B]))
    (y,) = net({"x": X}, ["y"])
    np.testing.assert_allclose(y.array, F.convolution_2d(X, W, B, dilate=2).array, rtol=1e-5)
    pair = load(layer("Convolution", "conv", ["x"], ["y"], {4: [2], 18: [1, 2]}, [W, B]))
    (y,) = pair({"x": X}, ["y"])
    np.testing.assert_allclose(y.array, F.convolution_2d(X, W, B, dilate=(1, 2)).array, rtol=1e-5)


def test_a_split_of_a_split_is_its_source(load: Any) -> None:
    net = load(
        layer("Split", "one", ["x"], ["a", "b"])
        + layer("Split", "two", ["a"], ["c", "d"])
        + layer("ReLU", "relu", ["d"], ["y"])
    )
    (y,) = net({"x": X}, ["y"])
    np.testing.assert_array_equal(y.array, np.maximum(X, 0))


def test_a_length_of_zero_is_kept_by_reshape(load: Any) -> None:
    shape = field(1, b"".join(map(varint, (0, -1))))
    net = load(layer("Reshape", "flat", ["x"], ["y"], {1: shape}))
    assert net({"x": X}, ["y"])[0].shape == (2, 100)


def test_statistics_that_were_never_collected_are_zero(load: Any) -> None:
    blobs = [np.ones(4), np.ones(4), np.zeros(1)]
    net = load(layer("BatchNorm", "bn", ["x"], ["y"], {1: True, 3: 1.0}, blobs))
    np.testing.assert_array_equal(net({"x": X}, ["y"])[0].array, X)


def test_weights_in_double_precision_and_one_by_one(load: Any) -> None:
    shape = field(7, field(1, varint(2)) + field(1, 2))
    doubles = shape + field(8, np.array([1, 2, 3, 4], "<f8").tobytes())
    ones = shape + fields(5, [1.0, 2.0]) + field(5, np.array([3, 4], "<f4").tobytes())
    for blob in (doubles, ones):
        parts = message({1: "fc", 2: "InnerProduct", 3: "x", 4: "y", 7: blob})
        net = load(field(100, parts + field(117, field(2, False))))
        assert net.fc.W.array.tolist() == [[1, 2], [3, 4]]


def test_parameters_in_pieces_are_put_together(load: Any) -> None:
    parts = message({1: "relu", 2: "ReLU", 3: "x", 4: "y"})
    pieces = field(123, field(1, 0.5)) + field(123, field(2, 1))
    net = load(field(100, parts + pieces))
    np.testing.assert_array_equal(net({"x": -X}, ["y"])[0].array, F.leaky_relu(-X, 0.5).array)


def test_the_first_format_is_refused(load: Any) -> None:
    with pytest.raises(NotSupportedError, match="upgrade_net_proto_binary"):
        load(field(2, field(1, field(2, "conv"))))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (CONVOLUTION[:-1], "ends in the middle of a field"),
        (b"\x08", "ends in the middle of a number"),
        (b"\x80" * 12, "more than ten bytes"),
        (b"\x00\x01", "without a number"),
        (b"\x0b\x0c", "unknown kind"),
        (b'name: "net"', "unknown kind"),
        (field(100, field(1, b"\xff")), "no text in UTF-8"),
        (field(100, field(1, 5)), "another kind"),
        (field(100, 5), "another kind"),
        (field(100, field(7, field(5, b"12345"))), "another kind"),
        (field(100, field(110, field(2, b"12345"))), "another kind"),
        (field(100, field(106, field(4, 1.0))), "another kind"),
        (layer("Convolution", "c", ["x"], ["y"], {4: [2]}, [W]), "1 arrays instead of 2"),
        (layer("Convolution", "c", ["x"], ["y"], {4: [3]}, [W, B]), "its kernel is 3"),
        (layer("Convolution", "c", ["x"], ["y"], {}, [W, B]), "no kernel_size"),
        (layer("Convolution", "c", ["x"], ["y"], {4: [2], 5: 2}, [W, B]), "into 2 groups"),
        (layer("Convolution", "c", ["x"], ["y"], {4: [2], 5: 0}, [W, B]), "into 0 groups"),
        (layer("Convolution", "c", ["x"], ["y"], {4: [2]}, [W[0], B]), "only images"),
        (layer("Eltwise", "e", ["x"], ["y"], {1: 7}), "operation of number 7"),
        (layer("LRN", "n", ["x"], ["y"], {1: 0}), "over 0 channels"),
        (layer("Pooling", "p", ["x"], ["y"], {}), "no kernel_size"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(load: Any, data: bytes, text: str) -> None:
    with pytest.raises(FileFormatError, match=text):
        load(data)


def test_the_sizes_of_a_file_are_not_believed(load: Any) -> None:
    sizes = b"".join(map(varint, (1 << 20, 1 << 20, 1, 1)))
    blob = field(7, field(1, sizes)) + field(5, b"\0\0\0\0")
    parts = message({1: "c", 2: "Convolution", 3: "x", 4: "y", 7: [blob, blob]})
    with pytest.raises(FileFormatError, match="has 1 numbers instead of 1,099,511,627,776"):
        load(field(100, parts))
    many = np.zeros((1 << 16, 1, 1, 1), np.float32)
    with pytest.raises(FileFormatError, match="would grow"):
        load(layer("Convolution", "c", ["x"], ["y"], {4: [1], 5: 1 << 16, 2: False}, [many]))
    for lengths in ((-1, 4), (1,) * 40):
        shape = field(7, field(1, b"".join(map(varint, lengths))))
        scale = message({1: "s", 2: "Scale", 3: "x", 4: "y", 7: shape})
        with pytest.raises(FileFormatError, match="has the shape"):
            load(field(100, scale))


@settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_file_with_a_wrong_byte_is_read_or_refused(load: Any, data: st.DataObject) -> None:
    whole = CONVOLUTION + layer("Pooling", "pool", ["y"], ["z"], {2: 2, 3: 2})
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)) | st.just(len(whole)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ChainerCompatWarning)
            net = load(bytes(damaged[:cut]))
    except (FileFormatError, NotSupportedError, RuntimeError):
        return
    assert isinstance(net, CaffeFunction)


def test_layers_of_other_types_are_named(load: Any) -> None:
    with pytest.warns(ChainerCompatWarning, match="'own' is passed over: .* type Power"):
        load(layer("Power", "own", ["x"], ["y"], {}))
    with pytest.warns(ChainerCompatWarning, match="type V1 26"):
        load(layer("Power", "own", ["x"], ["y"], {}, old=True))


@pytest.mark.parametrize("name", ["conv", "forward", "layers"])
def test_a_layer_does_not_take_the_place_of_what_is_there(load: Any, name: str) -> None:
    with pytest.raises(AttributeError, match=f"cannot register a new link {name}"):
        load(CONVOLUTION + layer("Convolution", name, ["x"], ["y"], {4: [2]}, [W, B]))


def test_what_is_wanted_and_was_not_computed_is_named(load: Any) -> None:
    with pytest.raises(KeyError, match=r"'z' was not computed.* there are x, y"):
        load(CONVOLUTION)({"x": X}, ["z"])
    with pytest.raises(TypeError, match="colour"):
        load(CONVOLUTION)({"x": X}, ["y"], colour=1)


def test_chainer_1_gave_the_mode_to_the_call(load: Any) -> None:
    net = load(layer("Dropout", "drop", ["x"], ["y"], {1: 0.5}))
    assert (net({"x": X}, ["y"], train=True)[0].array == 0).any()
    with chainer.using_config("train", True):
        np.testing.assert_array_equal(net({"x": X}, ["y"], train=False)[0].array, X)


def test_a_model_is_pickled(load: Any) -> None:
    net = load(CONVOLUTION + layer("ReLU", "relu", ["y"], ["z"], {1: 0.5}))
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again({"x": X}, ["z"])[0].array, net({"x": X}, ["z"])[0].array)


def test_a_field_that_a_message_does_not_have_is_an_attribute_error() -> None:
    schema = Schema("Thing", {1: Field("size", "int", 3)})
    empty = read(memoryview(b""), schema)
    assert empty.size == 3
    assert not empty.has("size")
    assert read(memoryview(field(1, -2)), schema).size == -2
    with pytest.raises(AttributeError, match="Thing has no field 'colour'"):
        _ = empty.colour
