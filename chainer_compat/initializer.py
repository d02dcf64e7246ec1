"""What every initializer is (Chainer: *Weight Initializers*)."""

from __future__ import annotations

import math
from typing import Any

from chainer_compat.errors import InvalidArgumentError

__all__ = ["Initializer", "get_fans"]


class Initializer:
    """Fills an array in place; the base of all initializers.

    A subclass defines ``__call__(array)``.

    Args:
        dtype: The dtype of the arrays that it fills; None for any.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class Ramp(chainer.Initializer):
        ...     def __call__(self, array):
        ...         array[...] = np.arange(array.size).reshape(array.shape)
        >>> chainer.initializers.generate_array(Ramp(), (3,), np)
        array([0., 1., 2.], dtype=float32)
    """

    def __init__(self, dtype: Any = None) -> None:
        self.dtype = dtype

    def __call__(self, array: Any) -> None:
        """Fills an array in place.

        Args:
            array: An array of NumPy or CuPy, or a torch tensor.

        Raises:
            NotImplementedError: Unless a subclass defines it.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(array)")


def get_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Returns how many inputs and outputs meet in a unit of a layer.

    Args:
        shape: The shape of the layer's weight, ``(out, in, *kernel)``.

    Returns:
        ``fan_in`` and ``fan_out``: inputs and outputs times the size of the kernel.

    Raises:
        ValueError: If the shape is no tuple, or has less than two axes.

    Example:
        >>> from chainer_compat.initializer import get_fans
        >>> get_fans((32, 3, 5, 5))
        (75, 800)
    """
    if not isinstance(shape, tuple):
        raise InvalidArgumentError(f"a shape is a tuple; got {shape!r} of {type(shape)}")
    if len(shape) < 2:
        raise InvalidArgumentError(
            f"a fan needs a weight of two axes or more, (out, in, *kernel); got shape {shape}"
        )
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel
