"""Functions that change an array's shape, not its elements (Chainer: *Array manipulations*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["reshape", "transpose"]


def _check_reshape(x: Tensor, shape: Sequence[int]) -> None:
    shape = tuple(shape)
    unknown = shape.count(-1)
    if unknown > 1:
        raise ValueError(f"only one length of a shape may be -1; got {shape}")
    known = 1
    for length in shape:
        if length != -1:
            known *= length
    if unknown:
        if known == 0 or x.numel() % known:
            fail(f"prod(x.shape) % {known} == 0", f"{x.numel()} % {known} != 0")
    elif x.numel() != known:
        fail(f"prod(x.shape) == prod({shape})", f"{x.numel()} != {known}")


@function("Reshape", check=_check_reshape)
def reshape(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Returns an array in another shape.

    Args:
        x: A variable or array, of any dtype.
        shape: The lengths of the new axes; one may be -1, and is then worked out.

    Returns:
        A variable of that shape; ``x`` itself if it has it already.

    Raises:
        InvalidType: If the number of elements does not fit.
        ValueError: If more than one length is -1.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.reshape(np.zeros((2, 3), np.float32), (3, -1)).shape
        (3, 2)
    """
    shape = tuple(shape)
    return x if x.shape == shape else x.reshape(shape)


@function("Transpose")
def transpose(x: Tensor, axes: Any = None) -> Tensor:
    """Returns an array with its axes permuted.

    Args:
        x: A variable or array, of any dtype.
        axes: The axes in their new order; reversed if None.

    Returns:
        A variable over the same elements.

    Raises:
        ValueError: If ``axes`` is no permutation of the axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.transpose(np.zeros((2, 3), np.float32)).shape
        (3, 2)
    """
    order = tuple(reversed(range(x.ndim))) if axes is None else tuple(axes)
    if sorted(axis % x.ndim if x.ndim else axis for axis in order) != list(range(x.ndim)):
        raise ValueError(f"axes {order} are no permutation of the {x.ndim} axes of x")
    return x.permute(order)
