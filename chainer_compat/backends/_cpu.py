"""The CPU: NumPy arrays, torch's CPU kernels."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import torch

from chainer_compat.backends._device import Device
from chainer_compat.errors import InvalidArgumentTypeError

__all__ = ["CpuDevice", "array_to_cpu"]

_TORCH_CPU = torch.device("cpu")


class CpuDevice(Device):
    """The CPU, as one device.

    Example:
        >>> import chainer_compat as chainer
        >>> chainer.get_device('@numpy')
        <CpuDevice (numpy)>
    """

    xp = np
    supported_array_types = (np.ndarray,)

    @property
    def name(self) -> str:
        """``"@numpy"``."""
        return "@numpy"

    @property
    def torch_device(self) -> torch.device:
        """``torch.device("cpu")``."""
        return _TORCH_CPU

    @staticmethod
    def from_array(array: Any) -> CpuDevice | None:
        """Returns the CPU if the array lives there, else None.

        Args:
            array: Anything.
        """
        if isinstance(array, np.ndarray):
            return CpuDevice()
        if isinstance(array, torch.Tensor) and array.device.type == "cpu":
            return CpuDevice()
        return None

    def send_array(self, array: Any) -> Any:
        """Returns the array as a NumPy array; one that is here already, as it is.

        Args:
            array: An array of any library, or a scalar.
        """
        return array_to_cpu(array)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CpuDevice)

    def __hash__(self) -> int:
        return hash(CpuDevice)

    def __repr__(self) -> str:
        return "<CpuDevice (numpy)>"


def array_to_cpu(array: Any) -> Any:
    """Returns an array as a NumPy array, with a copy only if it lives on a GPU.

    Args:
        array: An array of NumPy, CuPy or torch, a number, a text, or None.

    Raises:
        TypeError: If it is none of these.
    """
    if array is None or type(array) is np.ndarray:
        return array
    if isinstance(array, torch.Tensor):
        return array.detach().cpu().numpy()
    if isinstance(array, (np.ndarray, np.generic, numbers.Number, str, bytes)):
        return np.asarray(array)
    if hasattr(array, "__cuda_array_interface__") and hasattr(array, "get"):
        return array.get()
    raise InvalidArgumentTypeError(
        f"cannot be converted into a numpy.ndarray: an object of {type(array)}"
    )
