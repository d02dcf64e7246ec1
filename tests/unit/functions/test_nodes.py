"""Chainer's classes of functions; what they give is compared in tests/parity/functions."""

from __future__ import annotations

import subprocess
import sys
from inspect import getattr_static
from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat.functions import _node_attributes, _nodes, _refused

X = np.random.RandomState(0).uniform(-1, 1, (2, 3, 6, 6)).astype(np.float32)


class Counting(chainer.FunctionHook):
    """Counts the functions that it sees, by label."""

    name = "counting"

    def __init__(self) -> None:
        self.seen: list[str] = []

    def forward_postprocess(self, function: Any, in_data: Any) -> None:
        self.seen.append(function.label)


def test_classes_of_old_versions_are_called() -> None:
    """SegNet's way to its indexes."""
    pooling = F.MaxPooling2D(2, stride=2, use_cudnn=False)
    y = pooling(X)
    assert pooling.indexes.shape == y.shape == (2, 3, 3, 3)
    assert (pooling.kh, pooling.sx, pooling.ph) == (2, 2, 0)
    back = F.Upsampling2D(pooling.indexes, 2, outsize=(6, 6))(y)
    np.testing.assert_array_equal(back.array.max((2, 3)), X.max((2, 3)))


def test_what_functions_record_is_of_these_classes() -> None:
    y = F.softmax(F.relu(X), axis=2)
    assert isinstance(y.creator, F.Softmax)
    assert y.creator.axis == 2
    assert isinstance(y.creator_node.inputs[0].creator_node, F.ReLU)
    assert isinstance(F.max(X).creator, F.Max)
    assert isinstance(F.maxout(X.reshape(2, -1), 2).creator, F.Max)
    assert not isinstance(F.relu(X).creator, F.Sigmoid)


def test_a_node_is_the_creator_of_what_it_gives() -> None:
    x = chainer.Variable(X)
    node = F.Separate(0)
    outputs = node.apply((x,))
    assert all(y.creator is node for y in outputs)
    assert node.inputs[0] is x.node
    assert node.node is node
    outputs[1].grad = np.ones_like(outputs[1].array)
    outputs[1].backward()
    np.testing.assert_array_equal(x.grad[0], np.zeros_like(X[0]))


def test_composed_functions_get_one_node() -> None:
    x = chainer.Variable(X[0, 0])
    (y,) = F.MatMul(transc=True).apply((x, x))
    np.testing.assert_allclose(y.array, (X[0, 0] @ X[0, 0]).T, rtol=1e-5)
    assert isinstance(y.creator, F.MatMul)
    F.sum(y).backward()
    expected = chainer.Variable(X[0, 0])
    F.sum(F.matmul(expected, expected)).backward()
    np.testing.assert_allclose(x.grad, expected.grad, rtol=1e-5)


def test_subclasses_compute_what_they_override() -> None:
    class Twice(F.ReLU):
        def forward_cpu(self, inputs: Any) -> Any:
            (y,) = super().forward_cpu(inputs)
            return (2 * y,)

    x = chainer.Variable(X)
    y = Twice()(x)
    np.testing.assert_array_equal(y.array, 2 * np.maximum(X, 0))
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad, X > 0)


def test_hooks_see_a_node_that_was_made_by_hand_once() -> None:
    hook = Counting()
    with hook:
        F.Sum(axis=1).apply((X,))
        F.Tanh().apply((X,))
    assert hook.seen == ["Sum", "Tanh"]
    node = F.Exp()
    node.add_hook(hook)
    with hook:
        node.apply((X,))
    assert hook.seen == ["Sum", "Tanh", "exp"]


def test_fixed_whitening_has_a_gradient() -> None:
    """Chainer's class fails in its backward pass."""
    x = chainer.Variable(X[0, :, 0])
    zeros, eye = np.zeros((1, 6), np.float32), np.eye(6, dtype=np.float32)[None]
    y = F.FixedDecorrelatedBatchNormalization(1)(x, zeros, eye)
    np.testing.assert_allclose(y.array, x.array, rtol=1e-6)
    F.sum(y).backward()
    np.testing.assert_allclose(x.grad, np.ones_like(x.grad), rtol=1e-6)


