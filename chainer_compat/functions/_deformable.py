"""Convolution whose filters look at places of their own (Chainer: *Neural network connections*)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from chainer_compat._variable import Variable
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._images import _pair
from chainer_compat.utils.type_check import fail

__all__ = ["deformable_convolution_2d_sampler"]


def _check(x: Tensor, offset: Tensor, w: Tensor, b: Tensor | None, *options: Any) -> None:
    _checks.expect_floating(x, "x")
    _checks.expect_floating(w, "W")
    _checks.expect_same_dtype(offset, x, "offset", "x")
    if len(offset) != len(x):
        fail("offset.shape[0] == x.shape[0]", f"{len(offset)} != {len(x)}")
    if w.shape[1] != x.shape[1]:
        fail("W.shape[1] == x.shape[1]", f"{w.shape[1]} != {x.shape[1]}")
    if b is None:
        return
    if b.shape != (len(w),):
        fail("b.shape == (W.shape[0],)", f"{tuple(b.shape)} != {(len(w),)}")
    wide = torch.promote_types(x.dtype, w.dtype)
    if b.dtype is not wide:
        fail("b.dtype == y.dtype", f"{b.dtype} != {wide}")


def _places(
    offset: Tensor, ksize: tuple[int, int], stride: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """The pixels, x and y, that each tap of the filters looks at, ``(N, kh * kw, h', w')``."""

    def count(number: int, step: int = 1) -> Tensor:
        return torch.arange(0, number * step, step, dtype=offset.dtype, device=offset.device)

    taps = ksize[0] * ksize[1]
    rows = count(ksize[0])[:, None].expand(ksize).reshape(taps, 1, 1)
    columns = count(ksize[1]).expand(ksize).reshape(taps, 1, 1)
    x = offset[:, :taps] + columns + count(offset.shape[3], stride[1])
    y = offset[:, taps:] + rows + count(offset.shape[2], stride[0])[:, None]
    return x, y


@function("DeformableConvolution2DSampler", check=_check)
def _sampled_convolution(
    x: Tensor,
    offset: Tensor,
    w: Tensor,
    b: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> Tensor:
    ksize = (w.shape[2], w.shape[3])
    # The sampler counts from the first pixel to the last, which must therefore be two.
    more = [max(0, 2 - n - 2 * p) for n, p in zip(x.shape[2:], padding, strict=True)]
    edges = (padding[1], padding[1] + more[1], padding[0], padding[0] + more[0])
    padded = pad(x, edges)
    columns, rows = _places(offset, ksize, stride)
    grid = torch.stack(
        [columns / (padded.shape[3] - 1) * 2 - 1, rows / (padded.shape[2] - 1) * 2 - 1], dim=-1
    )
    seen = grid_sample(padded, grid.flatten(2, 3), align_corners=True)
    seen = seen.reshape(*seen.shape[:3], *offset.shape[2:])
    wide = torch.promote_types(x.dtype, w.dtype)
    y = torch.einsum("nckhw,ock->nohw", seen.to(wide), w.flatten(2).to(wide))
    return y if b is None else y + b[:, None, None]


def deformable_convolution_2d_sampler(
    x: Any, offset: Any, W: Any, b: Any = None, stride: Any = 1, pad: Any = 0
) -> Variable:
    r"""Convolves images with filters whose taps are moved, at each place of the output.

    .. math:: y_{o, i, j} = b_o + \sum_{c, k, l} W_{o, c, k, l} \,
        x_c\left(s_y i + k + \Delta^y_{k, l, i, j},\; s_x j + l + \Delta^x_{k, l, i, j}\right)

    where x is interpolated bilinearly between its pixels, and 0 outside of the padded image.
    Source: Dai et al., *Deformable Convolutional Networks*, 2017.

    Args:
        x: The images, of shape ``(N, in channels, H, W)`` and floating point.
        offset: How far the taps are moved, of ``x``'s dtype and shape
            ``(N, 2 * kh * kw, H', W')``: along x for each tap, then along y for each.
        W: The filters, of floating point and shape ``(out channels, in channels, kh, kw)``.
        b: What is added, of the output's dtype and shape ``(out channels,)``; nothing if None.
        stride: The steps between the filters' places, a pair or one int for both axes.
        pad: The zeros put around the images, likewise.

    Returns:
        A variable of shape ``(N, out channels, H', W')``, of the wider dtype of ``x`` and ``W``.

    Raises:
        InvalidType: If dtypes, batches or channels do not fit.
        ValueError: If arrays have another number of axes, or ``offset`` is not for such filters.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
        >>> half = np.full((1, 2, 1, 1), 0.5, np.float32)
        >>> F.deformable_convolution_2d_sampler(x, half, np.ones((1, 1, 1, 1), np.float32))
        variable([[[[1.5]]]])
    """
    for name, array in (("x", x), ("offset", offset), ("W", W)):
        if len(array.shape) != 4:
            raise ValueError(f"{name} must have 4 axes; got shape {tuple(array.shape)}")
    taps = W.shape[2] * W.shape[3]
    if offset.shape[1] != 2 * taps:
        raise ValueError(
            f"filters of {W.shape[2]} x {W.shape[3]} have {2 * taps} offsets; "
            f"got offset.shape[1] == {offset.shape[1]}"
        )
    result: Variable = _sampled_convolution(x, offset, W, b, _pair(stride), _pair(pad))
    return result
