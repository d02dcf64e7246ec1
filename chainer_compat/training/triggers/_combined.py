"""Triggers made of other triggers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainer_compat.training._state import serialize_part
from chainer_compat.training.triggers._get import get_trigger
from chainer_compat.training.triggers._trigger import RememberingTrigger

__all__ = ["AllTrigger", "AnyTrigger", "NotTrigger"]


class _Combination(RememberingTrigger):
    """Asks each of its triggers in every iteration, so that all of them stay up to date."""

    def __init__(self, *triggers: Any) -> None:
        super().__init__()
        self.triggers = tuple(get_trigger(trigger) for trigger in triggers)

    @staticmethod
    def _combine(answers: Iterable[bool]) -> bool:
        raise NotImplementedError

    def _decide(self, trainer: Any) -> bool:
        return self._combine([bool(trigger(trainer)) for trigger in self.triggers])

    def _finished(self) -> list[bool]:
        return [bool(getattr(trigger, "finished", False)) for trigger in self.triggers]

    def serialize(self, serializer: Any) -> None:
        """Saves or loads its triggers, under ``0``, ``1``, ….

        Args:
            serializer: A serializer or deserializer.
        """
        super().serialize(serializer)
        for index, trigger in enumerate(self.triggers):
            serialize_part(serializer, str(index), trigger)

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.triggers))})"


class AnyTrigger(_Combination):
    """Fires when any of its triggers does; also written ``a | b``.

    Args:
        *triggers: What :func:`~chainer_compat.training.get_trigger` takes.

    Example:
        >>> from chainer_compat.training import triggers
        >>> print(triggers.AnyTrigger((1, 'epoch'), (1000, 'iteration')))
        AnyTrigger(IntervalTrigger(1, 'epoch'), IntervalTrigger(1000, 'iteration'))
    """

    @staticmethod
    def _combine(answers: Iterable[bool]) -> bool:
        return any(answers)

    @property
    def finished(self) -> bool:
        """Whether all of its triggers are finished."""
        return all(self._finished())

    def get_training_length(self) -> Any:
        """Returns the length of the first trigger that has one, for a progress bar.

        Raises:
            AttributeError: If none has.
        """
        for trigger in self.triggers[:-1]:
            if hasattr(trigger, "get_training_length"):
                return trigger.get_training_length()
        last: Any = self.triggers[-1]
        return last.get_training_length()


class AllTrigger(_Combination):
    """Fires when all of its triggers do in the same iteration; also written ``a & b``.

    Args:
        *triggers: What :func:`~chainer_compat.training.get_trigger` takes.

    Example:
        >>> from chainer_compat.training import triggers
        >>> late = triggers.FunctionTrigger(lambda trainer: trainer.updater.epoch >= 5, 'late')
        >>> print(triggers.IntervalTrigger(1, 'epoch') & late)
        AllTrigger(IntervalTrigger(1, 'epoch'), FunctionTrigger(late))
    """

    @staticmethod
    def _combine(answers: Iterable[bool]) -> bool:
        return all(answers)

    @property
    def finished(self) -> bool:
        """Whether any of its triggers is finished."""
        return any(self._finished())


class NotTrigger(_Combination):
    """Fires when another trigger does not; also written ``~a``.

    Args:
        trigger: What :func:`~chainer_compat.training.get_trigger` takes.

    Example:
        >>> from chainer_compat.training import triggers
        >>> print(~triggers.IntervalTrigger(1, 'epoch'))
        NotTrigger(IntervalTrigger(1, 'epoch'))
    """

    def __init__(self, trigger: Any) -> None:
        super().__init__(trigger)

    @staticmethod
    def _combine(answers: Iterable[bool]) -> bool:
        return not any(answers)
