"""Convolutions and their transposes (Chainer: *Neural network connections*)."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import torch
from torch import Tensor

from chainer_compat import _version1
from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError, NotSupportedError, UnexpectedArrayError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._spatial import crop_or_pad, expect_spatial, in_short, planned, spread
from chainer_compat.utils.argument import assert_kwargs_empty
from chainer_compat.utils.conv import get_conv_outsize, get_deconv_outsize
from chainer_compat.utils.type_check import fail

__all__ = [
    "convolution_1d",
    "convolution_2d",
    "convolution_3d",
    "convolution_nd",
    "convolve_images",
    "deconvolution_1d",
    "deconvolution_2d",
    "deconvolution_3d",
    "deconvolution_nd",
    "deconvolve_images",
    "depthwise_convolution_2d",
    "dilated_convolution_2d",
]

_CONVOLUTIONS = {
    1: torch.nn.functional.conv1d,
    2: torch.nn.functional.conv2d,
    3: torch.nn.functional.conv3d,
}
_DECONVOLUTIONS = {
    1: torch.nn.functional.conv_transpose1d,
    2: torch.nn.functional.conv_transpose2d,
    3: torch.nn.functional.conv_transpose3d,
}
_VERSION_1 = ("deterministic", "requires_x_grad", "use_cudnn")
_float32 = torch.float32


@functools.lru_cache(maxsize=1024)
def _in_short(stride: Any, pad: Any, dilate: Any, groups: int) -> tuple[Any, ...]:
    """Options as torch reads them fastest, none of them at its default."""
    strides, pads, dilates = in_short(stride), in_short(pad), in_short(dilate)
    return (strides, pads) if dilates == groups == 1 else (strides, pads, dilates, groups)


def _dilate_and_groups(kwargs: dict[str, Any]) -> tuple[Any, int]:
    """Takes what a convolution of images has by keyword, and refuses what is left."""
    dilate, groups = kwargs.pop("dilate", 1), kwargs.pop("groups", 1)
    if kwargs:
        _version1.take(kwargs, *_VERSION_1)
        assert_kwargs_empty(kwargs)
    return dilate, groups


def _check_convolution(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    stride: Any,
    pad: Any,
    cover_all: bool,
    dilate: Any,
    groups: int,
) -> None:
    if _fits(x, W, b, groups):
        return
    _check_common(x, W, b, W.shape[0] if W.ndim else 0)
    if x.shape[1] != W.shape[1] * groups:
        fail(
            f"in_types[0].shape[1] == in_types[1].shape[1] * {groups}",
            f"{x.shape[1]} != {W.shape[1] * groups}",
        )


def _fits(x: Tensor, W: Tensor, b: Tensor | None, groups: int) -> bool:
    """Whether the inputs are those of nearly every convolution, in as few questions as it takes."""
    dtype, shape, filters = x.dtype, x.shape, W.shape
    return (
        dtype.is_floating_point
        and W.dtype is dtype
        and len(shape) == len(filters) > 2
        and shape[1] == filters[1] * groups
        and (b is None or (b.dtype is dtype and b.shape == (filters[0],)))
    )


def _check_common(x: Tensor, W: Tensor, b: Tensor | None, out_channels: int) -> None:
    _checks.expect_floating(x, "in_types[0]")
    _checks.expect_floating(W, "in_types[1]")
    if x.ndim < 3:
        fail("in_types[0].ndim >= 3", f"{x.ndim} < 3")
    _checks.expect_ndim(W, "in_types[1]", x.ndim)
    if b is not None:
        _checks.expect_floating(b, "in_types[2]")
        _checks.expect_ndim(b, "in_types[2]", 1)
        if b.shape[0] != out_channels:
            fail("in_types[2].shape[0] == in_types[1].shape[0]", f"{b.shape[0]} != {out_channels}")


def _kernel(table: dict[int, Any], ndim: int) -> Any:
    if ndim not in table:
        raise NotSupportedError(
            f"convolutions over {ndim} spatial axes are not supported; torch has 1 to 3. "
            "Reshape, or loop over the axes beyond the third"
        )
    return table[ndim]


def _run_wide(kernel: Any, x: Tensor, W: Tensor, b: Tensor | None, *options: Any) -> Tensor:
    """Runs a kernel in the widest dtype and answers in x's, as Chainer mixes them."""
    wide = torch.promote_types(x.dtype, W.dtype)
    if wide is torch.float16 and x.is_cpu:
        # Backward, oneDNN takes a hundred times as long in half precision, and torch's second
        # derivative of a dilated one crashes.
        wide = torch.float32
    if x.dtype is wide and W.dtype is wide and (b is None or b.dtype is wide):
        result: Tensor = kernel(x, W, b, *options)
        return result
    bias = None if b is None else b.to(wide)
    result = kernel(x.to(wide), W.to(wide), bias, *options)
    return result.to(x.dtype)


