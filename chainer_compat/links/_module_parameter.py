"""`ModuleParameter`: a torch module's parameter as a Chainer parameter."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.parameter import is_lazy

from chainer_compat.backend import get_device
from chainer_compat.backends import _crossing
from chainer_compat.variable import Parameter, Variable

__all__ = ["ModuleParameter"]


class ModuleParameter(Parameter):
    """The parameter that a torch module has under a name, now and after it was moved or replaced.

    Args:
        owner: The module, or part of one, that has it.
        key: Its name there.
    """

    def __init__(self, owner: torch.nn.Module, key: str) -> None:
        Variable.__init__(self, name=key)
        self._owner = owner
        self._key = key
        self._memory: tuple[Any, ...] | None = None

    # The base class keeps the tensor; here the module does.
    @property
    def _tensor(self) -> torch.Tensor | None:  # type: ignore[override]  # a variable in the base
        parameter = self._held()
        return None if is_lazy(parameter) else parameter

    @property
    def _requires_grad(self) -> bool:  # type: ignore[override]  # likewise
        return bool(self._held().requires_grad)

    def _held(self) -> Any:
        return self._owner._parameters[self._key]

    @property
    def array(self) -> Any:
        """The raw array over the parameter's memory; None before it is initialized."""
        tensor = self._tensor
        if tensor is None:
            return None
        memory = _memory_of(tensor)
        if memory != self._memory:
            self._array = _crossing.as_raw(tensor)
            self._memory = memory
        return self._array

    @array.setter
    def array(self, array: Any) -> None:
        self._set_array(array)

    data = array

    def _set_array(self, array: Any) -> None:
        tensor = self._tensor
        fresh = _crossing.as_tensor(array).detach()
        if tensor is None:
            self._held().materialize(fresh.shape)
            tensor = self._held()
        if tensor.dtype != fresh.dtype or tensor.device != fresh.device:
            tensor.grad = None
        tensor.data = fresh
        if tensor.data_ptr() == fresh.data_ptr() and not isinstance(array, torch.Tensor):
            self._array, self._memory = array, _memory_of(tensor)

    def initialize(self, shape: Any) -> None:
        """Makes the array of a parameter of a lazy module; the module initializes its values.

        Args:
            shape: The shape, an int or a tuple.
        """
        if self._tensor is None:
            self._held().materialize((shape,) if isinstance(shape, int) else tuple(shape))

    def to_device(self, device: Any) -> None:
        """Moves the array and the gradient to a device.

        Args:
            device: What :func:`chainer_compat.get_device` takes.
        """
        target = get_device(device).torch_device
        tensor = self._held()
        grad, tensor.grad = tensor.grad, None
        tensor.data = tensor.data.to(target)
        tensor.grad = None if grad is None else grad.to(target)


def _memory_of(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.device, tensor.dtype
