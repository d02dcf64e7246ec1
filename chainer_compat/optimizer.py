"""`Optimizer`, `GradientMethod`, `UpdateRule`, and what they are made of (Chainer: *optimizer*)."""

from __future__ import annotations

import warnings
from typing import Any

from chainer_compat import optimizer_hooks
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy
from chainer_compat.optimizers._optimizer import Optimizer
from chainer_compat.optimizers._update_rule import UpdateRule

__all__ = [
    "GradientClipping",
    "GradientMethod",
    "Hyperparameter",
    "HyperparameterProxy",
    "Optimizer",
    "UpdateRule",
    "WeightDecay",
    "make_deprecation_message",
]


def make_deprecation_message(module_name: str) -> str:
    """Returns what the hooks of this module warn of.

    Args:
        module_name: The hook's name.
    """
    return (
        f"chainer.optimizer.{module_name} is called chainer.optimizer_hooks.{module_name} since "
        "Chainer 4"
    )


class WeightDecay(optimizer_hooks.WeightDecay):
    """The old name of :class:`chainer_compat.optimizer_hooks.WeightDecay`.

    Args:
        *args: As there.
        **kwargs: As there.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(make_deprecation_message("WeightDecay"), DeprecationWarning, stacklevel=2)
        super().__init__(*args, **kwargs)


class GradientClipping(optimizer_hooks.GradientClipping):
    """The old name of :class:`chainer_compat.optimizer_hooks.GradientClipping`.

    Args:
        *args: As there.
        **kwargs: As there.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            make_deprecation_message("GradientClipping"), DeprecationWarning, stacklevel=2
        )
        super().__init__(*args, **kwargs)