class _Plan(NamedTuple):
    """How a convolution runs: its kernel and options, and the window that it looks at, if any."""

    kernel: Any
    options: tuple[Any, ...]
    window: tuple[tuple[int, ...], tuple[int, ...]] | None


@functools.lru_cache(maxsize=1024)
def _plan(
    shape: tuple[int, ...],
    filters: tuple[int, ...],
    stride: Any,
    pad: Any,
    cover_all: bool,
    dilate: Any,
    groups: int,
) -> _Plan:
    ndim = len(shape) - 2
    kernel = _kernel(_CONVOLUTIONS, ndim)
    strides, pads, dilates = spread(stride, ndim), spread(pad, ndim), spread(dilate, ndim)
    if filters[0] % groups:
        raise InvalidArgumentError(
            f"the number of output channels, {filters[0]}, must be a multiple of groups, {groups}"
        )
    extra = []
    for size, k, s, p, d in zip(shape[2:], filters[2:], strides, pads, dilates, strict=True):
        out = get_conv_outsize(size, k, s, p, cover_all, d)
        if out <= 0:
            raise UnexpectedArrayError(
                f"the output must not be empty: an input of {size}, padded by {p} on both sides, "
                f"is smaller than the filter of {k} (dilated by {d})"
            )
        extra.append(max((out - 1) * s + d * (k - 1) + 1 - (size + 2 * p), 0))
    if not any(extra):
        return _Plan(kernel, (strides, pads, dilates, groups), None)
    # Beyond the padding on both sides, `cover_all` looks at zeros behind the end.
    starts = tuple(-p for p in pads)
    sizes = tuple(n + 2 * p + e for n, p, e in zip(shape[2:], pads, extra, strict=True))
    return _Plan(kernel, (strides, (0,) * ndim, dilates, groups), (starts, sizes))


def _convolve(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    stride: Any,
    pad: Any,
    cover_all: bool,
    dilate: Any,
    groups: int,
) -> Tensor:
    plan = planned(_plan, x.shape, W.shape, stride, pad, cover_all, dilate, groups)
    if plan.window is not None:
        x = crop_or_pad(x, *plan.window)
    dtype = x.dtype
    if W.dtype is dtype is not torch.float16 and (b is None or b.dtype is dtype):
        result: Tensor = plan.kernel(x, W, b, *plan.options)
        return result
    return _run_wide(plan.kernel, x, W, b, *plan.options)


def _check_convolution_2d(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    stride: Any,
    pad: Any,
    cover_all: bool,
    dilate: Any,
    groups: int,
) -> None:
    if not _fits(x, W, b, groups):
        _check_convolution(x, W, b, stride, pad, cover_all, dilate, groups)
        _check_bias_2d(x, b)


def _check_bias_2d(x: Tensor, b: Tensor | None) -> None:
    # Of images only: over other numbers of axes Chainer mixes dtypes.
    if b is not None and b.dtype is not x.dtype:
        _checks.expect_same_dtype(b, x, "in_types[2]", "in_types[0]")


