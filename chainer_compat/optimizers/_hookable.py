"""Hooks by name, before and after an update."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from chainer_compat.optimizers import _revision

__all__ = ["Hookable"]

_TIMINGS = ("pre", "post")


class Hookable:
    """The hooks of an optimizer or of a rule, in the order of their registration.

    Args:
        invalid_timing_fallback: Take a hook whose ``timing`` is neither ``"pre"`` nor ``"post"``
            as ``"pre"``, with a warning.
    """

    def __init__(self, invalid_timing_fallback: bool = False) -> None:
        self.pre: OrderedDict[str, Any] = OrderedDict()
        self.post: OrderedDict[str, Any] = OrderedDict()
        self._invalid_timing_fallback = invalid_timing_fallback

    def __bool__(self) -> bool:
        return bool(self.pre or self.post)

    def add(self, hook: Any, name: str | None, timing: str) -> None:
        """Adds a hook.

        Args:
            hook: A callable.
            name: Its name; by default its ``name``, else its ``__name__``.
            timing: ``"pre"``, ``"post"``, or ``"auto"`` for what its ``timing`` says.

        Raises:
            TypeError: If the hook cannot be called.
            ValueError: If the timing is another one, or there is no name.
            KeyError: If there is a hook of that name.
        """
        if not callable(hook):
            raise TypeError(f"a hook must be callable; got {type(hook)}")
        if timing not in (*_TIMINGS, "auto"):
            raise ValueError(f"timing is 'pre', 'post' or 'auto'; got {timing!r}")
        if timing == "auto":
            timing = self._own_timing(hook)
        if name is None:
            name = getattr(hook, "name", getattr(hook, "__name__", None))
        if name is None:
            raise ValueError(f"the hook {hook!r} has no name; give it one by name=")
        if name in self.pre or name in self.post:
            raise KeyError(f"there is a hook named {name!r} already")
        (self.post if timing == "post" else self.pre)[name] = hook
        _revision.bump()

    def _own_timing(self, hook: Any) -> str:
        timing: str = getattr(hook, "timing", "pre")
        if timing not in _TIMINGS and self._invalid_timing_fallback:
            warnings.warn(
                f"the timing of the hook {hook!r} is neither 'pre' nor 'post' but {timing!r}; it "
                "is taken as 'pre'",
                stacklevel=4,
            )
            return "pre"
        return timing

    def remove(self, name: str) -> None:
        """Removes a hook.

        Args:
            name: Its name.

        Raises:
            KeyError: If there is none of that name.
        """
        del (self.pre if name in self.pre else self.post)[name]
        _revision.bump()

    def call(self, timing: str, call_hook: Callable[[Any], None]) -> None:
        """Calls the hooks of one timing.

        Args:
            timing: ``"pre"`` or ``"post"``.
            call_hook: What to do with each hook.

        Raises:
            ValueError: If the timing is another one.
        """
        if timing not in _TIMINGS:
            raise ValueError(f"timing is 'pre' or 'post'; got {timing!r}")
        for hook in list((self.pre if timing == "pre" else self.post).values()):
            call_hook(hook)
