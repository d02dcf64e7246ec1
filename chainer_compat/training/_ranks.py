"""Several processes that train together: who calls extensions, and how all agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chainer_compat.training.triggers import IntervalTrigger, ManualScheduleTrigger

if TYPE_CHECKING:
    from chainer_compat.training._runner import ExtensionEntry

__all__ = ["ALONE", "Ranks", "is_called_by_all"]

# What these answer follows from the iteration, which all processes count alike.
_ALIKE = (IntervalTrigger, ManualScheduleTrigger)


class Ranks:
    """The processes of one run; this one alone, unless a subclass knows of more.

    Only rank zero calls extensions. One with the attribute ``all_ranks = True`` is called in all
    processes, whenever its trigger fires on rank zero.

    Attributes:
        size: How many processes there are.
        is_zero: Whether this one is the first.
    """

    size: int = 1
    is_zero: bool = True

    def tell(self, value: Any) -> Any:
        """Returns, on all ranks, the value that rank zero has.

        Args:
            value: Plain data.
        """
        return value

    def decide(self, ask: Callable[[], Any]) -> bool:
        """Asks on rank zero, and tells all.

        Args:
            ask: What to ask.
        """
        if self.size == 1:
            return bool(ask())
        answer: bool = self.tell(bool(ask()) if self.is_zero else False)
        return answer

    def decide_trigger(self, trigger: Any, trainer: Any) -> bool:
        """Asks a trigger on rank zero, or on all where they answer alike.

        Args:
            trigger: The trigger.
            trainer: The trainer that asks.
        """
        if self.size == 1 or isinstance(trigger, _ALIKE):
            return bool(trigger(trainer))
        return self.decide(lambda: trigger(trainer))

    def own(self, entries: list[ExtensionEntry]) -> list[ExtensionEntry]:
        """Returns the extensions that this process calls, in their order.

        Args:
            entries: All extensions.
        """
        if self.size == 1:
            return entries
        return [
            self._agreed(entry) if is_called_by_all(entry.extension) else entry
            for entry in entries
            if self.is_zero or is_called_by_all(entry.extension)
        ]

    def _agreed(self, entry: ExtensionEntry) -> ExtensionEntry:
        return entry.with_trigger(_AgreedTrigger(entry.trigger, self))


# The processes of a run that knows of no others.
ALONE = Ranks()


def is_called_by_all(extension: Any) -> bool:
    """Whether an extension is to be called in all processes.

    Args:
        extension: The extension.
    """
    return bool(getattr(extension, "all_ranks", False))


class _AgreedTrigger:
    """A trigger that rank zero alone asks."""

    def __init__(self, trigger: Any, ranks: Ranks) -> None:
        self._trigger = trigger
        self._ranks = ranks

    def __call__(self, trainer: Any) -> bool:
        return self._ranks.decide_trigger(self._trigger, trainer)

    @property
    def finished(self) -> bool:
        """As the trigger."""
        return bool(getattr(self._trigger, "finished", False))

    def __str__(self) -> str:
        return str(self._trigger)
