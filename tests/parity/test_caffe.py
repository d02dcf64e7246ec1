"""Models of Caffe are read, and compute, as Chainer's CaffeFunction has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests._caffe import field, layer, varint
from tests.parity.bodies import caffe

RANDOM = np.random.RandomState(0)


def uniform(*shape: int) -> Any:
    return RANDOM.uniform(-1, 1, shape).astype(np.float32)


IMAGES = uniform(2, 4, 7, 6)
ROWS = uniform(2, 6)
LABELS = np.array([0, 2], np.int32)
W, GROUPED, B = uniform(6, 4, 3, 2), uniform(6, 2, 3, 3), uniform(6)
STATISTICS = [uniform(4), abs(uniform(4)) + 0.5, np.array([2.0], np.float32)]
KERNEL = {11: 3, 12: 2}

# Type -> name, parameters by their field numbers, arrays, number of inputs and outputs.
LAYERS: list[Any] = [
    ("Concat", {}, [], 2, 1),
    ("Concat", {2: 2}, [], 2, 1),
    ("Concat", {1: 3}, [], 2, 1),
    ("Convolution", KERNEL, [W, B], 1, 1),
    ("Convolution", {4: [3], 3: [1], 6: [2], 5: 2}, [GROUPED, B], 1, 1),
    ("Convolution", {4: [3, 2], 3: [1, 0], 6: [2, 1], 2: False}, [W], 1, 1),
    ("Convolution", {**KERNEL, 13: 2, 14: 1, 9: 0, 10: 1}, [W, B], 1, 1),
    ("Deconvolution", {4: [3]}, [uniform(4, 6, 3, 3), B], 1, 1),
    ("Deconvolution", {4: [3], 5: 2, 6: [2], 2: False}, [uniform(4, 3, 3, 3)], 1, 1),
    ("Dropout", {1: 0.25}, [], 1, 1),
    ("Eltwise", {}, [], 2, 1),
    ("Eltwise", {1: 0}, [], 3, 1),
    ("Eltwise", {1: 1, 2: [0.5, -2.0]}, [], 2, 1),
    ("Eltwise", {1: 2}, [], 2, 1),
    ("LRN", {}, [], 1, 1),
    ("LRN", {1: 3, 2: 0.5, 3: 0.25, 5: 2.0}, [], 1, 1),
    ("Pooling", {2: 3}, [], 1, 1),
    ("Pooling", {1: 1, 2: 3, 3: 2, 4: 1}, [], 1, 1),
    ("Pooling", {1: 0, 5: 2, 6: 3, 7: 1, 8: 2, 9: 1, 10: 0}, [], 1, 1),
    ("Pooling", {1: 1, 12: True}, [], 1, 1),
    ("ReLU", {}, [], 1, 1),
    ("ReLU", {1: 0.25}, [], 1, 1),
    ("Sigmoid", {}, [], 1, 1),
    ("Sigmoid", {1: 1}, [], 1, 1),
    ("Slice", {}, [], 1, 2),
    ("Slice", {1: 2, 2: [1, 4]}, [], 1, 3),
    ("Slice", {3: 3}, [], 1, 3),
    ("Softmax", {}, [], 1, 1),
    ("Softmax", {1: 2}, [], 1, 1),
]
NEW_ONLY: list[Any] = [
    ("BatchNorm", {}, STATISTICS, 1, 1),
    ("BatchNorm", {1: True, 2: 0.5, 3: 0.1}, STATISTICS[:2], 1, 1),
    ("Reshape", {1: field(1, b"".join(map(varint, (2, -1, 6))))}, [], 1, 1),
    ("Scale", {}, [uniform(4)], 1, 1),
    ("Scale", {1: 2, 4: True}, [uniform(7, 6), uniform(7, 6)], 1, 1),
    ("Scale", {1: 0}, [], 2, 1),
]


def named(count: int, letter: str) -> list[str]:
    return [f"{letter}{i}" for i in range(count)]


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
@pytest.mark.parametrize(("kind", "parameters", "blobs", "ins", "outs"), LAYERS)
def test_layers(
    both: Any, old: bool, kind: str, parameters: Any, blobs: Any, ins: int, outs: int
) -> None:
    data = layer(kind, "own", named(ins, "x"), named(outs, "y"), parameters, blobs, old)
    inputs = {name: IMAGES + 0.1 * i for i, name in enumerate(named(ins, "x"))}
    both(caffe.computed, data, inputs, named(outs, "y"), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize(("kind", "parameters", "blobs", "ins", "outs"), NEW_ONLY)
def test_layers_of_the_present_format(
    both: Any, train: bool, kind: str, parameters: Any, blobs: Any, ins: int, outs: int
) -> None:
    data = layer(kind, "own", named(ins, "x"), named(outs, "y"), parameters, blobs)
    inputs = {name: IMAGES + 0.1 * i for i, name in enumerate(named(ins, "x"))}
    both(caffe.computed, data, inputs, named(outs, "y"), (), train, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_a_small_network(both: Any, old: bool) -> None:
    filters = [uniform(3, 4, 3, 3), uniform(3)]
    parts = [
        layer("Data", "data", [], ["x", "t"], {}, (), old),
        layer("Convolution", "conv/1", ["x"], ["c"], {4: [3]}, filters, old),
        layer("ReLU", "relu", ["c"], ["c"], None, (), old),
        layer("Split", "split", ["c"], ["c1", "c2"], None, (), old),
        layer("Pooling", "pool", ["c1"], ["p"], {2: 2, 3: 2}, (), old),
        layer("Power", "power", ["c2"], ["q"], {}, (), old),
        layer("Dropout", "drop", ["c2"], ["d"], None, (), old),
        layer("InnerProduct", "fc", ["p"], ["z"], {}, [uniform(3, 18), uniform(3)], old),
        layer("InnerProduct", "fc2", ["z"], ["zz"], {2: False}, [uniform(5, 3)], old),
        layer("SoftmaxWithLoss", "loss", ["z", "t"], ["loss"], None, (), old),
        layer("Softmax", "lonely", ["nothing"], ["never"], None, (), old),
    ]  # fmt: skip
    images = uniform(2, 4, 7, 7)
    inputs = {"x": images, "t": LABELS}
    data = b"".join(parts)
    tolerances = {"rtol": 1e-5, "atol": 1e-5}
    both(caffe.computed, data, inputs, ["loss", "zz", "p", "d"], **tolerances)
    both(caffe.computed, data, inputs, ["p", "d"], (), True, **tolerances)
    both(caffe.computed, data, inputs, ["p"], ["drop", "fc"], **tolerances)
    both(caffe.computed, data, inputs, ["never"])
    both(caffe.computed, data, inputs, ["q"])
    both(caffe.computed, data, inputs, ["zz"], ["fc"])


@pytest.mark.parametrize(
    ("kind", "parameters", "blobs", "ins"),
    [
        ("InnerProduct", {5: 2}, [uniform(3, 6), uniform(3)], 1),
        ("LRN", {4: 1}, [], 1),
        ("Pooling", {1: 2, 2: 2}, [], 1),
        ("Softmax", {2: 2}, [], 1),
        ("SoftmaxWithLoss", {2: 2}, [], 2),
        ("InnerProduct", {}, [uniform(3, 2, 6), uniform(3)], 1),
        ("InnerProduct", {}, [uniform(3, 5), uniform(3)], 1),
        ("Convolution", KERNEL, [W, uniform(4)], 1),
        ("Convolution", {**KERNEL, 5: 4}, [W, B], 1),
        ("Eltwise", {2: [1.0]}, [], 2),
        ("Slice", {2: [9, 10]}, [], 1),
    ],
)
def test_what_is_not_supported(both: Any, kind: str, parameters: Any, blobs: Any, ins: int) -> None:
    data = layer(kind, "own", named(ins, "x"), ["y"], parameters, blobs)
    inputs = dict.fromkeys(named(ins, "x"), ROWS)
    assert both(caffe.computed, data, inputs, ["y"]) is None
