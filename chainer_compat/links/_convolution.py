"""Convolution layers and their transposes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainer_compat import _version1, functions
from chainer_compat._variable import Variable, as_array
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions._convolution import convolve_images, deconvolve_images
from chainer_compat.functions._spatial import spread
from chainer_compat.initializers import _get_initializer
from chainer_compat.link import Link
from chainer_compat.links._linear import check_bias_size
from chainer_compat.utils.argument import assert_kwargs_empty, parse_kwargs
from chainer_compat.variable import Parameter

__all__ = [
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "ConvolutionND",
    "Deconvolution1D",
    "Deconvolution2D",
    "Deconvolution3D",
    "DeconvolutionND",
    "DepthwiseConvolution2D",
    "DilatedConvolution2D",
]


class _Filters(Link):
    """What all these layers are: filters, found out at the first call if need be, and a bias."""

    # Which axis of the filters counts the input's channels.
    _input_axis = 1

    def _set_up(
        self,
        ndim: int,
        in_channels: int | None,
        out_channels: int,
        ksize: Any,
        stride: Any,
        pad: Any,
        dilate: Any,
        groups: int,
    ) -> None:
        self.ndim = ndim
        self.ksize = ksize
        self.stride = spread(stride, ndim)
        self.pad = spread(pad, ndim)
        self.dilate = spread(dilate, ndim)
        self.groups = int(groups)
        self.in_channels = in_channels
        self.out_channels = out_channels

    def _make_parameters(
        self, nobias: bool, weights: Any, bias: Any, default_bias: Any = 0
    ) -> None:
        with self.init_scope():
            self.W = Parameter(_get_initializer(weights))
            if self.in_channels is not None:
                self._initialize_params(self.in_channels)
            if nobias:
                self.b = None
            else:
                initializer = _get_initializer(default_bias if bias is None else bias)
                self.b = Parameter(initializer, self.out_channels)

    def _initialize_params(self, in_channels: int) -> None:
        sizes = spread(self.ksize, self.ndim)
        if self.out_channels % self.groups or in_channels % self.groups:
            raise ValueError(
                f"the numbers of channels, {in_channels} and {self.out_channels}, must be "
                f"multiples of groups, {self.groups}"
            )
        if self._input_axis == 1:
            shape = (self.out_channels, in_channels // self.groups, *sizes)
        else:
            shape = (in_channels, self.out_channels // self.groups, *sizes)
        self.W.initialize(shape)

    def _prepare(self, x: Any) -> None:
        W = self.W
        if W._tensor is None and not W.is_initialized:  # the first question is the cheaper one
            self._initialize_params(x.shape[1])


class ConvolutionND(_Filters):
    """Convolution over one, two or three spatial axes.

    Args:
        ndim: How many there are.
        in_channels: The channels of the input; None to take it from the first input.
        out_channels: The channels of the output.
        ksize: The size of the filters; with one number of channels only, the second argument.
        stride: The step.
        pad: How many zeros are put around the input.
        nobias: Have no bias.
        initialW: The initializer of the filters; LeCun's normal one if None.
        initial_bias: The initializer of the bias; zeros if None.
        cover_all: Let the filters reach every element.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels that do not see each other.

    Attributes:
        W: The filters, of shape ``(out channels, in channels / groups, k1, ...)``.
        b: The bias, of shape ``(out channels,)``; None without one.

    Source: Chainer's reference, *chainer.links.ConvolutionND*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.ConvolutionND(1, None, 4, 3)(np.ones((1, 2, 5), np.float32)).shape
        (1, 4, 3)
    """

    @_version1.takes(_version1.CONVOLUTION_ND, use_cudnn="")
    def __init__(
        self,
        ndim: int,
        in_channels: int | None,
        out_channels: int,
        ksize: Any = None,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
        cover_all: bool = False,
        dilate: Any = 1,
        groups: int = 1,
    ) -> None:
        super().__init__()
        if ksize is None:
            in_channels, out_channels, ksize = None, in_channels, out_channels  # type: ignore[assignment]  # Chainer's short form
        self.cover_all = cover_all
        self._set_up(ndim, in_channels, out_channels, ksize, stride, pad, dilate, groups)
        self._make_parameters(nobias, initialW, initial_bias)

    @classmethod
    def from_params(
        cls,
        W: Any,
        b: Any = None,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Makes the layer from its parameters.

        Args:
            W: The filters, a variable or array of shape ``(out channels, in channels / groups,
                k1, ...)``.
            b: The bias, of shape ``(out channels,)``; zeros if None.
            stride: The step.
            pad: How many zeros are put around the input.
            nobias: Have no bias, whatever ``b`` is.
            **kwargs: ``cover_all``, ``dilate``, ``groups``, as in the constructor.

        Raises:
            ValueError: If the shapes do not fit.
        """
        cover_all, dilate, groups = parse_kwargs(
            kwargs, ("cover_all", False), ("dilate", 1), ("groups", 1)
        )
        out_channels, in_channels, *ksize = W.shape
        check_bias_size(b, out_channels)
        return cls(
            **cls._axes(len(ksize)),
            in_channels=in_channels * groups,
            out_channels=out_channels,
            ksize=tuple(ksize),
            stride=stride,
            pad=pad,
            nobias=nobias,
            initialW=as_array(W),
            initial_bias=as_array(b),
            cover_all=cover_all,
            dilate=dilate,
            groups=groups,
        )

    @classmethod
    def _axes(cls, ndim: int) -> dict[str, Any]:
        """How the constructor is told the number of spatial axes."""
        return {"ndim": ndim}

    def forward(self, x: Any) -> Variable:
        """Applies the layer.

        Args:
            x: The input, of shape ``(N, in channels, d1, ...)``.
        """
        self._prepare(x)
        return functions.convolution_nd(
            x,
            self.W,
            self.b,
            self.stride,
            self.pad,
            self.cover_all,
            self.dilate,
            self.groups,
        )


