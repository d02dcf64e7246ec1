"""`SimplifiedDropconnect`: a fully connected layer that drops weights."""

from __future__ import annotations

import math
from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable
from chainer_compat.backend import using_device
from chainer_compat.initializers import HeNormal, _get_initializer
from chainer_compat.link import Link
from chainer_compat.variable import Parameter

__all__ = ["SimplifiedDropconnect"]


class SimplifiedDropconnect(Link):
    """A fully connected layer that sets random weights to 0 in training.

    See :func:`~chainer_compat.functions.simplified_dropconnect`.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The size of the output.
        ratio: The probability of a weight to be set to 0.
        nobias: Have no bias.
        initialW: The initializer of the weights; He's normal one, scaled by the root of a half, if
            None.
        initial_bias: The initializer of the bias; zeros if None.

    Attributes:
        W: The weights, of shape ``(out_size, in_size)``.
        b: The bias, of shape ``(out_size,)``; None without one.
        mask: The first mask that was given; it is saved with the link.

    Source: Chainer's reference, *chainer.links.SimplifiedDropconnect*; Wan et al., 2013.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.SimplifiedDropconnect(None, 3)
        >>> layer(np.ones((1, 2), np.float32)).shape, layer.W.shape
        ((1, 3), (3, 2))
    """

    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        ratio: float = 0.5,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__()
        self.out_size = out_size
        self.ratio = ratio
        if initialW is None:
            initialW = HeNormal(1 / math.sqrt(2))
        with self.init_scope():
            self.W = Parameter(_get_initializer(initialW))
            if in_size is not None:
                self._initialize_params(in_size)
            if nobias:
                self.b = None
            else:
                bias = _get_initializer(0 if initial_bias is None else initial_bias)
                self.b = Parameter(bias, out_size)

    def _initialize_params(self, in_size: int) -> None:
        self.W.initialize((self.out_size, in_size))

    def forward(
        self, x: Any, train: bool = True, mask: Any = None, use_batchwise_mask: bool = True
    ) -> Variable:
        """Applies the layer.

        Args:
            x: A variable or array of shape ``(N, ...)``.
            train: False to set no weight to 0; ``config.train`` does not count.
            mask: Factors of the weights to use instead, of shape ``(N, out_size, in_size)`` or
                ``(out_size, in_size)``.
            use_batchwise_mask: Draw for each element of the batch.

        Returns:
            A variable of shape ``(N, out_size)``.
        """
        if not self.W.is_initialized:
            with using_device(self.device):
                self._initialize_params(math.prod(x.shape[1:]))
        if mask is not None and "mask" not in self.__dict__:
            self.add_persistent("mask", mask)
        return functions.simplified_dropconnect(
            x, self.W, self.b, self.ratio, train, mask, use_batchwise_mask
        )
