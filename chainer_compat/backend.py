"""Devices and array modules (Chainer: *chainer.backend*)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from chainer_compat.backends import _crossing, cuda, intel64
from chainer_compat.backends._cpu import CpuDevice
from chainer_compat.backends._cuda_device import GpuDevice
from chainer_compat.backends._device import Device
from chainer_compat.backends.cuda import get_array_module
from chainer_compat.backends.intel64 import Intel64Device
from chainer_compat.errors import (
    DeviceUnavailableError,
    InvalidArgumentError,
    InvalidArgumentTypeError,
)

__all__ = [
    "ChainerxDevice",
    "CpuDevice",
    "Device",
    "GpuDevice",
    "Intel64Device",
    "copyto",
    "cuda",
    "from_chx",
    "get_array_module",
    "get_device",
    "get_device_from_array",
    "intel64",
    "to_chx",
    "using_device",
]


class ChainerxDevice(Device):
    """ChainerX's device, which cannot be made: its specifiers give torch's devices.

    Args:
        device: Never taken.
    """

    def __init__(self, device: Any) -> None:
        raise _no_chainerx("ChainerxDevice")

    @property
    def fallback_device(self) -> Device:
        """Raises: there is no such device.

        Raises:
            RuntimeError: Always.
        """
        raise _no_chainerx("ChainerxDevice")

    @staticmethod
    def from_array(array: Any) -> None:
        """Returns None: no array is one of ChainerX.

        Args:
            array: Anything.
        """

    @staticmethod
    def from_fallback_device(device: Any) -> NoReturn:
        """Raises: there is no such device.

        Args:
            device: Another device.

        Raises:
            RuntimeError: Always.
        """
        raise _no_chainerx("ChainerxDevice")


def _no_chainerx(what: str) -> DeviceUnavailableError:
    return DeviceUnavailableError(
        f"{what} needs ChainerX, which is not available here. Use the devices '@numpy' and "
        "'@cupy:N' (or ChainerX's own names 'native' and 'cuda:N', which stand for them)"
    )


def to_chx(array: Any) -> NoReturn:
    """Raises: there are no ChainerX arrays here.

    Args:
        array: Anything.

    Raises:
        RuntimeError: Always, with what to use instead.
    """
    raise _no_chainerx("to_chx")


def from_chx(array: Any) -> Any:
    """Returns the array as it is, since no array is one of ChainerX.

    Args:
        array: An array of NumPy, CuPy or torch, or a list or tuple of such.
    """
    return array


def get_device(device_spec: Any) -> Device:
    """Returns the device of a specifier.

    Args:
        device_spec: A :class:`Device`; a GPU's number, or a negative one for the CPU; text:
            ``"@numpy"``, ``"@cupy:0"``, a number, or ChainerX's ``"native"`` and ``"cuda:0"``,
            which stand for the CPU and a GPU; ``numpy`` or ``(cupy, 0)``.

    Raises:
        RuntimeError: If this machine has no such device.
        ValueError: If the text cannot be read.
        TypeError: If it is none of these.

    Example:
        >>> import chainer_compat as chainer
        >>> chainer.get_device(-1)
        <CpuDevice (numpy)>
    """
    if isinstance(device_spec, Device):
        return device_spec
    if isinstance(device_spec, cuda.Device):
        return GpuDevice(device_spec)
    if isinstance(device_spec, cuda.DummyDeviceType):
        return CpuDevice()
    if isinstance(device_spec, (int, np.integer)) and not isinstance(device_spec, bool):
        return CpuDevice() if device_spec < 0 else GpuDevice.from_device_id(int(device_spec))
    if isinstance(device_spec, str):
        return _device_of_text(device_spec)
    found = _device_of_module(device_spec)
    if found is not None:
        return found
    raise InvalidArgumentTypeError(
        "a device specifier is a device, a GPU's number (negative: the CPU), or text such as "
        f"'@numpy' or '@cupy:0'; got {device_spec!r} of {type(device_spec)}"
    )


def _device_of_text(spec: str) -> Device:
    name, _, index = spec.partition(":")
    try:
        if spec.lstrip("-").isdigit():
            return get_device(int(spec))
        if name in ("@numpy", "native"):
            return CpuDevice()
        if name == "@cupy" and index:
            return GpuDevice.from_device_id(int(index))
        if name == "cuda":
            return GpuDevice.from_device_id(int(index or 0))
        if spec == "@intel64":
            return Intel64Device()
    except ValueError:
        pass  # an index that is no number: the same message as for an unknown name
    raise InvalidArgumentError(
        f"cannot read the device specifier {spec!r}; use '@numpy', '@cupy:N', 'native', "
        "'cuda:N' or a GPU's number"
    )


def _device_of_module(spec: Any) -> Device | None:
    module, index = spec if isinstance(spec, tuple) and len(spec) == 2 else (spec, 0)
    name = module.__name__ if isinstance(module, ModuleType) else module
    if name in ("numpy", "native"):
        return CpuDevice()
    if name in ("cupy", "cuda"):
        return GpuDevice.from_device_id(int(index))
    return None


def get_device_from_array(*arrays: Any) -> Device:
    """Returns the device of the first array that lives on a GPU, else the CPU.

    Args:
        *arrays: Arrays of any library, Variables, or anything else.
    """
    for array in arrays:
        found = GpuDevice.from_array(array)
        if found is not None:
            return found
    return CpuDevice()


@contextmanager
def using_device(device_spec: Any) -> Iterator[Device]:
    """Makes a device the current one inside a ``with`` block.

    Args:
        device_spec: What :func:`get_device` takes.

    Example:
        >>> import chainer_compat as chainer
        >>> with chainer.using_device('@numpy') as device:
        ...     print(device)
        @numpy
    """
    device = get_device(device_spec)
    with device.create_context():
        yield device


def copyto(dst: Any, src: Any) -> None:
    """Copies the elements of an array into another, also between devices.

    Args:
        dst: An array of NumPy, CuPy or torch.
        src: An array whose shape broadcasts to that of ``dst``; it is cast to its dtype.

    Raises:
        TypeError: If ``dst`` is no array.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import backend
        >>> x = np.zeros(2)
        >>> backend.copyto(x, np.array([1.0, 2.0]))
        >>> x
        array([1., 2.])
    """
    if isinstance(dst, np.ndarray):
        np.copyto(dst, src if isinstance(src, np.ndarray) else _to_numpy(src))
        return
    if GpuDevice.from_array(dst) is None and CpuDevice.from_array(dst) is None:
        raise InvalidArgumentTypeError(f"cannot copy into an object of {type(dst)}")
    _crossing.as_tensor(dst).detach().copy_(_crossing.as_tensor(src))


def _to_numpy(src: Any) -> Any:
    return cuda.to_cpu(src)


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