def _shortcut_2d(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    stride: Any,
    pad: Any,
    cover_all: bool,
    dilate: Any,
    groups: int,
) -> Tensor | None:
    # torch compares dtypes and shapes, and refuses an empty result.
    if cover_all or x.dtype is not _float32:
        return None
    return torch.conv2d(x, W, b, *_in_short(stride, pad, dilate, groups))


_convolution_2d = function(
    "Convolution2DFunction", check=_check_convolution_2d, shortcut=_shortcut_2d
)(_convolve)


@functools.lru_cache(maxsize=1024)
def _over_axes(ndim: int, stride: Any, pad: Any, dilate: Any) -> tuple[Any, ...]:
    """The kernel for so many spatial axes, and options as it takes them."""
    options = (spread(option, ndim) for option in (stride, pad, dilate))
    return _kernel(_CONVOLUTIONS, ndim), *options


def _shortcut_nd(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    stride: Any,
    pad: Any,
    cover_all: bool,
    dilate: Any,
    groups: int,
) -> Tensor | None:
    # As in two dimensions.
    if cover_all or x.dtype is not _float32:
        return None
    kernel, *options = _over_axes(x.ndim - 2, stride, pad, dilate)
    y: Tensor = kernel(x, W, b, *options, groups)
    return y


_convolution_nd = function("ConvolutionND", check=_check_convolution, shortcut=_shortcut_nd)(
    _convolve
)


def convolution_2d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = 1,
    pad: Any = 0,
    cover_all: bool = False,
    *version_1: Any,
    **kwargs: Any,
) -> Variable:
    """Returns the two-dimensional convolution (cross-correlation, in fact) of images.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        W: The filters, of shape ``(out channels, C / groups, kH, kW)``.
        b: The bias, of shape ``(out channels,)``.
        stride: The step, an int or a pair.
        pad: How many zeros are put around the images, an int or a pair.
        cover_all: Let the filters reach every pixel, over the border if need be.
        *version_1: Where there are more, they are Chainer 1's ``use_cudnn``, ``cover_all`` and
            ``deterministic``, in this order.
        **kwargs: ``dilate``, the distance of the filter's elements, an int or a pair; ``groups``,
            the number of groups of channels that do not see each other.

    Returns:
        A variable of shape ``(N, out channels, out H, out W)`` and of ``x``'s dtype.

    Raises:
        InvalidType: If dtypes are not of floating point or shapes do not fit.
        AssertionError: If the output would be empty.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 1, 3, 3), np.float32)
        >>> F.convolution_2d(x, np.ones((1, 1, 2, 2), np.float32))
        variable([[[[4., 4.],
                    [4., 4.]]]])
    """
    if version_1:
        # The first of them stands in the place of `cover_all`.
        _version1.switches(kwargs, (cover_all, *version_1), "use_cudnn", "cover", "deterministic")
        cover_all = kwargs.pop("cover")
    dilate, groups = _dilate_and_groups(kwargs) if kwargs else (1, 1)
    return convolve_images(x, W, b, stride, pad, cover_all, dilate, groups)


def convolve_images(
    x: Any, W: Any, b: Any, stride: Any, pad: Any, cover_all: bool, dilate: Any, groups: int
) -> Variable:
    """Returns :func:`convolution_2d`, with all arguments by place.

    Args:
        x: The images.
        W: The filters.
        b: The bias, or None.
        stride: The step.
        pad: How many zeros are put around the images.
        cover_all: Let the filters reach every pixel.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.
    """
    if getattr(x, "ndim", None) != 4:
        _checks.fail_ndim("Convolution2DFunction", x, 4)
    result: Variable = _convolution_2d(x, W, b, stride, pad, cover_all, dilate, groups)
    return result


