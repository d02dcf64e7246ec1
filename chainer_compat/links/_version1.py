"""Chainer 1's parametric functions: links under their first names, with their arguments' order.

``chainer.functions.Linear(2, 3, 1, 0.5)`` gives a scale of the weights and a bias by position,
where Chainer 7's link has other arguments.
"""

from __future__ import annotations

from typing import Any

from chainer_compat import _version1, links
from chainer_compat.errors import InvalidArgumentTypeError

__all__ = ["Convolution2D", "DilatedConvolution2D", "Linear"]


class _Ordered:
    """Gives a link its arguments by name that come by position in Chainer 1's order."""

    _order: tuple[str, ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if len(args) > len(self._order):
            raise InvalidArgumentTypeError(
                f"{type(self).__name__} takes {', '.join(self._order)}; got {len(args)} arguments"
            )
        super().__init__(**dict(zip(self._order, args, strict=False)), **kwargs)


class Linear(_Ordered, links.Linear):
    """Chainer 1's name of :class:`chainer_compat.links.Linear`.

    Args:
        *args: ``in_size, out_size, wscale, bias, nobias, initialW, initial_bias``, in this order.
        **kwargs: The same, by name.

    Raises:
        TypeError: If there are more.

    Source: Chainer 1's reference, *chainer.links.Linear*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.functions as F
        >>> F.Linear(2, 1, 1, 0.5, initialW=0)(np.ones((1, 2), np.float32))
        variable([[0.5]])
    """

    _order = _version1.LINEAR


class Convolution2D(_Ordered, links.Convolution2D):
    """Chainer 1's name of :class:`chainer_compat.links.Convolution2D`.

    Args:
        *args: ``in_channels, out_channels, ksize, stride, pad, wscale, bias, nobias, use_cudnn,
            initialW, initial_bias, deterministic``, in this order.
        **kwargs: The same, by name.

    Raises:
        TypeError: If there are more.

    Source: Chainer 1's reference, *chainer.links.Convolution2D*.
    """

    _order = _version1.CONVOLUTION_2D


class DilatedConvolution2D(_Ordered, links.DilatedConvolution2D):
    """Chainer 1's name of :class:`chainer_compat.links.DilatedConvolution2D`.

    Args:
        *args: ``in_channels, out_channels, ksize, stride, pad, dilate, wscale, bias, nobias,
            use_cudnn, initialW, initial_bias``, in this order.
        **kwargs: The same, by name.

    Raises:
        TypeError: If there are more.

    Source: Chainer 1's reference, *chainer.links.DilatedConvolution2D*.
    """

    _order = _version1.DILATED_CONVOLUTION_2D
