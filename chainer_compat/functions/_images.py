"""Patches, sizes and transforms of images (Chainer: *Array manipulations*)."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from chainer_compat import _version1
from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._derivatives import caller
from chainer_compat.utils import get_conv_outsize
from chainer_compat.utils.argument import assert_kwargs_empty
from chainer_compat.utils.type_check import fail

__all__ = ["im2col", "resize_images", "spatial_transformer_grid", "spatial_transformer_sampler"]


def _pair(value: Any) -> tuple[int, int]:
    first, second = value if hasattr(value, "__getitem__") else (value, value)
    return first, second


def _check_im2col(x: Tensor, *options: Any) -> None:
    _checks.floating(x)
    _checks.expect_ndim(x, "x", 4)


@function("Im2Col", check=_check_im2col)
def im2col(
    x: Tensor,
    ksize: Any,
    stride: Any = 1,
    pad: Any = 0,
    cover_all: bool = False,
    dilate: Any = 1,
) -> Tensor:
    """Returns the patches of images that a convolution's kernel sees, as channels.

    Args:
        x: A variable or array of floating point, of shape ``(N, C, H, W)``.
        ksize: The kernel's height and width, a pair or one int for both.
        stride: The steps between patches, likewise.
        pad: The zeros put around the images, likewise.
        cover_all: Let the last patches reach over the edge, so that each pixel is in one.
        dilate: The steps between the pixels of a patch, likewise.

    Returns:
        A variable of shape ``(N, C * kh * kw, H', W')``.

    Raises:
        AssertionError: If no patch fits into the images.
        InvalidType: If ``x`` is no batch of images of floating point.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.im2col(np.zeros((1, 2, 5, 5), np.float32), 3).shape
        (1, 18, 3, 3)
    """
    sizes, steps, around, holes = (_pair(v) for v in (ksize, stride, pad, dilate))
    outs, edges = [], []
    for length, k, s, p, d in zip(x.shape[2:], sizes, steps, around, holes, strict=True):
        outs.append(get_conv_outsize(length, k, s, p, cover_all, d))
        if outs[-1] <= 0:
            raise AssertionError(f"no patch of {k} pixels fits into {length}")
        # What the last patch needs at the end; less than nothing if pixels are left over.
        edges.append((p, (k - 1) * d + s * (outs[-1] - 1) + 1 - length - p))
    around_all = (*edges[1], *edges[0])
    padded = torch.nn.functional.pad(x, around_all) if any(around_all) else x
    patches: Tensor = _patches(padded, _Windows(sizes, steps, holes, (outs[0], outs[1])))
    return patches


class _Windows(NamedTuple):
    """Where the windows over images lie: all pairs are of height and width."""

    sizes: tuple[int, int]
    steps: tuple[int, int]
    holes: tuple[int, int]
    outs: tuple[int, int]

    def patches(self, images: Tensor) -> Tensor:
        n, c, *strides = images.shape[:2] + images.stride()
        holes = [s * d for s, d in zip(strides[2:], self.holes, strict=True)]
        steps = [s * d for s, d in zip(strides[2:], self.steps, strict=True)]
        seen = images.as_strided((n, c, *self.sizes, *self.outs), (*strides[:2], *holes, *steps))
        patches = images.new_empty(seen.shape).copy_(seen)
        return patches.view(n, -1, *self.outs) if n else patches.flatten(1, 3)

    def images(self, patches: Tensor, shape: torch.Size) -> Tensor:
        images = patches.new_zeros(shape)
        by_pixel = patches.view(*shape[:2], *self.sizes, *self.outs)
        (step_y, step_x), (hole_y, hole_x), (height, width) = self.steps, self.holes, self.outs
        for i in range(self.sizes[0]):
            rows = slice(i * hole_y, i * hole_y + step_y * (height - 1) + 1, step_y)
            for j in range(self.sizes[1]):
                columns = slice(j * hole_x, j * hole_x + step_x * (width - 1) + 1, step_x)
                images[:, :, rows, columns].add_(by_pixel[:, :, i, j])
        return images


class _Patches(torch.autograd.Function):
    """The patches of images, in half the time of torch's `unfold`, there and back."""

    generate_vmap_rule = True

    @staticmethod
    def forward(images: Tensor, windows: _Windows) -> Tensor:
        return windows.patches(images)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        images, ctx.windows = inputs
        ctx.shape = images.shape

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        return _images(grads[0], ctx.windows, ctx.shape), None


class _Images(torch.autograd.Function):
    """The sum of patches where they lie in images: the derivative of :class:`_Patches`."""

    generate_vmap_rule = True

    @staticmethod
    def forward(patches: Tensor, windows: _Windows, shape: torch.Size) -> Tensor:
        return windows.images(patches.contiguous(), shape)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.windows = inputs[1]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        return _patches(grads[0], ctx.windows), None, None


_patches, _images = caller(_Patches), caller(_Images)


def _check_resize(x: Tensor, *options: Any) -> None:
    if x.dtype is not torch.float32:
        fail("x.dtype == <class 'numpy.float32'>", f"{x.dtype} != <class 'numpy.float32'>")
    _checks.expect_ndim(x, "x", 4)


@function("ResizeImages", check=_check_resize)
def _resize_images(x: Tensor, shape: tuple[int, int], mode: str, align_corners: bool) -> Tensor:
    if mode == "nearest":
        return torch.nn.functional.interpolate(x, shape, mode="nearest")
    return torch.nn.functional.interpolate(x, shape, mode=mode, align_corners=align_corners)