class Convolution1D(ConvolutionND):
    """Convolution over one spatial axis; see :class:`ConvolutionND`.

    Args:
        in_channels: The channels of the input; None to take it from the first input.
        out_channels: The channels of the output.
        ksize: The size of the filters.
        stride: The step.
        pad: How many zeros are put at both ends.
        nobias: Have no bias.
        initialW: The initializer of the filters.
        initial_bias: The initializer of the bias.
        cover_all: Let the filters reach every element.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.
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
        cover_all: bool = False,
        dilate: Any = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            1, in_channels, out_channels, ksize, stride, pad, nobias, initialW, initial_bias,
            cover_all, dilate, groups,
        )  # fmt: skip

    @classmethod
    def _axes(cls, ndim: int) -> dict[str, Any]:
        if ndim != 1:
            raise InvalidArgumentError(f"{cls.__name__} has one spatial axis; W has {ndim}")
        return {}


class Convolution3D(ConvolutionND):
    """Convolution over three spatial axes; see :class:`ConvolutionND`.

    Args:
        in_channels: The channels of the input; None to take it from the first input.
        out_channels: The channels of the output.
        ksize: The size of the filters.
        stride: The step.
        pad: How many zeros are put around the input.
        nobias: Have no bias.
        initialW: The initializer of the filters.
        initial_bias: The initializer of the bias.
        cover_all: Let the filters reach every element.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.
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
        cover_all: bool = False,
        dilate: Any = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            3, in_channels, out_channels, ksize, stride, pad, nobias, initialW, initial_bias,
            cover_all, dilate, groups,
        )  # fmt: skip

    @classmethod
    def _axes(cls, ndim: int) -> dict[str, Any]:
        if ndim != 3:
            raise InvalidArgumentError(f"{cls.__name__} has three spatial axes; W has {ndim}")
        return {}