def convolution_nd(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = 1,
    pad: Any = 0,
    cover_all: bool = False,
    dilate: Any = 1,
    groups: int = 1,
    *,
    use_cudnn: Any = None,
) -> Variable:
    """Returns the convolution over one, two or three spatial axes.

    Args:
        x: The input, of shape ``(N, C, d1, ...)`` and floating point.
        W: The filters, of shape ``(out channels, C / groups, k1, ...)``.
        b: The bias, of shape ``(out channels,)``.
        stride: The step, an int or one for each spatial axis.
        pad: How many zeros are put around the input, likewise.
        cover_all: Let the filters reach every element, over the border if need be.
        dilate: The distance of the filter's elements, likewise.
        groups: The number of groups of channels that do not see each other.
        use_cudnn: Accepted for scripts of Chainer 1: torch chooses its kernels. By position it came
            before ``cover_all``, which a bool in the place of ``dilate`` tells.

    Returns:
        A variable of shape ``(N, out channels, ...)`` and of ``x``'s dtype.

    Raises:
        InvalidType: If dtypes are not of floating point or shapes do not fit.
        AssertionError: If the output would be empty.
        NotImplementedError: If there are more than three spatial axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.convolution_nd(np.ones((1, 1, 3), np.float32), np.ones((1, 1, 2), np.float32))
        variable([[[2., 2.]]])
    """
    if _version1.is_switch(dilate):
        cover_all, dilate = dilate, 1
    result: Variable = _convolution_nd(x, W, b, stride, pad, cover_all, dilate, groups)
    return result


def convolution_1d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = 1,
    pad: Any = 0,
    cover_all: bool = False,
    dilate: Any = 1,
    groups: int = 1,
) -> Variable:
    """Returns the convolution over one spatial axis; see :func:`convolution_nd`.

    Args:
        x: The input, of shape ``(N, C, d)``.
        W: The filters.
        b: The bias.
        stride: The step.
        pad: How many zeros are put at both ends.
        cover_all: Let the filters reach every element.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.

    Returns:
        A variable.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.convolution_1d(np.ones((1, 1, 3), np.float32), np.ones((1, 1, 2), np.float32))
        variable([[[2., 2.]]])
    """
    expect_spatial(x, 1)
    return convolution_nd(x, W, b, stride, pad, cover_all, dilate, groups)


def convolution_3d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = 1,
    pad: Any = 0,
    cover_all: bool = False,
    dilate: Any = 1,
    groups: int = 1,
) -> Variable:
    """Returns the convolution over three spatial axes; see :func:`convolution_nd`.

    Args:
        x: The input, of shape ``(N, C, d1, d2, d3)``.
        W: The filters.
        b: The bias.
        stride: The step.
        pad: How many zeros are put around the input.
        cover_all: Let the filters reach every element.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.

    Returns:
        A variable.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 1, 3, 3, 3), np.float32)
        >>> F.convolution_3d(x, np.ones((1, 1, 2, 2, 2), np.float32)).shape
        (1, 1, 2, 2, 2)
    """
    expect_spatial(x, 3)
    return convolution_nd(x, W, b, stride, pad, cover_all, dilate, groups)


def dilated_convolution_2d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = 1,
    pad: Any = 0,
    dilate: Any = 1,
    cover_all: bool = False,
    *version_1: Any,
    use_cudnn: Any = None,
) -> Variable:
    """Returns the convolution with holes in the filters; see :func:`convolution_2d`.

    Args:
        x: The images.
        W: The filters.
        b: The bias.
        stride: The step.
        pad: How many zeros are put around the images.
        dilate: The distance of the filter's elements.
        cover_all: Let the filters reach every pixel.
        *version_1: Where there is one more, the two are Chainer 1's ``use_cudnn`` and
            ``cover_all``, in this order.
        use_cudnn: Accepted for scripts of Chainer 1: torch chooses its kernels.

    Returns:
        A variable.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 1, 5, 5), np.float32)
        >>> F.dilated_convolution_2d(x, np.ones((1, 1, 3, 3), np.float32), dilate=2).shape
        (1, 1, 1, 1)
    """
    if version_1:
        both: dict[str, Any] = {}
        _version1.switches(both, (cover_all, *version_1), "use_cudnn", "cover_all")
        cover_all = both["cover_all"]
    return convolution_2d(x, W, b, stride, pad, cover_all, dilate=dilate)


