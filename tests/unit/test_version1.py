"""Arguments of Chainer 1; what they give is compared in tests/parity/test_version1.py."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import _version1, initializers
from chainer_compat.links.model.vision._pretrained import PretrainedNetwork

X = np.ones((1, 2, 4, 4), np.float32)
T = np.zeros(4, np.int32)
OPTIONS = (True, True, None, -1, "mean", False)  # of softmax_cross_entropy


def test_deterministic_convolutions_tell_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    F.convolution_2d(X, np.ones((1, 2, 2, 2), np.float32), deterministic=False)
    assert not torch.backends.cudnn.deterministic
    L.Convolution2D(2, 1, 2, deterministic=True)
    assert torch.backends.cudnn.deterministic


def test_old_arguments_are_not_shown() -> None:
    assert str(inspect.signature(F.relu)) == "(x)"
    assert "wscale" not in inspect.signature(L.Linear).parameters


@pytest.mark.parametrize(
    "call",
    [
        lambda: F.relu(X, deterministic=True),
        lambda: F.exp(X, use_cudnn=True),
        lambda: F.convolution_2d(X, X, wscale=1),
        lambda: L.Linear(2, 3, use_cudnn=True),
        lambda: L.Linear(2, 3, colour=3, wscale=1),
        lambda: L.EmbedID(2, 3, wscale=1),
        lambda: F.dropout(X, 0.5, True, False),
        lambda: F.dropout(X, 0.5, True, train=False),
        lambda: L.BatchNormalization(2)(X, True, False, 1),
        lambda: F.Linear(2, 3, 1, 0, False, None, None, 5),
        lambda: F.Linear(2, 3, 1, wscale=2),
        lambda: L.Linear(2, 3, 0.5, wscale=2),
        lambda: L.Linear(2, 3, 0.5, 0, False, None, None, 5),
        lambda: F.spatial_pyramid_pooling_2d(X, 2, pooling_size=2),
        lambda: F.relu(X, 0.5),
        lambda: F.softmax(X, 1, 2),
        lambda: F.softmax_cross_entropy(X[0, 0], T, *OPTIONS, "cross-entropy", "colour"),
        lambda: F.sigmoid_cross_entropy(X[0, 0], T, True, "mean", "no"),
        lambda: F.average_pooling_2d(X, 2, 2, 0, 3),
        lambda: F.convolution_2d(X, X, None, 1, 0, False, 2),
        lambda: F.convolution_2d(X, X, None, 1, 0, False, True, False, True),
        lambda: F.dilated_convolution_2d(X, X, None, 1, 0, 1, True, False, True),
        lambda: F.deconvolution_2d(X, X, None, 1, 0, None, 2),
        lambda: F.batch_normalization(X, X, X, 1, None, None, 1, True, None),
        lambda: F.zoneout(X, X, 0.5, 0.5),
        lambda: F.spatial_transformer_sampler(X, X, 0.5),
        lambda: F.n_step_rnn(1, 0, None, [], [], [], "tanh", True),
        lambda: L.NStepLSTM(1, 2, 3, 0.5, X),
        lambda: chainer.Variable(X, True, None, None, True),
        lambda: chainer.Variable(X, True, volatile=True),
    ],
)
def test_arguments_that_were_never_there_stay_refused(call: Any) -> None:
    with pytest.raises(TypeError):
        call()


def test_a_scale_reaches_any_kind_of_initializer() -> None:
    ones = np.ones((3, 2), np.float32)
    for initial, expected in ((2, 6), (ones, 3), (initializers.Constant(4), 12)):
        layer = L.Linear(2, 3, wscale=9, initialW=initial)
        np.testing.assert_array_equal(layer.W.array, np.full((3, 2), expected, np.float32))
    assert initializers._get_initializer(initializers.One(dtype="d"), 2.0).dtype == "d"


def test_a_bias_that_is_given_twice_is_the_new_one() -> None:
    assert L.Linear(2, 1, bias=3, initial_bias=4).b.array[0] == 4


def test_parametric_functions_are_links_and_pickle() -> None:
    layer = F.Linear(None, 3, 1, 0.5)
    assert isinstance(layer, L.Linear)
    assert F.EmbedID is L.EmbedID
    layer(np.ones((1, 2), np.float32))
    again = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(again.W.array, layer.W.array)


def test_a_switch_that_is_none_is_none() -> None:
    assert _version1.take({"train": None}, "train") is None
    assert _version1.take({"test": None}, "test") is None


def test_links_that_were_told_whether_they_train() -> None:
    x = np.ones((2, 3), np.float32)
    layer = L.StatefulZoneoutLSTM(3, 4, 0.5, 0.5, train=False)
    with chainer.using_config("train", False):
        expected = layer(x).array
    layer.reset_state()
    np.testing.assert_array_equal(layer(x).array, expected)
    block = L.InceptionBN(2, 1, 1, 1, 1, 1, "max", 1)
    with chainer.using_config("train", False):
        expected = block(X).array
    np.testing.assert_array_equal(block(X, test=True).array, expected)
    with pytest.raises(TypeError):
        block(X, train=True)
    with pytest.raises(TypeError):
        L.StatefulZoneoutLSTM(3, 4, test=True)


def test_options_in_the_order_of_chainer_7_stay_what_they_are() -> None:
    """Where a bool has a meaning in either order, it is that of Chainer 7."""
    rows, labels = np.eye(4, dtype=np.float32), np.array([0, 1, 2, -1], np.int32)
    means = F.softmax_cross_entropy(rows, labels, False), F.softmax_cross_entropy(rows, labels)
    assert float(means[0].array) == pytest.approx(0.75 * float(means[1].array))
    signs = np.array([[1, 0, -1, -1]], np.int32)
    half = F.sigmoid_cross_entropy(rows[:1], signs, False), F.sigmoid_cross_entropy(rows[:1], signs)
    assert float(half[0].array) == pytest.approx(2 * float(half[1].array))
    W = np.ones((1, 2, 3, 3), np.float32)
    assert F.convolution_2d(X, W, None, 2, 0, True).shape == (1, 1, 2, 2)
    assert F.convolution_nd(X, W, None, 2, 0, True, 1).shape == (1, 1, 2, 2)
    assert len(F.max_pooling_2d(X, 2, 2, 0, True, True)) == 2
    layer = L.ConvolutionND(2, 2, 1, 3, 2, 0, True, W)
    assert layer.b is None
    assert L.ConvolutionND(2, 2, 1, 3, 2, 0, None, W, None, True)(X).shape == (1, 1, 2, 2)


def test_networks_for_images_are_told_whether_they_train() -> None:
    class Network(PretrainedNetwork):
        functions: Any = {"only": [lambda x: x * chainer.config.train]}

    told = [Network()(X, ["only"], test)["only"].any() for test in (True, False)]
    assert told == [False, True]
    block = L.InceptionBN(2, 1, 1, 1, 1, 1, "max", 1)
    np.testing.assert_array_equal(block(X, True).array, block(X, test=True).array)


def test_a_switch_by_position_stays_a_switch() -> None:
    for nobias in (True, False, 0, 1, np.bool_(True)):
        assert (L.Linear(2, 3, nobias).b is None) == bool(nobias)
        assert (L.Convolution2D(2, 3, 1, 1, 0, nobias, 2).b is None) == bool(nobias)
    assert L.Convolution2D(2, 3, 1, 1, 0, 1, 2).W.array[0, 0] == 2


def test_flags_are_one_object_each() -> None:
    for flag in (chainer.ON, chainer.OFF, chainer.AUTO):
        assert pickle.loads(pickle.dumps(flag)) is flag
        assert chainer.Flag(flag) is flag
        assert flag != 3
        assert {flag: 1}[flag] == 1
    assert chainer.ON != "colour"
    for wrong in ("colour", 2):
        with pytest.raises(ValueError, match="a flag, such as volatile"):
            chainer.Flag(wrong)
        with pytest.raises(ValueError, match="a flag, such as volatile"):
            chainer.Variable(X, wrong)


def test_initializing_cuda_says_that_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="CUDA is not available"):
        chainer.cuda.init(0)


def test_initializing_cuda_uses_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", used.append)
    chainer.cuda.init()
    chainer.cuda.init(1)
    assert used == [1]


def test_cuda_made_arrays_of_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainer_compat.backends import cuda

    monkeypatch.setitem(cuda._LAZY, "cupy", lambda: np)
    mod: Any = chainer.cuda
    assert mod.empty((2, 3)).dtype == np.float32
    assert mod.zeros(()).dtype == np.float32
    np.testing.assert_array_equal(mod.zeros((2,), np.int32), np.zeros(2, np.int32))
    np.testing.assert_array_equal(mod.ones(2), np.ones(2, np.float32))
    np.testing.assert_array_equal(mod.full(2, 3), np.full(2, 3, np.float32))
    for name, value in (("ones_like", 1), ("zeros_like", 0)):
        np.testing.assert_array_equal(getattr(mod, name)(X), np.full_like(X, value))
    np.testing.assert_array_equal(mod.full_like(X, 5), np.full_like(X, 5))
    assert mod.empty_like(X).shape == X.shape


class _Lazy(chainer.Link):
    """A link as version 1 wrote it: its weights get their shape from the first input."""

    def __init__(self, out_size: int, wscale: float = 4, in_size: int | None = None) -> None:
        super().__init__()
        self.out_size = out_size
        self._W_initializer = initializers._get_initializer(1, scale=wscale)
        if in_size is None:
            self.add_uninitialized_param("W")
        else:
            self._initialize_params(in_size)
        self.add_param("b", out_size)
        initializers.init_weight(self.b.data, 0.5)

    def _initialize_params(self, in_size: int) -> None:
        self.add_param("W", (self.out_size, in_size), initializer=self._W_initializer)

    def __call__(self, x: Any) -> Any:
        if self.has_uninitialized_params:
            self._initialize_params(x.shape[1])
        return F.linear(x, self.W, self.b)


def test_links_whose_parameters_wait_for_their_shape(tmp_path: Any) -> None:
    model = chainer.Chain(l=_Lazy(3))
    optimizer = chainer.optimizers.SGD(0.5).setup(model)
    assert model.l.has_uninitialized_params
    assert not _Lazy(3, in_size=2).has_uninitialized_params
    y = model.l(np.ones((1, 2), np.float32))
    np.testing.assert_array_equal(y.array, [[8.5, 8.5, 8.5]])
    assert not model.l.has_uninitialized_params
    optimizer.update(lambda: F.sum(model.l(np.ones((1, 2), np.float32))))
    np.testing.assert_array_equal(model.l.W.array, np.full((3, 2), 3.5, np.float32))
    chainer.serializers.save_npz(tmp_path / "model", model)
    other = chainer.Chain(l=_Lazy(3))
    chainer.serializers.load_npz(tmp_path / "model", other)
    assert not other.l.has_uninitialized_params
    np.testing.assert_array_equal(other.l.W.array, model.l.W.array)
    with pytest.raises(AttributeError, match="W"):
        other.l.add_uninitialized_param("W")
    with pytest.raises(AttributeError, match="W"):
        other.l.add_param("W", 3)
