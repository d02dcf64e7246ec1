"""The end of a run that Lightning's own limits set, as a stop trigger."""

from __future__ import annotations

from typing import Any

from chainer_compat.training.triggers import Trigger

__all__ = ["LightningLimits"]


class LightningLimits(Trigger):
    """Fires when ``max_steps`` or ``max_epochs`` of the Lightning trainer is reached.

    Args:
        max_steps: The number of iterations; negative for no limit.
        max_epochs: The number of epochs; None or negative for no limit.
    """

    def __init__(self, max_steps: int, max_epochs: int | None) -> None:
        self._max_steps = max_steps
        self._max_epochs = -1 if max_epochs is None else max_epochs

    def __call__(self, trainer: Any) -> bool:
        """Says whether a limit is reached.

        Args:
            trainer: The trainer that asks.
        """
        updater = trainer.updater
        return bool(
            0 <= self._max_steps <= updater.iteration or 0 <= self._max_epochs <= updater.epoch
        )

    def get_training_length(self) -> tuple[float, str] | None:
        """Returns the length of the run, for a progress bar; None if it has no end."""
        if self._max_steps >= 0:
            return self._max_steps, "iteration"
        return (self._max_epochs, "epoch") if self._max_epochs >= 0 else None

    def __str__(self) -> str:
        return f"LightningLimits(max_steps={self._max_steps}, max_epochs={self._max_epochs})"
