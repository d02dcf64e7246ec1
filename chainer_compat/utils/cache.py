"""Results that are computed once (Chainer: *chainer.utils.cache*)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

from chainer_compat.configuration import config
from chainer_compat.errors import MissingNameError

__all__ = ["cached_property"]


class cached_property:  # noqa: N801 (a decorator)
    """A read-only property that is computed once with a graph and once without.

    Args:
        func: The method that computes it.

    Example:
        >>> from chainer_compat.utils import cache
        >>> class Circle:
        ...     @cache.cached_property
        ...     def area(self):
        ...         print('computing')
        ...         return 3
        >>> circle = Circle()
        >>> circle.area + circle.area
        computing
        6
    """

    def __init__(self, func: Callable[[Any], Any]) -> None:
        functools.update_wrapper(self, func)  # type: ignore[arg-type]  # a descriptor will do
        self.func = func
        self.name = func.__name__

    def __get__(self, obj: Any, cls: Any) -> Any:
        if obj is None:
            return self
        values = obj.__dict__.setdefault(self.name, {})
        mode = config.enable_backprop
        if mode not in values:
            values[mode] = self.func(obj)
        return values[mode]

    def __set__(self, obj: Any, value: Any) -> NoReturn:
        # Without it the dictionary of values would hide the property.
        raise MissingNameError(f"the attribute {self.name!r} of {obj!r} cannot be set")
