"""Measures of a prediction (Chainer: *Evaluation functions*)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._extrema import index_of
from chainer_compat.utils.type_check import fail

__all__ = ["accuracy"]


def _check_accuracy(y: Tensor, t: Tensor, ignore_label: int | None) -> None:
    if _checks.are_rows_and_labels(y, t):
        return
    _checks.floating(y)
    _checks.expect_integer(t, "t")
    if t.ndim >= y.ndim:
        fail("t.ndim < x.ndim", f"{t.ndim} >= {y.ndim}")
    if y.shape[0] != t.shape[0]:
        fail("x.shape[0] == t.shape[0]", f"{y.shape[0]} != {t.shape[0]}")
    for axis in range(2, t.ndim + 1):
        if y.shape[axis] != t.shape[axis - 1]:
            fail(
                f"x.shape[{axis}] == t.shape[{axis - 1}]",
                f"{y.shape[axis]} != {t.shape[axis - 1]}",
            )
    for axis in range(t.ndim + 1, y.ndim):
        if y.shape[axis] != 1:
            fail(f"x.shape[{axis}] == 1", f"{y.shape[axis]} != 1")


def _shortcut_accuracy(y: Tensor, t: Tensor, ignore_label: int | None) -> Tensor | None:
    if ignore_label is not None or t.dtype not in _checks.INTEGERS or t.ndim != 1:
        return None
    if not (y.dtype is torch.float32 and y.ndim == 2 and y.is_cpu and t.is_cpu):
        return None
    highest = y.numpy(force=True).argmax(1)
    labels = t.numpy()
    if highest.shape != labels.shape or not highest.size:
        return None
    # In double precision, and then rounded: as if in single precision at once.
    return torch.scalar_tensor(np.count_nonzero(highest == labels) / highest.size, dtype=y.dtype)


@function("Accuracy", check=_check_accuracy, shortcut=_shortcut_accuracy)
def accuracy(y: Tensor, t: Tensor, ignore_label: int | None = None) -> Tensor:
    """Returns the share of labels that have the highest score.

    Args:
        y: The scores, of shape ``(N, C, ...)`` and floating point.
        t: The labels, integers of shape ``(N, ...)``.
        ignore_label: The label of elements that do not count; None counts all.

    Returns:
        A scalar variable of ``y``'s dtype (of float32 for bfloat16, which has but two digits),
        without a gradient; 0 if no label counts.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.accuracy(np.array([[1, 0], [1, 0]], np.float32), np.array([0, 1], np.int32))
        variable(0.5)
    """
    highest = index_of("argmax", y, 1)
    right = (highest if highest.shape == t.shape else highest.reshape(t.shape)) == t
    dtype = torch.float32 if y.dtype is torch.bfloat16 else y.dtype
    if ignore_label is None:
        return right.mean(dtype=dtype)
    counts = t != ignore_label
    hits = (right & counts).sum().to(dtype)
    return hits / counts.sum().clamp(min=1)
