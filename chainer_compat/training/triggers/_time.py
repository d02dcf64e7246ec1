"""The trigger that goes by the clock."""

from __future__ import annotations

import math
from typing import Any

from chainer_compat.serializer import Serializer
from chainer_compat.training._state import optional
from chainer_compat.training.triggers._trigger import Trigger

__all__ = ["TimeTrigger"]


class TimeTrigger(Trigger):
    """Fires at the first iteration after each so many seconds of training.

    Periods that went by during one long iteration are not made up for: it fires once, and next
    when the next multiple of the period has passed.

    Args:
        period: Length of the interval in seconds.

    Source: Chainer's page *chainer.training.triggers.TimeTrigger*.

    Example:
        >>> from chainer_compat.training import triggers
        >>> print(triggers.TimeTrigger(600))
        TimeTrigger(600)
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self._next_time = period
        self._loaded = False
        # The iteration in which it fired last: asked again in it, it says yes again.
        self._fired_at = -1

    def __call__(self, trainer: Any) -> bool:
        """Says whether the time has come.

        Args:
            trainer: The trainer that asks; ``elapsed_time`` is read, and the iteration if it has
                an updater.
        """
        elapsed = trainer.elapsed_time
        if self._loaded:
            self._fit_to_clock(elapsed)
        if self._next_time < elapsed:
            self._next_time += self._period * self._periods_passed(elapsed)
            self._fired_at = _iteration_of(trainer)
            return True
        return self._fired_at >= 0 and self._fired_at == _iteration_of(trainer)

    def _periods_passed(self, elapsed: float) -> int:
        if self._period <= 0:
            return 1
        return max(1, math.ceil((elapsed - self._next_time) / self._period))

    def _fit_to_clock(self, elapsed: float) -> None:
        # Loaded into a trainer whose clock started anew, it would be silent until the clock has
        # caught up (pytorch-pfn-extras#795).
        # The type stays that of the period, into which Chainer loads it.
        self._next_time = min(self._next_time, type(self._period)(elapsed + self._period))
        self._loaded = False

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the time at which it fires next.

        Args:
            serializer: A serializer or deserializer.
        """
        self._fired_at = optional(serializer, "fired_at", self._fired_at, absent=-1)
        self._loaded = not isinstance(serializer, Serializer)
        if self._loaded:
            self._next_time = serializer("next_time", float(self._next_time))
        else:
            serializer("next_time", self._next_time)

    def __str__(self) -> str:
        return f"TimeTrigger({self._period})"


def _iteration_of(trainer: Any) -> int:
    # A trainer double may have nothing but the clock.
    iteration = getattr(getattr(trainer, "updater", None), "iteration", -1)
    return iteration if isinstance(iteration, int) else -1
