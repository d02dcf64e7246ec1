"""Patches of images along any number of axes (Chainer: *chainer.utils.conv_nd*)."""

from __future__ import annotations

import itertools
from typing import Any

from chainer_compat.backends import cuda
from chainer_compat.errors import InvalidArgumentError, UnexpectedArrayError
from chainer_compat.utils._outsize import get_conv_outsize

__all__ = [
    "as_tuple",
    "col2im_nd",
    "col2im_nd_cpu",
    "col2im_nd_gpu",
    "get_conv_outsize",
    "im2col_nd",
    "im2col_nd_cpu",
    "im2col_nd_gpu",
]

Sizes = tuple[int, ...]


def as_tuple(x: Any, n: int) -> tuple[Any, ...]:
    """Returns a number as many times as there are axes, or a sequence of that length.

    Args:
        x: A number or a sequence.
        n: The number of axes.

    Raises:
        AssertionError: If the sequence has another length.

    Example:
        >>> from chainer_compat.utils import conv_nd
        >>> conv_nd.as_tuple(3, 2), conv_nd.as_tuple([1, 2], 2)
        ((3, 3), (1, 2))
    """
    if not hasattr(x, "__getitem__"):
        return (x,) * n
    if len(x) != n:
        raise UnexpectedArrayError(f"{n} values are needed, one for each axis; got {x!r}")
    return tuple(x)


def _check_lengths(ndim: int, **sizes: Sizes) -> None:
    for name, given in sizes.items():
        if len(given) != ndim:
            raise UnexpectedArrayError(
                f"{name} needs {ndim} values, one for each axis; got {given}"
            )


def im2col_nd_cpu(
    img: Any,
    ksize: Sizes,
    stride: Sizes,
    pad: Sizes,
    pval: Any = 0,
    cover_all: bool = False,
    dilate: Any = 1,
) -> Any:
    """Returns the patches that a kernel sees.

    Args:
        img: An array of NumPy or CuPy, of shape ``(n, c, *dims)``.
        ksize: The kernel's size along each axis.
        stride: The stride along each axis.
        pad: The padding on both ends of each axis.
        pval: What the padding is filled with.
        cover_all: Whether the last patch may stick out, so that all elements are seen.
        dilate: The dilation, a number or one for each axis.

    Returns:
        An array of shape ``(n, c, *ksize, *outs)``.

    Raises:
        AssertionError: If an argument has the wrong length, or no patch fits.
    """
    dims = tuple(img.shape[2:])
    dilate = as_tuple(dilate, len(dims))
    _check_lengths(len(dims), ksize=ksize, stride=stride, pad=pad)
    outs = tuple(
        get_conv_outsize(d, k, s, p, cover_all, di)
        for d, k, s, p, di in zip(dims, ksize, stride, pad, dilate, strict=True)
    )
    return patches(img, tuple(ksize), stride, pad, pval, dilate, outs)


def patches(
    img: Any, ksize: Sizes, stride: Sizes, pad: Sizes, pval: Any, dilate: Sizes, outs: Sizes
) -> Any:
    """Returns the patches of an image, given their numbers.

    Args:
        img: An array of shape ``(n, c, *dims)``.
        ksize: The kernel's size along each axis.
        stride: The stride along each axis.
        pad: The padding on both ends of each axis.
        pval: What the padding is filled with.
        dilate: The dilation along each axis.
        outs: The number of patches along each axis.

    Raises:
        AssertionError: If a number of patches is not positive.
        ValueError: If there are not as many.
    """
    xp = cuda.get_array_module(img)
    if min(outs, default=1) <= 0:
        raise UnexpectedArrayError(f"no patch of {ksize} fits into an image of {img.shape[2:]}")
    around = [(p, p + s - 1) for s, p in zip(stride, pad, strict=True)]
    padded = xp.pad(img, [(0, 0), (0, 0), *around], mode="constant", constant_values=pval)
    # as_strided does not check its bounds.
    for size, k, s, d, out in zip(padded.shape[2:], ksize, stride, dilate, outs, strict=True):
        if (k - 1) * d + s * (out - 1) >= size:
            raise InvalidArgumentError(
                f"{outs} patches of {ksize} do not fit into an image of {img.shape[2:]}"
            )
    steps = padded.strides[2:]
    view = xp.lib.stride_tricks.as_strided(
        padded,
        padded.shape[:2] + ksize + outs,
        padded.strides[:2]
        + tuple(step * d for step, d in zip(steps, dilate, strict=True))
        + tuple(step * s for step, s in zip(steps, stride, strict=True)),
    )
    return view.copy()


def im2col_nd_gpu(
    img: Any,
    ksize: Sizes,
    stride: Sizes,
    pad: Sizes,
    cover_all: bool = False,
    dilate: Any = 1,
) -> Any:
    """Returns the patches that a kernel sees; see :func:`im2col_nd_cpu`.

    Args:
        img: An array of NumPy or CuPy, of shape ``(n, c, *dims)``.
        ksize: The kernel's size along each axis.
        stride: The stride along each axis.
        pad: The padding on both ends of each axis.
        cover_all: Whether the last patch may stick out.
        dilate: The dilation, a number or one for each axis.
    """
    return im2col_nd_cpu(img, ksize, stride, pad, cover_all=cover_all, dilate=dilate)


im2col_nd = im2col_nd_gpu


def col2im_nd_cpu(col: Any, stride: Sizes, pad: Sizes, dims: Sizes, dilate: Any = 1) -> Any:
    """Adds patches up to an image: what :func:`im2col_nd_cpu` does, transposed.

    Args:
        col: An array of NumPy or CuPy, of shape ``(n, c, *ksize, *outs)``.
        stride: The stride along each axis.
        pad: The padding on both ends of each axis.
        dims: The size of the image along each axis.
        dilate: The dilation, a number or one for each axis.

    Returns:
        An array of shape ``(n, c, *dims)``.

    Raises:
        AssertionError: If an argument has the wrong length.
    """
    xp = cuda.get_array_module(col)
    ndim = (col.ndim - 2) // 2
    ksize, outs = col.shape[2 : 2 + ndim], col.shape[2 + ndim :]
    dilate = as_tuple(dilate, ndim)
    _check_lengths(ndim, outs=outs, stride=stride, pad=pad, dims=dims)
    padded = xp.zeros(
        col.shape[:2] + tuple(d + 2 * p + s - 1 for d, p, s in zip(dims, pad, stride, strict=True)),
        dtype=col.dtype,
    )
    everything = (slice(None), slice(None))
    for offsets in itertools.product(*map(range, ksize)):
        seen = tuple(
            slice(o * d, o * d + s * out, s)
            for o, d, s, out in zip(offsets, dilate, stride, outs, strict=True)
        )
        padded[everything + seen] += col[everything + offsets]
    inner = tuple(slice(p, p + d) for p, d in zip(pad, dims, strict=True))
    return padded[everything + inner]


col2im_nd = col2im_nd_gpu = col2im_nd_cpu
