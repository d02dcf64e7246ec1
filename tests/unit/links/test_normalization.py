"""The running statistics of batch normalization: arrays that belong to the user."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.links as L

X = np.array([[1.0, 2.0], [3.0, 6.0]], np.float32)


def trained() -> Any:
    layer = L.BatchNormalization(2, decay=0.5)
    layer(X)
    return layer


def test_the_arrays_are_moved_in_place_also_after_others_were_set() -> None:
    layer = trained()
    first = layer.avg_mean
    np.testing.assert_array_equal(first, [1, 2])

    layer.avg_mean = second = np.zeros(2, np.float32)
    layer(X)

    np.testing.assert_array_equal(first, [1, 2])
    np.testing.assert_array_equal(second, [1, 2])
    second[...] = 0
    layer(X)
    np.testing.assert_array_equal(layer.avg_mean, [1, 2])


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda layer: layer.copy(mode="copy"),
        lambda layer: pickle.loads(pickle.dumps(layer)),
    ],
)
def test_a_copy_moves_statistics_of_its_own(copied: Any) -> None:
    layer = trained()
    other = copied(layer)
    other(X)

    np.testing.assert_array_equal(layer.avg_mean, [1, 2])
    np.testing.assert_array_equal(other.avg_mean, [1.5, 3])


def test_memory_that_may_not_be_written_is_left_alone() -> None:
    layer = trained()
    layer.avg_mean.flags.writeable = False
    layer.avg_mean = layer.avg_mean[:]
    layer(X)

    np.testing.assert_array_equal(layer.avg_mean, [1, 2])


def test_the_node_shows_arrays_over_the_same_memory() -> None:
    layer = trained()
    node = layer(chainer.Variable(X)).creator

    assert isinstance(node.running_mean, np.ndarray)
    assert np.shares_memory(node.running_mean, layer.avg_mean)
    assert np.shares_memory(node.running_var, layer.avg_var)


def test_statistics_in_another_precision_are_moved() -> None:
    layer = trained()
    layer.avg_mean = np.zeros(2, np.float64)
    layer(X)

    assert layer.avg_mean.dtype == np.float64
    np.testing.assert_allclose(layer.avg_mean, [1, 2])
