from __future__ import annotations

import math

from chainer_compat.training.triggers._progress import SLACK, ProgressTrigger

__all__ = ["IntervalTrigger"]


class IntervalTrigger(ProgressTrigger):
    """Fires every so many iterations or epochs.

    It compares the number of whole periods done by now with that at its previous question, so it
    also fires right if it is not asked in every iteration. Over a run it fires
    ``floor(progress / period)`` times, at the first iteration at or past each multiple of the
    period (once, where an iteration passes several), fractions of an epoch included. Asked again
    in the same iteration it gives the same answer, so several extensions can share it.

    Args:
        period: Length of the interval; of epochs it may be a fraction.
        unit: ``'iteration'`` (updates) or ``'epoch'`` (sweeps over the training data).

    Attributes:
        period: The length.
        unit: The unit.
        count: The whole periods of epochs that are done; 0 if the unit is ``'iteration'``.

    Raises:
        ValueError: If the unit is neither.
        ZeroDivisionError: When it is asked and the period is 0.

    Source: Chainer's page *chainer.training.triggers.IntervalTrigger*.

    Example:
        >>> from chainer_compat.training import triggers
        >>> trigger = triggers.IntervalTrigger(0.1, 'epoch')
        >>> trigger.get_training_length()
        (0.1, 'epoch')
    """

    def __init__(self, period: float, unit: str) -> None:
        super().__init__(unit)
        self._period = period
        self._fires_always = period == 1 and unit == "iteration"
        self.count: float = 0

    @property
    def period(self) -> float:
        """Length of the interval."""
        return self._period

    @period.setter
    def period(self, period: float) -> None:
        self._period = period
        self._count_anew()

    def _count_anew(self) -> None:
        super()._count_anew()
        self._fires_always = self._period == 1 and self._unit == "iteration"

    def _marks_passed(self, progress: float) -> int:
        period = self._period
        if type(progress) is int and type(period) is int:
            return progress // period
        return periods_done(progress, period)

    def _next_mark(self, passed: int) -> float:
        if self._unit == "epoch":
            self.count = float(passed)
        return (passed + 1) * self._period

    def get_training_length(self) -> tuple[float, str]:
        """Returns the period and the unit: the length of a run that this trigger stops."""
        return self._period, self._unit

    def __str__(self) -> str:
        return f"{type(self).__name__}({self._period}, {self._unit!r})"


def periods_done(progress: float, period: float) -> int:
    """Returns how many whole periods the progress holds, whatever was lost to rounding.

    Args:
        progress: Iterations, or epochs with their fraction.
        period: The period; 0.1 is taken for a tenth.

    Raises:
        ZeroDivisionError: If the period is 0.

    Example:
        >>> 0.3 // 0.1, periods_done(0.3, 0.1)
        (2.0, 3)
    """
    quotient = progress / period
    return math.floor(quotient + abs(quotient) * SLACK)
