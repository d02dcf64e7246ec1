"""Filters that scale images up or down by linear interpolation."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from chainer_compat.errors import (
    InvalidArgumentError,
    InvalidArgumentTypeError,
    UnexpectedArrayError,
)
from chainer_compat.initializer import Initializer
from chainer_compat.initializers._filling import assign, prepared

__all__ = ["DownsamplingConvFilter", "UpsamplingDeconvFilter"]


def _linear_filter(size: int, ndim: int) -> Any:
    """A pyramid over `ndim` axes of `size` elements, 1 at the centre."""
    half = (size + 1) // 2
    centre = half - (1.0 if size % 2 else 0.5)
    along_axis = 1.0 - abs(np.arange(size) - centre) / half
    return functools.reduce(np.multiply.outer, [along_axis] * ndim)


def _kernel_size(shape: tuple[int, ...]) -> int:
    if len(shape) < 3:
        raise InvalidArgumentTypeError(
            f"a filter needs a weight of three axes or more, (in, out, *kernel); got shape {shape}"
        )
    if len(set(shape[2:])) > 1:
        raise InvalidArgumentError(
            f"the kernel must be of one size along all axes; got {shape[2:]}"
        )
    return shape[2]


class _SamplingFilter(Initializer):
    def __init__(self, interpolation: str = "linear", dtype: Any = None) -> None:
        if interpolation != "linear":
            raise InvalidArgumentError(f"interpolation is 'linear' only; got {interpolation!r}")
        super().__init__(dtype)

    def __call__(self, array: Any) -> None:
        """Fills an array in place.

        Args:
            array: An array of NumPy or CuPy, or a torch tensor, of shape ``(in, out, *kernel)``,
                where ``out`` is 1 or equal to ``in``.

        Raises:
            ValueError: If the kernel's axes differ in size.
            AssertionError: If ``out`` is something else, or the dtype is not the initializer's.
        """
        array = prepared(self, array)
        shape = tuple(array.shape)
        in_channels, out_channels = shape[:2]
        if out_channels not in (in_channels, 1):
            raise UnexpectedArrayError(
                f"the second axis is 1 or equal to the first; the array has shape {shape}"
            )
        channels = np.arange(in_channels)
        values = np.zeros(shape)
        values[channels, 0 if out_channels == 1 else channels] = self._filter(
            _kernel_size(shape), len(shape) - 2
        )
        assign(array, values)

    def _filter(self, size: int, ndim: int) -> Any:
        raise NotImplementedError


class UpsamplingDeconvFilter(_SamplingFilter):
    """The weight of a deconvolution that enlarges images by linear interpolation.

    The deconvolution's stride should be ``(ksize + 1) // 2``.

    Source: Long et al., *Fully convolutional networks for semantic segmentation*
    (https://arxiv.org/abs/1411.4038).

    Args:
        interpolation: ``'linear'``.
        dtype: The dtype of the arrays that it fills; None for any.

    Raises:
        ValueError: If another interpolation is asked for.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import initializers
        >>> initializers.generate_array(initializers.UpsamplingDeconvFilter(), (1, 1, 3), np)
        array([[[0.5, 1. , 0.5]]], dtype=float32)
    """

    def _filter(self, size: int, ndim: int) -> Any:
        return _linear_filter(size, ndim)


class DownsamplingConvFilter(_SamplingFilter):
    """The weight of a convolution that shrinks images by linear interpolation.

    The convolution's stride should be ``(ksize + 1) // 2``.

    Source: Long et al. (https://arxiv.org/abs/1411.4038).

    Args:
        interpolation: ``'linear'``.
        dtype: The dtype of the arrays that it fills; None for any.

    Raises:
        ValueError: If another interpolation is asked for.
    """

    def _filter(self, size: int, ndim: int) -> Any:
        pyramid = _linear_filter(size, ndim)
        return pyramid / pyramid.sum()
