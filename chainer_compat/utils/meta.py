"""Methods that must not be overridden (Chainer: *chainer.utils.meta*)."""

from __future__ import annotations

import types
import warnings
from typing import Any

from chainer_compat.errors import UnexpectedArrayError

__all__ = ["enable_final", "final"]

_ACTION = "_chainer_compat_final"


def final(*args: Any, **kwargs: Any) -> Any:
    """Declares a method final: overriding it raises, or warns.

    The class must inherit from what :func:`enable_final` returns. Used with or without arguments.

    Args:
        *args: The method.
        **kwargs: ``action``, the class of the exception or of the warning; TypeError by default.

    Example:
        >>> from chainer_compat import utils
        >>> class Base(utils.enable_final()):
        ...     @utils.final
        ...     def forward(self):
        ...         pass
        >>> class Derived(Base):
        ...     def forward(self):
        ...         pass
        Traceback (most recent call last):
          ...
        TypeError: method 'forward' is final.
    """

    def mark(method: Any, action: Any = TypeError) -> Any:
        if not callable(method):
            raise UnexpectedArrayError(f"final decorates methods; got {method!r}")
        setattr(method, _ACTION, action)
        return method

    if args:
        return mark(*args, **kwargs)
    return lambda method: mark(method, **kwargs)


class _EnableFinal(type):
    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
        for key in namespace:
            for base in bases:
                action = getattr(getattr(base, key, None), _ACTION, None)
                if action is not None:
                    _act(action, key)
        return super().__new__(mcs, name, bases, namespace)


def _act(action: Any, name: str) -> None:
    if issubclass(action, Warning):
        warnings.warn(f"Overriding method {name!r}.", action, stacklevel=3)
    else:
        raise action(f"method {name!r} is final.")


def enable_final(base: Any = (), meta_base: Any = ()) -> type:
    """Returns a base class in whose subclasses :func:`final` has its effect.

    Args:
        base: A class, or several, that the returned one is to inherit from.
        meta_base: A metaclass, or several, that its metaclass is to inherit from.
    """
    bases = tuple(base) if isinstance(base, (list, tuple)) else (base,)
    metas = tuple(meta_base) if isinstance(meta_base, (list, tuple)) else (meta_base,)
    metaclass = type("FinalMeta", (_EnableFinal, *metas), {})
    return types.new_class("EnableFinal", bases, {"metaclass": metaclass})
