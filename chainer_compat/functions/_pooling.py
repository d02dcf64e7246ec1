"""Spatial pooling and its reverse (Chainer: *Spatial pooling*)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat import _version1
from chainer_compat._variable import Variable
from chainer_compat.backends import _crossing
from chainer_compat.errors import NotSupportedError, UnexpectedArrayError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._extrema import index_of
from chainer_compat.functions._spatial import crop_or_pad, expect_spatial, in_short, planned, spread
from chainer_compat.utils.argument import assert_kwargs_empty
from chainer_compat.utils.conv import get_conv_outsize, get_deconv_outsize
from chainer_compat.utils.type_check import fail

__all__ = [
    "average_pooling_1d",
    "average_pooling_2d",
    "average_pooling_3d",
    "average_pooling_nd",
    "max_pooling_1d",
    "max_pooling_2d",
    "max_pooling_3d",
    "max_pooling_nd",
    "spatial_pyramid_pooling_2d",
    "unpooling_1d",
    "unpooling_2d",
    "unpooling_3d",
    "unpooling_nd",
    "upsampling_2d",
]

_MAX = {1: torch.max_pool1d, 2: torch.max_pool2d, 3: torch.max_pool3d}
_AVERAGE: dict[int, Callable[..., Tensor]] = {
    1: torch.nn.functional.avg_pool1d,
    2: torch.nn.functional.avg_pool2d,
    3: torch.nn.functional.avg_pool3d,
}
_TRANSPOSED = {
    1: torch.conv_transpose1d,
    2: torch.conv_transpose2d,
    3: torch.conv_transpose3d,
}


class _Windows:
    """The windows of a pooling: sizes, steps, padding, and how far they reach over the end."""

    def __init__(
        self, shape: tuple[int, ...], ksize: Any, stride: Any, pad: Any, cover_all: bool
    ) -> None:
        ndim = len(shape) - 2
        self.ksize = spread(ksize, ndim)
        self.stride = self.ksize if stride is None else spread(stride, ndim)
        self.pad = spread(pad, ndim)
        sizes = tuple(shape[2:])
        axes = list(zip(sizes, self.ksize, self.stride, self.pad, strict=True))
        self.outs = tuple(get_conv_outsize(n, k, s, p, cover_all) for n, k, s, p in axes)
        if any(out <= 0 for out in self.outs):
            raise UnexpectedArrayError(
                f"the output must not be empty: an input of {sizes}, padded by {self.pad}, is "
                f"smaller than the window of {self.ksize}"
            )
        self.extra = tuple(
            max((out - 1) * s + k - (n + 2 * p), 0)
            for out, (n, k, s, p) in zip(self.outs, axes, strict=True)
        )
        # Whether torch's own padding gives the same windows.
        halves = all(2 * p <= k for p, k in zip(self.pad, self.ksize, strict=True))
        self.fits_torch = halves and not any(self.extra)
        # Whether torch's rounding up of the number of windows does, which leaves out windows that
        # begin behind the input.
        self.fits_rounded_up = halves and all(
            (out - 1) * s < n + p for out, (n, _, s, p) in zip(self.outs, axes, strict=True)
        )

    def padded(self, x: Tensor, value: float) -> Tensor:
        """The input with its padding, so that every window lies inside."""
        pads: list[int] = []
        for p, e in zip(self.pad[::-1], self.extra[::-1], strict=True):
            pads += [p, p + e]
        return torch.nn.functional.pad(x, pads, value=value)


_plan_windows = functools.lru_cache(maxsize=1024)(_Windows)


def _windows(x: Tensor, *options: Any) -> _Windows:
    found: _Windows = planned(_plan_windows, x.shape, *options)
    return found


def _check_pooling(x: Tensor, *options: Any) -> None:
    if x.dtype.is_floating_point and 3 <= x.ndim <= 5:
        return
    _checks.expect_floating(x, "in_types[0]")
    if not 3 <= x.ndim <= 5:
        if x.ndim > 5:
            raise NotSupportedError("pooling over more than 3 spatial axes is not supported")
        fail("in_types[0].ndim >= 3", f"{x.ndim} < 3")


@function("MaxPoolingND", check=_check_pooling)
def _max_pooling(x: Tensor, ksize: Any, stride: Any, pad: Any, cover_all: bool) -> Tensor:
    windows = _windows(x, ksize, stride, pad, cover_all)
    pool = _MAX[x.ndim - 2]
    if windows.fits_torch:
        return pool(x, windows.ksize, windows.stride, windows.pad)
    if cover_all and windows.fits_rounded_up:
        return pool(x, windows.ksize, windows.stride, windows.pad, 1, True)
    return pool(windows.padded(x, float("-inf")), windows.ksize, windows.stride)


def _places_of_maxima(x: Tensor, ksize: Any, stride: Any, pad: Any, cover_all: bool) -> Tensor:
    """Where in its window each maximum is, counted row by row."""
    windows = _windows(x, ksize, stride, pad, cover_all)
    patches = windows.padded(x, float("-inf"))
    for axis, (k, s) in enumerate(zip(windows.ksize, windows.stride, strict=True), 2):
        patches = patches.unfold(axis, k, s)
    return index_of("argmax", patches.flatten(x.ndim), -1)


def max_pooling_nd(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    cover_all: bool = True,
    return_indices: bool = False,
    *,
    use_cudnn: Any = None,
) -> Any:
    """Returns the maximum of each window over one, two or three spatial axes.

    Args:
        x: The input, of shape ``(N, C, d1, ...)`` and floating point.
        ksize: The size of the window, an int or one for each spatial axis.
        stride: The step, likewise; the window's size if None.
        pad: How far the windows reach over the border, likewise.
        cover_all: Let the windows reach every element, over the end if need be.
        return_indices: Also return where in its window each maximum is.
        use_cudnn: Accepted for scripts of Chainer 1: torch chooses its kernels.

    Returns:
        A variable of shape ``(N, C, ...)``; with ``return_indices`` also an array of integers.

    Raises:
        InvalidType: If ``x`` is not of floating point.
        AssertionError: If the output would be empty.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.max_pooling_nd(np.array([[[1, 3, 2]]], np.float32), 2)
        variable([[[3., 2.]]])
    """
    result: Variable = _max_pooling(x, ksize, stride, pad, cover_all)
    if not return_indices:
        return result
    tensor = _crossing.as_tensor(x).detach()
    return result, _crossing.as_raw(_places_of_maxima(tensor, ksize, stride, pad, cover_all))


def max_pooling_1d(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> Any:
    """Returns the maximum of each window over one axis; see :func:`max_pooling_nd`.

    Args:
        x: The input, of shape ``(N, C, d)``.
        ksize: The size of the window.
        stride: The step; the window's size if None.
        pad: How far the windows reach over both ends.
        cover_all: Let the windows reach every element.
        return_indices: Also return where in its window each maximum is.

    Returns:
        A variable; with ``return_indices`` also an array of integers.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.max_pooling_1d(np.array([[[1, 3, 2]]], np.float32), 2)
        variable([[[3., 2.]]])
    """
    expect_spatial(x, 1)
    return max_pooling_nd(x, ksize, stride, pad, cover_all, return_indices)


def max_pooling_2d(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    cover_all: bool = True,
    return_indices: bool = False,
    *,
    use_cudnn: Any = None,
) -> Any:
    """Returns the maximum of each window of images; see :func:`max_pooling_nd`.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        ksize: The size of the window, an int or a pair.
        stride: The step, an int or a pair; the window's size if None.
        pad: How far the windows reach over the border, an int or a pair.
        cover_all: Let the windows reach every pixel, over the end if need be.
        return_indices: Also return where in its window each maximum is.
        use_cudnn: Accepted for scripts of Chainer 1: torch chooses its kernels.

    Returns:
        A variable of shape ``(N, C, out H, out W)``; with ``return_indices`` also an array of
        integers.

    Raises:
        InvalidType: If ``x`` is not of floating point.
        ValueError: If ``x`` has another number of axes.
        AssertionError: If the output would be empty.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
        >>> F.max_pooling_2d(x, 2)
        variable([[[[4., 5.],
                    [7., 8.]]]])
    """
    expect_spatial(x, 2)
    return max_pooling_nd(x, ksize, stride, pad, cover_all, return_indices)


def max_pooling_3d(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> Any:
    """Returns the maximum of each window over three axes; see :func:`max_pooling_nd`.

    Args:
        x: The input, of shape ``(N, C, d1, d2, d3)``.
        ksize: The size of the window.
        stride: The step; the window's size if None.
        pad: How far the windows reach over the border.
        cover_all: Let the windows reach every element.
        return_indices: Also return where in its window each maximum is.

    Returns:
        A variable; with ``return_indices`` also an array of integers.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.max_pooling_3d(np.ones((1, 1, 4, 4, 4), np.float32), 2).shape
        (1, 1, 2, 2, 2)
    """
    expect_spatial(x, 3)
    return max_pooling_nd(x, ksize, stride, pad, cover_all, return_indices)


def _average(x: Tensor, ksize: Any, stride: Any, pad: Any, pad_value: int | None) -> Tensor:
    if x.ndim == 5 and x.is_cpu and x.dtype is torch.float16:
        # torch has no such kernel over three axes on the CPU.
        return _average(x.float(), ksize, stride, pad, pad_value).to(x.dtype)
    windows = _windows(x, ksize, stride, pad, False)
    pool = _AVERAGE[x.ndim - 2]
    if windows.fits_torch:
        return pool(x, windows.ksize, windows.stride, windows.pad, False, pad_value == 0)
    total = pool(windows.padded(x, 0.0), windows.ksize, windows.stride)
    if pad_value == 0:
        return total
    ones = torch.ones_like(x, requires_grad=False)
    return total / pool(windows.padded(ones, 0.0), windows.ksize, windows.stride)


@functools.lru_cache(maxsize=1024)
def _in_short(ksize: Any, stride: Any, pad: Any) -> list[Any]:
    """Options of images as torch reads them fastest."""
    return [in_short(ksize), in_short(ksize if stride is None else stride), in_short(pad)]


def _shortcut_average_2d(
    x: Tensor, ksize: Any, stride: Any, pad: Any, pad_value: int | None
) -> Tensor | None:
    # torch refuses an empty result, and padding wider than half a window.
    if x.dtype is not torch.float32:
        return None
    return torch.nn.functional.avg_pool2d(x, *_in_short(ksize, stride, pad))


_average_pooling_2d = function(
    "AveragePooling2D", check=_check_pooling, shortcut=_shortcut_average_2d
)(_average)
_average_pooling_nd = function("AveragePoolingND", check=_check_pooling)(_average)


def average_pooling_2d(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    use_cudnn: Any = None,
) -> Variable:
    """Returns the mean of each window of images; padding counts as zeros.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        ksize: The size of the window, an int or a pair.
        stride: The step, an int or a pair; the window's size if None.
        pad: How far the windows reach over the border, an int or a pair.
        use_cudnn: Accepted for scripts of Chainer 1: torch chooses its kernels.

    Returns:
        A variable of shape ``(N, C, out H, out W)``.

    Raises:
        InvalidType: If ``x`` is not of floating point or has another number of axes.
        AssertionError: If the output would be empty.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.average_pooling_2d(np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2), 2)
        variable([[[[1.5]]]])
    """
    _version1.expect_switch(use_cudnn)
    if getattr(x, "ndim", None) != 4:
        _checks.fail_ndim("AveragePooling2D", x, 4)
    result: Variable = _average_pooling_2d(x, ksize, stride, pad, 0)
    return result


def average_pooling_nd(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    pad_value: int | None = 0,
    *,
    use_cudnn: Any = None,
) -> Variable:
    """Returns the mean of each window over one, two or three spatial axes.

    Args:
        x: The input, of shape ``(N, C, d1, ...)`` and floating point.
        ksize: The size of the window, an int or one for each spatial axis.
        stride: The step, likewise; the window's size if None.
        pad: How far the windows reach over the border, likewise.
        pad_value: 0 counts the padding as zeros, None not at all.
        use_cudnn: Accepted for scripts of Chainer 1: torch chooses its kernels. By position it came
            where ``pad_value`` is now, which is no bool.

    Returns:
        A variable of shape ``(N, C, ...)``.

    Raises:
        InvalidType: If ``x`` is not of floating point.
        ValueError: If ``pad_value`` is another value.
        AssertionError: If the output would be empty.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.average_pooling_nd(np.array([[[1, 3, 2]]], np.float32), 2, 2, 1, pad_value=None)
        variable([[[1. , 2.5]]])
    """
    if _version1.is_switch(pad_value):
        pad_value = 0
    if pad_value not in (0, None):
        raise ValueError(f"pad_value must be 0 or None; got {pad_value!r}")
    result: Variable = _average_pooling_nd(x, ksize, stride, pad, pad_value)
    return result


def average_pooling_1d(
    x: Any, ksize: Any, stride: Any = None, pad: Any = 0, pad_value: int | None = 0
) -> Variable:
    """Returns the mean of each window over one axis; see :func:`average_pooling_nd`.

    Args:
        x: The input, of shape ``(N, C, d)``.
        ksize: The size of the window.
        stride: The step; the window's size if None.
        pad: How far the windows reach over both ends.
        pad_value: 0 counts the padding as zeros, None not at all.

    Returns:
        A variable.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.average_pooling_1d(np.array([[[1, 3]]], np.float32), 2)
        variable([[[2.]]])
    """
    expect_spatial(x, 1)
    return average_pooling_nd(x, ksize, stride, pad, pad_value)


def average_pooling_3d(
    x: Any, ksize: Any, stride: Any = None, pad: Any = 0, pad_value: int | None = 0
) -> Variable:
    """Returns the mean of each window over three axes; see :func:`average_pooling_nd`.

    Args:
        x: The input, of shape ``(N, C, d1, d2, d3)``.
        ksize: The size of the window.
        stride: The step; the window's size if None.
        pad: How far the windows reach over the border.
        pad_value: 0 counts the padding as zeros, None not at all.

    Returns:
        A variable.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.average_pooling_3d(np.ones((1, 1, 4, 4, 4), np.float32), 2).shape
        (1, 1, 2, 2, 2)
    """
    expect_spatial(x, 3)
    return average_pooling_nd(x, ksize, stride, pad, pad_value)


def _sum_windows(columns: Tensor, kernel: Tensor, stride: tuple[int, ...], groups: int) -> Tensor:
    """Puts windows back where they came from, adding where they overlap."""
    return _TRANSPOSED[columns.ndim - 2](columns, kernel, None, stride, 0, 0, groups)


def _spreading(
    shape: tuple[int, ...], ksize: Any, stride: Any, pad: Any, outsize: Any, cover_all: bool
) -> tuple[tuple[int, ...], ...]:
    """For each spatial axis: the window, the step, what is cut off, and the output's size."""
    ndim = len(shape) - 2
    sizes = spread(ksize, ndim)
    strides = sizes if stride is None else spread(stride, ndim)
    pads = spread(pad, ndim)
    if outsize is None:
        outs = tuple(
            get_deconv_outsize(n, k, s, p, cover_all)
            for n, k, s, p in zip(shape[2:], sizes, strides, pads, strict=True)
        )
    else:
        outs = spread(outsize, ndim)
    return sizes, strides, pads, outs


