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

X = np.ones((1, 2, 4, 4), np.float32)


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
