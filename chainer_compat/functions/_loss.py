"""Loss functions (Chainer: *Loss functions*)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from chainer_compat import _version1
from chainer_compat._variable import Variable, is_raw_array
from chainer_compat.backends import _crossing
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["sigmoid_cross_entropy", "softmax_cross_entropy"]

_cross_entropy = torch.nn.functional.cross_entropy
# The kernel under it, which takes all options by place, and reductions by number.
_cross_entropy_loss: Any = torch._C._nn.cross_entropy_loss
_NONE, _MEAN, _SUM = 0, 1, 2
_float32, _int64 = torch.float32, torch.int64


def _shortcut_softmax_cross_entropy(
    x: Tensor,
    t: Tensor,
    normalize: bool,
    cache_score: bool,
    class_weight: Any,
    ignore_label: int,
    reduce: str,
    enable_double_backprop: bool,
    soft_target_loss: str,
) -> Tensor | None:
    # torch refuses scores that are no numbers of floating point, and labels of another shape.
    if class_weight is not None or x.ndim != 2:
        return None
    dtype = t.dtype
    if dtype is _int64:
        labels = t
    elif dtype is torch.int32:
        labels = t.long()
    else:
        return None
    if reduce == "no":
        losses: Tensor = _cross_entropy_loss(x, labels, None, _NONE, ignore_label, 0.0)
        return losses
    if reduce != "mean":
        return None
    if not normalize:
        total: Tensor = _cross_entropy_loss(x, labels, None, _SUM, ignore_label, 0.0)
        return total / max(x.shape[0], 1)
    if not x.is_cpu:
        return None
    mean: Tensor = _cross_entropy_loss(x, labels, None, _MEAN, ignore_label, 0.0)
    # NaN where no label counts, which is 0 in Chainer; looking costs nothing on the CPU.
    value = mean.item()
    return mean if value == value else None  # noqa: PLR0124 -- this is what tells NaN


def _check_softmax_cross_entropy(
    x: Tensor,
    t: Tensor,
    normalize: bool,
    cache_score: bool,
    class_weight: Any,
    ignore_label: int,
    reduce: str,
    enable_double_backprop: bool,
    soft_target_loss: str,
) -> None:
    if _checks.are_rows_and_labels(x, t):
        return
    _checks.floating(x)
    if t.is_floating_point():
        if t.shape != x.shape:
            fail("x.shape == t.shape", f"{tuple(x.shape)} != {tuple(t.shape)}")
        return
    _checks.expect_integer(t, "t")
    if t.ndim != x.ndim - 1:
        fail("t.ndim == x.ndim - 1", f"{t.ndim} != {x.ndim - 1}")
    if x.shape[0] != t.shape[0]:
        fail("x.shape[0] == t.shape[0]", f"{x.shape[0]} != {t.shape[0]}")
    if x.shape[2:] != t.shape[1:]:
        fail("x.shape[2:] == t.shape[1:]", f"{tuple(x.shape[2:])} != {tuple(t.shape[1:])}")


def _class_weight(class_weight: Any, x: Tensor) -> Tensor:
    if isinstance(class_weight, Variable) or not is_raw_array(class_weight):
        raise ValueError(
            f"class_weight must be an array of NumPy, CuPy or torch; got {type(class_weight)}"
        )
    if class_weight.ndim != 1:
        raise ValueError(f"class_weight must have one axis; it has {class_weight.ndim}")
    return _crossing.as_tensor(class_weight).to(x)


@function(
    "SoftmaxCrossEntropy",
    check=_check_softmax_cross_entropy,
    shortcut=_shortcut_softmax_cross_entropy,
    enters={"t": _checks.labels_of},
    use_cudnn=("normalize", "class_weight"),
)
def softmax_cross_entropy(
    x: Tensor,
    t: Tensor,
    normalize: bool = True,
    cache_score: bool = True,
    class_weight: Any = None,
    ignore_label: int = -1,
    reduce: str = "mean",
    enable_double_backprop: bool = False,
    soft_target_loss: str = "cross-entropy",
) -> Tensor:
    """Returns the cross entropy between labels and the softmax of scores.

    Args:
        x: The scores, of shape ``(N, C, ...)`` and floating point.
        t: The labels, integers of shape ``(N, ...)``; or the probabilities of the classes,
            floating point of ``x``'s shape.
        normalize: Divide the sum by the number of labels that count; else by ``N``.
        cache_score: Accepted for old scripts: torch keeps what its backward pass needs.
        class_weight: An array with a factor for each class; the sum is still divided by the
            number of labels.
        ignore_label: The label of elements that do not count.
        reduce: ``"mean"``, or ``"no"`` for the loss of each element.
        enable_double_backprop: Accepted: the gradient can be differentiated either way.
        soft_target_loss: ``"cross-entropy"`` or ``"kl-divergence"``, for probabilities.

    Returns:
        A scalar variable, or one of ``t``'s shape with ``reduce="no"``. It is 0 if no label
        counts.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If an option has another value.
        IndexError: If a label is no class.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.softmax_cross_entropy(np.zeros((1, 2), np.float32), np.array([0], np.int32))
        variable(0.6931472)
    """
    if reduce not in ("mean", "no"):
        raise ValueError(f"reduce is 'mean' or 'no'; got {reduce!r}")
    weight = None if class_weight is None else _class_weight(class_weight, x)
    dtype = t.dtype
    if dtype.is_floating_point:
        return _soft(x, t, weight, reduce, soft_target_loss)
    labels = t if dtype is torch.int64 else t.long()
    if reduce == "no":
        return _cross_entropy(x, labels, weight, ignore_index=ignore_label, reduction="none")
    if weight is None and normalize and not x.is_cuda:
        mean = _cross_entropy(x, labels, ignore_index=ignore_label)
        # NaN where no label counts, which is 0 in Chainer; looking costs nothing on the CPU.
        if not math.isnan(mean.item()):
            return mean
    total = _cross_entropy(x, labels, weight, ignore_index=ignore_label, reduction="sum")
    if normalize:
        return total / (labels != ignore_label).sum().clamp(min=1)
    return total / max(len(x), 1)


def _soft(x: Tensor, t: Tensor, weight: Tensor | None, reduce: str, kind: str) -> Tensor:
    if kind not in ("cross-entropy", "kl-divergence"):
        raise ValueError(f"soft_target_loss is 'cross-entropy' or 'kl-divergence'; got {kind!r}")
    log_y = torch.log_softmax(x, 1)
    if weight is not None:
        log_y = log_y * weight.reshape(1, -1, *(1,) * (x.ndim - 2))
    loss = -(t * log_y).sum(1)
    if kind == "kl-divergence":
        # Chainer's guard of the logarithm, which adds about 1e-7 for each class.
        loss = loss + (t * torch.log(t + 1e-7)).sum(1)
    return loss if reduce == "no" else loss.sum() / max(loss.numel(), 1)


def _check_sigmoid_cross_entropy(x: Tensor, t: Tensor, normalize: bool, reduce: str) -> None:
    if x.is_floating_point() and t.dtype in _checks.INTEGERS and x.shape == t.shape:
        return
    _checks.floating(x)
    _checks.expect_integer(t, "t")
    if x.shape != t.shape:
        fail("x.shape == t.shape", f"{tuple(x.shape)} != {tuple(t.shape)}")


def _shortcut_sigmoid_cross_entropy(
    x: Tensor, t: Tensor, normalize: bool, reduce: str
) -> Tensor | None:
    if not (normalize and reduce == "mean" and x.dtype is _float32 and x.is_cpu):
        return None
    if t.dtype not in _checks.INTEGERS or x.shape != t.shape or t.min().item() < 0:
        return None  # some may not count
    return torch.binary_cross_entropy_with_logits(x, t.float(), None, None, _MEAN)


@function(
    "SigmoidCrossEntropy",
    check=_check_sigmoid_cross_entropy,
    shortcut=_shortcut_sigmoid_cross_entropy,
)
def _sigmoid_cross_entropy(x: Tensor, t: Tensor, normalize: bool, reduce: str) -> Tensor:
    # Looking costs little on the CPU, choosing by a condition much.
    all_count = t.is_cpu and t.numel() > 0 and int(t.min()) >= 0
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        x,
        t.to(x.dtype),
        reduction="mean" if all_count and normalize and reduce == "mean" else "none",
    )
    if loss.ndim < x.ndim:
        return loss
    counts = t != -1
    if not all_count:
        loss = torch.where(counts, loss, 0.0)
    if reduce == "no":
        return loss
    if normalize:
        return loss.sum() / counts.sum().clamp(min=1)
    return loss.sum() / max(len(x), 1)


_read_options = _version1.reader([True, "mean"], 0, 1)


def sigmoid_cross_entropy(
    x: Any,
    t: Any,
    normalize: bool = True,
    reduce: str = "mean",
    use_cudnn: Any = None,
) -> Variable:
    """Returns the cross entropy between labels and the sigmoid of scores.

    Args:
        x: The scores, of any shape and floating point.
        t: The labels, integers of ``x``'s shape: 0, 1, or -1 for what does not count.
        normalize: Divide the sum by the number of labels that count; else by the batch size.
        reduce: ``"mean"``, or ``"no"`` for the loss of each element.
        use_cudnn: Accepted for scripts of Chainer 1: torch chooses its kernels. By position it came
            before ``normalize``, which a bool in the place of ``reduce`` tells.

    Returns:
        A scalar variable, or one of ``x``'s shape with ``reduce="no"``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If ``reduce`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.sigmoid_cross_entropy(np.zeros(2, np.float32), np.array([1, -1], np.int32))
        variable(0.6931472)
    """
    if use_cudnn is not None or _version1.is_switch(reduce):
        normalize, reduce = _read_options(normalize, reduce, use_cudnn)
    if reduce not in ("mean", "no"):
        raise ValueError(f"reduce is 'mean' or 'no'; got {reduce!r}")
    result: Variable = _sigmoid_cross_entropy(x, t, normalize, reduce)
    return result
