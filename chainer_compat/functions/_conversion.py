"""Casts, copies, and other layouts of the same elements (Chainer: *Array manipulations*)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.backend import get_device
from chainer_compat.backends import _crossing
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.functions._derivatives import caller
from chainer_compat.utils.type_check import fail

__all__ = ["as_strided", "cast", "copy", "depth2space", "space2depth", "transpose_sequence"]


@function("Cast")
def cast(x: Tensor, typ: Any) -> Tensor:
    """Returns an array in another dtype.

    Args:
        x: A variable or array.
        typ: The dtype, or its name.

    Returns:
        A variable of that dtype.

    Raises:
        TypeError: If there is no such dtype.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.cast(np.array([1.5]), np.float32).dtype
        dtype('float32')
    """
    dtype = _crossing.torch_dtype(typ)
    return x.view_as(x) if x.dtype is dtype else x.to(dtype)


@function("Copy")
def _copy(x: Tensor, device: torch.device) -> Tensor:
    return x.to(device, copy=True)


def copy(x: Any, dst: Any) -> Variable:
    """Returns a copy of an array on a device; gradients go back to the array's own.

    Args:
        x: A variable or array.
        dst: The device, as :func:`chainer_compat.get_device` takes it; or a GPU's number, -1 for
            the CPU.

    Returns:
        A variable.

    Raises:
        RuntimeError: If there is no such device.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.copy(np.array([1.0], np.float32), "@numpy")
        variable([1.])
    """
    result: Variable = _copy(x, get_device(dst).torch_device)
    return result


# Rows of so many pixels are short.
_SHORT = 32


def _check_image(x: Tensor, name: str = "x") -> None:
    _checks.expect_floating(x, name)
    _checks.expect_ndim(x, name, 4)


def _check_depth2space(X: Tensor, r: int) -> None:
    _check_image(X)


@function("Depth2Space", check=_check_depth2space)
def depth2space(X: Tensor, r: int) -> Tensor:
    """Returns images that are larger and have fewer channels: each pixel's become ``r * r`` pixels.

    Source: Shi et al., *Real-Time Single Image and Video Super-Resolution*, 2016.

    Args:
        X: A variable or array of floating point, of shape ``(N, C, H, W)``.
        r: How many times larger.

    Returns:
        A variable of shape ``(N, C / (r * r), H * r, W * r)``.

    Raises:
        InvalidType: If ``X`` is no batch of images of floating point.
        ValueError: If ``C`` is not a multiple of ``r * r``.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.depth2space(np.arange(4, dtype=np.float32).reshape(1, 4, 1, 1), 2)
        variable([[[[0., 1.],
                    [2., 3.]]]])
    """
    c = X.shape[1]
    if c % (r * r):
        raise InvalidArgumentError(f"the number of channels, {c}, is no multiple of {r * r}")
    y: Tensor = _rearranged(X, r, True)
    return y


def _to_space(X: Tensor, r: int) -> Tensor:
    n, c, h, w = X.shape
    blocks = X.reshape(n, r, r, c // (r * r), h, w)
    if w > _SHORT:
        return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, c // (r * r), h * r, w * r)
    # One place of each block at a time takes half the time where rows are short.
    y = X.new_empty((n, c // (r * r), h, r, w, r))
    for i in range(r):
        for j in range(r):
            y[:, :, :, i, :, j].copy_(blocks[:, i, j])
    return y.view(n, c // (r * r), h * r, w * r)


def _to_depth(X: Tensor, r: int) -> Tensor:
    n, c, h, w = X.shape
    blocks = X.reshape(n, c, h // r, r, w // r, r)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, r * r * c, h // r, w // r)


class _Rearranged(torch.autograd.Function):
    """Channels as pixels, or pixels as channels: each is the derivative of the other."""

    generate_vmap_rule = True

    @staticmethod
    def forward(X: Tensor, r: int, to_space: bool) -> Tensor:
        return _to_space(X, r) if to_space else _to_depth(X, r)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        _, ctx.r, ctx.to_space = inputs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        return _rearranged(grads[0], ctx.r, not ctx.to_space), None, None


_rearranged = caller(_Rearranged)


@function("Space2Depth", check=_check_depth2space)
def space2depth(X: Tensor, r: int) -> Tensor:
    """Returns images that are smaller and have more channels; the reverse of `depth2space`.

    Args:
        X: A variable or array of floating point, of shape ``(N, C, H, W)``.
        r: How many times smaller.

    Returns:
        A variable of shape ``(N, C * r * r, H / r, W / r)``.

    Raises:
        InvalidType: If ``X`` is no batch of images of floating point.
        ValueError: If ``H`` or ``W`` is not a multiple of ``r``.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.space2depth(np.zeros((1, 1, 4, 6), np.float32), 2).shape
        (1, 4, 2, 3)
    """
    h, w = X.shape[2:]
    if h % r or w % r:
        raise InvalidArgumentError(f"height and width, {h} and {w}, must be multiples of {r}")
    y: Tensor = _rearranged(X, r, False)
    return y


@function("AsStrided")
def _as_strided(
    x: Tensor, shape: tuple[int, ...], strides: tuple[int, ...], offset: int | None
) -> Tensor:
    start = x.storage_offset() if offset is None else offset
    spans = [s * (n - 1) for n, s in zip(shape, strides, strict=True)]
    first, last = start + sum(min(n, 0) for n in spans), start + sum(max(n, 0) for n in spans)
    if 0 not in shape and (first < 0 or last >= x.untyped_storage().nbytes() // x.element_size()):
        raise InvalidArgumentError(
            f"shape {shape}, strides {strides} and offset {start} reach out of the array"
        )
    # torch takes no negative strides: walk such an axis the other way round.
    turned = [axis for axis, stride in enumerate(strides) if stride < 0]
    start += sum(spans[axis] for axis in turned)
    y = torch.as_strided(x, shape, [abs(s) for s in strides], max(start, 0))
    return y.flip(turned) if turned else y


def as_strided(
    x: Any, shape: Sequence[int], strides: Sequence[int], storage_offset: int | None = None
) -> Variable:
    """Returns an array that walks over the memory of another with strides of its own.

    Args:
        x: A variable or array.
        shape: The shape of the result.
        strides: How many elements lie between neighbours along each axis.
        storage_offset: Where in the memory it starts, in elements; where ``x`` does, if None.

    Returns:
        A variable; the gradients of an element that it shows several times are added up.

    Raises:
        ValueError: If it reaches out of the memory, or ``shape`` and ``strides`` differ in length.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.as_strided(np.arange(4, dtype=np.float32), (3, 2), (1, 1))
        variable([[0., 1.],
                  [1., 2.],
                  [2., 3.]])
    """
    shape, strides = tuple(shape), tuple(strides)
    if len(shape) != len(strides):
        raise InvalidArgumentError(f"shape {shape} needs as many strides; got {strides}")
    result: Variable = _as_strided(x, shape, strides, storage_offset)
    return result


def _check_transpose_sequence(xs: Sequence[Tensor]) -> None:
    for i, x in enumerate(xs):
        if not x.ndim:
            raise IndexError(f"in_types[{i}] is a number, where a sequence is needed")
    for i, (x, following) in enumerate(itertools.pairwise(xs)):
        if len(x) < len(following):
            fail(
                f"in_types[{i}].shape[0] >= in_types[{i + 1}].shape[0]",
                f"{len(x)} < {len(following)}",
            )
        if x.shape[1:] != following.shape[1:]:
            fail(
                f"in_types[{i}].shape[1:] == in_types[{i + 1}].shape[1:]",
                f"{tuple(x.shape[1:])} != {tuple(following.shape[1:])}",
            )


@function("TransposeSequence", check=_check_transpose_sequence)
def _transpose_sequence(xs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    lengths = [len(x) for x in xs]
    counts = [sum(length > t for length in lengths) for t in range(lengths[0])]
    starts = [0]
    for length in lengths[:-1]:
        starts.append(starts[-1] + length)
    order = [starts[i] + t for t, count in enumerate(counts) for i in range(count)]
    # The first dtype is that of the results.
    joined = torch.cat([x.to(xs[0].dtype) for x in xs])
    # One gather for all, so that a backward pass is one, too.
    joined = joined.index_select(0, torch.tensor(order, device=xs[0].device))
    return torch.split(joined, counts)


def transpose_sequence(xs: Sequence[Any]) -> tuple[Variable, ...]:
    """Returns, for sequences of falling lengths, an array for each time.

    Args:
        xs: Variables or arrays of shapes ``(length, ...)``, none longer than the one before it.

    Returns:
        A tuple of variables, one for each time: the elements of those sequences that last so long.

    Raises:
        InvalidType: If a sequence is longer than the one before, or their shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.transpose_sequence([np.array([1.0, 2.0], np.float32), np.array([3.0], np.float32)])
        (variable([1., 3.]), variable([2.]))
    """
    if len(xs) == 0 or len(xs[0]) == 0:
        return ()
    result: tuple[Variable, ...] = _transpose_sequence(xs)
    return result
