"""The average over examples instead of batches."""

from __future__ import annotations

from typing import Any

from chainer_compat.reporter import report
from chainer_compat.training._extension import PRIORITY_EDITOR, Extension
from chainer_compat.training._state import serialize_number, serialize_part
from chainer_compat.training.triggers._get import get_trigger

__all__ = ["MicroAverage"]


class MicroAverage(Extension):
    """Reports the quotient of two sums over an interval: hits by examples, say.

    The mean of per-batch ratios weighs a small batch as much as a large one; this does not.

    Args:
        numerator_key: Name of the value that is summed up above the line.
        denominator_key: Name of the value below the line.
        result_key: Name of the quotient.
        trigger: The interval, as for :func:`~chainer_compat.training.get_trigger`.

    Source: Chainer's page *chainer.training.extensions.MicroAverage*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> average = extensions.MicroAverage('main/correct', 'main/total', 'main/accuracy')
        >>> average.priority
        200
    """

    priority = PRIORITY_EDITOR

    def __init__(
        self,
        numerator_key: str,
        denominator_key: str,
        result_key: str,
        trigger: Any = (1, "epoch"),
    ) -> None:
        self._trigger = get_trigger(trigger)
        self._numerator_key = numerator_key
        self._denominator_key = denominator_key
        self._result_key = result_key
        self._numerator: Any = 0
        self._denominator: Any = 0

    def __call__(self, trainer: Any) -> None:
        """Adds up, and reports the quotient if it is time.

        Args:
            trainer: The trainer that calls it.
        """
        observation = trainer.observation
        if not (self._numerator_key in observation and self._denominator_key in observation):
            return
        self._numerator += observation[self._numerator_key]
        self._denominator += observation[self._denominator_key]
        if self._trigger(trainer):
            report({self._result_key: float(self._numerator) / self._denominator})
            self._numerator = self._denominator = 0

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the sums; also the trigger, which Chainer does not save.

        Args:
            serializer: A serializer or deserializer.
        """
        self._numerator = serialize_number(serializer, "_numerator", self._numerator)
        self._denominator = serialize_number(serializer, "_denominator", self._denominator)
        serialize_part(serializer, "_trigger", self._trigger)
