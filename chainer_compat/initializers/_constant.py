"""Initializers that always give the same values."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat._dtypes import get_array_types
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.initializer import Initializer
from chainer_compat.initializers._filling import assign, prepared

__all__ = ["Constant", "Identity", "NaN", "One", "Zero"]


class Identity(Initializer):
    """A multiple of the identity matrix.

    Args:
        scale: What stands on the diagonal.
        dtype: The dtype of the arrays that it fills; None for any.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import initializers
        >>> initializers.generate_array(initializers.Identity(2), (2, 2), np)
        array([[2., 0.],
               [0., 2.]], dtype=float32)
    """

    def __init__(self, scale: Any = 1.0, dtype: Any = None) -> None:
        self.scale = scale
        super().__init__(dtype)

    def __call__(self, array: Any) -> None:
        """Fills a square matrix in place.

        Args:
            array: A matrix of NumPy or CuPy, or a torch tensor.

        Raises:
            ValueError: If it is not a square matrix.
            AssertionError: If its dtype is not the initializer's.
        """
        array = prepared(self, array)
        if array.ndim != 2 or array.shape[0] != array.shape[1]:
            raise InvalidArgumentError(
                f"Identity fills square matrices only; the array has shape {tuple(array.shape)}"
            )
        assign(array, np.identity(array.shape[0]) * self.scale)


class _Constant(Initializer):
    # A subclass of the user's may set it on the class, as Zero does.
    fill_value: Any = None

    def __init__(self, dtype: Any = None) -> None:
        if not (np.isscalar(self.fill_value) or isinstance(self.fill_value, get_array_types())):
            raise InvalidArgumentError(
                f"fill_value is a scalar or an array of NumPy, CuPy or torch; "
                f"got {type(self.fill_value)}"
            )
        super().__init__(dtype)

    def __call__(self, array: Any) -> None:
        """Fills an array in place.

        Args:
            array: An array of NumPy or CuPy, or a torch tensor.

        Raises:
            AssertionError: If its dtype is not the initializer's.
        """
        assign(prepared(self, array), self.fill_value)


class Constant(_Constant):
    """One value, or the values of an array.

    Args:
        fill_value: A scalar, or an array whose shape broadcasts to that of the array to fill.
        dtype: The dtype of the arrays that it fills; None for any.

    Raises:
        ValueError: If ``fill_value`` is neither.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import initializers
        >>> initializers.generate_array(initializers.Constant(3), (2,), np)
        array([3., 3.], dtype=float32)
    """

    def __init__(self, fill_value: Any, dtype: Any = None) -> None:
        self.fill_value = fill_value
        super().__init__(dtype)


class Zero(_Constant):
    """Zero everywhere.

    Args:
        dtype: The dtype of the arrays that it fills; None for any.
    """

    fill_value = 0.0


class One(_Constant):
    """One everywhere.

    Args:
        dtype: The dtype of the arrays that it fills; None for any.
    """

    fill_value = 1.0


class NaN(_Constant):
    """Not-a-number everywhere, so that a value which was never set shows.

    Args:
        dtype: The dtype of the arrays that it fills; None for any.
    """

    fill_value = np.nan
