"""Fractions of an epoch, where nobody knows how long an epoch is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainer_compat.errors import InvalidArgumentError

__all__ = ["refuse_fractions_of_unknown_lengths"]


def refuse_fractions_of_unknown_lengths(view: Any) -> None:
    """Refuses triggers that would need the length of an epoch, if it is not known.

    Args:
        view: The trainer as extensions know it, when Lightning has made its data loader.

    Raises:
        ValueError: If a trigger is to fire within an epoch and the data loader has no length.
    """
    if view.updater.loops.has_epoch_length:
        return
    for owner, trigger in _triggers(view):
        if _needs_fractions(trigger):
            raise InvalidArgumentError(
                f"the trigger {trigger} of {owner} fires within an epoch, and the training data "
                "loader has no length; use a trigger in iterations, or give the loader a "
                "__len__ or the trainer limit_train_batches=<a number>"
            )


def _triggers(view: Any) -> Iterator[tuple[str, Any]]:
    yield "the run's end", view.stop_trigger
    for name, entry in view.runner.entries.items():
        yield f"extension {name!r}", entry.trigger
        yield f"extension {name!r}", getattr(entry.extension, "_trigger", None)


def _needs_fractions(trigger: Any) -> bool:
    if any(_needs_fractions(part) for part in _parts(trigger)):
        return True
    if getattr(trigger, "unit", None) != "epoch":
        return False
    marks = getattr(trigger, "points", [getattr(trigger, "period", 1)])
    return any(float(mark) != int(mark) for mark in marks)


def _parts(trigger: Any) -> list[Any]:
    held = [getattr(trigger, name, None) for name in ("_trigger", "_interval_trigger")]
    return [part for part in (*held, *getattr(trigger, "triggers", ())) if part is not None]