class Convolution2D(_Filters):
    """Convolution of images.

    Args:
        in_channels: The channels of the input; None to take it from the first input. With two
            numbers only, ``Convolution2D(out_channels, ksize)``, it is taken from there too.
        out_channels: The channels of the output.
        ksize: The size of the filters, an int or a pair.
        stride: The step, an int or a pair.
        pad: How many zeros are put around the images, an int or a pair.
        nobias: Have no bias.
        initialW: The initializer of the filters; LeCun's normal one if None.
        initial_bias: The initializer of the bias; zeros if None.
        **kwargs: ``dilate``, the distance of the filter's elements; ``groups``, the number of
            groups of channels that do not see each other.

    Attributes:
        W: The filters, of shape ``(out channels, in channels / groups, kH, kW)``.
        b: The bias, of shape ``(out channels,)``; None without one.

    Source: Chainer's reference, *chainer.links.Convolution2D*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Convolution2D(None, 4, 3, pad=1)(np.ones((1, 2, 5, 5), np.float32)).shape
        (1, 4, 5, 5)
    """

    @_version1.takes(
        _version1.CONVOLUTION_2D,
        wscale="initialW",
        bias="initial_bias",
        use_cudnn="",
        deterministic="",
    )
    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        ksize: Any = None,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        dilate, groups = _extra(kwargs)
        if ksize is None:
            in_channels, out_channels, ksize = None, in_channels, out_channels  # type: ignore[assignment]  # Chainer's short form
        self._set_up(2, in_channels, out_channels, ksize, stride, pad, dilate, groups)
        self._make_parameters(nobias, initialW, initial_bias)

    @classmethod
    def from_params(
        cls,
        W: Any,
        b: Any = None,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Makes the layer from its parameters.

        Args:
            W: The filters, a variable or array of shape ``(out channels, in channels / groups,
                kH, kW)``.
            b: The bias, of shape ``(out channels,)``; zeros if None.
            stride: The step.
            pad: How many zeros are put around the input.
            nobias: Have no bias, whatever ``b`` is.
            **kwargs: ``dilate``, ``groups``, as in the constructor.

        Raises:
            ValueError: If the shapes do not fit.
        """
        dilate, groups = parse_kwargs(kwargs, ("dilate", 1), ("groups", 1))
        out_channels, in_channels, *ksize = W.shape
        check_bias_size(b, out_channels)
        return cls(
            in_channels=in_channels * groups,
            out_channels=out_channels,
            ksize=tuple(spread(ksize, 2)),
            stride=stride,
            pad=pad,
            nobias=nobias,
            initialW=as_array(W),
            initial_bias=as_array(b),
            dilate=dilate,
            groups=groups,
        )

    @property
    def printable_specs(self) -> Iterator[tuple[str, Any]]:
        """Pairs of name and value that the text of the link shows."""
        yield "in_channels", self.in_channels
        yield "out_channels", self.out_channels
        yield "ksize", self.ksize
        yield "stride", self.stride
        yield "pad", self.pad
        yield "nobias", self.b is None
        yield "dilate", self.dilate
        yield "groups", self.groups

    def forward(self, x: Any) -> Variable:
        """Applies the layer.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.
        """
        self._prepare(x)
        return convolve_images(
            x, self.W, self.b, self.stride, self.pad, False, self.dilate, self.groups
        )


def _extra(kwargs: dict[str, Any]) -> tuple[Any, ...]:
    found: tuple[Any, ...] = parse_kwargs(kwargs, ("dilate", 1), ("groups", 1))
    assert_kwargs_empty(kwargs)
    return found


class DilatedConvolution2D(_Filters):
    """Convolution of images with holes in the filters.

    Args:
        in_channels: The channels of the input; None to take it from the first input.
        out_channels: The channels of the output.
        ksize: The size of the filters.
        stride: The step.
        pad: How many zeros are put around the images.
        dilate: The distance of the filter's elements.
        nobias: Have no bias.
        initialW: The initializer of the filters.
        initial_bias: The initializer of the bias.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.DilatedConvolution2D(2, 4, 3, dilate=2)(np.ones((1, 2, 5, 5), np.float32)).shape
        (1, 4, 1, 1)
    """

    @_version1.takes(
        _version1.DILATED_CONVOLUTION_2D, wscale="initialW", bias="initial_bias", use_cudnn=""
    )
    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        ksize: Any = None,
        stride: Any = 1,
        pad: Any = 0,
        dilate: Any = 1,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__()
        if ksize is None:
            in_channels, out_channels, ksize = None, in_channels, out_channels  # type: ignore[assignment]  # Chainer's short form
        self._set_up(2, in_channels, out_channels, ksize, stride, pad, dilate, 1)
        self._make_parameters(nobias, initialW, initial_bias)

    def forward(self, x: Any) -> Variable:
        """Applies the layer.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.
        """
        self._prepare(x)
        return convolve_images(x, self.W, self.b, self.stride, self.pad, False, self.dilate, 1)


class DepthwiseConvolution2D(_Filters):
    """Convolution of each channel with filters of its own.

    Args:
        in_channels: The channels of the input; None to take it from the first input.
        channel_multiplier: How many filters each channel has.
        ksize: The size of the filters.
        stride: The step.
        pad: How many zeros are put around the images.
        nobias: Have no bias.
        initialW: The initializer of the filters.
        initial_bias: The initializer of the bias.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.DepthwiseConvolution2D(2, 3, 3)(np.ones((1, 2, 5, 5), np.float32)).shape
        (1, 6, 3, 3)
    """

    def __init__(
        self,
        in_channels: int | None,
        channel_multiplier: int,
        ksize: Any,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__()
        self.channel_multiplier = channel_multiplier
        self.nobias = nobias
        self._set_up(2, in_channels, channel_multiplier, ksize, stride, pad, 1, 1)
        with self.init_scope():
            self.W = Parameter(_get_initializer(initialW))
            if nobias:
                self.b = None
            else:
                self.b = Parameter(_get_initializer(0 if initial_bias is None else initial_bias))
        if in_channels is not None:
            self._initialize_params(in_channels)

    def _initialize_params(self, in_channels: int) -> None:
        self.W.initialize((self.channel_multiplier, in_channels, *spread(self.ksize, 2)))
        if self.b is not None:
            self.b.initialize((self.channel_multiplier * in_channels,))

    def forward(self, x: Any) -> Variable:
        """Applies the layer.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.
        """
        self._prepare(x)
        return functions.depthwise_convolution_2d(x, self.W, self.b, self.stride, self.pad)


class DeconvolutionND(_Filters):
    """Transposed convolution over one, two or three spatial axes.

    Args:
        ndim: How many there are.
        in_channels: The channels of the input; None to take it from the first input.
        out_channels: The channels of the output.
        ksize: The size of the filters; with one number of channels only, the second argument.
        stride: The step in the output.
        pad: How much is cut off around the output.
        nobias: Have no bias.
        outsize: The size of the output; worked out if None.
        initialW: The initializer of the filters; LeCun's normal one if None.
        initial_bias: The initializer of the bias; zeros if None.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels that do not see each other.

    Attributes:
        W: The filters, of shape ``(in channels, out channels / groups, k1, ...)``.
        b: The bias, of shape ``(out channels,)``; None without one.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.DeconvolutionND(1, None, 4, 3)(np.ones((1, 2, 5), np.float32)).shape
        (1, 4, 7)
    """

    _input_axis = 0

    @_version1.takes(_version1.DECONVOLUTION_ND, use_cudnn="")
    def __init__(
        self,
        ndim: int,
        in_channels: int | None,
        out_channels: int,
        ksize: Any = None,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        outsize: Any = None,
        initialW: Any = None,
        initial_bias: Any = None,
        dilate: Any = 1,
        groups: int = 1,
    ) -> None:
        super().__init__()
        if ksize is None:
            in_channels, out_channels, ksize = None, in_channels, out_channels  # type: ignore[assignment]  # Chainer's short form
        self.outsize = outsize
        self._set_up(ndim, in_channels, out_channels, ksize, stride, pad, dilate, groups)
        self._make_parameters(nobias, initialW, initial_bias)

    def forward(self, x: Any) -> Variable:
        """Applies the layer.

        Args:
            x: The input, of shape ``(N, in channels, d1, ...)``.
        """
        self._prepare(x)
        return functions.deconvolution_nd(
            x, self.W, self.b, self.stride, self.pad, self.outsize, self.dilate, self.groups
        )


class Deconvolution1D(DeconvolutionND):
    """Transposed convolution over one spatial axis; see :class:`DeconvolutionND`.

    Args:
        in_channels: The channels of the input; None to take it from the first input.
        out_channels: The channels of the output.
        ksize: The size of the filters.
        stride: The step in the output.
        pad: How much is cut off at both ends.
        nobias: Have no bias.
        outsize: The size of the output; worked out if None.
        initialW: The initializer of the filters.
        initial_bias: The initializer of the bias.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.
    """

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        ksize: Any,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        outsize: Any = None,
        initialW: Any = None,
        initial_bias: Any = None,
        dilate: Any = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            1, in_channels, out_channels, ksize, stride, pad, nobias, outsize, initialW,
            initial_bias, dilate, groups,
        )  # fmt: skip


class Deconvolution3D(DeconvolutionND):
    """Transposed convolution over three spatial axes; see :class:`DeconvolutionND`.

    Args:
        in_channels: The channels of the input; None to take it from the first input.
        out_channels: The channels of the output.
        ksize: The size of the filters.
        stride: The step in the output.
        pad: How much is cut off around the output.
        nobias: Have no bias.
        outsize: The size of the output; worked out if None.
        initialW: The initializer of the filters.
        initial_bias: The initializer of the bias.
        dilate: The distance of the filter's elements.
        groups: The number of groups of channels.
    """

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        ksize: Any,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        outsize: Any = None,
        initialW: Any = None,
        initial_bias: Any = None,
        dilate: Any = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            3, in_channels, out_channels, ksize, stride, pad, nobias, outsize, initialW,
            initial_bias, dilate, groups,
        )  # fmt: skip


class Deconvolution2D(_Filters):
    """Transposed convolution of images.

    Args:
        in_channels: The channels of the input; None to take it from the first input. With two
            numbers only, ``Deconvolution2D(out_channels, ksize)``, it is taken from there too.
        out_channels: The channels of the output.
        ksize: The size of the filters, an int or a pair.
        stride: The step in the output, an int or a pair.
        pad: How much is cut off around the output, an int or a pair.
        nobias: Have no bias.
        outsize: The size of the output, a pair; worked out if None.
        initialW: The initializer of the filters; LeCun's normal one if None.
        initial_bias: The initializer of the bias; zeros if None.
        **kwargs: ``dilate``, the distance of the filter's elements; ``groups``, the number of
            groups of channels that do not see each other.

    Attributes:
        W: The filters, of shape ``(in channels, out channels / groups, kH, kW)``.
        b: The bias, of shape ``(out channels,)``; None without one.

    Source: Chainer's reference, *chainer.links.Deconvolution2D*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Deconvolution2D(2, 4, 4, 2, 1)(np.ones((1, 2, 5, 5), np.float32)).shape
        (1, 4, 10, 10)
    """

    _input_axis = 0

    @_version1.takes(
        _version1.DECONVOLUTION_2D,
        wscale="initialW",
        bias="initial_bias",
        use_cudnn="",
        deterministic="",
    )
    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        ksize: Any = None,
        stride: Any = 1,
        pad: Any = 0,
        nobias: bool = False,
        outsize: Any = None,
        initialW: Any = None,
        initial_bias: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        dilate, groups = _extra(kwargs)
        if ksize is None:
            in_channels, out_channels, ksize = None, in_channels, out_channels  # type: ignore[assignment]  # Chainer's short form
        self.outsize = outsize
        self._set_up(2, in_channels, out_channels, ksize, stride, pad, dilate, groups)
        self._make_parameters(nobias, initialW, initial_bias)

    def forward(self, x: Any) -> Variable:
        """Applies the layer.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.
        """
        self._prepare(x)
        return deconvolve_images(
            x, self.W, self.b, self.stride, self.pad, self.outsize, self.dilate, self.groups
        )
