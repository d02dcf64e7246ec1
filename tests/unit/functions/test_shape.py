"""Functions that join, split and reshape arrays, and activations: known values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import functions as F
from chainer_compat.utils.type_check import InvalidType

X = np.arange(6, dtype=np.float32).reshape(2, 3)
CUBE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)

SAME_AS_NUMPY = [
    (lambda: F.concat([X, X], 0), np.concatenate([X, X])),
    (lambda: F.stack([X, X], 1), np.stack([X, X], 1)),
    (lambda: F.hstack([X, X]), np.hstack([X, X])),
    (lambda: F.hstack([X[0], X[0]]), np.hstack([X[0], X[0]])),
    (lambda: F.vstack([X[0], X[0]]), np.vstack([X[0], X[0]])),
    (lambda: F.dstack([X, X]), np.dstack([X, X])),
    (lambda: F.reshape(X, (3, -1)), X.reshape(3, -1)),
    (lambda: F.transpose(CUBE), CUBE.T),
    (lambda: F.transpose(CUBE, (1, 0, 2)), CUBE.transpose(1, 0, 2)),
    (lambda: F.broadcast_to(X, (2, 2, 3)), np.broadcast_to(X, (2, 2, 3))),
    (lambda: F.expand_dims(X, -1), X[..., None]),
    (lambda: F.squeeze(X[None], 0), X),
    (lambda: F.squeeze(X[None, :, :1]), X[:, 0]),
    (lambda: F.flatten(X), X.ravel()),
    (lambda: F.swapaxes(CUBE, 0, 2), CUBE.swapaxes(0, 2)),
    (lambda: F.moveaxis(CUBE, (0, 1), (1, 2)), np.moveaxis(CUBE, (0, 1), (1, 2))),
    (lambda: F.rollaxis(CUBE, 2), np.rollaxis(CUBE, 2)),
    (lambda: F.rollaxis(CUBE, 0, 3), np.rollaxis(CUBE, 0, 3)),
    (lambda: F.flip(X, 1), X[:, ::-1]),
    (lambda: F.fliplr(X), X[:, ::-1]),
    (lambda: F.flipud(X), X[::-1]),
    (lambda: F.tile(X, (2, 1)), np.tile(X, (2, 1))),
    (lambda: F.repeat(X, 2), X.repeat(2)),
    (lambda: F.repeat(X, (1, 2), 0), X.repeat((1, 2), 0)),
    (lambda: F.sum(X, 0, keepdims=True), X.sum(0, keepdims=True)),
    (lambda: F.sum(X, ()), X),
    (lambda: F.average(X, (0, 1)), X.mean()),
    (lambda: F.mean(X), X.mean()),
    (lambda: F.average(X, 1, X[0]), np.average(X, 1, X[0])),
    (lambda: F.separate(X, 1)[2], X[:, 2]),
    (lambda: F.split_axis(X, 3, 1)[1], X[:, 1:2]),
    (lambda: F.split_axis(X, [1], 1)[1], X[:, 1:]),
    (lambda: F.broadcast(X, X[:1])[1], np.broadcast_to(X[:1], (2, 3))),
]


@pytest.mark.parametrize(("call", "expected"), SAME_AS_NUMPY)
def test_values_are_those_of_numpy(call: Any, expected: Any) -> None:
    np.testing.assert_allclose(call().array, expected)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: F.concat([X, X], 2), InvalidType),
        (lambda: F.concat([X, X.astype("d")]), InvalidType),
        (lambda: F.concat([], 0), InvalidType),
        (lambda: F.stack([X, X[:1]]), InvalidType),
        (lambda: F.split_axis(X, 2, 1), InvalidType),
        (lambda: F.broadcast_to(X, (3, 3)), InvalidType),
        (lambda: F.broadcast_to(X, (3,)), InvalidType),
        (lambda: F.broadcast(X, X[:, :2]), InvalidType),
        (F.broadcast, InvalidType),
        (lambda: F.expand_dims(X, 3), InvalidType),
        (lambda: F.squeeze(X, 1), ValueError),
        (lambda: F.squeeze(X, "a"), TypeError),
        (lambda: F.swapaxes(X, 0, 2), IndexError),
        (lambda: F.swapaxes(X, "a", 0), TypeError),
        (lambda: F.moveaxis(X, 0, 2), InvalidType),
        (lambda: F.moveaxis(X, (0,), (0, 1)), ValueError),
        (lambda: F.moveaxis(X, (0, 0), (0, 1)), ValueError),
        (lambda: F.rollaxis(X, -3), InvalidType),
        (lambda: F.rollaxis(X, 0, 3), InvalidType),
        (lambda: F.rollaxis(X, 0, -3), InvalidType),
        (lambda: F.fliplr(X[0]), InvalidType),
        (lambda: F.flipud(np.array(1.0)), InvalidType),
        (lambda: F.tile(X, -1), ValueError),
        (lambda: F.tile(X, "a"), TypeError),
        (lambda: F.repeat(X, -1), ValueError),
        (lambda: F.repeat(X, (1, 2, 3), 0), ValueError),
        (lambda: F.repeat(X, 1, 2), IndexError),
        (lambda: F.repeat(X, "a"), TypeError),
        (lambda: F.transpose(X, (0, 0)), ValueError),
        (lambda: F.average(X, 0, X), ValueError),
    ],
)
def test_what_is_refused(call: Any, error: Any) -> None:
    with pytest.raises(error):
        call()


def test_the_same_shape_is_the_same_variable() -> None:
    x = chainer.Variable(X)
    assert F.broadcast_to(x, (2, 3)) is x
    assert F.broadcast(x) is x
    assert F.flatten(F.flatten(x)[:]).shape == (6,)


E1 = np.exp(-1.0)
V = np.array([[-1, 2]], np.float32)
ACTIVATIONS = [
    (lambda: F.relu(V), [0, 2]), (lambda: F.relu6(V * 4), [0, 6]),
    (lambda: F.clipped_relu(V, 1.5), [0, 1.5]), (lambda: F.crelu(V), [0, 2, 1, 0]),
    (lambda: F.leaky_relu(V, 0.5), [-0.5, 2]), (lambda: F.elu(V), [E1 - 1, 2]),
    (lambda: F.selu(V), [1.0507009873554805 * 1.6732632423543772 * (E1 - 1), 2.101401974710961]),
    (lambda: F.sigmoid(V * 0), [0.5, 0.5]), (lambda: F.hard_sigmoid(V), [0.3, 0.9]),
    (lambda: F.tanh(V), np.tanh(V[0])), (lambda: F.softplus(V * 0), [np.log(2)] * 2),
    (lambda: F.softmax(V * 0), [0.5, 0.5]), (lambda: F.log_softmax(V * 0), [-np.log(2)] * 2),
    (lambda: F.prelu(V, np.float32([3, 3])), [-3, 2]),
    (lambda: F.swish(V * 0 + 2, np.float32([0, 0])), [1, 1]), (lambda: F.maxout(V, 2), [2]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "expected"), ACTIVATIONS)
def test_activations(call: Any, expected: Any) -> None:
    np.testing.assert_allclose(call().array[0], expected, rtol=1e-5)


def test_slopes_are_drawn_in_training_and_their_mean_in_testing() -> None:
    np.random.seed(0)
    y = F.rrelu(V, 0.25, 0.5)
    assert -0.5 <= y.array[0, 0] <= -0.25
    with chainer.using_config("train", False):
        np.testing.assert_allclose(F.rrelu(V, 0.25, 0.5).array, [[-0.375, 2]])


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax", "swish", "prelu", "maxout"])
def test_activations_refuse_integers(name: str) -> None:
    more = {"swish": [V], "prelu": [V], "maxout": [1]}.get(name, [])
    with pytest.raises(InvalidType):
        getattr(F, name)(np.arange(6).reshape(2, 3), *more)


def test_accuracy_with_and_without_a_label_left_out() -> None:
    y, t = np.array([[1, 0], [1, 0], [0, 1]], np.float64), np.array([0, 1, 1], np.int32)
    assert F.accuracy(y, t).item() == 2 / 3
    assert F.accuracy(y, t, ignore_label=0).item() == 0.5
    for bad in (t[:2], t.astype("f"), y.astype("i")):
        with pytest.raises(InvalidType):
            F.accuracy(y, bad)


@pytest.mark.parametrize("shape", [(2, 3), (2, 0)])
def test_what_is_not_repeated_has_no_gradient(shape: tuple[int, ...]) -> None:
    x = chainer.Variable(np.ones(shape, np.float32))
    y = F.repeat(x, 0, axis=1)
    assert y.shape == (2, 0)
    F.sum(y).backward()
    np.testing.assert_array_equal(x.grad, np.zeros(shape, np.float32))