def depthwise_convolution_2d(
    x: Any, W: Any, b: Any = None, stride: Any = 1, pad: Any = 0
) -> Variable:
    """Returns the convolution of each channel with filters of its own.

    Args:
        x: The images, of shape ``(N, C, H, W)``.
        W: The filters, of shape ``(multiplier, C, kH, kW)``.
        b: The bias, of shape ``(C * multiplier,)``.
        stride: The step.
        pad: How many zeros are put around the images.

    Returns:
        A variable of shape ``(N, C * multiplier, out H, out W)``.

    Raises:
        InvalidType: If dtypes are not of floating point or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 2, 3, 3), np.float32)
        >>> F.depthwise_convolution_2d(x, np.ones((3, 2, 2, 2), np.float32)).shape
        (1, 6, 2, 2)
    """
    from chainer_compat.functions._shape import reshape, transpose

    multiplier, channels, height, width = W.shape
    filters = reshape(transpose(W, (1, 0, 2, 3)), (multiplier * channels, 1, height, width))
    return convolution_2d(x, filters, b, stride, pad, groups=channels)


def _check_deconvolution(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    stride: Any,
    pad: Any,
    outsize: Any,
    dilate: Any,
    groups: int,
) -> None:
    if (
        outsize is None
        and len(x.shape) == len(W.shape) > 2
        and x.shape[1] == W.shape[0]
        and _checks.all_of_one_floating(x, W, b)
        and (b is None or b.shape == (W.shape[1] * groups,))
    ):
        return  # by far the most frequent case, in as few questions as it takes
    _check_common(x, W, b, W.shape[1] * groups if W.ndim > 1 else 0)
    if x.shape[1] != W.shape[0]:
        fail("in_types[0].shape[1] == in_types[1].shape[0]", f"{x.shape[1]} != {W.shape[0]}")
    if outsize is None:
        return
    ndim = x.ndim - 2
    options = zip(
        spread(outsize, ndim), W.shape[2:], spread(stride, ndim), spread(pad, ndim),
        spread(dilate, ndim), x.shape[2:], strict=True,
    )  # fmt: skip
    for axis, (out, k, s, p, d, size) in enumerate(options):
        found = get_conv_outsize(out, k, s, p, d=d)
        if found > size:
            fail(
                f"the outsize {out} along axis {axis + 2} takes at most {size} elements",
                f"{found} > {size}",
            )


class _DeconvolutionPlan(NamedTuple):
    """How a deconvolution runs; with a window, it is taken of the whole, which has no padding."""

    kernel: Any
    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilates: tuple[int, ...]
    more: tuple[int, ...]
    window: tuple[tuple[int, ...], tuple[int, ...]] | None


@functools.lru_cache(maxsize=1024)
def _plan_deconvolution(
    shape: tuple[int, ...],
    filters: tuple[int, ...],
    stride: Any,
    pad: Any,
    outsize: Any,
    dilate: Any,
) -> _DeconvolutionPlan:
    ndim = len(shape) - 2
    kernel = _kernel(_DECONVOLUTIONS, ndim)
    strides, pads, dilates = spread(stride, ndim), spread(pad, ndim), spread(dilate, ndim)
    default = tuple(
        get_deconv_outsize(n, k, s, p, d=d)
        for n, k, s, p, d in zip(shape[2:], filters[2:], strides, pads, dilates, strict=True)
    )
    outs = default if outsize is None else spread(outsize, ndim)
    if min(outs) <= 0:
        raise UnexpectedArrayError(f"the output must not be empty; its sizes would be {outs}")
    more = tuple(o - d for o, d in zip(outs, default, strict=True))
    if all(0 <= m < max(s, d) for m, s, d in zip(more, strides, dilates, strict=True)):
        return _DeconvolutionPlan(kernel, strides, pads, dilates, more, None)
    # torch has no such size by itself.
    return _DeconvolutionPlan(kernel, strides, pads, dilates, more, (pads, outs))


