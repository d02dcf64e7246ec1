"""What every device can do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch

__all__ = ["Device"]


class Device:
    """A place where arrays live, and the array module that works there.

    Source: Chainer's reference, *chainer.backend.Device*.
    """

    xp: Any = None
    supported_array_types: tuple[type, ...] = ()

    @property
    def name(self) -> str:
        """The specifier that :func:`chainer_compat.get_device` takes for this device."""
        raise NotImplementedError

    @property
    def torch_device(self) -> torch.device:
        """The torch device under it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.name

    def create_context(self) -> AbstractContextManager[Any]:
        """Returns a context manager in which this is the current device of its library."""
        return self._context()

    @contextmanager
    def _context(self) -> Iterator[Device]:
        yield self

    def __enter__(self) -> None:
        raise RuntimeError(
            "a device is no context manager; use `with chainer.using_device(device):`"
        )

    def __exit__(self, *exc_info: object) -> None:
        """Never reached: entering raises."""

    def use(self) -> None:
        """Makes this the current device of its library."""

    def send(self, arrays: Any) -> Any:
        """Moves an array, or a list or tuple of arrays, to this device.

        Args:
            arrays: An array, a scalar, None, or a list or tuple of these.

        Returns:
            The same structure; what is already here is passed on as it is.

        Raises:
            TypeError: If there is something that is no array.
        """
        if isinstance(arrays, (list, tuple)):
            seen: dict[int, Any] = {}
            moved = []
            for array in arrays:
                # The same array given twice stays one array.
                if id(array) not in seen:
                    seen[id(array)] = None if array is None else self.send_array(array)
                moved.append(seen[id(array)])
            return type(arrays)(moved)
        return self.send_array(arrays)

    def send_array(self, array: Any) -> Any:
        """Moves one array to this device.

        Args:
            array: An array or a scalar.
        """
        raise NotImplementedError

    def is_array_supported(self, array: Any) -> bool:
        """Whether an array lives here.

        Args:
            array: Anything.
        """
        return isinstance(array, self.supported_array_types)
