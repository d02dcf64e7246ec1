"""Blocks of image networks that are made of `Convolution2D`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from chainer_compat import _version1, functions
from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentTypeError, NotSupportedError, UnexpectedArrayError
from chainer_compat.link import Chain, ChainList
from chainer_compat.links._convolution import Convolution2D
from chainer_compat.links._normalization import BatchNormalization
from chainer_compat.utils.argument import assert_kwargs_empty, parse_kwargs

__all__ = ["Inception", "InceptionBN", "MLPConvolution2D"]

_WSCALE = "wscale is given by name: the arguments behind `activation` had other places in Chainer 1"


class MLPConvolution2D(ChainList):
    """A convolution, followed by convolutions of single pixels, with activations between them.

    Args:
        in_channels: The channels of the input; None to take them from the first input. With two
            arguments only, ``MLPConvolution2D(out_channels, ksize)``, too.
        out_channels: The channels of the output of each convolution, a tuple.
        ksize: The size of the first convolution's filters.
        stride: The first convolution's step.
        pad: How many zeros are put around the images.
        activation: The activation; it is not applied to the output of the last convolution.
        *args: Nothing more.
        **kwargs: ``conv_init`` and ``bias_init``, the initializers of filters and biases.

    Raises:
        TypeError: If there are more arguments.
        AssertionError: If ``out_channels`` is empty.

    Source: Lin et al., *Network in Network*, 2013.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.MLPConvolution2D(2, (4, 3), 3)(np.ones((1, 2, 5, 5), np.float32)).shape
        (1, 3, 3, 3)
    """

    @_version1.takes(_version1.MLP_CONVOLUTION_2D, wscale="conv_init", use_cudnn="")
    def __init__(
        self,
        in_channels: Any,
        out_channels: Any,
        ksize: Any = None,
        stride: Any = 1,
        pad: Any = 0,
        activation: Callable[[Any], Any] = functions.relu,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if args:
            raise InvalidArgumentTypeError(_WSCALE)
        weights, bias = parse_kwargs(kwargs, ("conv_init", None), ("bias_init", None))
        if ksize is None:
            in_channels, out_channels, ksize = None, in_channels, out_channels
        if not out_channels:
            raise UnexpectedArrayError("out_channels names the channels of one convolution or more")
        inits = {"initialW": weights, "initial_bias": bias}
        super().__init__(
            Convolution2D(in_channels, out_channels[0], ksize, stride, pad, **inits),
            *(Convolution2D(before, after, 1, **inits) for before, after in pairwise(out_channels)),
        )
        self.activation = activation

    def forward(self, x: Any) -> Variable:
        """Applies the block.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.
        """
        first, *others = self
        y: Variable = first(x)
        for convolution in others:
            y = convolution(self.activation(y))
        return y


class Inception(Chain):
    """GoogLeNet's block: convolutions of three sizes and a pooling, side by side.

    Args:
        in_channels: The channels of the input; None to take them from the first input.
        out1: The outputs of the convolution of single pixels.
        proj3: The channels that the convolution of 3 x 3 pixels sees.
        out3: Its outputs.
        proj5: The channels that the convolution of 5 x 5 pixels sees.
        out5: Its outputs.
        proj_pool: The outputs of the pooling.
        conv_init: The initializer of all filters; LeCun's normal one if None.
        bias_init: The initializer of all biases; zeros if None.

    Source: Szegedy et al., *Going Deeper with Convolutions*, 2014.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Inception(2, 1, 2, 3, 2, 4, 5)(np.ones((1, 2, 5, 5), np.float32)).shape
        (1, 13, 5, 5)
    """

    def __init__(
        self,
        in_channels: int | None,
        out1: int,
        proj3: int,
        out3: int,
        proj5: int,
        out5: int,
        proj_pool: int,
        conv_init: Any = None,
        bias_init: Any = None,
    ) -> None:
        super().__init__()
        inits = {"initialW": conv_init, "initial_bias": bias_init}
        with self.init_scope():
            self.conv1 = Convolution2D(in_channels, out1, 1, **inits)
            self.proj3 = Convolution2D(in_channels, proj3, 1, **inits)
            self.conv3 = Convolution2D(proj3, out3, 3, pad=1, **inits)
            self.proj5 = Convolution2D(in_channels, proj5, 1, **inits)
            self.conv5 = Convolution2D(proj5, out5, 5, pad=2, **inits)
            self.projp = Convolution2D(in_channels, proj_pool, 1, **inits)

    def forward(self, x: Any) -> Variable:
        """Applies the block.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.

        Returns:
            A variable of shape ``(N, out1 + out3 + out5 + proj_pool, H, W)``.
        """
        relu = functions.relu
        branches = (
            self.conv1(x),
            self.conv3(relu(self.proj3(x))),
            self.conv5(relu(self.proj5(x))),
            self.projp(functions.max_pooling_2d(x, 3, stride=1, pad=1)),
        )
        result: Variable = relu(functions.concat(branches, axis=1))
        return result


class InceptionBN(Chain):
    """The block of the later GoogLeNet: convolutions with batch normalization, side by side.

    Args:
        in_channels: The channels of the input; None to take them from the first input.
        out1: The outputs of the convolution of single pixels; 0 to leave it out.
        proj3: The channels that the convolution of 3 x 3 pixels sees.
        out3: Its outputs.
        proj33: The channels that the two convolutions of 3 x 3 pixels, one after the other, see.
        out33: The outputs of each of them.
        pooltype: ``"max"`` or ``"avg"``.
        proj_pool: The outputs of the pooling; None for as many as the input has.
        stride: The step of the last convolution of each path, and of the pooling.
        conv_init: The initializer of all filters; LeCun's normal one if None.
        dtype: The dtype of the batch normalizations; ``chainer.config.dtype`` if None.

    Raises:
        NotImplementedError: If there is no such pooling.
        AssertionError: If ``out1`` is not 0 and ``stride`` is not 1 or ``proj_pool`` is None.

    Source: Ioffe & Szegedy, *Batch Normalization*, 2015.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> link = L.InceptionBN(2, 1, 2, 3, 2, 4, "avg", 5)
        >>> link(np.ones((1, 2, 5, 5), np.float32)).shape
        (1, 13, 5, 5)
    """

    def __init__(
        self,
        in_channels: int | None,
        out1: int,
        proj3: int,
        out3: int,
        proj33: int,
        out33: int,
        pooltype: str,
        proj_pool: int | None = None,
        stride: int = 1,
        conv_init: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if pooltype not in ("max", "avg"):
            raise NotSupportedError(f"pooltype is 'max' or 'avg'; got {pooltype!r}")
        if out1 > 0 and (stride != 1 or proj_pool is None):
            raise UnexpectedArrayError(
                f"a block with out1={out1} has a stride of 1 and a proj_pool; got stride={stride} "
                f"and proj_pool={proj_pool}"
            )
        self.out1 = out1
        self.proj_pool = proj_pool
        self.stride = stride
        self.pooltype = pooltype
        plain = {"nobias": True, "initialW": conv_init}
        with self.init_scope():
            self.proj3 = Convolution2D(in_channels, proj3, 1, **plain)
            self.conv3 = Convolution2D(proj3, out3, 3, pad=1, stride=stride, **plain)
            self.proj33 = Convolution2D(in_channels, proj33, 1, **plain)
            self.conv33a = Convolution2D(proj33, out33, 3, pad=1, **plain)
            self.conv33b = Convolution2D(out33, out33, 3, pad=1, stride=stride, **plain)
            self.proj3n = BatchNormalization(proj3, dtype=dtype)
            self.conv3n = BatchNormalization(out3, dtype=dtype)
            self.proj33n = BatchNormalization(proj33, dtype=dtype)
            self.conv33an = BatchNormalization(out33, dtype=dtype)
            self.conv33bn = BatchNormalization(out33, dtype=dtype)
            if out1 > 0:
                self.conv1 = Convolution2D(in_channels, out1, 1, stride=stride, **plain)
                self.conv1n = BatchNormalization(out1, dtype=dtype)
            if proj_pool is not None:
                self.poolp = Convolution2D(in_channels, proj_pool, 1, **plain)
                self.poolpn = BatchNormalization(proj_pool, dtype=dtype)

    def forward(self, x: Any, *version_1: Any, **kwargs: Any) -> Variable:
        """Applies the block.

        Args:
            x: The images, of shape ``(N, in channels, H, W)``.
            *version_1: ``test``, as below.
            **kwargs: ``test``, Chainer 1's switch, instead of ``config.train``.

        Returns:
            A variable whose channels are those of all paths.
        """
        if version_1:
            _version1.switches(kwargs, version_1, "test")
        if kwargs:
            switch = _version1.take(kwargs, "test")
            assert_kwargs_empty(kwargs)
            if switch is not None:
                with switch:
                    return self.forward(x)
        relu = functions.relu
        paths = []
        if self.out1 > 0:
            paths.append(relu(self.conv1n(self.conv1(x))))
        h = relu(self.proj3n(self.proj3(x)))
        paths.append(relu(self.conv3n(self.conv3(h))))
        h = relu(self.proj33n(self.proj33(x)))
        h = relu(self.conv33an(self.conv33a(h)))
        paths.append(relu(self.conv33bn(self.conv33b(h))))
        if self.pooltype == "max":
            pooled = functions.max_pooling_2d(x, 3, self.stride, 1, cover_all=False)
        else:
            pooled = functions.average_pooling_2d(x, 3, self.stride, 1)
        if self.proj_pool is not None:
            pooled = relu(self.poolpn(self.poolp(pooled)))
        paths.append(pooled)
        result: Variable = functions.concat(paths, axis=1)
        return result
