"""GPUs as devices: one class for Chainer's `GpuDevice`, one for what CuPy calls a device."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

from chainer_compat.backends import _crossing
from chainer_compat.backends._cpu import array_to_cpu
from chainer_compat.backends._device import Device as AnyDevice
from chainer_compat.errors import DeviceUnavailableError

__all__ = [
    "Device",
    "DummyDevice",
    "DummyDeviceType",
    "GpuDevice",
    "array_to_gpu",
    "check_cuda_available",
]


def check_cuda_available() -> None:
    """Raises if no GPU can be used.

    Raises:
        RuntimeError: If torch sees no GPU, with what to do.
    """
    if not torch.cuda.is_available():
        build = "has no CUDA support" if torch.version.cuda is None else "finds no GPU"
        raise DeviceUnavailableError(
            f"CUDA is not available: torch {torch.__version__} {build}. "
            "Run on the CPU (device -1 or '@numpy'), or install a CUDA build of torch "
            "on a machine with a GPU"
        )


class Device:
    """A GPU by its number, current inside a ``with`` block.

    Args:
        device: The number; the current GPU if None.

    Raises:
        RuntimeError: If there is no such GPU.
    """

    def __init__(self, device: int | None = None) -> None:
        check_cuda_available()
        self.id = torch.cuda.current_device() if device is None else int(device)
        count = torch.cuda.device_count()
        if not 0 <= self.id < count:
            raise DeviceUnavailableError(f"there is no GPU {self.id}: this machine has {count}")
        self._entered: list[torch.cuda.device] = []

    def use(self) -> None:
        """Makes this the current GPU of torch and of CuPy, which share CUDA's current device."""
        torch.cuda.set_device(self.id)

    def synchronize(self) -> None:
        """Waits for all that was started on this GPU."""
        torch.cuda.synchronize(self.id)

    @property
    def compute_capability(self) -> str:
        """The compute capability as CuPy spells it, ``"90"``."""
        return "{}{}".format(*torch.cuda.get_device_capability(self.id))

    def __enter__(self) -> Device:
        context: Any = torch.cuda.device(self.id)
        context.__enter__()
        self._entered.append(context)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._entered.pop().__exit__(*exc_info)

    def __int__(self) -> int:
        return self.id

    __index__ = __int__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self) -> int:
        return hash((Device, self.id))

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"


class DummyDeviceType:
    """The CPU where a GPU is expected: entering it does nothing."""

    id = -1

    def __int__(self) -> int:
        return -1

    def __enter__(self) -> DummyDeviceType:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Nothing was entered."""

    def use(self) -> None:
        """Does nothing."""

    def synchronize(self) -> None:
        """Does nothing."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DummyDeviceType)

    def __hash__(self) -> int:
        return hash(DummyDeviceType)

    def __repr__(self) -> str:
        return "<CUDA DummyDevice>"


DummyDevice = DummyDeviceType()


class GpuDevice(AnyDevice):
    """A GPU: torch's kernels, CuPy's arrays.

    Args:
        device: The GPU as :class:`Device`.
    """

    def __init__(self, device: Device) -> None:
        self.device = device

    @property
    def xp(self) -> Any:
        """CuPy, or an object that raises ImportError when used where it is not installed."""
        from chainer_compat.backends import cuda

        return cuda.cupy

    @property
    def supported_array_types(self) -> tuple[type, ...]:  # type: ignore[override]  # as xp
        """CuPy's array type."""
        from chainer_compat.backends import cuda

        return (cuda.ndarray,)

    @property
    def name(self) -> str:
        """``"@cupy:N"``."""
        return f"@cupy:{self.device.id}"

    @property
    def torch_device(self) -> torch.device:
        """``torch.device("cuda", N)``."""
        return torch.device("cuda", self.device.id)

    @staticmethod
    def from_device_id(device_id: int) -> GpuDevice:
        """Returns the GPU of a number.

        Args:
            device_id: The GPU's number.

        Raises:
            RuntimeError: If there is no such GPU.
            ValueError: If the number is negative.
        """
        if device_id < 0:
            raise ValueError(f"a GPU's number is an integer from 0 on; got {device_id!r}")
        return GpuDevice(Device(int(device_id)))

    @staticmethod
    def from_array(array: Any) -> GpuDevice | None:
        """Returns the GPU that an array lives on, or None if it lives elsewhere.

        Args:
            array: Anything.
        """
        tensor = array if isinstance(array, torch.Tensor) else getattr(array, "tensor", None)
        if isinstance(tensor, torch.Tensor):
            if tensor.is_cuda:
                return GpuDevice.from_device_id(tensor.get_device())
            return None
        if hasattr(array, "__cuda_array_interface__"):
            device = getattr(array, "device", None)
            return GpuDevice.from_device_id(int(getattr(device, "id", 0)))
        return None

    def create_context(self) -> AbstractContextManager[Any]:
        """Returns a context manager in which this is the current GPU."""
        return Device(self.device.id)

    def use(self) -> None:
        """Makes this the current GPU."""
        self.device.use()

    def send_array(self, array: Any) -> Any:
        """Copies an array to this GPU; one that is here already is passed on as it is.

        Args:
            array: An array of any library, or a scalar.
        """
        return array_to_gpu(array, self.device.id)

    def is_array_supported(self, array: Any) -> bool:
        """Whether an array lives on this GPU.

        Args:
            array: Anything.
        """
        return GpuDevice.from_array(array) == self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GpuDevice) and self.device == other.device

    def __hash__(self) -> int:
        return hash((GpuDevice, self.device.id))

    def __repr__(self) -> str:
        return f"<GpuDevice (cupy):{self.device.id}>"


def array_to_gpu(array: Any, device_id: int, stream: Any = None) -> Any:
    """Returns an array on a GPU: of CuPy if it is installed, else of torch.

    Args:
        array: An array of any library, a scalar, or None.
        device_id: The GPU's number.
        stream: A CuPy stream to copy in; the current one if None.
    """
    if array is None:
        return None
    found = GpuDevice.from_array(array)
    if found is not None and found.device.id == device_id:
        return array
    cupy = _crossing.cupy_or_none()
    if cupy is None or isinstance(array, torch.Tensor):
        moved = _crossing.as_tensor(array).to(torch.device("cuda", device_id))
        return moved if cupy is None else _crossing.as_raw(moved)
    with Device(device_id):
        if found is not None:
            return array.copy()  # CuPy copies to the current GPU, whichever the source is on
        fresh = cupy.empty(np.shape(array), np.asarray(array).dtype)
        fresh.set(np.ascontiguousarray(array_to_cpu(array)), stream)
        return fresh
