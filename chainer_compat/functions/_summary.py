"""Precision, recall and the like of classifiers (Chainer: *Evaluation functions*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError, NotSupportedError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._extrema import index_of
from chainer_compat.utils.type_check import fail

__all__ = [
    "binary_accuracy",
    "classification_summary",
    "f1_score",
    "precision",
    "r2_score",
    "recall",
]


def _check_binary(y: Tensor, t: Tensor) -> None:
    _checks.expect_floating(y, "x")
    _checks.expect_integer(t, "t")
    if t.shape != y.shape:
        fail("t.shape == x.shape", f"{tuple(t.shape)} != {tuple(y.shape)}")


def _shortcut_binary(y: Tensor, t: Tensor) -> Tensor | None:
    if t.dtype not in _checks.INTEGERS or y.dtype is not torch.float32:
        return None
    if not (y.is_cpu and t.is_cpu) or y.shape != t.shape:
        return None
    labels = t.numpy()
    # Neither truth value equals the label of what does not count.
    hits = int(np.count_nonzero((y.numpy(force=True) >= 0) == labels))
    share = hits / max(int(np.count_nonzero(labels != -1)), 1)
    return torch.scalar_tensor(share, dtype=torch.float32)


@function("BinaryAccuracy", check=_check_binary, shortcut=_shortcut_binary)
def binary_accuracy(y: Tensor, t: Tensor) -> Tensor:
    """Returns the share of labels 0 and 1 that have a score of the right sign.

    Args:
        y: The scores, a variable or array of floating point; from 0 on they stand for label 1.
        t: The labels, integers of the same shape; those of -1 do not count.

    Returns:
        A scalar variable of ``y``'s dtype, without a gradient; 0 if no label counts.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.binary_accuracy(np.array([0.5, -1.0], np.float32), np.array([1, 1], np.int32))
        variable(0.5)
    """
    counts = t != -1
    hits = ((y.detach() >= 0).to(t.dtype) == t) & counts
    return (hits.sum().double() / counts.sum().clamp(min=1)).to(y.dtype)


def _check_summary(y: Tensor, t: Tensor, *options: Any) -> None:
    _checks.expect_floating(y, "x")
    _checks.expect_integer(t, "t")
    if y.shape[0] != t.shape[0]:
        fail("x.shape[0] == t.shape[0]", f"{y.shape[0]} != {t.shape[0]}")
    if y.shape[2:] != t.shape[1:]:
        fail(f"x.shape[2:{y.ndim}] == t.shape[1:]", f"{tuple(y.shape[2:])} != {tuple(t.shape[1:])}")


@function("ClassificationSummary", check=_check_summary)
def _summary(
    y: Tensor, t: Tensor, label_num: int | None, beta: float, ignore_label: int
) -> tuple[Tensor, ...]:
    if label_num is None:
        if t.numel() == 0:
            raise InvalidArgumentError("without labels, label_num must say how many there are")
        label_num = int(t.max()) + 1
    counted = t != ignore_label
    predicted = index_of("argmax", y, 1)[counted]
    wanted = t[counted].long()
    classes = torch.arange(label_num, device=t.device)[:, None]
    relevant = (predicted == classes).sum(1)
    support = (wanted == classes).sum(1)
    right = ((predicted == classes) & (wanted == classes)).sum(1).double()
    precision, recall = right / relevant, right / support
    square = beta * beta
    score = (1 + square) * precision * recall / (square * precision + recall)
    return precision, recall, score, support


def classification_summary(
    y: Any,
    t: Any,
    label_num: int | None = None,
    beta: float = 1.0,
    ignore_label: int = -1,
) -> tuple[Variable, ...]:
    """Returns precision, recall, F-beta score and number of examples of each class.

    Precision is the share of right ones among the predictions of a class, recall that among its
    examples; the F-beta score is their harmonic mean, with recall weighted ``beta`` times.

    Args:
        y: The scores, a variable or array of floating point, of shape ``(N, C, ...)``.
        t: The labels, integers of shape ``(N, ...)``.
        label_num: The number of classes; the greatest label and 1 if None.
        beta: The weight of recall.
        ignore_label: The label of elements that do not count.

    Returns:
        Four variables of shape ``(label_num,)``, three of float64 and one of int64, without
        gradients. NaN where nothing was predicted, or where there are no examples.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If there are no labels and ``label_num`` is None.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> y = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
        >>> F.classification_summary(y, np.array([0, 1, 1], np.int32))[:2]
        (variable([0.5, 1. ]), variable([1. , 0.5]))
    """
    result: tuple[Variable, ...] = _summary(y, t, label_num, beta, ignore_label)
    return result


def precision(
    y: Any, t: Any, label_num: int | None = None, ignore_label: int = -1
) -> tuple[Variable, Variable]:
    """Returns the precision and the number of examples of each class.

    Args:
        y: The scores; see :func:`classification_summary`.
        t: The labels.
        label_num: The number of classes; the greatest label and 1 if None.
        ignore_label: The label of elements that do not count.

    Returns:
        Two variables of shape ``(label_num,)``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> y = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
        >>> F.precision(y, np.array([0, 1, 1], np.int32))
        (variable([0.5, 1. ]), variable([1, 2]))
    """
    found = classification_summary(y, t, label_num, 1.0, ignore_label)
    return found[0], found[3]


def recall(
    y: Any, t: Any, label_num: int | None = None, ignore_label: int = -1
) -> tuple[Variable, Variable]:
    """Returns the recall and the number of examples of each class.

    Args:
        y: The scores; see :func:`classification_summary`.
        t: The labels.
        label_num: The number of classes; the greatest label and 1 if None.
        ignore_label: The label of elements that do not count.

    Returns:
        Two variables of shape ``(label_num,)``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> y = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
        >>> F.recall(y, np.array([0, 1, 1], np.int32))
        (variable([1. , 0.5]), variable([1, 2]))
    """
    found = classification_summary(y, t, label_num, 1.0, ignore_label)
    return found[1], found[3]


def f1_score(
    y: Any, t: Any, label_num: int | None = None, ignore_label: int = -1
) -> tuple[Variable, Variable]:
    """Returns the F1 score and the number of examples of each class.

    Args:
        y: The scores; see :func:`classification_summary`.
        t: The labels.
        label_num: The number of classes; the greatest label and 1 if None.
        ignore_label: The label of elements that do not count.

    Returns:
        Two variables of shape ``(label_num,)``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> y = np.array([[1, 0], [0, 1]], np.float32)
        >>> F.f1_score(y, np.array([0, 1], np.int32))
        (variable([1., 1.]), variable([1, 1]))
    """
    found = classification_summary(y, t, label_num, 1.0, ignore_label)
    return found[2], found[3]


def _check_r2(pred: Tensor, true: Tensor, multioutput: str) -> None:
    _checks.expect_floating(pred, "pred")
    _checks.expect_floating(true, "true")
    if pred.shape != true.shape:
        fail("pred.shape == true.shape", f"{tuple(pred.shape)} != {tuple(true.shape)}")


@function("R2_score", check=_check_r2)
def _r2_score(pred: Tensor, true: Tensor, multioutput: str) -> Tensor:
    pred, true = pred.detach(), true.detach()
    left = (pred - true).square().sum(0)
    total = (true - true.mean(0)).square().sum(0)
    scores = torch.where(total != 0, 1 - left / total, 0)
    return (scores.mean() if multioutput == "uniform_average" else scores).to(pred.dtype)


def r2_score(
    pred: Any, true: Any, sample_weight: Any = None, multioutput: str = "uniform_average"
) -> Variable:
    """Returns the share of the variance of values that predictions explain.

    Args:
        pred: The predictions, a variable or array of floating point, of shape ``(N, ...)``.
        true: The values, of the same shape.
        sample_weight: None; weights were never supported.
        multioutput: ``"uniform_average"`` for the mean over all axes but the first, or
            ``"raw_values"``.

    Returns:
        A variable of ``pred``'s dtype, without a gradient: 1 is perfect, and 0 no better than the
        mean, which is also the score of values that are all the same.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        NotImplementedError: If there are weights.
        ValueError: If ``multioutput`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([1.0, 2.0, 3.0], np.float32)
        >>> F.r2_score(x, x)
        variable(1.)
    """
    if sample_weight is not None:
        raise NotSupportedError("r2_score takes no sample_weight, neither here nor in Chainer")
    if multioutput not in ("uniform_average", "raw_values"):
        raise InvalidArgumentError(
            f"multioutput is 'uniform_average' or 'raw_values'; got {multioutput!r}"
        )
    result: Variable = _r2_score(pred, true, multioutput)
    return result
