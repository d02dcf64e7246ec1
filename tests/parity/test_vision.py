"""Networks for images have Chainer's weights, names, files and results."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

import chainer_compat
from tests.parity import _running
from tests.parity.bodies import vision

CASES = [
    ("VGG16Layers", 32, ["conv1_2", "pool5", "fc7", "prob"], {}),
    ("VGG19Layers", 32, None, {}),
    ("GoogLeNet", 224, ["pool1", "inception_4d", "prob", "loss1_fc2", "loss2_fc2"], {}),
    ("ResNet50Layers", 64, ["conv1", "res2", "pool5", "prob"], {}),
    ("ResNet50Layers", 64, None, {"downsample_fb": True}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "side", "layers", "options"), CASES)
def test_files_cross_both_ways(
    oracle: Any, tmp_path: pathlib.Path, name: str, side: int, layers: Any, options: Any
) -> None:
    ours, theirs = (str(tmp_path / file) for file in ("ours.npz", "theirs.npz"))
    rest = (side, layers, options)
    mine = value_of(_running.run(chainer_compat, vision.saved, [name, ours, *rest]))
    saved = value_of(oracle.ask(vision.saved, name, theirs, *rest))
    assert mine["layers"] == saved["layers"]
    assert mine["shapes"] == saved["shapes"]
    assert mine["sums"] == pytest.approx(saved["sums"], rel=1e-5)
    compare(mine["y"], saved["y"])
    for path in (ours, theirs):
        here = _running.run(chainer_compat, vision.loaded, [name, path, *rest])
        there = oracle.ask(vision.loaded, name, path, *rest)
        for outcome in (here, there):
            compare(value_of(outcome), saved["y"])


def value_of(found: Any) -> Any:
    assert isinstance(found, _running.Returned), found
    return found.value


def compare(actual: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(actual) == set(expected)
    for name, y in expected.items():
        # Of the scale of the layer: sums of many terms make its small elements.
        precision = {"f": 1e-5, "d": 1e-10}[y.dtype.char]
        np.testing.assert_allclose(
            actual[name], y, rtol=0, atol=precision * abs(y).max(), err_msg=name
        )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "side", "layers", "options"), CASES)
def test_double_precision_shows_that_only_rounding_differs(
    oracle: Any, name: str, side: int, layers: Any, options: Any
) -> None:
    arguments = [name, side, layers, options, "float64"]
    here = _running.run(chainer_compat, vision.computed, arguments)
    compare(value_of(here), value_of(oracle.ask(vision.computed, *arguments)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ResNet101Layers", "ResNet152Layers"])
def test_deeper_networks_have_the_same_parts(both: Any, name: str) -> None:
    both(vision.described, name)


@pytest.mark.parametrize("module", ["vgg", "googlenet", "resnet"])
@pytest.mark.parametrize("size", [None, (7, 5)])
@pytest.mark.parametrize(
    "kind", ["grey", "image", "grey planes", "planes", "pillow", "pillow grey", "strange"]
)
def test_images_are_prepared(both: Any, module: str, kind: str, size: Any) -> None:
    both(vision.prepared, module, kind, size, "float32")


def test_images_have_the_dtype_that_is_configured(both: Any) -> None:
    for dtype in ("float64", "mixed16"):
        both(vision.prepared, "vgg", "image", None, dtype)


@pytest.mark.slow
def test_features_and_predictions_of_images(both: Any, oracle: Any, tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "model.npz")
    value_of(oracle.ask(vision.saved, "GoogLeNet", path, 32, ["pool1"], {}))
    for oversample in (False, True):
        both(vision.predicted, path, oversample, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("ResNet50Layers", ["auto"], {}),
        ("ResNet101Layers", [], {"downsample_fb": True}),
        ("ResNet152Layers", ["none.caffemodel"], {}),
        ("ResNet50Layers", ["none.npz"], {}),
        ("GoogLeNet", ["none.npz"], {}),
    ],
)
def test_missing_models_give_the_same_class_of_error(
    both: Any, tmp_path: pathlib.Path, name: str, arguments: Any, options: Any
) -> None:
    assert both(vision.failed, name, [str(tmp_path), *arguments], options) is None


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("BottleneckA", (4, 2, 6), {}),
        ("BottleneckA", (4, 2, 6, 3, 0.1, True), {}),
        ("BottleneckB", (4, 2), {}),
        ("BottleneckB", (4, 2, 0.1), {}),
        ("BuildingBlock", (3, 4, 2, 6, 2), {}),
        ("BuildingBlock", (), {
            "n_layer": 2, "in_channels": 4, "mid_channels": 2, "out_channels": 6, "stride": 1,
        }),
    ],
)  # fmt: skip
def test_parts_of_residual_networks(both: Any, name: str, arguments: Any, options: Any) -> None:
    both(vision.block, name, arguments, options, rtol=1e-5, atol=1e-5)