def _unpool(x: Tensor, ksize: Any, stride: Any, pad: Any, outsize: Any, cover_all: bool) -> Tensor:
    sizes, strides, pads, outs = _spreading(x.shape, ksize, stride, pad, outsize, cover_all)
    kernel = torch.ones(x.shape[1], 1, *sizes, dtype=x.dtype, device=x.device)
    return crop_or_pad(_sum_windows(x, kernel, strides, x.shape[1]), pads, outs)


# From so many elements on a convolution is the faster way to repeat them.
_MANY = 1 << 14

# Repeats each pixel; torch's other kernel for it ("nearest") misses the place of some by one.
_repeat_pixels: Any = torch._C._nn._upsample_nearest_exact2d


@functools.lru_cache(maxsize=1024)
def _plan_repeating(
    shape: tuple[int, ...], ksize: Any, stride: Any, pad: Any, outsize: Any, cover_all: bool
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The sizes of all windows and of the output, if the windows lie side by side."""
    sizes, strides, pads, outs = _spreading(shape, ksize, stride, pad, outsize, cover_all)
    if sizes != strides or any(pads):
        return None
    return tuple(n * k for n, k in zip(shape[2:], sizes, strict=True)), outs


def _shortcut_unpooling_2d(
    x: Tensor, ksize: Any, stride: Any, pad: Any, outsize: Any, cover_all: bool
) -> Tensor | None:
    if x.dtype is not torch.float32 or not x.is_cpu or x.ndim != 4 or x.numel() >= _MANY:
        return None
    plan = _plan_repeating(x.shape, ksize, stride, pad, outsize, cover_all)
    if plan is None:
        return None
    whole, outs = plan
    y: Tensor = _repeat_pixels(x, whole)
    return y if whole == outs else crop_or_pad(y, (0, 0), outs)


_unpooling_2d = function("Unpooling2D", check=_check_pooling, shortcut=_shortcut_unpooling_2d)(
    _unpool
)
_unpooling_nd = function("UnpoolingND", check=_check_pooling)(_unpool)


def unpooling_2d(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> Variable:
    """Spreads each pixel over a window, the reverse of pooling; windows add where they overlap.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        ksize: The size of the window, an int or a pair.
        stride: The step, an int or a pair; the window's size if None.
        pad: How much is cut off around the output, an int or a pair.
        outsize: The size of the output, a pair; worked out if None.
        cover_all: Work it out as the smallest that pooling with ``cover_all`` would shrink to
            ``x``'s size.

    Returns:
        A variable of shape ``(N, C, out H, out W)``.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[[[1, 2]]]], np.float32)
        >>> F.unpooling_2d(x, 2, cover_all=False)
        variable([[[[1., 1., 2., 2.],
                    [1., 1., 2., 2.]]]])
    """
    if getattr(x, "ndim", None) != 4:
        _checks.fail_ndim("Unpooling2D", x, 4)
    result: Variable = _unpooling_2d(x, ksize, stride, pad, outsize, cover_all)
    return result


def unpooling_nd(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> Variable:
    """Spreads each element over a window, over one, two or three axes; see :func:`unpooling_2d`.

    Args:
        x: The input, of shape ``(N, C, d1, ...)`` and floating point.
        ksize: The size of the window, an int or one for each spatial axis.
        stride: The step, likewise; the window's size if None.
        pad: How much is cut off around the output, likewise.
        outsize: The size of the output, one for each spatial axis; worked out if None.
        cover_all: How to work it out.

    Returns:
        A variable.

    Raises:
        InvalidType: If ``x`` is not of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.unpooling_nd(np.array([[[1, 2]]], np.float32), 2, cover_all=False)
        variable([[[1., 1., 2., 2.]]])
    """
    result: Variable = _unpooling_nd(x, ksize, stride, pad, outsize, cover_all)
    return result


def unpooling_1d(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> Variable:
    """Spreads each element over a window of one axis; see :func:`unpooling_nd`.

    Args:
        x: The input, of shape ``(N, C, d)``.
        ksize: The size of the window.
        stride: The step; the window's size if None.
        pad: How much is cut off at both ends.
        outsize: The size of the output; worked out if None.
        cover_all: How to work it out.

    Returns:
        A variable.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.unpooling_1d(np.array([[[1, 2]]], np.float32), 2, cover_all=False)
        variable([[[1., 1., 2., 2.]]])
    """
    expect_spatial(x, 1)
    return unpooling_nd(x, ksize, stride, pad, outsize, cover_all)


def unpooling_3d(
    x: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> Variable:
    """Spreads each element over a window of three axes; see :func:`unpooling_nd`.

    Args:
        x: The input, of shape ``(N, C, d1, d2, d3)``.
        ksize: The size of the window.
        stride: The step; the window's size if None.
        pad: How much is cut off around the output.
        outsize: The size of the output; worked out if None.
        cover_all: How to work it out.

    Returns:
        A variable.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.unpooling_3d(np.ones((1, 1, 2, 2, 2), np.float32), 2, cover_all=False).shape
        (1, 1, 4, 4, 4)
    """
    expect_spatial(x, 3)
    return unpooling_nd(x, ksize, stride, pad, outsize, cover_all)


def _check_upsampling(x: Tensor, indexes: Any, *options: Any) -> None:
    _checks.expect_floating(x, "in_types[0]")
    _checks.expect_ndim(x, "in_types[0]", 4)
    if tuple(x.shape) != tuple(indexes.shape):
        fail("in_types[0].shape == indexes.shape", f"{tuple(x.shape)} != {tuple(indexes.shape)}")


@functools.lru_cache(maxsize=256)
def _corners(rows: int, columns: int, down: int, right: int, width: int) -> Any:
    """Where each window begins, in an image of some width, as a NumPy array."""
    return np.arange(rows)[:, None] * (down * width) + np.arange(columns) * right


@function("Upsampling2D", check=_check_upsampling)
def _upsample(
    x: Tensor,
    indexes: Any,
    ksize: Any,
    stride: Any,
    pad: Any,
    outsize: Any,
    cover_all: bool,
) -> Tensor:
    n, c, h, w = x.shape
    sizes, strides, pads, outs = _spreading(x.shape, ksize, stride, pad, outsize, cover_all)
    places = _crossing.as_tensor(indexes).to(x.device, torch.int64)
    cells = sizes[0] * sizes[1]
    # On a GPU a look would wait for it.
    if places.is_cpu and places.numel():
        lowest, highest = (int(place) for place in places.aminmax())
        if lowest < 0 or highest >= cells:
            raise IndexError(
                f"indexes are places in windows of {sizes}: from 0 to {cells - 1}; got {lowest} "
                f"to {highest}"
            )
    height, width = ((m - 1) * s + k for m, s, k in zip((h, w), strides, sizes, strict=True))
    row = places.div(sizes[1], rounding_mode="floor")
    # The place in its window, as one in the whole; windows that overlap add up.
    flat = (
        places
        + row * (width - sizes[1])
        + torch.from_numpy(_corners(h, w, *strides, width)).to(x.device)
    )
    y = x.new_zeros(n, c, height * width)
    y = y.scatter_add(2, flat.flatten(2), x.flatten(2))
    return crop_or_pad(y.view(n, c, height, width), pads, outs)


def upsampling_2d(
    x: Any,
    indexes: Any,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> Variable:
    """Puts each pixel to one place of its window: the reverse of max pooling with its places.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        indexes: The places, as :func:`max_pooling_2d` returns them.
        ksize: The size of the window, an int or a pair.
        stride: The step, an int or a pair; the window's size if None.
        pad: How much is cut off around the output, an int or a pair.
        outsize: The size of the output, a pair; worked out if None.
        cover_all: How to work it out.

    Returns:
        A variable of shape ``(N, C, out H, out W)``.

    Raises:
        InvalidType: If ``x`` is not of floating point, or has another shape than ``indexes``.
        IndexError: If a window has no such place.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
        >>> y, indexes = F.max_pooling_2d(x, 2, return_indices=True)
        >>> F.upsampling_2d(y, indexes, 2, outsize=(2, 2))
        variable([[[[0., 0.],
                    [0., 3.]]]])
    """
    result: Variable = _upsample(x, indexes, ksize, stride, pad, outsize, cover_all)
    return result


def spatial_pyramid_pooling_2d(
    x: Any, pyramid_height: int, pooling: Any = None, *version_1: Any, **kwargs: Any
) -> Variable:
    """Returns the maxima of images over ever finer grids, one behind the other.

    Source: He et al., *Spatial Pyramid Pooling in Deep Convolutional Networks for Visual
    Recognition*, 2014.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        pyramid_height: The number of grids; the i-th has ``2 ** i`` by ``2 ** i`` cells.
        pooling: ``"max"``, the only kind there is; or ``MaxPooling2D``, as up to Chainer 4.
        *version_1: ``use_cudnn``, as below.
        **kwargs: ``pooling_class``, what ``pooling`` was called then; ``use_cudnn``, accepted for
            scripts of Chainer 1.

    Returns:
        A variable of shape ``(N, C * (1 + 4 + ...), 1, 1)``.

    Raises:
        ValueError: If ``pooling`` is another one.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.spatial_pyramid_pooling_2d(np.ones((1, 2, 4, 4), np.float32), 2, 'max').shape
        (1, 10, 1, 1)
    """
    from chainer_compat.functions._joining import concat
    from chainer_compat.functions._shape import reshape

    if version_1:
        _version1.switches(kwargs, version_1, "use_cudnn")
    if kwargs:
        _version1.take(kwargs, "use_cudnn")
        pooling = kwargs.pop("pooling_class", pooling)
        assert_kwargs_empty(kwargs)
    if pooling != "max" and getattr(pooling, "__name__", None) != "MaxPooling2D":
        raise ValueError(f"pooling must be 'max'; got {pooling!r}")
    height, width = x.shape[2:]
    levels = []
    for level in range(pyramid_height):
        bins = 2**level
        ksize = (int(np.ceil(height / bins)), int(np.ceil(width / bins)))
        pads = ((bins * ksize[0] - height) // 2, (bins * ksize[1] - width) // 2)
        pooled = max_pooling_nd(x, ksize, None, pads, cover_all=True)
        levels.append(reshape(pooled, (x.shape[0], -1, 1, 1)))
    return concat(levels)
