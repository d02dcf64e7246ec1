"""Extensions that add one value to the observation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainer_compat.training._extension import PRIORITY_WRITER, make_extension

__all__ = ["observe_lr", "observe_value"]


def observe_value(observation_key: str, target_func: Callable[[Any], Any]) -> Callable[[Any], None]:
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

    @make_extension(trigger=(1, "epoch"), priority=PRIORITY_WRITER)
    def _observe_value(trainer: Any) -> None:
        trainer.observation[observation_key] = target_func(trainer)

    return _observe_value


def observe_lr(optimizer_name: str = "main", observation_key: str = "lr") -> Callable[[Any], None]:
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
    return observe_value(
        observation_key, lambda trainer: trainer.updater.get_optimizer(optimizer_name).lr
    )
