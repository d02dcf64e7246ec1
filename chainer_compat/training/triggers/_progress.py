"""Triggers that look at how far the run has come, exactly."""

from __future__ import annotations

import warnings
from typing import Any

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.training._state import optional
from chainer_compat.training.triggers._trigger import Trigger

__all__ = ["SLACK", "ProgressTrigger"]

# `epoch + position / size`, and a multiple of a period such as 0.1, are each a few units in the
# last place off the number that is meant: within this share of their size they count as equal.
SLACK = 8 * 2.0**-53


class ProgressTrigger(Trigger):
    """Fires when the progress has passed a mark since the previous question.

    A subclass numbers the marks. The answer follows from two positions, those of this question
    and of the one before; both are saved, so that the parameters may change on a resume. Asked
    again in the same iteration, it answers again from the same two.
    """

    def __init__(self, unit: str) -> None:
        self._unit = _checked(unit)
        # The progress at the last question; negative where an old snapshot does not have it.
        self._previous_iteration = 0
        self._previous_epoch_detail = 0.0
        # The last position at which the marks were looked at, and the position before it.
        self._decided_at: tuple[int, float] | None = None
        self._before: tuple[int, float] = (0, 0.0)
        # Strictly between these values of the progress there is no mark: the cheap way out.
        self._quiet_after: float = 0
        self._quiet_until: float = 0

    def _marks_passed(self, progress: float) -> int:
        """How many marks lie at or before a position."""
        raise NotImplementedError

    def _next_mark(self, passed: int) -> float:
        """Where the mark after the first so many lies."""
        raise NotImplementedError

    @property
    def unit(self) -> str:
        """``'iteration'`` or ``'epoch'``."""
        return self._unit

    @unit.setter
    def unit(self, unit: str) -> None:
        self._unit = _checked(unit)
        self._forget_quiet()

    def _forget_quiet(self) -> None:
        self._quiet_until = self._quiet_after

    def __call__(self, trainer: Any) -> bool:
        """Says whether a mark has been passed since the previous question.

        Args:
            trainer: The trainer that asks; ``iteration`` and ``epoch_detail`` of its updater are
                read.
        """
        updater = trainer.updater
        iteration = updater.iteration
        try:
            epoch_detail = updater.epoch_detail
        except AttributeError:
            if self._unit == "epoch":
                raise
            epoch_detail = self._previous_epoch_detail
        now = epoch_detail if self._unit == "epoch" else iteration
        if self._quiet_after < now < self._quiet_until:
            self._previous_iteration = iteration
            self._previous_epoch_detail = epoch_detail
            return False
        return self._decide(updater, iteration, epoch_detail)

    def _decide(self, updater: Any, iteration: int, epoch_detail: float) -> bool:
        position = (iteration, epoch_detail)
        if position != self._decided_at:
            self._decided_at = position
            self._before = (self._previous_iteration, self._previous_epoch_detail)
            self._previous_iteration, self._previous_epoch_detail = position
        if self._unit == "epoch":
            now, before = epoch_detail, self._before[1]
            if before < 0:
                before = updater.previous_epoch_detail
        else:
            now, before = iteration, self._before[0]
            if before < 0:
                before = iteration - 1
        passed = self._marks_passed(now)
        self._quiet_after = now
        # A little short of the next mark: near it the exact comparison is to decide.
        self._quiet_until = self._next_mark(passed) * (1 - 2 * SLACK)
        return passed != self._marks_passed(before)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the two positions; warns of a file that lacks the one Chainer saves.

        Args:
            serializer: A serializer or deserializer.
        """
        position = (self._previous_iteration, self._previous_epoch_detail)
        before = self._before if position == self._decided_at else position
        self._previous_iteration = self._position(serializer, "previous_iteration", position[0])
        self._previous_epoch_detail = self._position(
            serializer, "previous_epoch_detail", position[1]
        )
        position = (self._previous_iteration, self._previous_epoch_detail)
        self._before = (
            optional(serializer, "before_iteration", before[0], absent=position[0]),
            optional(serializer, "before_epoch_detail", before[1], absent=position[1]),
        )
        self._decided_at = position
        self._forget_quiet()

    def _position(self, serializer: Any, key: str, value: Any) -> Any:
        try:
            return serializer(key, value)
        except KeyError:
            warnings.warn(
                f"the file has no {key!r} for {self}, which therefore starts from the "
                "iteration before the next one it is asked about; if it is not asked in every "
                "iteration, its first answer may be wrong",
                stacklevel=4,
            )
            return type(value)(-1)


def _checked(unit: str) -> str:
    if unit not in ("epoch", "iteration"):
        raise InvalidArgumentError(f"the unit of a trigger is 'epoch' or 'iteration', not {unit!r}")
    return unit
