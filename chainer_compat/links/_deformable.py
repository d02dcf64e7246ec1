"""Convolution whose filters look at places that another convolution gives."""

from __future__ import annotations

from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable
from chainer_compat.functions._images import _pair
from chainer_compat.initializers import _get_initializer
from chainer_compat.link import Chain, Link
from chainer_compat.links._convolution import Convolution2D
from chainer_compat.variable import Parameter

__all__ = ["DeformableConvolution2D", "DeformableConvolution2DSampler"]


class DeformableConvolution2D(Chain):
    """A convolution whose taps are moved by what another convolution sees.

    Args:
        in_channels: The channels of the input; None to take them from the first input.
        out_channels: The channels of the output.
        ksize: The height and width of the filters, a pair or one int for both.
        stride: The steps between the filters' places, likewise.
        pad: The zeros put around the images, likewise.
        offset_nobias: Whether the convolution that moves the taps has no bias.
        offset_initialW: The initializer of its filters.
        offset_initial_bias: The initializer of its bias; zeros if None.
        deform_nobias: Whether nothing is added to the output.
        deform_initialW: The initializer of the filters; zeros if None, as in Chainer, so give one
            to train from scratch.
        deform_initial_bias: The initializer of what is added to the output; zeros if None.

    Attributes:
        offset_conv: The convolution that moves the taps.
        deform_conv: The link of the filters themselves.

    Source: Dai et al., *Deformable Convolutional Networks*, 2017.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.DeformableConvolution2D(2, 4, 3, pad=1)(np.ones((1, 2, 5, 5), np.float32)).shape
        (1, 4, 5, 5)
    """

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        ksize: Any,
        stride: Any = 1,
        pad: Any = 0,
        offset_nobias: bool = False,
        offset_initialW: Any = None,
        offset_initial_bias: Any = None,
        deform_nobias: bool = False,
        deform_initialW: Any = None,
        deform_initial_bias: Any = None,
    ) -> None:
        super().__init__()
        kh, kw = _pair(ksize)
        with self.init_scope():
            self.offset_conv = Convolution2D(
                in_channels,
                2 * kh * kw,
                ksize,
                stride,
                pad,
                offset_nobias,
                offset_initialW,
                offset_initial_bias,
            )
            self.deform_conv = DeformableConvolution2DSampler(
                in_channels,
                out_channels,
                ksize,
                stride,
                pad,
                deform_nobias,
                deform_initialW,
                deform_initial_bias,
            )

    def forward(self, x: Any) -> Variable:
        """Convolves.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.
        """
        result: Variable = self.deform_conv(x, self.offset_conv(x))
        return result


class DeformableConvolution2DSampler(Link):
    """The filters of a deformable convolution, without what moves their taps.

    Args:
        in_channels: The channels of the input; None to take them from the first input.
        out_channels: The channels of the output.
        ksize: The height and width of the filters, a pair or one int for both.
        stride: The steps between the filters' places, likewise.
        pad: The zeros put around the images, likewise.
        nobias: Whether nothing is added to the output.
        initialW: The initializer of the filters; zeros if None.
        initial_bias: The initializer of what is added to the output; zeros if None.

    Attributes:
        W: The filters, of shape ``(out channels, in channels, kh, kw)``.
        b: What is added, of shape ``(out channels,)``; None without.

    Source: Dai et al., *Deformable Convolutional Networks*, 2017.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> link = L.DeformableConvolution2DSampler(1, 1, 1, initialW=2)
        >>> half = np.full((1, 2, 1, 1), 0.5, np.float32)
        >>> link(np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2), half)
        variable([[[[3.]]]])
    """

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        ksize: Any,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__()
        self.ksize = ksize
        self.stride = _pair(stride)
        self.pad = _pair(pad)
        self.out_channels = out_channels
        self.initialW = initialW
        self.b: Any = None
        with self.init_scope():
            self.W = Parameter(_get_initializer(0 if initialW is None else initialW))
            if not nobias:
                self.b = Parameter(_get_initializer(0 if initial_bias is None else initial_bias))
        if in_channels is not None:
            self._initialize_params(in_channels)

    def _initialize_params(self, in_channels: int) -> None:
        self.W.initialize((self.out_channels, in_channels, *_pair(self.ksize)))
        if self.b is not None:
            self.b.initialize(self.out_channels)

    def forward(self, x: Any, offset: Any) -> Variable:
        """Convolves.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.
            offset: How far the taps are moved, of shape ``(N, 2 * kh * kw, H', W')``.
        """
        if not self.W.is_initialized:
            self._initialize_params(x.shape[1])
        return functions.deformable_convolution_2d_sampler(
            x, offset, self.W, self.b, self.stride, self.pad
        )
