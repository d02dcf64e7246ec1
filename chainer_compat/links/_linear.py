"""`Linear`: a fully connected layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainer_compat import _version1, functions
from chainer_compat._variable import Variable, as_array
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.initializers import _get_initializer
from chainer_compat.link import Link
from chainer_compat.variable import Parameter

__all__ = ["Linear", "check_bias_size"]


def check_bias_size(b: Any, out_size: int) -> None:
    """Raises unless a bias has a number for each output.

    Args:
        b: A variable or array, or None.
        out_size: How many outputs there are.

    Raises:
        ValueError: If it has another size.
    """
    if b is not None and b.size != out_size:
        raise InvalidArgumentError(f"b has {b.size} elements; W is for {out_size} outputs")


class Linear(Link):
    """A fully connected layer, ``x Wᵀ + b``.

    Args:
        in_size: The size of the input; None to take it from the first input. With one size only,
            ``Linear(out_size)``, it is the size of the output.
        out_size: The size of the output.
        nobias: Have no bias.
        initialW: The initializer of the weights; LeCun's normal one if None.
        initial_bias: The initializer of the bias; zeros if None.

    Attributes:
        W: The weights, of shape ``(out_size, in_size)``.
        b: The bias, of shape ``(out_size,)``; None without one.

    Source: Chainer's reference, *chainer.links.Linear*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> layer = L.Linear(None, 3)
        >>> layer(np.ones((1, 2), np.float32)).shape, layer.W.shape
        ((1, 3), (3, 2))
    """

    @_version1.takes(_version1.LINEAR, wscale="initialW", bias="initial_bias")
    def __init__(
        self,
        in_size: int | None,
        out_size: int | None = None,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__()
        if out_size is None:
            in_size, out_size = None, in_size
        self.in_size = in_size
        self.out_size = out_size
        with self.init_scope():
            self.W = Parameter(_get_initializer(initialW))
            if in_size is not None:
                self._initialize_params(in_size)
            if nobias:
                self.b = None
            else:
                bias = _get_initializer(0 if initial_bias is None else initial_bias)
                self.b = Parameter(bias, out_size)

    @classmethod
    def from_params(cls, W: Any, b: Any = None, nobias: bool = False) -> Any:
        """Makes the layer from its parameters.

        Args:
            W: The weights, a variable or array of shape ``(out_size, in_size)``.
            b: The bias, of shape ``(out_size,)``; zeros if None.
            nobias: Have no bias, whatever ``b`` is.

        Raises:
            ValueError: If the shapes do not fit.

        Example:
            >>> import numpy as np
            >>> import chainer_compat.links as L
            >>> L.Linear.from_params(np.ones((3, 2)), b=np.arange(3)).b
            variable b([0., 1., 2.])
        """
        out_size, in_size = W.shape
        check_bias_size(b, out_size)
        return cls(
            in_size=in_size,
            out_size=out_size,
            nobias=nobias,
            initialW=as_array(W),
            initial_bias=as_array(b),
        )

    def _initialize_params(self, in_size: int) -> None:
        self.W.initialize((self.out_size, in_size))

    @property
    def printable_specs(self) -> Iterator[tuple[str, Any]]:
        """Pairs of name and value that the text of the link shows."""
        yield "in_size", self.in_size
        yield "out_size", self.out_size
        yield "nobias", self.b is None

    def forward(self, x: Any, n_batch_axes: int = 1) -> Variable:
        """Applies the layer.

        Args:
            x: A variable or array; the axes behind the batch axes are flattened.
            n_batch_axes: How many leading axes are batch axes.

        Returns:
            A variable of shape ``(*batch axes, out_size)``.
        """
        W = self.W
        if W._tensor is None and not W.is_initialized:  # the first question is the cheaper one
            size = 1
            for length in x.shape[n_batch_axes:]:
                size *= length
            self._initialize_params(size)
        result: Variable = functions.linear(x, W, self.b, n_batch_axes)
        return result
