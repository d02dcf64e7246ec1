"""Losses, measures and noise by known values, and where they differ from Chainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import Variable
from chainer_compat.utils.type_check import InvalidType

X = np.array([[0, 0], [0, 0]], np.float32)
LN2 = np.float32(np.log(2))


def test_the_cross_entropy_of_equal_scores_is_the_logarithm_of_their_number() -> None:
    t = np.array([0, 1], np.int32)
    assert F.softmax_cross_entropy(X, t).array == pytest.approx(LN2)
    assert F.softmax_cross_entropy(X, t, normalize=False).array == pytest.approx(LN2)
    np.testing.assert_allclose(F.softmax_cross_entropy(X, t, reduce="no").array, [LN2, LN2])
    weighted = F.softmax_cross_entropy(X, t, class_weight=np.array([1, 3], np.float32))
    assert weighted.array == pytest.approx(2 * LN2)
    soft = F.softmax_cross_entropy(X, X + 0.5)
    assert soft.array == pytest.approx(LN2)
    divergence = F.softmax_cross_entropy(X, X + 0.5, soft_target_loss="kl-divergence")
    assert divergence.array == pytest.approx(0, abs=1e-6)
    with_weight = F.softmax_cross_entropy(X, X + 0.5, class_weight=np.ones(2, np.float32))
    assert with_weight.array == pytest.approx(LN2)


def test_probabilities_are_weighted_as_labels_are() -> None:
    weight = np.array([1, 3], np.float32)
    scores = np.array([[0.2, -0.5], [1, 2]], np.float32)
    labels, certain = np.array([0, 1], np.int32), np.eye(2, dtype=np.float32)
    for reduce in ("mean", "no"):
        given = {"class_weight": weight, "reduce": reduce, "enable_double_backprop": True}
        soft = F.softmax_cross_entropy(scores, certain, **given)
        np.testing.assert_allclose(
            soft.array, F.softmax_cross_entropy(scores, labels, **given).array, rtol=1e-6
        )


def test_a_divergence_of_probabilities_has_chainers_guard() -> None:
    x, t = np.zeros((1, 2)), np.array([[0.25, 0.75]])
    y = F.softmax_cross_entropy(x, t, soft_target_loss="kl-divergence")
    expected = (t * (np.log(t + 1e-7) + np.log(2))).sum()
    np.testing.assert_allclose(y.array, expected, rtol=1e-14)
    nothing = F.softmax_cross_entropy(x, np.array([[0.0, 1]]), soft_target_loss="kl-divergence")
    assert np.isfinite(nothing.array)


def test_labels_that_do_not_count_give_zero_and_a_zero_gradient() -> None:
    x = Variable(X)
    loss = F.softmax_cross_entropy(x, np.array([-1, -1], np.int32))
    loss.backward()
    assert loss.array == 0
    np.testing.assert_array_equal(x.grad, 0)


@pytest.mark.parametrize("label", [2, -2])
def test_a_label_that_is_no_class_is_an_index_error(label: int) -> None:
    with pytest.raises(IndexError, match=str(label)):
        F.softmax_cross_entropy(X, np.array([0, label], np.int32))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"reduce": "sum"}, ValueError),
        ({"class_weight": [1, 2]}, ValueError),
        ({"class_weight": X}, ValueError),
        ({"class_weight": Variable(X[0])}, ValueError),
    ],
)
def test_options_of_the_cross_entropy_that_do_not_fit(options: Any, error: Any) -> None:
    with pytest.raises(error):
        F.softmax_cross_entropy(X, np.array([0, 1], np.int32), **options)
    with pytest.raises(ValueError, match="soft_target_loss"):
        F.softmax_cross_entropy(X, X, soft_target_loss="other")


@pytest.mark.parametrize(
    "call",
    [
        lambda: F.softmax(X, axis=2),
        lambda: F.log_softmax(X, axis=-3),
        lambda: F.softmax(X.astype("i")),
        lambda: F.softmax_cross_entropy(X, X[:1]),
        lambda: F.softmax_cross_entropy(X, np.zeros(3, np.int32)),
        lambda: F.softmax_cross_entropy(X, np.zeros((2, 2), np.int32)),
        lambda: F.softmax_cross_entropy(X[..., None], np.zeros((2, 2), np.int32)),
        lambda: F.softmax_cross_entropy(X, np.zeros(2, np.uint8)),
        lambda: F.accuracy(X, np.zeros(3, np.int32)),
        lambda: F.accuracy(X, np.zeros((2, 2), np.int32)),
        lambda: F.accuracy(X[..., None], np.zeros((2, 2), np.int32)),
        lambda: F.accuracy(np.zeros((2, 2, 2), np.float32), np.zeros(2, np.int32)),
        lambda: F.sigmoid_cross_entropy(X, np.zeros(2, np.int32)),
        lambda: F.mean_squared_error(X, X[:1]),
        lambda: F.lstm(X, X),
        lambda: F.lstm(X[:1], np.zeros((2, 8), np.float32)),
        lambda: F.gaussian(X, X[:1]),
    ],
)
def test_types_that_do_not_fit_are_an_invalid_type(call: Callable[[], Any]) -> None:
    with pytest.raises(InvalidType, match="Expect"):
        call()


def test_measures() -> None:
    y = np.array([[1, 0], [1, 0]], np.float32)
    assert F.accuracy(y, np.array([0, 1], np.int32)).array == 0.5
    assert F.accuracy(y, np.array([0, -1], np.int32), ignore_label=-1).array == 1
    assert F.accuracy(y, np.array([-1, -1], np.int32), ignore_label=-1).array == 0


def test_other_losses() -> None:
    t = np.array([[1, -1], [0, 1]], np.int32)
    assert F.sigmoid_cross_entropy(X, t).array == pytest.approx(LN2)
    assert F.sigmoid_cross_entropy(X, t, normalize=False).array == pytest.approx(1.5 * LN2)
    assert F.sigmoid_cross_entropy(X, t, reduce="no").array[0, 1] == 0
    assert F.mean_absolute_error(X, X + 2).array == 2
    assert F.squared_difference(X, X + 2).array[0, 0] == 4
    assert F.absolute_error(X, X + 2).array[0, 0] == 2
    np.testing.assert_array_equal(F.huber_loss(X, X + 3, 1).array, [5, 5])
    assert F.huber_loss(X, X + 3, 1, reduce="no").shape == (2, 2)
    assert F.gaussian_kl_divergence(X, X, reduce="mean").array == 0
    assert F.gaussian_nll(X, X, X, reduce="no").shape == (2, 2)
    assert F.bernoulli_nll(X, X, reduce="sum").array == pytest.approx(4 * LN2)
    calls: list[Callable[[], Any]] = [
        lambda: F.sigmoid_cross_entropy(X, t, reduce="sum"),
        lambda: F.huber_loss(X, X, 1, reduce="mean"),
        lambda: F.gaussian_nll(X, X, X, reduce="other"),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="reduce"):
            call()


def test_dropout_in_training_and_in_testing() -> None:
    x = Variable(np.ones(1000, np.float32))
    y, mask = F.dropout(x, 0.25, return_mask=True)
    np.testing.assert_array_equal(y.array, mask)
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / 0.75)}
    np.testing.assert_array_equal(F.dropout(x, mask=mask).array, mask)
    with chainer.using_config("train", False):
        assert F.dropout(x) is x
        assert F.dropout(x, return_mask=True) == (x, None)
    assert F.dropout(x, train=False) is x
    with pytest.raises(ValueError, match="ratio"):
        F.dropout(x, 1.0)
    with pytest.raises(ValueError, match="mask"):
        F.dropout(x, mask=np.ones(3, np.float32))


def test_noise_can_be_given_and_returned() -> None:
    y, eps = F.gaussian(X, X, return_eps=True)
    np.testing.assert_array_equal(F.gaussian(X, X, eps=eps).array, y.array)
    assert F.gaussian(X, X, eps=eps, return_eps=True)[1] is eps
    np.testing.assert_allclose(F.gumbel_softmax(X).array.sum(1), 1, rtol=1e-5)
    with pytest.raises(InvalidType):
        F.gumbel_softmax(np.array(1, np.float32))


def test_a_step_of_the_lstm_keeps_the_cells_of_sequences_that_have_ended() -> None:
    c = np.array([[1], [2]], np.float32)
    c_next, h = F.lstm(c, np.zeros((1, 4), np.float32))
    np.testing.assert_array_equal(c_next.array, [[0.5], [2]])
    np.testing.assert_allclose(h.array, [[0.5 * np.tanh(0.5)]], rtol=1e-6)


def test_version_1_switches_keep_their_meaning() -> None:
    layer = L.BatchNormalization(2)
    x = np.array([[1, 2], [3, 4]], np.float32)
    with chainer.using_config("train", False):
        expected = layer(x).array
    np.testing.assert_array_equal(layer(x, test=True).array, expected)


def test_the_text_of_a_batch_normalization_shows_what_it_has() -> None:
    assert str(L.BatchNormalization((2, 3), use_gamma=False)) == (
        "BatchNormalization(size=(2, 3), decay=0.9, eps=2e-05, dtype=float32, "
        "use_gamma=False, use_beta=True)"
    )
    assert "size=None" in str(L.BatchNormalization(axis=0))
