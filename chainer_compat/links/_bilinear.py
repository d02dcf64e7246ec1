"""`Bilinear`: a layer of two inputs that multiplies them."""

from __future__ import annotations

from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable, is_raw_array
from chainer_compat.errors import InvalidArgumentError, UnexpectedArrayError
from chainer_compat.initializers import _get_initializer
from chainer_compat.link import Link
from chainer_compat.variable import Parameter

__all__ = ["Bilinear"]


class Bilinear(Link):
    """A layer of two inputs: a bilinear form of them for each output, and a linear one of each.

    Args:
        left_size: The size of the left input.
        right_size: The size of the right input.
        out_size: The size of the output.
        nobias: Have the bilinear forms only.
        initialW: The initializer of their weights; LeCun's normal one if None.
        initial_bias: The initializers of ``V1``, ``V2`` and ``b``, a tuple; LeCun's normal one
            twice, and zeros, if None.

    Attributes:
        W: The weights of the products, of shape ``(left_size, right_size, out_size)``.
        V1: The weights of the left input, of shape ``(left_size, out_size)``.
        V2: The weights of the right input, of shape ``(right_size, out_size)``.
        b: The bias, of shape ``(out_size,)``.

    Raises:
        ValueError: If ``initial_bias`` is neither a tuple nor None.
        AssertionError: If an initial array has another shape.

    Source: Chainer's reference, *chainer.links.Bilinear*; Socher et al., 2013.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.Bilinear(2, 3, 4)(np.ones((5, 2), np.float32), np.ones((5, 3), np.float32)).shape
        (5, 4)
    """

    def __init__(
        self,
        left_size: int,
        right_size: int,
        out_size: int,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__()
        self.in_sizes = (left_size, right_size)
        self.nobias = nobias
        with self.init_scope():
            self.W = _made(initialW, (left_size, right_size, out_size), "initialW")
            if nobias:
                return
            if initial_bias is None:
                initial_bias = (None, None, 0)
            elif not isinstance(initial_bias, tuple):
                raise InvalidArgumentError(
                    "initial_bias is a tuple of the initializers of V1, V2 and b, or None; got "
                    f"{type(initial_bias).__name__}"
                )
            left, right, bias = initial_bias
            self.V1 = _made(left, (left_size, out_size), "initial_bias[0]")
            self.V2 = _made(right, (right_size, out_size), "initial_bias[1]")
            self.b = _made(bias, (out_size,), "initial_bias[2]")

    def forward(self, e1: Any, e2: Any) -> Variable:
        """Applies the layer.

        Args:
            e1: The left input, of shape ``(N, ...)`` with ``left_size`` elements behind.
            e2: The right input, of shape ``(N, ...)`` with ``right_size`` elements behind.

        Returns:
            A variable of shape ``(N, out_size)``.
        """
        if self.nobias:
            return functions.bilinear(e1, e2, self.W)
        return functions.bilinear(e1, e2, self.W, self.V1, self.V2, self.b)

    def zero_grads(self) -> None:
        """Sets the gradients to zeros (superseded by :meth:`cleargrads`)."""
        self.zerograds()


def _made(initializer: Any, shape: tuple[int, ...], what: str) -> Parameter:
    if is_raw_array(initializer) and tuple(initializer.shape) != shape:
        raise UnexpectedArrayError(f"{what} is of shape {shape}; got {tuple(initializer.shape)}")
    return Parameter(_get_initializer(initializer), shape)
