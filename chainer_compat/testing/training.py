"""A trainer to test extensions with (Chainer: *chainer.testing.get_trainer_with_mock_updater*)."""

from __future__ import annotations

import unittest.mock
from typing import Any

__all__ = ["check_available", "get_error", "get_trainer_with_mock_updater", "is_available"]


def get_error() -> None:
    """Returns None: the mocks are Python's own."""


def is_available() -> bool:
    """Whether a trainer can be made: always."""
    return True


def check_available() -> None:
    """Does nothing: a trainer can always be made."""


def get_trainer_with_mock_updater(
    stop_trigger: Any = (10, "iteration"), iter_per_epoch: int = 10, extensions: Any = None
) -> Any:
    """Returns a trainer whose updater only counts.

    Args:
        stop_trigger: When the training ends.
        iter_per_epoch: How many iterations make an epoch.
        extensions: The trainer's extensions.

    Returns:
        A :class:`~chainer_compat.training.Trainer`; its updater is a mock with the counters of a
        real one, whose ``update_core`` is called in each iteration.

    Example:
        >>> from chainer_compat import testing
        >>> trainer = testing.get_trainer_with_mock_updater((3, 'iteration'), iter_per_epoch=2)
        >>> trainer.run()
        >>> trainer.updater.iteration, trainer.updater.epoch, trainer.updater.epoch_detail
        (3, 1, 1.5)
    """
    from chainer_compat.training import Trainer

    updater = unittest.mock.Mock()
    updater.get_all_optimizers.return_value = {}
    updater.iteration = updater.epoch = updater.epoch_detail = 0
    updater.is_new_epoch = True
    updater.previous_epoch_detail = None

    def update() -> None:
        updater.update_core()
        before = updater.iteration
        updater.iteration = before + 1
        updater.epoch = updater.iteration // iter_per_epoch
        updater.epoch_detail = updater.iteration / iter_per_epoch
        updater.is_new_epoch = before // iter_per_epoch != updater.epoch
        updater.previous_epoch_detail = before / iter_per_epoch

    updater.update = update
    return Trainer(updater, stop_trigger, extensions=[] if extensions is None else extensions)
