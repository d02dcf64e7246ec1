"""Iterations in which no extension has anything to do, but perhaps to add up.

Most runs have triggers that know their next mark, and reports that look at every iteration. From
one mark to the next all answers are known, so in between the runner asks nobody; what a trigger
would have noted of its questions, it notes at the next mark, or when somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import length_hint
from typing import TYPE_CHECKING, Any, NamedTuple

from chainer_compat.training.triggers import IntervalTrigger, ManualScheduleTrigger
from chainer_compat.training.triggers._progress import ProgressTrigger

if TYPE_CHECKING:
    from chainer_compat.training._runner import ExtensionEntry

__all__ = ["Idle", "Lull", "find_lull", "is_foreseen", "may_have_lulls"]

_NEVER = float("inf")
# To begin one costs as much as to ask all triggers a few times.
_SHORTEST = 4
# So many observations are added up in one go: each then costs less, and few are kept.
_MOST_KEPT = 64


class Idle(NamedTuple):
    """What is left to do of an extension that is called in every iteration, while it is idle.

    Attributes:
        add: What is done with the observation; None for nothing.
        trigger: What else says when there is more to do; None for nothing but other extensions.
    """

    add: Callable[[dict[str, Any]], None] | None = None
    trigger: ProgressTrigger | None = None


class Lull:
    """The iterations up to the next mark of any trigger.

    Args:
        updater: Whose numbers say how far the run has come.
        triggers: Those that are not asked, each with its turn: the place of its entry, or a little
            behind that if it is the extension that asks it.
        adds: What is done with each observation, and the places of the entries that do it.

    Attributes:
        failed_at: The place of the entry that raised, if one has.
    """

    __slots__ = (
        "_adds",
        "_before",
        "_iteration",
        "_kept",
        "_places",
        "_progress",
        "_triggers",
        "_until",
        "_until_epoch",
        "_updater",
        "failed_at",
    )

    def __init__(
        self,
        updater: Any,
        triggers: list[tuple[float, ProgressTrigger]],
        adds: list[tuple[int, Callable[[dict[str, Any]], None]]],
    ) -> None:
        self.failed_at = 0
        self._updater = updater
        self._triggers = triggers
        self._adds = [add for _, add in adds]
        self._places = [place for place, _ in adds]
        # Observations that are yet to be added up.
        self._kept: list[dict[str, Any]] = []
        marks = [(trigger.unit, trigger.quiet_until) for _, trigger in triggers]
        self._until = min((mark for unit, mark in marks if unit == "iteration"), default=_NEVER)
        # None where nobody would ask how far the epoch is.
        self._until_epoch = min((mark for unit, mark in marks if unit == "epoch"), default=None)
        self._before = self._iteration = updater.iteration
        self._progress: float = 0.0 if self._until_epoch is None else updater.epoch_detail
        for _, trigger in triggers:
            trigger.rest(self)

    def passes(self, trainer: Any, *, may_keep: bool = False) -> bool:
        """Does all that is to be done in an iteration; false if that is more than to add up.

        Args:
            trainer: The trainer.
            may_keep: Whether the observation may be added up later: it is made of tensors that
                nobody will change, and which hold on to nothing.
        """
        updater = trainer.updater
        iteration = updater.iteration
        if not self._iteration < iteration < self._until:
            return False
        until_epoch = self._until_epoch
        if until_epoch is not None:
            progress = updater.epoch_detail
            if not self._progress <= progress < until_epoch:
                return False
        kept = self._kept
        if may_keep:
            kept.append(trainer.observation)
            if len(kept) == _MOST_KEPT:
                self._add_kept()
        else:
            if kept:
                self._add_kept()
            self._add(trainer)
        if until_epoch is not None:
            self._progress = progress
        self._before = self._iteration
        self._iteration = iteration
        return True

    def _add(self, trainer: Any) -> None:
        observation = trainer.observation
        adds = iter(self._adds)
        try:
            for add in adds:
                add(observation)
        except BaseException:
            self._fail(trainer, len(self._adds) - length_hint(adds) - 1)
            raise

    def _add_kept(self) -> None:
        kept, self._kept = self._kept, []
        for add in self._adds:
            for observation in kept:
                add(observation)

    def _fail(self, trainer: Any, index: int) -> None:
        """Asks those that would have been asked up to the failure."""
        self.failed_at = self._places[index]
        triggers = self._triggers
        self.end()
        for turn, trigger in triggers:
            if turn <= self.failed_at:
                trigger(trainer)

    def end(self) -> None:
        """Adds up what is kept, and has the triggers note the questions they were not asked."""
        self._until = -_NEVER
        self._add_kept()
        for _, trigger in self._triggers:
            trigger.wake(self._updater, self._before, self._iteration, self._progress)
        self._triggers = []


def may_have_lulls(entries: list[ExtensionEntry]) -> bool:
    """Whether there is any sense in looking for one.

    Args:
        entries: The entries of a run.
    """
    return bool(entries) and all(
        is_foreseen(entry.trigger) and (not entry.trigger.fires_always or _may_idle(entry))
        for entry in entries
    )


def find_lull(entries: list[ExtensionEntry], trainer: Any) -> Lull | None:
    """Returns the lull that begins behind an iteration; None if there is none.

    Args:
        entries: The entries of the run, all of which have been asked.
        trainer: The trainer.
    """
    soon = trainer.updater.iteration + _SHORTEST
    triggers: list[tuple[float, ProgressTrigger]] = []
    adds = []
    for place, entry in enumerate(entries):
        trigger = entry.trigger
        if not is_foreseen(trigger) or _is_due(trigger, soon):
            return None
        triggers.append((place, trigger))
        if trigger.fires_always:
            idle = entry.extension._idle(trainer) if _may_idle(entry) else None
            if idle is None:
                return None
            if idle.trigger is not None:
                if _is_due(idle.trigger, soon):
                    return None
                triggers.append((place + 0.5, idle.trigger))
            if idle.add is not None:
                adds.append((place, idle.add))
    return Lull(trainer.updater, triggers, adds)


def is_foreseen(trigger: Any) -> bool:
    """Whether the next mark of a trigger is known.

    Args:
        trigger: The trigger.
    """
    # Exactly these: a subclass may answer otherwise.
    return type(trigger) in (IntervalTrigger, ManualScheduleTrigger)


def _is_due(trigger: ProgressTrigger, soon: int) -> bool:
    return trigger.unit == "iteration" and trigger.quiet_until <= soon


def _may_idle(entry: ExtensionEntry) -> bool:
    extension = entry.extension
    # What is called in its place, by a profiler, wants to be called.
    is_called = entry.call == getattr(extension, "__call__", None)  # noqa: B004 - the method
    return is_called and bool(getattr(extension, "_may_idle", False))
