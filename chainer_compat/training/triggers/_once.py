"""The trigger of what is done once."""

from __future__ import annotations

import warnings
from typing import Any

from chainer_compat.training.triggers._trigger import RememberingTrigger

__all__ = ["OnceTrigger"]


class OnceTrigger(RememberingTrigger):
    """Fires in the first iteration that it is asked about.

    Args:
        call_on_resume: Whether it fires once more after a resume.

    Attributes:
        finished: Whether it has fired. An extension whose trigger is finished is not initialized
            when a run is resumed.

    Source: Chainer's page *chainer.training.triggers.OnceTrigger*.

    Example:
        >>> from chainer_compat.training import triggers
        >>> triggers.OnceTrigger().finished
        False
    """

    def __init__(self, call_on_resume: bool = False) -> None:
        super().__init__()
        self._flag_first = True
        self._flag_resumed = call_on_resume

    @property
    def finished(self) -> bool:
        """Whether it will not fire any more."""
        return not (self._flag_first or self._flag_resumed)

    def _decide(self, trainer: Any) -> bool:
        fires = not self.finished
        self._flag_first = self._flag_resumed = False
        return fires

    def serialize(self, serializer: Any) -> None:
        """Saves or loads whether it has fired.

        Args:
            serializer: A serializer or deserializer; from a file that does not say so, it is
                taken to have fired.
        """
        super().serialize(serializer)
        try:
            self._flag_first = serializer("_flag_first", self._flag_first)
        except KeyError:
            warnings.warn(
                "The flag is not saved. OnceTrigger takes it that it has fired before; if the "
                "run was saved before the first iteration, it has not.",
                stacklevel=2,
            )
            self._flag_first = False
