"""A trigger made of a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainer_compat.training.triggers._trigger import RememberingTrigger

__all__ = ["FunctionTrigger"]


class FunctionTrigger(RememberingTrigger):
    """Fires when a function of the trainer says so; asks it once per iteration.

    A plain function can be a trigger by itself. This makes one that can be shared by several
    extensions, combined by ``|``, ``&`` and ``~``, and that says what it is when printed.

    Args:
        function: Called with the trainer.
        name: What it is called; the function's name if None.

    Example:
        >>> from chainer_compat.training import triggers
        >>> def converged(trainer):
        ...     return trainer.observation['main/loss'] < 0.01
        >>> print(triggers.FunctionTrigger(converged))
        FunctionTrigger(converged)
    """

    def __init__(self, function: Callable[[Any], Any], name: str | None = None) -> None:
        super().__init__()
        self._function = function
        self._name = name or getattr(function, "__name__", repr(function))

    def _decide(self, trainer: Any) -> bool:
        return bool(self._function(trainer))

    def __str__(self) -> str:
        return f"FunctionTrigger({self._name})"
