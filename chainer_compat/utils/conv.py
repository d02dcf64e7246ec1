"""Patches of images (Chainer: *chainer.utils.conv*)."""

from __future__ import annotations

from typing import Any

from chainer_compat.utils._outsize import get_conv_outsize, get_deconv_outsize
from chainer_compat.utils.conv_nd import col2im_nd, patches

__all__ = [
    "col2im",
    "col2im_cpu",
    "col2im_gpu",
    "get_conv_outsize",
    "get_deconv_outsize",
    "im2col",
    "im2col_cpu",
    "im2col_gpu",
]


def im2col_cpu(
    img: Any,
    kh: int,
    kw: int,
    sy: int,
    sx: int,
    ph: int,
    pw: int,
    pval: Any = 0,
    cover_all: bool = False,
    dy: int = 1,
    dx: int = 1,
    out_h: int | None = None,
    out_w: int | None = None,
) -> Any:
    """Returns the patches that a kernel sees.

    Args:
        img: An array of NumPy or CuPy, of shape ``(n, c, h, w)``.
        kh: The kernel's height.
        kw: The kernel's width.
        sy: The vertical stride.
        sx: The horizontal stride.
        ph: The padding above and below.
        pw: The padding left and right.
        pval: What the padding is filled with.
        cover_all: Whether the last patch may stick out, so that all elements are seen.
        dy: The vertical dilation.
        dx: The horizontal dilation.
        out_h: How many patches along the height; None for as many as fit.
        out_w: How many patches along the width; None for as many as fit.

    Returns:
        An array of shape ``(n, c, kh, kw, out_h, out_w)``.

    Raises:
        AssertionError: If no patch fits.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.utils import conv
        >>> conv.im2col_cpu(np.zeros((1, 3, 5, 6)), 3, 3, 1, 1, 0, 0).shape
        (1, 3, 3, 3, 3, 4)
    """
    height, width = img.shape[2:]
    if out_h is None:
        out_h = get_conv_outsize(height, kh, sy, ph, cover_all, dy)
    if out_w is None:
        out_w = get_conv_outsize(width, kw, sx, pw, cover_all, dx)
    return patches(img, (kh, kw), (sy, sx), (ph, pw), pval, (dy, dx), (out_h, out_w))


def im2col_gpu(
    img: Any,
    kh: int,
    kw: int,
    sy: int,
    sx: int,
    ph: int,
    pw: int,
    cover_all: bool = False,
    dy: int = 1,
    dx: int = 1,
    out_h: int | None = None,
    out_w: int | None = None,
) -> Any:
    """Returns the patches that a kernel sees; see :func:`im2col_cpu`.

    Args:
        img: An array of NumPy or CuPy, of shape ``(n, c, h, w)``.
        kh: The kernel's height.
        kw: The kernel's width.
        sy: The vertical stride.
        sx: The horizontal stride.
        ph: The padding above and below.
        pw: The padding left and right.
        cover_all: Whether the last patch may stick out.
        dy: The vertical dilation.
        dx: The horizontal dilation.
        out_h: How many patches along the height; None for as many as fit.
        out_w: How many patches along the width; None for as many as fit.
    """
    return im2col_cpu(img, kh, kw, sy, sx, ph, pw, 0, cover_all, dy, dx, out_h, out_w)


im2col = im2col_gpu


def col2im_cpu(
    col: Any,
    sy: int,
    sx: int,
    ph: int,
    pw: int,
    h: int,
    w: int,
    dy: int = 1,
    dx: int = 1,
) -> Any:
    """Adds patches up to an image: what :func:`im2col_cpu` does, transposed.

    Args:
        col: An array of NumPy or CuPy, of shape ``(n, c, kh, kw, out_h, out_w)``.
        sy: The vertical stride.
        sx: The horizontal stride.
        ph: The padding above and below.
        pw: The padding left and right.
        h: The image's height.
        w: The image's width.
        dy: The vertical dilation.
        dx: The horizontal dilation.

    Returns:
        An array of shape ``(n, c, h, w)``.
    """
    return col2im_nd(col, (sy, sx), (ph, pw), (h, w), (dy, dx))


col2im = col2im_gpu = col2im_cpu
