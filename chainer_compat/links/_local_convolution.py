"""`LocalConvolution2D`: convolution with filters of its own at each place."""

from __future__ import annotations

from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable
from chainer_compat.functions._spatial import spread
from chainer_compat.initializers import _get_initializer
from chainer_compat.link import Link
from chainer_compat.variable import Parameter

__all__ = ["LocalConvolution2D"]


class LocalConvolution2D(Link):
    """Convolution of images with filters of its own at each place.

    Args:
        in_channels: The channels of the input; None to take them from the first input.
        out_channels: The channels of the output.
        in_size: The size of the images, an int or a pair; None to take it from the first input.
        ksize: The size of the filters, an int or a pair.
        stride: The step, an int or a pair.
        nobias: Have no bias.
        initialW: The initializer of the filters; LeCun's normal one if None.
        initial_bias: The initializer of the bias; zeros if None.
        **kwargs: Not looked at, as in Chainer.

    Attributes:
        W: The filters, of shape ``(out channels, out H, out W, in channels, kH, kW)``.
        b: The bias, of shape ``(out channels, out H, out W)``; None without one.

    Source: Chainer's reference, *chainer.links.LocalConvolution2D*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.LocalConvolution2D(None, 4, ksize=3)
        >>> layer(np.ones((1, 2, 5, 5), np.float32)).shape, layer.W.shape
        ((1, 4, 3, 3), (4, 3, 3, 2, 3, 3))
    """

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        in_size: Any = None,
        ksize: Any = None,
        stride: Any = 1,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.ksize = ksize
        self.stride = spread(stride, 2)
        self.nobias = nobias
        self.out_channels = out_channels
        with self.init_scope():
            self.W = Parameter(_get_initializer(initialW))
            if nobias:
                self.b = None
            else:
                self.b = Parameter(_get_initializer(0 if initial_bias is None else initial_bias))
        if in_channels is not None and in_size is not None:
            self._initialize_params(in_channels, spread(in_size, 2))

    def _initialize_params(self, in_channels: int, in_size: Any) -> None:
        ksize = spread(self.ksize, 2)
        sizes = zip(in_size, ksize, self.stride, strict=True)
        places = tuple((size - k) // step + 1 for size, k, step in sizes)
        self.W.initialize((self.out_channels, *places, in_channels, *ksize))
        if self.b is not None:
            self.b.initialize((self.out_channels, *places))

    def forward(self, x: Any) -> Variable:
        """Applies the layer.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.
        """
        if not self.W.is_initialized:
            self._initialize_params(x.shape[1], x.shape[2:])
        result: Variable = functions.local_convolution_2d(x, self.W, self.b, self.stride)
        return result