def test_samples_stay_with_the_node_that_drew_them() -> None:
    class Tripled(F._find_deep_name("NegativeSamplingFunction")):  # type: ignore[misc]  # found
        def backward(self, indexes: Any, grad_outputs: Any) -> Any:
            return tuple(g * 3 for g in super().backward(indexes, grad_outputs))

    def sampler(shape: Any) -> Any:
        return np.random.randint(0, 4, shape).astype(np.int32)

    grads = []
    for kind in (Tripled, Tripled.__base__):
        np.random.seed(1)
        x, W = (chainer.Variable(X[0, 0, :n, :3].copy()) for n in (2, 4))
        node = kind(sampler, 3)
        assert node.samples is None
        (y,) = node.apply((x, np.array([2, 0], np.int32), W))
        assert node.samples[:, 0].tolist() == [2, 0]
        y.backward()
        grads.append([x.grad, W.grad])
    for tripled, plain in zip(*grads, strict=True):
        np.testing.assert_allclose(tripled, 3 * plain, rtol=1e-5)


def test_pooling_2d_is_a_base_class() -> None:
    class First(F.Pooling2D):
        def forward(self, inputs: Any) -> Any:
            (x,) = inputs
            return (x[:, :, :: self.sy, :: self.sx],)

    assert First(3, 2)(X).shape == (2, 3, 3, 3)
    with pytest.raises(NotImplementedError, match="base class"):
        F.Pooling2D(2)(X)


@pytest.mark.parametrize("name", sorted({*_nodes._OPTIONS, *_nodes._CONSTRUCTORS}))
def test_every_class_of_the_table_is_there_under_its_name(name: str) -> None:
    kind = F._find_deep_name(name)
    assert kind.__name__ == name
    assert issubclass(kind, chainer.FunctionNode)
    assert F._find_deep_name(name) is kind


@pytest.mark.parametrize("name", sorted(_refused._MEMBERS))
def test_no_attribute_that_nodes_show_is_refused(name: str) -> None:
    """Whether anybody has imported the class by its name or not."""
    kind = F._find_deep_name(name)
    shown = {*_node_attributes.attributes_of(name), *kind._option_names}
    assert not shown.intersection(_refused.members(name))
    for member, stands in _refused.members(name).items():
        assert getattr_static(kind, member) is stands