def _deconvolve(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    stride: Any,
    pad: Any,
    outsize: Any,
    dilate: Any,
    groups: int,
) -> Tensor:
    plan = planned(_plan_deconvolution, x.shape, W.shape, stride, pad, outsize, dilate)
    if plan.window is None:
        return _run_wide(
            plan.kernel, x, W, b, plan.strides, plan.pads, plan.more, groups, plan.dilates
        )
    whole = _run_wide(plan.kernel, x, W, None, plan.strides, 0, 0, groups, plan.dilates)
    y = crop_or_pad(whole, *plan.window)
    return y if b is None else y + b.to(y.dtype).reshape(1, -1, *(1,) * (x.ndim - 2))


def _check_deconvolution_2d(x: Tensor, W: Tensor, b: Tensor | None, *options: Any) -> None:
    _check_deconvolution(x, W, b, *options)
    _check_bias_2d(x, b)


def _shortcut_transposed_2d(
    x: Tensor,
    W: Tensor,
    b: Tensor | None,
    stride: Any,
    pad: Any,
    outsize: Any,
    dilate: Any,
    groups: int,
) -> Tensor | None:
    # torch compares dtypes and shapes.
    options = _in_short(stride, pad, dilate, groups)
    if outsize is not None or len(options) > 2 or x.dtype is not _float32:
        return None
    y = torch.conv_transpose2d(x, W, b, *options)
    return y if y.numel() else None


_deconvolution_2d = function(
    "Deconvolution2DFunction", check=_check_deconvolution_2d, shortcut=_shortcut_transposed_2d
)(_deconvolve)


def _check_deconvolution_nd(x: Tensor, W: Tensor, b: Tensor | None, *options: Any) -> None:
    _check_deconvolution(x, W, b, *options)
    stride, pad, outsize, dilate, _ = options
    if outsize is None:
        return
    ndim = x.ndim - 2
    axes = zip(
        spread(outsize, ndim), W.shape[2:], spread(stride, ndim), spread(pad, ndim),
        spread(dilate, ndim), x.shape[2:], strict=True,
    )  # fmt: skip
    for axis, (out, k, s, p, d, size) in enumerate(axes):
        covered = get_conv_outsize(out, k, s, p, cover_all=True, d=d)
        if size > covered:
            fail(f"the outsize {out} along axis {axis + 2} takes {size}", f"{size} > {covered}")


_deconvolution_nd = function("DeconvolutionND", check=_check_deconvolution_nd)(_deconvolve)


def deconvolution_2d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = 1,
    pad: Any = 0,
    outsize: Any = None,
    *version_1: Any,
    **kwargs: Any,
) -> Variable:
    """Returns the transposed two-dimensional convolution of images.

    Args:
        x: The images, of shape ``(N, C, H, W)`` and floating point.
        W: The filters, of shape ``(C, out channels / groups, kH, kW)``.
        b: The bias, of shape ``(out channels,)``.
        stride: The step in the output, an int or a pair.
        pad: How much is cut off around the output, an int or a pair.
        outsize: The size of the output, a pair; worked out if None.
        *version_1: ``use_cudnn`` and ``deterministic``, as Chainer 1 had them in this order.
        **kwargs: ``dilate``, the distance of the filter's elements; ``groups``, the number of
            groups of channels that do not see each other.

    Returns:
        A variable of shape ``(N, out channels, out H, out W)`` and of ``x``'s dtype.

    Raises:
        InvalidType: If dtypes are not of floating point or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 1, 2, 2), np.float32)
        >>> F.deconvolution_2d(x, np.ones((1, 1, 2, 2), np.float32), stride=2).shape
        (1, 1, 4, 4)
    """
    if version_1:
        _version1.switches(kwargs, version_1, "use_cudnn", "deterministic")
    dilate, groups = _dilate_and_groups(kwargs) if kwargs else (1, 1)
    return deconvolve_images(x, W, b, stride, pad, outsize, dilate, groups)


