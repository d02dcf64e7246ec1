"""From an initializer, or what stands for one, to an array."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from chainer_compat._dtypes import get_array_types, get_dtype
from chainer_compat.backend import get_device
from chainer_compat.backends import _crossing
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.initializer import Initializer
from chainer_compat.initializers._constant import Constant
from chainer_compat.initializers._random import LeCunNormal

__all__ = ["check_is_initializer_like", "generate_array", "get_initializer"]


def generate_array(
    initializer: Any, shape: Any, xp: Any, dtype: Any = None, device: Any = None
) -> Any:
    """Makes an array and fills it.

    Args:
        initializer: A callable that fills an array in place; its attribute ``dtype``, if it has
            one, is the default of the argument.
        shape: An int or a tuple of ints.
        xp: NumPy or CuPy, as ``device.xp`` gives it.
        dtype: The array's dtype; None for the initializer's, or else ``chainer.config.dtype``
            (where :data:`chainer.mixed16` stands for float16).
        device: The device; None for the CPU or CuPy's current GPU, as ``xp`` says.

    Returns:
        An array of ``xp``; on a GPU without CuPy, a torch tensor.

    Raises:
        ValueError: If the dtypes of argument and initializer differ, or ``xp`` is not the device's.
        ImportError: If an array of CuPy is asked for without a device, and CuPy is not installed.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import initializers
        >>> initializers.generate_array(initializers.One(), (2, 1), np)
        array([[1.],
               [1.]], dtype=float32)
    """
    array_dtype = _dtype_of_array(initializer, dtype)
    if device is None:
        array = xp.empty(shape, dtype=array_dtype)
        initializer(array)
        return array
    target = get_device(device)
    if xp is not target.xp:
        raise InvalidArgumentError(f"xp is {xp!r}, while the device {target} has {target.xp!r}")
    with target.create_context():
        array = _empty(shape, target, array_dtype)
        initializer(array)
    return array


def _dtype_of_array(initializer: Any, dtype: Any) -> np.dtype[Any]:
    own = getattr(initializer, "dtype", None)
    if own is not None:
        own = get_dtype(own, map_mixed16=np.float16)
    if dtype is not None:
        dtype = get_dtype(dtype, map_mixed16=np.float16)
        if own is not None and own != dtype:
            raise InvalidArgumentError(
                f"dtype is {dtype}, while the initializer was made for {own}"
            )
    chosen: np.dtype[Any] = get_dtype(own if dtype is None else dtype, map_mixed16=np.float16)
    return chosen


def _empty(shape: Any, target: Any, dtype: np.dtype[Any]) -> Any:
    if target.xp is np or _crossing.cupy_or_none() is not None:
        return target.xp.empty(shape, dtype=dtype)
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    return torch.empty(sizes, dtype=_crossing.torch_dtype(dtype), device=target.torch_device)


def _is_fill_value(initializer: Any) -> bool:
    return bool(np.isscalar(initializer)) or isinstance(initializer, get_array_types())


def get_initializer(initializer: Any, scale: float = 1.0) -> Any:
    """Returns the initializer that an argument like ``initialW`` stands for.

    Args:
        initializer: None for Chainer's default, :class:`LeCunNormal`; a scalar or an array for
            :class:`Constant`; any other callable for itself.
        scale: What the values are multiplied by (Chainer 1).

    Raises:
        TypeError: If it is none of these.
    """
    if initializer is None:
        return LeCunNormal(scale)
    if _is_fill_value(initializer):
        return Constant(initializer if scale == 1.0 else initializer * scale)
    if not callable(initializer):
        raise _not_an_initializer(initializer)
    return initializer if scale == 1.0 else _Scaled(initializer, scale)


class _Scaled(Initializer):
    """Another initializer's values, multiplied.

    Args:
        initializer: The other one.
        scale: The factor.
    """

    def __init__(self, initializer: Any, scale: float) -> None:
        super().__init__(getattr(initializer, "dtype", None))
        self._initializer = initializer
        self._scale = scale

    def __call__(self, array: Any) -> None:
        self._initializer(array)
        array *= self._scale


def check_is_initializer_like(initializer: Any) -> None:
    """Raises unless :func:`get_initializer` takes the argument.

    Args:
        initializer: Anything.

    Raises:
        TypeError: If it is no initializer, nor stands for one.
    """
    if not (initializer is None or callable(initializer) or _is_fill_value(initializer)):
        raise _not_an_initializer(initializer)


def _not_an_initializer(given: Any) -> InvalidArgumentTypeError:
    return InvalidArgumentTypeError(
        "an initializer is a callable that fills an array, a scalar, an array or None; "
        f"got {given!r} of {type(given)}"
    )
