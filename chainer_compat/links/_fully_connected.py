"""Layers that are made of `Linear`: maxout and highway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainer_compat import _version1, functions
from chainer_compat._variable import Variable, is_raw_array
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.initializer import Initializer
from chainer_compat.link import Chain
from chainer_compat.links._linear import Linear

__all__ = ["Highway", "Maxout"]


class Maxout(Chain):
    """A fully connected layer whose outputs are the largest of some each.

    Args:
        in_size: The size of the input; None to take it from the first input.
        out_size: The size of the output.
        pool_size: Of how many values an output is the largest.
        initialW: The initializer of the weights; LeCun's normal one if None. An array, and what
            a plain function fills, is of shape ``(out_size, pool_size, in_size)``.
        initial_bias: The initializer of the bias; None to have none. An array, and what a plain
            function fills, is of shape ``(out_size, pool_size)``.

    Attributes:
        linear: The layer before the largest are taken.

    Raises:
        ValueError: If an initial array has another number of axes.

    Source: Goodfellow et al., *Maxout Networks*, 2013.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Maxout(3, 4, 2)(np.ones((1, 3), np.float32)).shape
        (1, 4)
    """

    @_version1.takes(wscale="initialW")
    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        pool_size: int,
        initialW: Any = None,
        initial_bias: Any = 0,
    ) -> None:
        super().__init__()
        self.out_size = out_size
        self.pool_size = pool_size
        pools = (out_size, pool_size)
        with self.init_scope():
            self.linear = Linear(
                in_size,
                out_size * pool_size,
                nobias=initial_bias is None,
                initialW=_flattened(initialW, (*pools, -1), "initialW"),
                initial_bias=_flattened(initial_bias, pools, "initial_bias"),
            )

    def forward(self, x: Any) -> Variable:
        """Applies the layer.

        Args:
            x: The input, of shape ``(N, in_size)``.

        Returns:
            A variable of shape ``(N, out_size)``.
        """
        return functions.maxout(self.linear(x), self.pool_size)


def _flattened(initializer: Any, shape: tuple[int, ...], what: str) -> Any:
    """What initializes the layer's parameter, where the user thinks of it as of `shape`."""
    if is_raw_array(initializer):
        if initializer.ndim != len(shape):
            raise InvalidArgumentError(f"{what} has {len(shape)} axes; got {initializer.ndim}")
        return initializer.reshape(shape[0] * shape[1], *shape[2:])
    if np.isscalar(initializer) or isinstance(initializer, Initializer):
        return initializer
    if not callable(initializer):
        return initializer

    def fill(array: Any) -> None:
        initializer(array.reshape(shape))

    return fill


class Highway(Chain):
    """A layer that learns how much of its input to let through as it is.

    The output is ``activate(plain(x)) * t + x * (1 - t)``, with ``t = sigmoid(transform(x))``.

    Args:
        in_out_size: The size of the input and of the output.
        nobias: Have no biases.
        activate: The activation.
        init_Wh: The initializer of the plain layer's weights; LeCun's normal one if None.
        init_Wt: The initializer of the gate's weights; likewise.
        init_bh: The initializer of the plain layer's bias; zeros if None.
        init_bt: The initializer of the gate's bias; negative lets the input through at first.

    Attributes:
        plain: The plain layer.
        transform: The gate's layer.

    Source: Srivastava et al., *Highway Networks*, 2015.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Highway(2, init_Wh=0, init_Wt=0, init_bt=0)(np.ones((1, 2), np.float32))
        variable([[0.5, 0.5]])
    """

    def __init__(
        self,
        in_out_size: int,
        nobias: bool = False,
        activate: Callable[[Any], Any] = functions.relu,
        init_Wh: Any = None,
        init_Wt: Any = None,
        init_bh: Any = None,
        init_bt: Any = -1,
    ) -> None:
        super().__init__()
        self.activate = activate
        size = in_out_size
        with self.init_scope():
            self.plain = Linear(size, size, nobias, initialW=init_Wh, initial_bias=init_bh)
            self.transform = Linear(size, size, nobias, initialW=init_Wt, initial_bias=init_bt)

    def forward(self, x: Any) -> Variable:
        """Applies the layer.

        Args:
            x: The input, of shape ``(N, in_out_size)``.
        """
        gate = functions.sigmoid(self.transform(x))
        result: Variable = self.activate(self.plain(x)) * gate + x * (1 - gate)
        return result
