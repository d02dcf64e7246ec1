"""`DeviceResident`: what can be moved from device to device."""

from __future__ import annotations

from typing import Any, NoReturn

import torch

from chainer_compat.backend import Device, get_device, to_chx
from chainer_compat.backends import cuda

__all__ = ["DeviceResident", "DeviceResidentsVisitor"]


class DeviceResident:
    """The base of what lives on a device: links.

    Source: Chainer's reference, *chainer.DeviceResident*.
    """

    # On the class, so that models which set attributes before `super().__init__()` have it.
    _device: Device | None = None

    @property
    def device(self) -> Device:
        """Where it lives."""
        return self._device or get_device(-1)

    @property
    def xp(self) -> Any:
        """The array module of its device: NumPy or CuPy."""
        return self.device.xp

    def to_cpu(self) -> Any:
        """Moves it to the CPU.

        Returns:
            Itself.
        """
        return self.to_device("@numpy")

    def to_gpu(self, device: Any = None) -> Any:
        """Moves it to a GPU.

        Args:
            device: The GPU; the current one if None.

        Returns:
            Itself.

        Raises:
            RuntimeError: If there is no GPU.
        """
        cuda.check_cuda_available()
        return self.to_device(torch.cuda.current_device() if device is None else device)

    def to_intel64(self) -> Any:
        """Raises: iDeep is gone.

        Raises:
            RuntimeError: Always, with what to use instead.
        """
        return self.to_device("@intel64")

    def to_chx(self) -> NoReturn:
        """Raises: there are no ChainerX arrays here.

        Raises:
            RuntimeError: Always, with what to use instead.
        """
        to_chx(None)

    def from_chx(self) -> Any:
        """Returns itself: no array is one of ChainerX."""
        return self

    def to_device(self, device: Any) -> Any:
        """Moves it, and all that belongs to it, to a device.

        Args:
            device: What :func:`chainer_compat.get_device` takes.

        Returns:
            Itself.
        """
        target = get_device(device)
        self.device_resident_accept(_ToDeviceVisitor(target, self))
        return self

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Lets a visitor see it; a subclass shows it what belongs to it, too.

        Args:
            visitor: The visitor.
        """
        visitor.visit_device_resident(self)


class DeviceResidentsVisitor:
    """Walks over what lives on devices."""

    def visit_device_resident(self, device_resident: DeviceResident) -> None:
        """Called with each link.

        Args:
            device_resident: The link.
        """
        raise NotImplementedError

    def visit_array(self, arr: Any) -> Any:
        """Called with each persistent array; returns what takes its place.

        Args:
            arr: The array.
        """
        raise NotImplementedError

    def visit_variable(self, param: Any) -> None:
        """Called with each parameter.

        Args:
            param: The parameter.
        """
        raise NotImplementedError


class _ToDeviceVisitor(DeviceResidentsVisitor):
    def __init__(self, device: Device, start: DeviceResident) -> None:
        self.device = device
        self.start = start

    def visit_device_resident(self, device_resident: DeviceResident) -> None:
        device_resident._device = self.device
        if device_resident is not self.start:
            _call_overridden(device_resident, self.device)

    def visit_array(self, arr: Any) -> Any:
        return self.device.send(arr)

    def visit_variable(self, param: Any) -> None:
        param.to_device(self.device)


def _call_overridden(resident: DeviceResident, device: Device) -> None:
    """Calls a child's own `to_cpu` or `to_gpu`, as scripts of Chainer 1 to 5 override them."""
    method = "to_cpu" if device == get_device(-1) else "to_gpu"
    if getattr(type(resident), method) is not getattr(DeviceResident, method):
        arguments = () if method == "to_cpu" else (getattr(device, "device").id,)  # noqa: B009 -- a GpuDevice here
        getattr(resident, method)(*arguments)
