"""Lets go of graphs that reported Variables hold."""

from __future__ import annotations

from typing import Any

from chainer_compat.configuration import config
from chainer_compat.training._extension import Extension

__all__ = ["unchain_variables"]


class unchain_variables(Extension):  # noqa: N801 - Chainer's name
    """Cuts observed Variables off their graphs, after all other extensions.

    It acts while ``chainer.config.keep_graph_on_report`` is on, and once more after it has been
    switched off, so that no graph outlives the iteration that made it.

    Source: Chainer's page *chainer.training.extensions.unchain_variables*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> extensions.unchain_variables().priority
        0
    """

    priority = 0

    def __init__(self) -> None:
        self._prev_flag: bool | None = None

    def initialize(self, trainer: Any) -> None:
        """Looks at the flag.

        Args:
            trainer: Not used.
        """
        self._prev_flag = config.keep_graph_on_report

    def trigger(self, trainer: Any) -> bool:
        """Says whether the flag was on at the previous question.

        Args:
            trainer: Not used.
        """
        flag = bool(self._prev_flag)
        self._prev_flag = config.keep_graph_on_report
        return flag

    def __call__(self, trainer: Any) -> None:
        """Cuts the graphs.

        Args:
            trainer: The trainer that calls it.
        """
        for value in trainer.observation.values():
            unchain = getattr(value, "unchain_backward", None)
            if unchain is not None:
                unchain()
