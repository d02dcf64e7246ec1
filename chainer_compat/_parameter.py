"""`Parameter`: a variable that a link owns and an optimizer updates."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from chainer_compat._variable import Variable, is_raw_array
from chainer_compat.backend import Device, get_device
from chainer_compat.backends import _crossing
from chainer_compat.initializers import NaN, _get_initializer, generate_array

__all__ = ["Parameter"]


class Parameter(Variable):
    """A variable with an initializer, whose array may come when its shape becomes known.

    Args:
        initializer: An array (taken as it is), a number, or an initializer; NaN by default, so
            that what was forgotten shows.
        shape: The shape, an int or a tuple; None to be initialized later.
        name: Its name.
        layout: The memory layout: None, the only one.

    Source: Chainer's reference, *chainer.Parameter*.

    Example:
        >>> import chainer_compat as chainer
        >>> p = chainer.Parameter(0.5)
        >>> p.is_initialized
        False
        >>> p.initialize((2,))
        >>> p.array
        array([0.5, 0.5], dtype=float32)
    """

    initializer: Any = None
    update_rule: Any = None
    # What the gradient starts as: NaN, so that a pass without `cleargrads` shows; None for none.
    _grad_initializer: Any = None
    # Where an uninitialized parameter will be initialized.
    _initial_device: Device | None = None

    def __init__(
        self,
        initializer: Any = None,
        shape: Any = None,
        name: str | None = None,
        *,
        layout: Any = None,
    ) -> None:
        if layout is not None:
            self.as_layout(layout)
        if initializer is None:
            initializer = NaN()
        elif np.isscalar(initializer):
            initializer = _get_initializer(initializer)
        self.initializer = initializer
        if shape is not None:
            super().__init__(name=name)
            self._grad_initializer = NaN()
            self.initialize(shape)
        elif is_raw_array(initializer):
            super().__init__(initializer, name=name)
        else:
            super().__init__(name=name)
            self._grad_initializer = NaN()

    @property
    def is_initialized(self) -> bool:
        """Whether it has an array."""
        return self._data_tensor() is not None

    @property
    def dtype(self) -> Any:
        """The array's dtype, or what it will be."""
        if self.is_initialized:
            return super().dtype
        return np.dtype(getattr(self.initializer, "dtype", None))

    @property
    def device(self) -> Device:
        """The device where the array is, or will be."""
        if not self.is_initialized:
            return self._initial_device or get_device(-1)
        return super().device

    def initialize(self, shape: Any) -> None:
        """Makes the array and the gradient.

        Args:
            shape: The shape, an int or a tuple.
        """
        device = self._initial_device or get_device(-1)
        initializer = self.initializer
        if is_raw_array(initializer):
            initializer = _get_initializer(initializer)
        data = generate_array(initializer, shape, device.xp, device=device)
        self._array = self._tensor = self._plain = None
        self._take(data)
        if self._grad_initializer is not None:
            grad = torch.empty_like(_crossing.as_tensor(data))
            self._grad_initializer(_crossing.as_raw(grad) if grad.device.type == "cpu" else grad)
            self._own_grad = grad

    def _grad_tensor(self) -> torch.Tensor | None:
        if not self.is_initialized and self._grad_initializer is not None:
            raise RuntimeError(
                f"the parameter {self.name or ''} is not initialized, so its gradient is not "
                "known; call `cleargrads` or run a forward pass first"
            )
        return super()._grad_tensor()

    def cleargrad(self) -> None:
        """Forgets the gradient."""
        self._grad_initializer = None
        if self.is_initialized:
            super().cleargrad()

    def zerograd(self) -> None:
        """Sets the gradient to zeros (superseded by :meth:`cleargrad`)."""
        if self.is_initialized:
            super().zerograd()
        else:
            self._grad_initializer = _get_initializer(0)

    def addgrad(self, var: Variable) -> None:
        """Adds the gradient of another variable, taking its shape if there is none yet.

        Args:
            var: The other variable.
        """
        if not self.is_initialized:
            other = var._grad_tensor() if var._data_tensor() is not None else None
            if other is None:
                return
            self._grad_initializer = None
            self.initialize(var.shape)
        super().addgrad(var)

    def copydata(self, var: Variable) -> None:
        """Copies the data of another variable, initializing whichever has none.

        Args:
            var: The other variable.
        """
        if self.is_initialized and isinstance(var, Parameter) and not var.is_initialized:
            var.initialize(self.shape)
        elif not self.is_initialized and var._data_tensor() is not None:
            self.initialize(var.shape)
        super().copydata(var)

    def to_device(self, device: Any) -> None:
        """Moves the array and the gradient to a device, or notes it for the initialization.

        Args:
            device: What :func:`chainer_compat.get_device` takes.
        """
        target = get_device(device)
        self._initial_device = target
        super().to_device(target)

    def update(self) -> None:
        """Updates the array by the rule that an optimizer has given it."""
        if self.update_rule is not None:
            self.update_rule.update(self)

    def __copy__(self) -> Parameter:
        fresh = type(self).__new__(type(self))
        self._copy_to(fresh)
        return fresh

    def _copy_to(self, target: Variable) -> Variable:
        if self.is_initialized:
            return super()._copy_to(target)
        target.__dict__.update(self.__dict__)
        target._node = None
        return target

    def __getstate__(self) -> dict[str, Any]:
        if self.is_initialized:
            return super().__getstate__()
        state = dict(self.__dict__)
        state.pop("_node", None)
        return state

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        if self.is_initialized:
            return super().__deepcopy__(memo)
        import copy

        fresh = type(self).__new__(type(self))
        memo[id(self)] = fresh
        rest = {k: v for k, v in self.__dict__.items() if k != "_node"}
        fresh.__dict__.update(copy.deepcopy(rest, memo))
        return fresh
