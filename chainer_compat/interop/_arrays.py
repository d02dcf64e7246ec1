"""Raw arrays as tensors, and tensors as raw arrays, over the same memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat.backends import _crossing

if TYPE_CHECKING:
    import torch

__all__ = ["asarray", "astensor"]


def asarray(tensor: torch.Tensor) -> Any:
    """Returns a raw array over the memory of a tensor: NumPy's on the CPU, CuPy's on a GPU.

    Args:
        tensor: A torch tensor of any shape; its graph is left behind.

    Raises:
        ImportError: If the tensor is on a GPU and CuPy is not installed.

    Example:
        >>> import torch
        >>> from chainer_compat import interop
        >>> tensor = torch.zeros(2)
        >>> interop.asarray(tensor)[0] = 1
        >>> tensor
        tensor([1., 0.])
    """
    return _crossing.as_raw(tensor)


def astensor(array: Any) -> torch.Tensor:
    """Returns a tensor over the memory of a raw array, or the tensor under a Variable.

    A copy is made only of what torch cannot view: negative strides, a foreign byte order, memory
    that may not be written.

    Args:
        array: An array of NumPy or CuPy, or a Variable.

    Raises:
        TypeError: If it is neither, or of a dtype that torch does not have.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import interop
        >>> array = np.zeros(2)
        >>> interop.astensor(array)[0] = 1
        >>> array
        array([1., 0.])
    """
    return _crossing.as_tensor(array)
