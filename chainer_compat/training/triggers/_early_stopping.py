"""The stop trigger that gives up when nothing improves."""

from __future__ import annotations

import operator
import sys
import warnings
from typing import Any

from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.reporter import DictSummary
from chainer_compat.training._state import optional, serialize_part
from chainer_compat.training.triggers._get import get_trigger
from chainer_compat.training.triggers._trigger import Trigger

__all__ = ["EarlyStoppingTrigger"]


class EarlyStoppingTrigger(Trigger):
    """Fires when a value has not improved for some intervals, or when the longest time is up.

    It is made to be the stop trigger of a trainer. At the end of each interval the mean of the
    value is compared with the best so far. Its state is saved with the trainer, which Chainer's
    is not; the limits may be changed on a resume.

    Args:
        check_trigger: The interval, as for :func:`~chainer_compat.training.get_trigger`.
        monitor: Name of the value in the trainer's observation.
        patience: After how many intervals in a row without improvement it fires; 3 if None.
        mode: ``'max'`` or ``'min'``: what is better. ``'auto'`` goes by the name of the value:
            the higher an ``accuracy``, the lower anything else.
        verbose: Whether to print what it does.
        max_trigger: When it fires in any case.
        **kwargs: ``patients``, an older name of ``patience``.

    Attributes:
        count: Number of intervals in a row without improvement.
        best: The best mean so far.
        patience: As the argument.
        monitor: As the argument.

    Raises:
        TypeError: If both ``patience`` and ``patients`` are given.

    Source: Chainer's page *chainer.training.triggers.EarlyStoppingTrigger*.

    Example:
        >>> from chainer_compat.training import triggers
        >>> stop = triggers.EarlyStoppingTrigger(
        ...     monitor='validation/main/loss', patience=5, max_trigger=(50, 'epoch'))
        >>> stop.get_training_length()
        (50, 'epoch')
    """

    def __init__(
        self,
        check_trigger: Any = (1, "epoch"),
        monitor: str = "main/loss",
        patience: int | None = None,
        mode: str = "auto",
        verbose: bool = False,
        max_trigger: Any = (100, "epoch"),
        **kwargs: Any,
    ) -> None:
        self.patience = _patience(patience, **kwargs)
        self.count = 0
        self.monitor = monitor
        self.verbose = verbose
        self.already_warning = False
        self._max_trigger = get_trigger(max_trigger)
        self._interval_trigger = get_trigger(check_trigger)
        # The iterations in which it added up and compared last, so as to do each once.
        self._added_in = -1
        self._compared_in = -1
        self._init_summary()
        rising = mode == "max" or (mode != "min" and "accuracy" in monitor)
        self._compare = operator.gt if rising else operator.lt
        self.best = float("-inf") if rising else float("inf")
        self._tell(f"early stopping: operator is {'greater' if rising else 'less'}")

    def _init_summary(self) -> None:
        self._summary = DictSummary()

    def _tell(self, message: str) -> None:
        if self.verbose:
            sys.stdout.write(message + "\n")

    def __call__(self, trainer: Any) -> bool:
        """Says whether the training should stop.

        Args:
            trainer: The trainer that asks; its observation is read.
        """
        observation, iteration = trainer.observation, trainer.updater.iteration
        if self.monitor in observation and iteration != self._added_in:
            self._summary.add({self.monitor: observation[self.monitor]})
        self._added_in = iteration
        if self._max_trigger(trainer):
            return True
        if not self._interval_trigger(trainer):
            return False
        if iteration != self._compared_in:
            if self.monitor not in observation:
                warnings.warn(f"{self.monitor} is not in observation", stacklevel=2)
                return False
            self._compare_mean()
            self._compared_in = iteration
        if self._stop_condition():
            self._tell(f"Epoch {trainer.updater.epoch}: early stopping")
            return True
        return False

    def _compare_mean(self) -> None:
        mean = float(self._summary.compute_mean()[self.monitor])
        self._init_summary()
        if self._compare(mean, self.best):
            self.best = mean
            self.count = 0
        else:
            self.count += 1

    def _stop_condition(self) -> bool:
        return self.count >= self.patience

    def get_training_length(self) -> Any:
        """Returns the length of the longest run, for a progress bar."""
        length: Any = self._max_trigger
        return length.get_training_length()

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the comparisons so far; a file without them leaves it as it is.

        Args:
            serializer: A serializer or deserializer.
        """
        self.count = optional(serializer, "count", self.count)
        self.best = optional(serializer, "best", self.best)
        self._added_in = optional(serializer, "added_in", self._added_in)
        self._compared_in = optional(serializer, "compared_in", self._compared_in)
        serialize_part(serializer, "summary", self._summary)
        serialize_part(serializer, "interval_trigger", self._interval_trigger)
        serialize_part(serializer, "max_trigger", self._max_trigger)

    def __str__(self) -> str:
        return (
            f"EarlyStoppingTrigger({self._interval_trigger}, {self.monitor!r}, "
            f"patience={self.patience}, max_trigger={self._max_trigger})"
        )


def _patience(patience: int | None, **kwargs: Any) -> int:
    patients: int | None = kwargs.pop("patients", None)
    if kwargs:
        raise InvalidArgumentTypeError(
            f"EarlyStoppingTrigger got an unexpected keyword argument {next(iter(kwargs))!r}"
        )
    if patients is not None and patience is not None:
        raise InvalidArgumentTypeError(
            "patience and patients are two names of one argument; give patience only"
        )
    if patience is None:
        patience = patients
    return 3 if patience is None else patience
