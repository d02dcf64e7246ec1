"""Extensions that add one value to the observation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chainer_compat.training._extension import PRIORITY_WRITER, Extension

__all__ = ["observe_lr", "observe_value"]


class _Observation(Extension):
    trigger = (1, "epoch")
    priority = PRIORITY_WRITER
    default_name = "_observe_value"  # that of the function which Chainer returns

    def __init__(self, observation_key: str, target_func: Callable[[Any], Any]) -> None:
        self._observation_key = observation_key
        self._target_func = target_func

    def __call__(self, trainer: Any) -> None:
        """Observes the value.

        Args:
            trainer: The trainer that calls it.
        """
        trainer.observation[self._observation_key] = self._target_func(trainer)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._observation_key!r}>"


def observe_value(observation_key: str, target_func: Callable[[Any], Any]) -> _Observation:
    """Returns an extension that observes what a function returns, once an epoch by default.

    Args:
        observation_key: Name of the value.
        target_func: Computes the value from the trainer.

    Source: Chainer's page *chainer.training.extensions.observe_value*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> extension = extensions.observe_value('answer', lambda trainer: 42)
        >>> extension.trigger
        (1, 'epoch')
    """
    return _Observation(observation_key, target_func)


def observe_lr(optimizer_name: str = "main", observation_key: str = "lr") -> _Observation:
    """Returns an extension that observes the learning rate of an optimizer.

    Args:
        optimizer_name: Name of the optimizer in the updater.
        observation_key: Name of the value.

    Source: Chainer's page *chainer.training.extensions.observe_lr*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> extensions.observe_lr().priority
        300
    """
    return observe_value(observation_key, partial(_learning_rate, optimizer_name))


def _learning_rate(optimizer_name: str, trainer: Any) -> Any:
    return trainer.updater.get_optimizer(optimizer_name).lr
