"""Networks for images: models of Caffe, folders, old arguments and errors."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.links as L
from chainer_compat.errors import FileFormatError
from chainer_compat.links.model.vision import _pretrained, googlenet, resnet, vgg
from chainer_compat.serializers import save_npz
from tests._caffe import layer


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """The folder of converted models."""
    before = chainer.dataset.get_dataset_root()
    chainer.dataset.set_dataset_root(tmp_path)
    yield tmp_path / "pfnet" / "chainer" / "models"
    chainer.dataset.set_dataset_root(before)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the last layers of Oxford's networks small, which are half a gigabyte."""
    monkeypatch.setattr(
        vgg, "Linear", lambda before, after, **inits: L.Linear(None, min(after, 10), **inits)
    )


def fill(model: Any) -> None:
    random = np.random.RandomState(0)
    for _, parameter in sorted(model.namedparams()):
        parameter.array[...] = random.uniform(-0.01, 0.01, parameter.shape)
    for _, link in sorted(model.namedlinks()):
        if hasattr(link, "avg_var"):
            link.avg_mean[...] = random.uniform(-1, 1, link.avg_mean.shape)
            link.avg_var[...] = random.uniform(0.5, 2, link.avg_var.shape)


def arrays(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    chainer.serializers.DictionarySerializer(found).save(model)
    return {key: value for key, value in found.items() if not key.endswith("/N")}


def convolution(name: str, link: Any) -> bytes:
    blobs = [link.W.array] if link.b is None else [link.W.array, link.b.array]
    parameters = {2: len(blobs) > 1, 11: link.W.shape[2], 12: link.W.shape[3]}
    return layer("Convolution", name, ["x"], ["y"], parameters, blobs)


def inner_product(name: str, link: Any) -> bytes:
    return layer("InnerProduct", name, ["x"], ["y"], {}, [link.W.array, link.b.array])


def normalization(name: str, link: Any) -> bytes:
    statistics = [link.avg_mean, link.avg_var, np.ones(1)]
    weights = [link.gamma.array, link.beta.array]
    return layer("BatchNorm", f"bn{name}", ["x"], ["y"], {1: True}, statistics) + layer(
        "Scale", f"scale{name}", ["x"], ["y"], {4: True}, weights
    )


def caffe_resnet(model: Any) -> bytes:
    """The model as Caffe's 50 layers are called."""
    parts = [convolution("conv1", model.conv1), normalization("_conv1", model.bn1)]
    parts.append(inner_product("fc1000", model.fc6))
    for stage, count in ((2, 3), (3, 4), (4, 6), (5, 3)):
        for i in range(count):
            bottleneck = model[f"res{stage}"][f"b{i}" if i else "a"]
            for k, branch in enumerate(["2a", "2b", "2c", "1"][: 3 if i else 4], 1):
                name = f"{stage}{'abcdef'[i]}_branch{branch}"
                parts.append(convolution(f"res{name}", bottleneck[f"conv{k}"]))
                parts.append(normalization(name, bottleneck[f"bn{k}"]))
    return b"".join(parts)


@pytest.mark.slow
def test_a_residual_network_is_converted_once(folder: pathlib.Path, capsys: Any) -> None:
    model = L.ResNet50Layers(None)
    fill(model)
    folder.mkdir(parents=True)
    caffemodel = folder / "ResNet-50-model.caffemodel"
    caffemodel.write_bytes(caffe_resnet(model))
    first = L.ResNet50Layers("auto")
    assert "converting" in capsys.readouterr().err
    assert (folder / "ResNet-50-model.npz").exists()
    caffemodel.unlink()
    again = L.ResNet50Layers()
    for found in (first, again):
        for key, expected in arrays(model).items():
            np.testing.assert_array_equal(arrays(found)[key], expected, err_msg=key)
    assert not capsys.readouterr().err


@pytest.mark.slow
def test_googles_network_is_converted(tmp_path: pathlib.Path) -> None:
    model = L.GoogLeNet(None)
    fill(model)
    parts = []
    for path, link in sorted(model.namedlinks(skipself=True)):
        if not hasattr(link, "W"):
            continue
        block, _, part = path[1:].rpartition("/")
        if block:
            name = f"inception_{block[3:]}/{googlenet._CAFFE_NAMES_IN_BLOCKS[part]}"
        else:
            name = googlenet._CAFFE_NAMES[part]
        write = convolution if link.W.ndim == 4 else inner_product
        parts.append(write(name, link))
    caffemodel, npz = tmp_path / "model.caffemodel", tmp_path / "model.npz"
    caffemodel.write_bytes(b"".join(parts))
    L.GoogLeNet.convert_caffemodel_to_npz(caffemodel, npz)
    found = arrays(L.GoogLeNet(npz))
    for key, expected in arrays(model).items():
        np.testing.assert_array_equal(found[key], expected, err_msg=key)


def test_oxfords_layers_have_the_same_names_in_caffe(tmp_path: pathlib.Path) -> None:
    link = L.Convolution2D(3, 4, 3)
    caffemodel, npz = tmp_path / "model.caffemodel", tmp_path / "model.npz"
    caffemodel.write_bytes(convolution("conv1_1", link))
    L.VGG16Layers.convert_caffemodel_to_npz(caffemodel, npz)
    with np.load(npz) as file:
        np.testing.assert_array_equal(file["conv1_1/W"], link.W.array)
        assert sorted(file) == ["conv1_1/W", "conv1_1/b"]


@pytest.mark.parametrize("name", ["VGG16Layers", "VGG19Layers"])
def test_a_converted_file_is_found_in_the_folder(
    folder: pathlib.Path, small: None, name: str
) -> None:
    model = getattr(L, name)(None)
    model(np.zeros((1, 3, 32, 32), np.float32))
    fill(model)
    folder.mkdir(parents=True)
    save_npz(folder / f"VGG_ILSVRC_{name[3:5]}_layers.npz", model, compression=False)
    found = arrays(getattr(L, name)())
    for key, expected in arrays(model).items():
        np.testing.assert_array_equal(found[key], expected, err_msg=key)


@pytest.mark.parametrize(("module", "file", "make"), [
    (googlenet, "bvlc_googlenet.npz", L.GoogLeNet),
    (vgg, "VGG_ILSVRC_16_layers.npz", L.VGG16Layers),
])  # fmt: skip
def test_a_missing_file_is_downloaded_and_converted(
    folder: pathlib.Path,
    small: None,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    file: str,
    make: Any,
) -> None:
    asked: list[str] = []

    def download(url: str) -> str:
        asked.append(url)
        path = folder / "downloaded"
        path.write_bytes(b"")
        return str(path)

    monkeypatch.setattr(module, "cached_download", download)
    # An empty model has no layers: converted, it is no file for this network.
    with pytest.raises((FileFormatError, KeyError)):
        make()
    assert asked[0].endswith(".caffemodel")
    assert not (folder / file).exists()


def test_another_network_is_no_network_of_this_kind(tmp_path: pathlib.Path) -> None:
    caffemodel = tmp_path / "model.caffemodel"
    caffemodel.write_bytes(convolution("conv1", L.Convolution2D(3, 4, 3)))
    with pytest.raises(FileFormatError, match=r"'conv1' has weights of shape \(4, 3, 3, 3\)"):
        L.ResNet50Layers.convert_caffemodel_to_npz(caffemodel, tmp_path / "model.npz")
    with pytest.raises(FileFormatError, match="no layer 'conv1/7x7_s2'"):
        L.GoogLeNet.convert_caffemodel_to_npz(caffemodel, tmp_path / "model.npz")


def test_a_missing_model_says_where_to_get_it_and_where_to_put_it(folder: pathlib.Path) -> None:
    with pytest.raises(OSError, match=r"Download it from https://github\.com/KaimingHe") as caught:
        L.ResNet152Layers()
    assert str(folder / "ResNet-152-model.caffemodel") in str(caught.value)


def test_bases_and_wrong_numbers_of_layers() -> None:
    with pytest.raises(ValueError, match="n_layers is 16 or 19; got 18"):
        vgg.VGGLayers(None, 18)
    with pytest.raises(ValueError, match="n_layers is 50, 101 or 152; got 18"):
        resnet.ResNetLayers(None, 18)
    with pytest.raises(TypeError, match="'colour'"):
        resnet.BuildingBlock(1, 2, 2, 2, 1, colour=1)


def test_a_base_has_no_layers(small: None) -> None:
    with pytest.raises(NotImplementedError, match="VGGLayers is a base"):
        _ = vgg.VGGLayers(None).available_layers


@pytest.fixture(scope="module")
def google() -> Any:
    return L.GoogLeNet(None)


def test_chainer_1_gave_the_mode_to_the_call(google: Any, small: None) -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    found = google.extract([image], ["pool1"], size=None, train=False, volatile=True)
    assert found["pool1"].creator is None
    network = L.VGG16Layers(None)
    x = np.random.RandomState(0).uniform(-99, 99, (1, 3, 32, 32)).astype(np.float32)
    first, second = (network(x, ["fc7"], test=True)["fc7"].array for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_other_arguments_are_refused(google: Any) -> None:
    with pytest.raises(TypeError, match="colour"):
        google(np.zeros((1, 3, 32, 32), np.float32), colour=1)


def test_without_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pretrained, "available", False)
    with pytest.raises(ImportError, match="pip install pillow"):
        vgg.prepare(np.zeros((4, 4), np.uint8))
    assert vgg.available
    assert resnet.concat_examples is chainer.dataset.concat_examples


def test_what_chainers_modules_import_is_imported_from_them() -> None:
    assert vgg.reshape is chainer.functions.reshape
    assert resnet.Variable is chainer.Variable
    with pytest.raises(AttributeError, match="colour"):
        _ = googlenet.colour
