"""Names for annotations (Chainer: *chainer.types*)."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

# Only these two are objects of Chainer's own; the others are names of typing.
__all__ = ["TYPE_CHECKING", "AbstractInitializer"]

# False at run time, as everywhere; it is one of Chainer's names.
TYPE_CHECKING = False

Shape = tuple[int, ...]
ShapeSpec = int | Sequence[int]
DTypeSpec = Any
Xp = Any
NdArray = Any
ScalarValue = np.generic | bytes | str | memoryview | numbers.Number
DeviceSpec = Any
CudaDeviceSpec = Any


class AbstractInitializer(Protocol):
    """What an initializer is: a callable that fills an array in place.

    Attributes:
        dtype: The dtype of the arrays that it fills; None for any.
    """

    dtype: Any = None

    def __call__(self, array: NdArray) -> None:
        """Fills an array.

        Args:
            array: The array.
        """


InitializerSpec = AbstractInitializer | np.generic | numbers.Number | np.ndarray[Any, Any]
