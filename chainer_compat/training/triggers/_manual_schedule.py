from __future__ import annotations

import warnings
from bisect import bisect_right
from typing import Any

from chainer_compat.training.triggers._progress import SLACK, ProgressTrigger

__all__ = ["ManualScheduleTrigger"]


class ManualScheduleTrigger(ProgressTrigger):
    """Fires at given iterations or epochs.

    Each point fires once, at the first iteration at or past it; one iteration that passes several
    fires once. A point at 0 never fires.

    Args:
        points: A number, or a list of numbers; of epochs they may be fractions.
        unit: ``'iteration'`` (updates) or ``'epoch'`` (sweeps over the training data).

    Attributes:
        points: The list of points.
        unit: The unit.
        finished: Whether the last point has fired. An extension whose trigger is finished is not
            initialized when a run is resumed.

    Raises:
        ValueError: If the unit is neither.

    Source: Chainer's page *chainer.training.triggers.ManualScheduleTrigger*.

    Example:
        >>> from chainer_compat.training import triggers
        >>> triggers.ManualScheduleTrigger([3, 7.5], 'epoch').finished
        False
    """

    def __init__(self, points: Any, unit: str) -> None:
        super().__init__(unit)
        self.points = points
        self.finished = False
        self._guess_finished = False

    @property
    def points(self) -> list[float]:
        """The points; assign a new list to change them."""
        return self._points

    @points.setter
    def points(self, points: Any) -> None:
        self._points = points if isinstance(points, list) else _listed(points)
        self._sorted = sorted(self._points)
        self._count_anew()

    def _marks_passed(self, progress: float) -> int:
        return bisect_right(self._sorted, progress + abs(progress) * SLACK)

    def _next_mark(self, passed: int) -> float:
        return self._sorted[passed] if passed < len(self._sorted) else float("inf")

    def _decide(self, updater: Any, now: float) -> bool:
        fires = super()._decide(updater, now)
        if fires or self._guess_finished:
            self.finished = self.finished or self._marks_passed(now) == len(self._sorted)
            self._guess_finished = False
        return fires

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the position and whether the schedule is finished.

        Args:
            serializer: A serializer or deserializer; from a file that lacks ``finished`` it is
                worked out at the next question.
        """
        super().serialize(serializer)
        try:
            self.finished = serializer("finished", self.finished)
        except KeyError:
            warnings.warn(
                f"the file does not say whether {self} is finished: its extension is "
                "initialized, and the next question settles it",
                stacklevel=2,
            )
            self.finished = False
            self._guess_finished = True

    def __str__(self) -> str:
        return f"{type(self).__name__}({self._points}, {self._unit!r})"


def _listed(points: Any) -> list[float]:
    return list(points) if isinstance(points, tuple) else [points]
