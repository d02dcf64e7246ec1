"""`EmbedID`: a vector for each integer."""

from __future__ import annotations

from typing import Any

from chainer_compat import functions
from chainer_compat._variable import Variable, as_array
from chainer_compat.initializers import Normal, _get_initializer
from chainer_compat.link import Link
from chainer_compat.variable import Parameter

__all__ = ["EmbedID"]


class EmbedID(Link):
    """Looks up a vector for each integer.

    Args:
        in_size: How many integers there are.
        out_size: The size of a vector.
        initialW: The initializer of the vectors; normal with a deviation of 1 if None.
        ignore_label: The integer that gives zeros.

    Attributes:
        W: The vectors, of shape ``(in_size, out_size)``.

    Source: Chainer's reference, *chainer.links.EmbedID*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> L.EmbedID(5, 3)(np.array([0, 4], np.int32)).shape
        (2, 3)
    """

    # Asked for by subclasses that copy the constructor's work.
    ignore_label: int | None = None

    def __init__(
        self, in_size: int, out_size: int, initialW: Any = None, ignore_label: int | None = None
    ) -> None:
        super().__init__()
        self.ignore_label = ignore_label
        with self.init_scope():
            weights = Normal(1.0) if initialW is None else initialW
            self.W = Parameter(_get_initializer(weights), (in_size, out_size))

    @classmethod
    def from_params(cls, W: Any, ignore_label: int | None = None) -> Any:
        """Makes the link from its vectors.

        Args:
            W: The vectors, a variable or array of shape ``(in_size, out_size)``.
            ignore_label: The integer that gives zeros.

        Raises:
            ValueError: If ``W`` is no matrix.
        """
        in_size, out_size = W.shape
        return cls(in_size, out_size, initialW=as_array(W), ignore_label=ignore_label)

    def forward(self, x: Any) -> Variable:
        """Looks up the vectors.

        Args:
            x: Integers, of any shape.

        Returns:
            A variable of shape ``(*x.shape, out_size)``.
        """
        result: Variable = functions.embed_id(x, self.W, self.ignore_label)
        return result