def test_a_class_that_was_met_in_a_graph_takes_what_chainers_constructor_takes() -> None:
    """In a process where nobody has imported the class by its name."""
    script = """
import numpy as np
import chainer_compat.functions as F

x = np.array([[1, 2], [3, 4]], np.float32)
kind = type(F.sum(x).creator)

class Doubled(kind):
    def __init__(self, axis):
        super().__init__(axis=axis)

    def forward(self, inputs):
        return tuple(2 * y for y in super().forward_cpu(inputs))

assert Doubled(0).apply((x,))[0].array.tolist() == [8, 12]
assert kind(axis=1).apply((x,))[0].array.tolist() == [3, 7]
assert F.Sum is kind
try:
    F._body_node.BodyNode(1)
except TypeError as error:
    assert "BodyNode() takes no arguments" in str(error)
else:
    raise SystemExit("no error")
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_is_for_chainers_own_use_is_refused_with_a_reason() -> None:
    for reason, names in _refused.REASONS.items():
        for name in names:
            with pytest.raises(NotImplementedError) as caught:
                F._find_deep_name(name)()
            assert reason in str(caught.value)
    with pytest.raises(NotImplementedError, match="inputs and outputs"):
        F.ReLU.forward_ideep(None)
    with pytest.raises(AttributeError, match="no attribute 'RELU'"):
        _ = F.RELU
    with pytest.raises(ValueError, match="'fft' or 'ifft'"):
        F.FFT("dft")
    with pytest.raises(ValueError, match="pad the input"):
        F.AveragePoolingND(1, 2, cover_all=True)


@pytest.mark.parametrize("keeps_graph", [True, False])
def test_hooks_read_options_and_compute_once_more(keeps_graph: bool) -> None:
    class Reading(chainer.FunctionHook):
        name = "reading"

        def forward_preprocess(self, function: Any, in_data: Any) -> None:
            seen.append((function.label, function.sy, function.pw, function.dx))

        def forward_postprocess(self, function: Any, in_data: Any) -> None:
            again.extend(function.forward(in_data))

    seen: list[Any] = []
    again: list[Any] = []
    W = np.ones((2, 3, 2, 2), np.float32)
    with Reading(), chainer.using_config("enable_backprop", keeps_graph):
        y = F.convolution_2d(X, W, stride=(2, 1), pad=(0, 1), dilate=(1, 2))
    assert seen == [("Convolution2DFunction", 2, 1, 2)]
    np.testing.assert_array_equal(again[0], y.array)


def test_sizes_of_outputs_are_options_too() -> None:
    y = F.deconvolution_2d(X, np.ones((3, 2, 3, 3), np.float32), stride=2, pad=1)
    node = y.creator
    assert (node.outh, node.outw, node.groups) == (*y.shape[2:], 1)
    with pytest.raises(AttributeError, match="not called with outsize"):
        _ = type(node).__new__(type(node)).outh


def test_backward_by_hand_needs_inputs_that_are_alive() -> None:
    x = chainer.Variable(X)
    y = F.max_pooling_2d(x, 2)
    (gx,) = y.creator.backward((0,), (chainer.Variable(np.ones_like(y.array)),))
    assert gx.array.sum() == y.size
    y = F.exp(F.sin(x))
    with pytest.raises(RuntimeError, match="input 0 of exp is gone"):
        y.creator.backward((0,), (y,))


def test_backward_by_hand_moves_no_statistics() -> None:
    x, gamma, beta = (chainer.Variable(v) for v in (X, np.ones(3, "f"), np.zeros(3, "f")))
    mean, var = np.zeros(3, np.float32), np.ones(3, np.float32)
    y = F.batch_normalization(x, gamma, beta, running_mean=mean, running_var=var)
    before = mean.copy()
    assert y.creator.axis == (0, 2, 3)
    assert y.creator.running_mean is mean
    y.creator.backward((0, 1, 2), (y,))
    np.testing.assert_array_equal(mean, before)
    y.creator.forward((X, gamma.array, beta.array))
    assert (mean != before).all()


def test_what_was_drawn_stays_with_the_node() -> None:
    x = chainer.Variable(X)
    y = F.dropout(x, 0.25)
    assert y.creator.dropout_ratio == 0.25
    np.testing.assert_array_equal(y.creator.mask * X, y.array)
    y = F.zoneout(x, -x, 0.3)
    np.testing.assert_array_equal(np.where(y.creator.flag_x, -X, X), y.array)
    np.testing.assert_array_equal(y.creator.forward((X, -X))[0], y.array)
    with chainer.using_config("train", False):
        assert np.all(F.rrelu(-x, 0.25, 0.75).creator.r == 0.5)
    assert F.rsqrt(x).creator.value == 1.0


def test_layouts_are_none() -> None:
    node = F.relu(chainer.Variable(X)).creator_node
    assert node.input_layouts == node.output_layouts == (None,)
    assert node.chainerx_device is None
    assert repr(node.forward_chainerx(())) == "Fallback"
    assert node.forward_chainerx(()) is chainer.Fallback
    node.check_layout_forward(())
    with pytest.raises(AssertionError, match="not applied"):
        _ = F.ReLU().input_layouts


@pytest.mark.parametrize(
    ("function", "inputs", "expected"),
    [
        (F.ReLU, 1, lambda x: x > 0),
        (F.Tanh, 1, lambda x: 1 - np.tanh(x) ** 2),
        (F.Concat, 2, np.ones_like),
    ],
)
def test_raw_arrays_go_backward_as_in_chainer_1(function: Any, inputs: int, expected: Any) -> None:
    x = np.array([[-1, 0.5], [2, -3]], np.float32)
    node = function()
    (y,) = node.forward((x,) * inputs)
    assert type(y) is np.ndarray
    found = node.backward((x,) * inputs, (np.ones_like(y),))
    assert len(found) == inputs
    for gradient in found:
        assert type(gradient) is np.ndarray
        np.testing.assert_allclose(gradient, expected(x), rtol=1e-5)


def test_raw_arrays_go_backward_inside_a_function_of_the_users() -> None:
    class Rectified(chainer.Function):
        def forward(self, inputs: Any) -> Any:
            return F.ReLU().forward(inputs)

        def backward(self, inputs: Any, grads: Any) -> Any:
            return F.ReLU().backward(inputs, grads)

    x = chainer.Variable(np.array([-1, 2], np.float32))
    y = Rectified()(x)
    y.grad = np.array([3, 4], np.float32)
    y.backward()
    np.testing.assert_array_equal(x.grad, [0, 4])
