"""Measures of predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainer_compat import functions as F
from chainer_compat.utils.type_check import InvalidType

Y = np.array([[2, 1, 0], [2, 1, 0], [0, 1, 2], [0, 2, 1]], np.float32)
T = np.array([0, 1, 2, -1], np.int32)


def test_binary_accuracy_leaves_out_labels_of_minus_one() -> None:
    y = np.array([0.0, -1, 2, 3])
    assert F.binary_accuracy(y, np.array([1, 0, 0, -1])).item() == 2 / 3
    assert F.binary_accuracy(y, np.full(4, -1)).item() == 0
    assert F.binary_accuracy(y.astype("e"), np.zeros(4, "i")).dtype == np.float16


def test_precision_recall_and_scores_of_each_class() -> None:
    precision, recall, score, support = F.classification_summary(Y, T, beta=2)
    np.testing.assert_array_equal(precision.array, [0.5, np.nan, 1])
    np.testing.assert_array_equal(recall.array, [1, 0, 1])
    np.testing.assert_allclose(score.array, [2.5 / 3, np.nan, 1])
    np.testing.assert_array_equal(support.array, [1, 1, 1])
    assert (score.dtype, support.dtype) == (np.float64, np.int64)
    assert F.precision(Y, T)[0].array.tolist() == pytest.approx(precision.array, nan_ok=True)
    np.testing.assert_array_equal(F.recall(Y, T)[0].array, recall.array)
    np.testing.assert_allclose(F.f1_score(Y, T)[0].array, [2 / 3, np.nan, 1])


def test_the_number_of_classes_and_the_label_left_out() -> None:
    assert F.recall(Y, T, label_num=5)[1].array.tolist() == [1, 1, 1, 0, 0]
    assert F.recall(Y[:3], T[:3], ignore_label=0)[1].array.tolist() == [0, 1, 1]


def test_explained_variance() -> None:
    true = np.array([[1, 1], [2, 1], [3, 1]], np.float32)
    raw = F.r2_score(true + 1, true, multioutput="raw_values")
    np.testing.assert_allclose(raw.array, [-0.5, 0])
    assert F.r2_score(true + 1, true).item() == -0.25
    assert F.r2_score(true, true.astype("d")).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: F.binary_accuracy(Y, T), InvalidType),
        (lambda: F.binary_accuracy(Y, Y), InvalidType),
        (lambda: F.recall(Y, T[:2]), InvalidType),
        (lambda: F.recall(Y[..., None], T[..., None, None]), InvalidType),
        (lambda: F.recall(Y[:0], T[:0]), ValueError),
        (lambda: F.r2_score(Y, Y[:1]), InvalidType),
        (lambda: F.r2_score(Y, Y, sample_weight=Y), NotImplementedError),
        (lambda: F.r2_score(Y, Y, multioutput="unknown"), ValueError),
    ],
)
def test_what_is_refused(call: Any, error: Any) -> None:
    with pytest.raises(error):
        call()