def resize_images(
    x: Any, output_shape: Any, *, mode: str = "bilinear", align_corners: bool = True
) -> Variable:
    """Returns images in another size.

    Args:
        x: A variable or array of float32, of shape ``(N, C, H, W)``.
        output_shape: The new height and width.
        mode: ``"bilinear"`` or ``"nearest"``.
        align_corners: Whether the centres of the corner pixels stay where they are, rather than
            the corners of the images; for ``"bilinear"``.

    Returns:
        A variable of shape ``(N, C, *output_shape)``.

    Raises:
        InvalidType: If ``x`` is no batch of images of float32.
        ValueError: If there is no such mode, or a length is not positive.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[[[0.0, 4.0]]]], np.float32)
        >>> F.resize_images(x, (1, 5))
        variable([[[[0., 1., 2., 3., 4.]]]])
    """
    if mode not in ("bilinear", "nearest"):
        raise InvalidArgumentError(
            f"mode of resize_images is 'bilinear' or 'nearest'; got {mode!r}"
        )
    height, width = output_shape[0], output_shape[1]
    if height <= 0 or width <= 0:
        raise InvalidArgumentError(f"output_shape must be positive; got {output_shape}")
    result: Variable = _resize_images(x, (int(height), int(width)), mode, align_corners)
    return result


def _check_grid(theta: Tensor, output_shape: Any) -> None:
    _checks.expect_floating(theta, "theta")
    _checks.expect_ndim(theta, "theta", 3)
    for axis, length in ((1, 2), (2, 3)):
        if theta.shape[axis] != length:
            fail(f"theta.shape[{axis}] == {length}", f"{theta.shape[axis]} != {length}")


@function("SpatialTransformerGrid", check=_check_grid)
def _grid(theta: Tensor, output_shape: Any) -> Tensor:
    height, width = output_shape
    ys = torch.linspace(-1, 1, height, dtype=torch.float64).to(theta)[:, None].expand(height, width)
    xs = torch.linspace(-1, 1, width, dtype=torch.float64).to(theta).expand(height, width)
    points = torch.stack([xs, ys, torch.ones_like(xs)]).reshape(3, -1)
    return (theta @ points).reshape(len(theta), 2, height, width)


def spatial_transformer_grid(
    theta: Any, output_shape: Any, *version_1: Any, **kwargs: Any
) -> Variable:
    """Returns where affine transforms send the pixels of images, for the sampler.

    Source: Jaderberg et al., *Spatial Transformer Networks*, 2015.

    Args:
        theta: A variable or array of floating point, of shape ``(N, 2, 3)``: the transforms.
        output_shape: The height and width of the images.
        *version_1: ``use_cudnn``, as below.
        **kwargs: ``use_cudnn``, accepted for scripts of Chainer 1.

    Returns:
        A variable of shape ``(N, 2, *output_shape)``: places x and y, from -1 to 1 inside.

    Raises:
        InvalidType: If ``theta`` is no batch of such matrices.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.spatial_transformer_grid(np.eye(2, 3, dtype=np.float32)[None], (1, 3))
        variable([[[[-1.,  0.,  1.]],
        <BLANKLINE>
                   [[-1., -1., -1.]]]])
    """
    _expect_no_more(version_1, kwargs)
    result: Variable = _grid(theta, output_shape)
    return result


def _expect_no_more(version_1: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    _version1.switches(kwargs, version_1, "use_cudnn")
    if kwargs:
        _version1.take(kwargs, "use_cudnn")
        assert_kwargs_empty(kwargs)


def _check_sampler(x: Tensor, grid: Tensor) -> None:
    _checks.expect_floating(x, "in_types[0]")
    _checks.expect_same_dtype(grid, x, "in_types[1]", "in_types[0]")
    _checks.expect_ndim(x, "in_types[0]", 4)
    _checks.expect_ndim(grid, "in_types[1]", 4)
    if grid.shape[1] != 2:
        fail("in_types[1].shape[1] == 2", f"{grid.shape[1]} != 2")
    if len(x) != len(grid):
        fail("in_types[0].shape[0] == in_types[1].shape[0]", f"{len(x)} != {len(grid)}")


@function("SpatialTransformerSampler", check=_check_sampler)
def _sampler(x: Tensor, grid: Tensor) -> Tensor:
    return torch.nn.functional.grid_sample(
        x, grid.permute(0, 2, 3, 1), mode="bilinear", padding_mode="zeros", align_corners=True
    )


def spatial_transformer_sampler(x: Any, grid: Any, *version_1: Any, **kwargs: Any) -> Variable:
    """Returns images sampled at places between their pixels, bilinearly.

    Source: Jaderberg et al., *Spatial Transformer Networks*, 2015.

    Args:
        x: A variable or array of floating point, of shape ``(N, C, H, W)``.
        grid: A variable or array of the same dtype, of shape ``(N, 2, H', W')``: places x and y,
            -1 the first pixel and 1 the last; images are 0 outside.
        *version_1: ``use_cudnn``, as below.
        **kwargs: ``use_cudnn``, accepted for scripts of Chainer 1.

    Returns:
        A variable of shape ``(N, C, H', W')``.

    Raises:
        InvalidType: If dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[[[1.0, 3.0]]]], np.float32)
        >>> F.spatial_transformer_sampler(x, np.zeros((1, 2, 1, 1), np.float32))
        variable([[[[2.]]]])
    """
    _expect_no_more(version_1, kwargs)
    result: Variable = _sampler(x, grid)
    return result
