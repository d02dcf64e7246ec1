"""Triggers by argument: a callable, a tuple, None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainer_compat.training.triggers._interval import IntervalTrigger

__all__ = ["always", "get_trigger", "never"]


def get_trigger(trigger: Any) -> Callable[[Any], bool]:
    """Returns the trigger that an argument stands for.

    Args:
        trigger: A callable that takes the trainer, returned as it is; a period and its unit
            such as ``(10, 'epoch')``, for :class:`~chainer_compat.training.triggers
            .IntervalTrigger`; or None, which never fires.

    Raises:
        TypeError: If it is none of these.
        ValueError: If the unit is neither ``'epoch'`` nor ``'iteration'``.

    Source: Chainer's page *chainer.training.get_trigger*.

    Example:
        >>> from chainer_compat import training
        >>> print(training.get_trigger((10, 'epoch')))
        IntervalTrigger(10, 'epoch')
        >>> training.get_trigger(None)(trainer=None)
        False
    """
    if callable(trigger):
        given: Callable[[Any], bool] = trigger
        return given
    if trigger is None:
        return never
    return IntervalTrigger(*trigger)


def never(trainer: Any) -> bool:  # noqa: ARG001 - the signature of a trigger
    """The trigger that picks no iteration.

    Args:
        trainer: Not looked at.
    """
    return False


def always(trainer: Any) -> bool:  # noqa: ARG001 - the signature of a trigger
    """The trigger that picks every iteration.

    Args:
        trainer: Not looked at.
    """
    return True