def deconvolve_images(
    x: Any, W: Any, b: Any, stride: Any, pad: Any, outsize: Any, dilate: Any, groups: int
) -> Variable:
    """Returns :func:`deconvolution_2d`, with all arguments by place.

    Args:
        x: The images.
        W: The filters.
        b: The bias, or None.
        stride: The step in the output.
        pad: How much is cut off around the output.
        outsize: The size of the output, or None.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.
    """
    if getattr(x, "ndim", None) != 4:
        _checks.fail_ndim("Deconvolution2DFunction", x, 4)
    result: Variable = _deconvolution_2d(x, W, b, stride, pad, outsize, dilate, groups)
    return result


def deconvolution_nd(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = 1,
    pad: Any = 0,
    outsize: Any = None,
    dilate: Any = 1,
    groups: int = 1,
    *,
    use_cudnn: Any = None,
) -> Variable:
    """Returns the transposed convolution over one, two or three spatial axes.

    Args:
        x: The input, of shape ``(N, C, d1, ...)`` and floating point.
        W: The filters, of shape ``(C, out channels / groups, k1, ...)``.
        b: The bias, of shape ``(out channels,)``.
        stride: The step in the output, an int or one for each spatial axis.
        pad: How much is cut off around the output, likewise.
        outsize: The size of the output, one for each spatial axis; worked out if None.
        dilate: The distance of the filter's elements, likewise.
        groups: The number of groups of channels that do not see each other.
        use_cudnn: Accepted for scripts of Chainer 1: torch chooses its kernels. By position it came
            where ``dilate`` is now, which is no bool.

    Returns:
        A variable of shape ``(N, out channels, ...)`` and of ``x``'s dtype.

    Raises:
        InvalidType: If dtypes are not of floating point or shapes do not fit.
        NotImplementedError: If there are more than three spatial axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 1, 2), np.float32)
        >>> F.deconvolution_nd(x, np.ones((1, 1, 2), np.float32))
        variable([[[1., 2., 1.]]])
    """
    if _version1.is_switch(dilate):
        dilate = 1
    result: Variable = _deconvolution_nd(x, W, b, stride, pad, outsize, dilate, groups)
    return result


def deconvolution_1d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = 1,
    pad: Any = 0,
    outsize: Any = None,
    dilate: Any = 1,
    groups: int = 1,
) -> Variable:
    """Returns the transposed convolution over one spatial axis; see :func:`deconvolution_nd`.

    Args:
        x: The input, of shape ``(N, C, d)``.
        W: The filters.
        b: The bias.
        stride: The step in the output.
        pad: How much is cut off at both ends.
        outsize: The size of the output, a tuple of one.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.

    Returns:
        A variable.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 1, 2), np.float32)
        >>> F.deconvolution_1d(x, np.ones((1, 1, 2), np.float32))
        variable([[[1., 2., 1.]]])
    """
    expect_spatial(x, 1)
    return deconvolution_nd(x, W, b, stride, pad, outsize, dilate, groups)


def deconvolution_3d(
    x: Any,
    W: Any,
    b: Any = None,
    stride: Any = 1,
    pad: Any = 0,
    outsize: Any = None,
    dilate: Any = 1,
    groups: int = 1,
) -> Variable:
    """Returns the transposed convolution over three spatial axes; see :func:`deconvolution_nd`.

    Args:
        x: The input, of shape ``(N, C, d1, d2, d3)``.
        W: The filters.
        b: The bias.
        stride: The step in the output.
        pad: How much is cut off around the output.
        outsize: The size of the output, a triple.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.

    Returns:
        A variable.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.ones((1, 1, 2, 2, 2), np.float32)
        >>> F.deconvolution_3d(x, np.ones((1, 1, 2, 2, 2), np.float32)).shape
        (1, 1, 3, 3, 3)
    """
    expect_spatial(x, 3)
    return deconvolution_nd(x, W, b, stride, pad, outsize, dilate, groups)
