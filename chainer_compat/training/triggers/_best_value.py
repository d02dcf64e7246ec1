"""Triggers that fire when a value is better than ever."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from chainer_compat.errors import MissingObservationError
from chainer_compat.reporter import DictSummary
from chainer_compat.training.triggers._get import get_trigger
from chainer_compat.training.triggers._trigger import RememberingTrigger

__all__ = ["BestValueTrigger", "MaxValueTrigger", "MinValueTrigger"]


class BestValueTrigger(RememberingTrigger):
    """Fires at the end of an interval whose mean of a value is better than all before.

    The value is summed up over the iterations of the interval; the first interval always fires.

    Args:
        key: Name of the value in the trainer's observation.
        compare: Called with the best mean so far and the new one; says whether the new is better.
        trigger: The interval, as for :func:`~chainer_compat.training.get_trigger`.

    Raises:
        KeyError: When an interval ends in which the value was never observed.

    Source: Chainer's page *chainer.training.triggers.BestValueTrigger*.

    Example:
        >>> from chainer_compat.training import triggers
        >>> print(triggers.BestValueTrigger('main/loss', lambda best, new: new < best))
        BestValueTrigger('main/loss', IntervalTrigger(1, 'epoch'))
    """

    def __init__(
        self, key: str, compare: Callable[[float, float], bool], trigger: Any = (1, "epoch")
    ) -> None:
        super().__init__()
        self._key = key
        self._best_value: float | None = None
        self._interval_trigger = get_trigger(trigger)
        self._compare = compare
        self._init_summary()

    def _init_summary(self) -> None:
        self._summary = DictSummary()

    def _decide(self, trainer: Any) -> bool:
        observation = trainer.observation
        if self._key in observation:
            self._summary.add({self._key: observation[self._key]})
        if not self._interval_trigger(trainer):
            return False
        value = self._mean()
        self._init_summary()
        if self._best_value is None or self._compare(self._best_value, value):
            self._best_value = value
            return True
        return False

    def _mean(self) -> float:
        means = self._summary.compute_mean()
        if self._key not in means:
            raise MissingObservationError(
                f"{self}: no number was observed under {self._key!r} in this interval. Report it, "
                "or put the extension that observes it before this one (a higher priority)"
            )
        return float(means[self._key])

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the interval, the sums and the best value.

        Args:
            serializer: A serializer or deserializer.
        """
        super().serialize(serializer)
        if hasattr(self._interval_trigger, "serialize"):
            self._interval_trigger.serialize(serializer["interval_trigger"])
        self._summary.serialize(serializer["summary"])
        best = serializer("best_value", self._best_value)
        self._best_value = None if best is None else float(best)

    def __str__(self) -> str:
        return f"{type(self).__name__}({self._key!r}, {self._interval_trigger})"


class MaxValueTrigger(BestValueTrigger):
    """Fires at the end of an interval whose mean of a value is the highest so far.

    Args:
        key: Name of the value in the trainer's observation.
        trigger: The interval, as for :func:`~chainer_compat.training.get_trigger`.

    Source: Chainer's page *chainer.training.triggers.MaxValueTrigger*.

    Example:
        >>> from chainer_compat.training import triggers
        >>> print(triggers.MaxValueTrigger('validation/main/accuracy'))
        MaxValueTrigger('validation/main/accuracy', IntervalTrigger(1, 'epoch'))
    """

    def __init__(self, key: str, trigger: Any = (1, "epoch")) -> None:
        # Functions that pickle finds by name: `new > best`, given (best, new).
        super().__init__(key, operator.lt, trigger)


class MinValueTrigger(BestValueTrigger):
    """Fires at the end of an interval whose mean of a value is the lowest so far.

    Args:
        key: Name of the value in the trainer's observation.
        trigger: The interval, as for :func:`~chainer_compat.training.get_trigger`.

    Source: Chainer's page *chainer.training.triggers.MinValueTrigger*.

    Example:
        >>> from chainer_compat.training import triggers
        >>> print(triggers.MinValueTrigger('validation/main/loss'))
        MinValueTrigger('validation/main/loss', IntervalTrigger(1, 'epoch'))
    """

    def __init__(self, key: str, trigger: Any = (1, "epoch")) -> None:
        super().__init__(key, operator.gt, trigger)
