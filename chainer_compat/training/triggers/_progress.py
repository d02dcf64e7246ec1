"""Triggers that look at how far the run has come, exactly."""

from __future__ import annotations

from typing import Any

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.training._state import optional
from chainer_compat.training.triggers._missing_positions import warn_of_missing_position
from chainer_compat.training.triggers._trigger import Trigger

__all__ = ["SLACK", "ProgressTrigger"]

# `epoch + position / size`, and a multiple of a period such as 0.1, are each a few units in the
# last place off the number that is meant: within this share of their size they count as equal.
SLACK = 8 * 2.0**-53
# A little short of the mark: near it the exact comparison is to decide.
_SHORT = 1 - 2 * SLACK


class ProgressTrigger(Trigger):
    """Fires when the progress has passed a mark since the previous question.

    A subclass numbers the marks. The answer follows from two positions, that of this question and
    that of the one before; they are what is saved, so that marks may change on a resume. Asked
    again in the same iteration, it gives the same answer.
    """

    # Whether each iteration is a mark.
    _fires_always = False

    def __init__(self, unit: str) -> None:
        self._unit = _checked(unit)
        # The progress at the last question; negative where an old snapshot does not have it.
        self._previous_iteration = 0
        self._previous_epoch_detail = 0.0
        # The progress at the question before that, if the answer to the last was yes.
        self._before: float | None = None
        # Whom it asked last: the epoch is looked up when it is saved, if it does not decide.
        self._asked_of: Any = None
        # The last decision. Between its progress and the next mark the answer is no.
        self._passed: int | None = None  # marks; None if they are to be counted anew
        self._answer = False
        self._decided_in = 0  # the iteration
        self._decided_at: float = 0
        self._quiet_until: float = 0
        # The iterations in which nobody asks it, for the answer is known.
        self._lull: Any = None

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
        self._count_anew()

    @property
    def fires_always(self) -> bool:
        """Whether each iteration is a mark (Chainer's default trigger)."""
        return self._fires_always

    @property
    def quiet_until(self) -> float:
        """Up to where, exclusively, the answer is known when it has been asked."""
        if self._fires_always:
            return float("inf")
        return -1 if self._passed is None else self._quiet_until

    def rest(self, lull: Any) -> None:
        """Is told that it is not asked in a lull.

        Args:
            lull: The lull, which it ends if it is asked all the same, or looked at.
        """
        self._lull = lull

    def end_lull(self) -> None:
        """Ends the lull in which it is not asked, if there is one."""
        if self._lull is not None:
            self._lull.end()

    def wake(self, updater: Any, before: int, iteration: int, epoch_detail: float) -> None:
        """Is told that it is asked again, and notes the questions that it was not asked.

        Args:
            updater: The updater of the run.
            before: The last iteration but one that it would have been asked about.
            iteration: The last.
            epoch_detail: How far that had come.
        """
        self._lull = None
        if iteration == self._previous_iteration:
            return
        self._previous_iteration = iteration
        if self._unit == "epoch":
            self._previous_epoch_detail = epoch_detail
            return
        self._asked_of = updater
        if self._fires_always:
            self._before = before
            self._passed = None

    def _look_up_epoch(self) -> None:
        self.end_lull()
        asked_of = self._asked_of
        if asked_of is not None and asked_of.iteration == self._previous_iteration:
            self._previous_epoch_detail = float(getattr(asked_of, "epoch_detail", 0.0))

    def _count_anew(self) -> None:
        self._look_up_epoch()
        if self._passed is not None and self._decided_in != self._previous_iteration:
            self._before = None  # the last answer was no, given on the cheap way
        self._passed = None
        self._quiet_until = self._decided_at

    def __call__(self, trainer: Any) -> bool:
        """Says whether a mark has been passed since the previous question.

        Args:
            trainer: The trainer that asks; ``iteration`` and ``epoch_detail`` of its updater are
                read.
        """
        updater = trainer.updater
        now: float
        if self._unit == "epoch":
            now = updater.epoch_detail
            if self._decided_at < now < self._quiet_until:
                self._previous_epoch_detail = now
                self._previous_iteration = updater.iteration
                return False
        else:
            now = iteration = updater.iteration
            if self._fires_always:
                # The default of every extension. Only the two positions are noted, from which a
                # repeated question is decided.
                if self._lull is not None:
                    self._lull.end()
                previous = self._previous_iteration
                if type(iteration) is int and 0 <= previous < iteration:
                    self._before = previous
                    self._previous_iteration = iteration
                    self._asked_of = updater
                    self._passed = None
                    return True
            elif self._decided_at < now < self._quiet_until:
                self._previous_iteration = iteration
                self._asked_of = updater
                return False
        return self._decide(updater, now)

    def _decide(self, updater: Any, now: float) -> bool:
        if self._passed is None:
            self._settle(updater)
        iteration = updater.iteration
        if iteration == self._decided_in and now == self._decided_at:
            return self._answer
        # From here on written out: the default trigger comes this way in every iteration.
        passed = self._marks_passed(now)
        answer = self._answer = passed != self._passed
        if self._unit == "epoch":
            self._before = self._previous_epoch_detail if answer else None
            self._previous_epoch_detail = now
        else:
            self._before = self._previous_iteration if answer else None
            self._asked_of = updater
        self._previous_iteration = self._decided_in = iteration
        self._passed = passed
        self._decided_at = now
        self._quiet_until = self._next_mark(passed) * _SHORT
        return answer

    def _previous(self) -> float:
        return self._previous_epoch_detail if self._unit == "epoch" else self._previous_iteration

    def _settle(self, updater: Any) -> None:
        """Decides anew about the last question, after a load or a change of the marks."""
        previous = self._previous()
        if previous < 0:
            previous = _guess_previous(updater, self._unit)
        passed = self._marks_passed(previous)
        self._answer = self._before is not None and self._marks_passed(self._before) != passed
        self._note(passed, self._previous_iteration, previous)

    def _note(self, passed: int, iteration: int, progress: float) -> None:
        self._passed = passed
        self._decided_in = iteration
        self._decided_at = progress
        self._quiet_until = self._next_mark(passed) * _SHORT

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the positions; warns of a file that lacks those which Chainer saves.

        Args:
            serializer: A serializer or deserializer.
        """
        self._count_anew()
        self._previous_iteration = self._position(serializer, "iteration")
        self._previous_epoch_detail = self._position(serializer, "epoch_detail")
        before = -1.0 if self._before is None else float(self._before)
        before = optional(serializer, f"before_{self._unit}", before, absent=-1.0)
        self._before = None if before < 0 else before
        self._asked_of = None

    def _position(self, serializer: Any, what: str) -> Any:
        value = getattr(self, f"_previous_{what}")
        if what == "epoch_detail":
            value = float(value)  # an updater may start from the integer 0
        try:
            return serializer(f"previous_{what}", value)
        except KeyError:
            warn_of_missing_position(str(self), what)
            return type(value)(-1)

    def __getstate__(self) -> dict[str, Any]:
        self._look_up_epoch()
        return {**self.__dict__, "_asked_of": None, "_lull": None}


def _guess_previous(updater: Any, unit: str) -> float:
    if unit == "iteration":
        iteration: int = updater.iteration
        return iteration - 1
    previous: float | None = updater.previous_epoch_detail
    return 0.0 if previous is None else previous


def _checked(unit: str) -> str:
    if unit not in ("epoch", "iteration"):
        raise InvalidArgumentError(f"the unit of a trigger is 'epoch' or 'iteration', not {unit!r}")
    return unit
