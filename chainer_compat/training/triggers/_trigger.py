"""What the triggers of this package have in common."""

from __future__ import annotations

from typing import Any

from chainer_compat.training._state import optional

__all__ = ["RememberingTrigger", "Trigger"]


class Trigger:
    """Base class of triggers: callables that say whether an iteration is theirs.

    Any callable that takes the trainer can be a trigger. Those of this package can also be
    combined: ``a | b``, ``a & b``, ``~a``, where the other side may be a plain callable or a
    tuple such as ``(1, 'epoch')``.

    Example:
        >>> from chainer_compat.training import triggers
        >>> print(triggers.IntervalTrigger(1, 'epoch') | triggers.TimeTrigger(600))
        AnyTrigger(IntervalTrigger(1, 'epoch'), TimeTrigger(600))
    """

    def __call__(self, trainer: Any) -> bool:
        """Says whether this iteration is picked.

        Args:
            trainer: The trainer that asks.
        """
        raise NotImplementedError(f"{type(self).__name__} must override __call__(self, trainer)")

    def __or__(self, other: Any) -> Trigger:
        from chainer_compat.training.triggers._combined import AnyTrigger

        return AnyTrigger(self, other)

    def __and__(self, other: Any) -> Trigger:
        from chainer_compat.training.triggers._combined import AllTrigger

        return AllTrigger(self, other)

    def __invert__(self) -> Trigger:
        from chainer_compat.training.triggers._combined import NotTrigger

        return NotTrigger(self)

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return f"{type(self).__name__}()"


class RememberingTrigger(Trigger):
    """A trigger that decides once per iteration, however often it is asked.

    So two extensions may share it, and what it sums up is added once. The answer is saved, so
    that the second extension gets it also if a snapshot was taken between the two.
    """

    def __init__(self) -> None:
        self._asked_at = -1
        self._answer = False

    def __call__(self, trainer: Any) -> bool:
        """Says whether this iteration is picked.

        Args:
            trainer: The trainer that asks.
        """
        iteration = trainer.updater.iteration
        if iteration != self._asked_at:
            self._answer = self._decide(trainer)
            self._asked_at = iteration
        return self._answer

    def _decide(self, trainer: Any) -> bool:
        raise NotImplementedError

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the iteration of the last question, and the answer.

        Args:
            serializer: A serializer or deserializer.
        """
        self._asked_at = optional(serializer, "asked_at", self._asked_at, absent=-1)
        self._answer = optional(serializer, "answer", self._answer, absent=False)
