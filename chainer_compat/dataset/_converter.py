"""Converters: callables that turn a batch into what a model takes, on a device."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import torch

from chainer_compat import backend
from chainer_compat.errors import InvalidArgumentTypeError

__all__ = [
    "Converter",
    "converter",
    "identity_converter",
    "to_device",
]


class Converter:
    """The base of converters, which get a batch and a device.

    Source: Chainer's reference, *chainer.dataset.Converter*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> class Stack(chainer.dataset.Converter):
        ...     def __call__(self, batch, device):
        ...         return device.send(np.stack(batch))
        >>> Stack()([np.zeros(2), np.ones(2)], chainer.get_device(-1))
        array([[0., 0.],
               [1., 1.]])
    """

    def __call__(self, batch: Any, device: Any) -> Any:
        """Returns the batch in the form that a model takes.

        Args:
            batch: What an iterator gave.
            device: A :class:`~chainer_compat.backend.Device`, or None to leave arrays where
                they are.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define __call__")


class _ArbitraryCallableConverter(Converter):
    """A function as a converter, for which numbers and texts as devices become devices.

    Args:
        base_callable: Takes a batch, a device, and whatever else.
    """

    def __init__(self, base_callable: Callable[..., Any]) -> None:
        if not callable(base_callable):
            raise InvalidArgumentTypeError(
                f"Can only wrap a callable. Actual: {type(base_callable)}"
            )
        self.base_callable = base_callable
        functools.update_wrapper(self, base_callable, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) >= 2:
            args = (args[0], _get_device(args[1]), *args[2:])
        elif "device" in kwargs:
            kwargs["device"] = _get_device(kwargs["device"])
        return self.base_callable(*args, **kwargs)

    def __reduce__(self) -> str | tuple[Any, ...]:
        # A decorated function is found under its own name, where pickle would look for the
        # function that it decorates.
        name = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(getattr(self, "__module__", ""))
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else (type(self), (self.base_callable,))


def converter() -> Callable[[Callable[..., Any]], Converter]:
    """Returns a decorator that makes a converter of a function.

    The function gets a batch and a :class:`~chainer_compat.backend.Device` (or None), whether
    the caller named the device by a number, a text or an object.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> @chainer.dataset.converter()
        ... def stack(batch, device):
        ...     return device.send(np.stack(batch))
        >>> stack([np.zeros(2), np.ones(2)], -1)
        array([[0., 0.],
               [1., 1.]])
    """
    return _ArbitraryCallableConverter


@converter()
def identity_converter(batch: Any, device: Any = None) -> Any:  # noqa: ARG001 -- what converters get
    """Returns the batch as it is.

    Args:
        batch: What an iterator gave.
        device: Not used.

    Example:
        >>> from chainer_compat.dataset import identity_converter
        >>> identity_converter(['a', 'b'], -1)
        ['a', 'b']
    """
    return batch


def _call_converter(converter: Callable[..., Any], batch: Any, device: Any) -> Any:
    """Calls a converter of any age with a device.

    Args:
        converter: A :class:`Converter` gets the device as it is; any other callable gets what
            Chainer 1 to 5 gave it: the number of a GPU, -1 for the CPU, or None.
        batch: What an iterator gave.
        device: A :class:`~chainer_compat.backend.Device`, or None.
    """
    if device is None or isinstance(converter, Converter):
        return converter(batch, device)
    return converter(batch, device.device.id if isinstance(device, backend.GpuDevice) else -1)


def _get_device(device_spec: Any) -> backend.Device | None:
    """Returns the device of a specifier, and None for None.

    Args:
        device_spec: What :func:`chainer_compat.get_device` takes, or None.
    """
    return None if device_spec is None else backend.get_device(device_spec)


def to_device(device: Any, x: Any) -> Any:
    """Sends an array to a device.

    Args:
        device: A device, a number (negative: the CPU), a text such as ``"@cupy:0"``, or None to
            leave the array where it is.
        x: An array. A torch tensor stays a torch tensor.

    Example:
        >>> import numpy as np
        >>> import chainer_compat as chainer
        >>> chainer.dataset.to_device(-1, np.arange(3))
        array([0, 1, 2])
    """
    target = _get_device(device)
    if target is None:
        return x
    if isinstance(x, torch.Tensor):
        return x.to(target.torch_device)
    return target.send(x)
