"""Connections: linear maps with parameters (Chainer: *Neural network connections*)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._linear_algebra import promoted
from chainer_compat.functions._shape import reshape
from chainer_compat.utils.type_check import fail

__all__ = ["bilinear", "embed_id", "linear", "local_convolution_2d", "shift"]


_torch_linear: Any = torch._C._nn.linear
_float32 = torch.float32


def _shortcut_linear(x: Tensor, W: Tensor, b: Tensor | None) -> Tensor | None:
    # torch compares the sizes itself; it also takes vectors, and stretches a bias of one.
    if not (x.dtype is W.dtype is _float32 and x.ndim == W.ndim == 2):
        return None
    if b is not None and not (
        b.dtype is _float32 and b.ndim == 1 and (b.numel() != 1 or W.shape[0] == 1)
    ):
        return None
    y: Tensor = _torch_linear(x, W, b)
    return y


def _check_linear(x: Tensor, W: Tensor, b: Tensor | None) -> None:
    _checks.floating(x)
    if not W.is_floating_point():
        _checks.expect_floating(W, "W")
    _checks.expect_ndim(W, "W", 2)
    _checks.expect_ndim(x, "x", 2)
    if x.shape[1] != W.shape[1]:
        fail("x.shape[1] == W.shape[1]", f"{x.shape[1]} != {W.shape[1]}")
    if b is not None:
        _checks.expect_same_dtype(b, x, "b", "x")
        _checks.expect_ndim(b, "b", 1)
        if b.shape[0] != W.shape[0]:
            fail("b.shape[0] == W.shape[0]", f"{b.shape[0]} != {W.shape[0]}")


@function("LinearFunction", check=_check_linear, shortcut=_shortcut_linear)
def _linear(x: Tensor, W: Tensor, b: Tensor | None) -> Tensor:
    if x.dtype is not W.dtype:
        # Chainer lets float32 and float64 meet here, and answers in x's dtype.
        wide = torch.promote_types(x.dtype, W.dtype)
        bias = None if b is None else b.to(wide)
        return torch.nn.functional.linear(x.to(wide), W.to(wide), bias).to(x.dtype)
    return torch.nn.functional.linear(x, W, b)


def linear(x: Any, W: Any, b: Any = None, n_batch_axes: int = 1) -> Variable:
    """Returns ``x Wᵀ + b``.

    Args:
        x: The input; the axes behind the batch axes are flattened.
        W: The weight matrix, of shape ``(out_size, in_size)``.
        b: The bias, of shape ``(out_size,)``.
        n_batch_axes: How many leading axes of ``x`` are batch axes.

    Returns:
        A variable of shape ``(*batch axes, out_size)`` and of ``x``'s dtype.

    Raises:
        InvalidType: If dtypes are not of floating point or sizes do not fit.
        ValueError: If ``n_batch_axes`` is less than 1.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.linear(np.ones((1, 2), np.float32), np.ones((3, 2), np.float32)).shape
        (1, 3)
    """
    result: Variable
    if n_batch_axes == 1 and x.ndim < 3:
        result = _linear(x, W, b)
        return result
    if n_batch_axes < 1:
        raise ValueError(f"n_batch_axes must be 1 or more; got {n_batch_axes}")
    # In Chainer these are nodes of their own in the graph, and the matrices are what hooks see.
    batch = tuple(x.shape[:n_batch_axes])
    if x.ndim <= n_batch_axes:
        fail(f"x.ndim > {n_batch_axes}", f"{x.ndim} <= {n_batch_axes}")
    count = math.prod(batch)
    rest = -1 if count else math.prod(x.shape[n_batch_axes:])
    result = _linear(reshape(x, (count, rest)), W, b)
    return result if n_batch_axes == 1 else reshape(result, (*batch, -1 if count else len(W)))


def _check_embed_id(x: Tensor, W: Tensor, ignore_label: int | None) -> None:
    if x.dtype in _checks.INTEGERS and W.is_floating_point() and W.ndim == 2 and x.ndim > 0:
        return
    _checks.expect_integer(x, "in_types[0]")
    _checks.expect_floating(W, "in_types[1]")
    _checks.expect_ndim(W, "in_types[1]", 2)
    if x.ndim < 1:
        fail("in_types[0].ndim >= 1", f"{x.ndim} < 1")


def _shortcut_embed_id(x: Tensor, W: Tensor, ignore_label: int | None) -> Tensor | None:
    if x.dtype in _checks.INTEGERS and W.dtype is _float32 and W.ndim == 2 and x.ndim > 0:
        return torch.embedding(W, x) if ignore_label is None else _kept_rows(x, W, ignore_label)
    return None


def _kept_rows(ids: Tensor, W: Tensor, ignore_label: int) -> Tensor:
    ignored = ids == ignore_label
    return _rows(ids.masked_fill(ignored, 0), W).masked_fill(ignored.unsqueeze(-1), 0)


@function("EmbedIDFunction", check=_check_embed_id, shortcut=_shortcut_embed_id)
def embed_id(x: Tensor, W: Tensor, ignore_label: int | None = None) -> Tensor:
    """Returns the rows of a matrix that integers tell.

    Args:
        x: Integers, of any shape with one axis or more.
        W: The matrix, of shape ``(vocabulary, size)`` and floating point.
        ignore_label: The integer that gives zeros.

    Returns:
        A variable of shape ``(*x.shape, size)``.

    Raises:
        InvalidType: If ``x`` is not of integers or ``W`` no matrix of floating point.
        IndexError: If an integer is beyond the matrix.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> W = np.array([[1, 2], [3, 4]], np.float32)
        >>> F.embed_id(np.array([1, -1], np.int32), W, ignore_label=-1)
        variable([[3., 4.],
                  [0., 0.]])
    """
    ids = x if x.dtype in _checks.INTEGERS else x.long()
    if ignore_label is None:
        return _rows(ids, W)
    return _kept_rows(ids, W, ignore_label)


def _rows(ids: Tensor, W: Tensor) -> Tensor:
    try:
        return torch.nn.functional.embedding(ids, W)
    except IndexError:  # on a GPU nobody looks, for that would wait for it
        return W[ids]  # counts from the end, as NumPy's indexing does


def _check_bilinear(
    e1: Tensor,
    e2: Tensor,
    W: Tensor,
    V1: Tensor | None,
    V2: Tensor | None,
    b: Tensor | None,
) -> None:
    for i, e in enumerate((e1, e2)):
        _checks.expect_floating(e, f"in_types[{i}]")
        if e.ndim < 2:
            fail(f"in_types[{i}].ndim >= 2", f"{e.ndim} < 2")
    if e1.shape[0] != e2.shape[0]:
        fail("in_types[0].shape[0] == in_types[1].shape[0]", f"{e1.shape[0]} != {e2.shape[0]}")
    _checks.expect_floating(W, "in_types[2]")
    _checks.expect_same_dtype(e1, e2, "in_types[0]", "in_types[1]")
    _checks.expect_same_dtype(W, e1, "in_types[2]", "in_types[0]")
    _checks.expect_ndim(W, "in_types[2]", 3)
    sizes = (e1.shape[1:].numel(), e2.shape[1:].numel())
    if sizes != W.shape[:2]:
        fail("in_types[2].shape[:2] == sizes", f"{tuple(W.shape[:2])} != {sizes}")
    out = W.shape[2]
    wanted = ((V1, (sizes[0], out)), (V2, (sizes[1], out)), (b, (out,)))
    for i, (weight, shape) in enumerate(wanted, 3):
        if weight is None:
            continue
        _checks.expect_same_dtype(weight, e1, f"in_types[{i}]", "in_types[0]")
        if weight.shape != shape:
            fail(f"in_types[{i}].shape == {shape}", f"{tuple(weight.shape)} != {shape}")


@function("BilinearFunction", check=_check_bilinear)
def _bilinear(
    e1: Tensor,
    e2: Tensor,
    W: Tensor,
    V1: Tensor | None,
    V2: Tensor | None,
    b: Tensor | None,
) -> Tensor:
    e1, e2 = e1.flatten(1), e2.flatten(1)
    y = torch.einsum("ij,ik,jkl->il", e1, e2, W)
    if V1 is not None and V2 is not None and b is not None:
        y = y + e1 @ V1 + e2 @ V2 + b
    return y


def bilinear(e1: Any, e2: Any, W: Any, V1: Any = None, V2: Any = None, b: Any = None) -> Variable:
    """Returns ``e1 W e2``, and the linear parts and the bias if there are any.

    Source: Socher et al., *Reasoning With Neural Tensor Networks for Knowledge Base Completion*,
    2013.

    Args:
        e1: The left input, of shape ``(N, ...)`` with ``I`` elements behind.
        e2: The right input, of shape ``(N, ...)`` with ``J`` elements behind.
        W: The weights, of shape ``(I, J, K)``.
        V1: The weights of the left input, of shape ``(I, K)``.
        V2: The weights of the right input, of shape ``(J, K)``.
        b: The bias, of shape ``(K,)``.

    Returns:
        A variable of shape ``(N, K)``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.
        ValueError: If only some of ``V1``, ``V2`` and ``b`` are given.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> e = np.array([[1.0, 2.0]], np.float32)
        >>> F.bilinear(e, e, np.ones((2, 2, 1), np.float32))
        variable([[9.]])
    """
    given = [extra is not None for extra in (V1, V2, b)]
    if any(given) and not all(given):
        raise ValueError("V1, V2 and b must be given together, or not at all")
    result: Variable = _bilinear(e1, e2, W, V1, V2, b)
    return result


def _check_local(x: Tensor, W: Tensor, b: Tensor | None, stride: Any) -> None:
    _checks.expect_floating(x, "in_types[0]")
    _checks.expect_floating(W, "in_types[1]")
    _checks.expect_ndim(x, "in_types[0]", 4)
    _checks.expect_ndim(W, "in_types[1]", 6)
    if x.shape[1] != W.shape[3]:
        fail("in_types[0].shape[1] == in_types[1].shape[3]", f"{x.shape[1]} != {W.shape[3]}")
    if b is not None and b.shape != W.shape[:3]:
        fail("in_types[2].shape == in_types[1].shape[:3]", f"{b.shape} != {W.shape[:3]}")


@function("LocalConvolution2DFunction", check=_check_local)
def local_convolution_2d(x: Tensor, W: Tensor, b: Tensor | None = None, stride: Any = 1) -> Tensor:
    """Returns the convolution of images with other filters at each place.

    Args:
        x: The images, of shape ``(N, C, H, W)``.
        W: The filters, of shape ``(out channels, out H, out W, C, kH, kW)``.
        b: The bias, of shape ``(out channels, out H, out W)``.
        stride: The step, an int or a pair.

    Returns:
        A variable of shape ``(N, out channels, out H, out W)``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 1, 3, 3), np.float32)
        >>> F.local_convolution_2d(x, np.ones((2, 2, 2, 1, 2, 2), np.float32)).shape
        (1, 2, 2, 2)
    """
    step_h, step_w = stride if hasattr(stride, "__getitem__") else (stride, stride)
    dtype = x.dtype
    x, W = promoted(x, W)
    patches = x.unfold(2, W.shape[4], step_h).unfold(3, W.shape[5], step_w)
    y = torch.einsum("nchwij,ohwcij->nohw", patches[:, :, : W.shape[1], : W.shape[2]], W)
    return (y if b is None else y + b).to(dtype)


def _check_shift(x: Tensor, ksize: Any, dilate: Any) -> None:
    _checks.expect_floating(x, "in_types[0]")
    _checks.expect_ndim(x, "in_types[0]", 4)
    height, width = ksize if hasattr(ksize, "__getitem__") else (ksize, ksize)
    if x.shape[1] < height * width:
        fail(f"in_types[0].shape[1] >= {height * width}", f"{x.shape[1]} < {height * width}")


@function("Shift", check=_check_shift)
def shift(x: Tensor, ksize: Any = 3, dilate: Any = 1) -> Tensor:
    """Shifts groups of channels, each in its own direction.

    Source: Wu et al., *Shift: A Zero FLOP, Zero Parameter Alternative to Spatial Convolutions*,
    2017.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        ksize: The size of the window of directions, odd; an int or a pair.
        dilate: How far a step goes, an int or a pair.

    Returns:
        A variable of the same shape and dtype.

    Raises:
        InvalidType: If ``x`` is not of floating point or has too few channels.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.shift(np.ones((1, 9, 2, 2), np.float32)).shape
        (1, 9, 2, 2)
    """
    height, width = ksize if hasattr(ksize, "__getitem__") else (ksize, ksize)
    step_y, step_x = dilate if hasattr(dilate, "__getitem__") else (dilate, dilate)
    kernel = torch.zeros(x.shape[1], 1, height, width, dtype=x.dtype, device=x.device)
    cells, middle = height * width, (height // 2) * width + width // 2
    # By Chainer's order the middle of the window comes last, and takes what fills no group.
    place = torch.arange(x.shape[1], device=x.device) // (x.shape[1] // cells)
    place = torch.where(place == middle, cells - 1, torch.where(place >= cells - 1, middle, place))
    # The filter looks at the element that is moved, so on the other side of the middle.
    place = cells - 1 - place
    kernel.view(x.shape[1], -1)[torch.arange(x.shape[1]), place] = 1
    pads = (height // 2 * step_y, width // 2 * step_x)
    return torch.nn.functional.conv2d(
        x, kernel, padding=pads, dilation=(step_y, step_x), groups=x.shape[1]
    )
