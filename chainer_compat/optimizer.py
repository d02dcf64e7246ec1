"""`Optimizer`, `GradientMethod`, `UpdateRule`, and what they are made of (Chainer: *optimizer*)."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from chainer_compat import optimizer_hooks
from chainer_compat.optimizers._gradient_method import GradientMethod
from chainer_compat.optimizers._hyperparameter import Hyperparameter, HyperparameterProxy
from chainer_compat.optimizers._optimizer import Optimizer
from chainer_compat.optimizers._update_rule import UpdateRule

__all__ = [
    "GradientClipping",
    "GradientHardClipping",
    "GradientMethod",
    "GradientNoise",
    "Hyperparameter",
    "HyperparameterProxy",
    "Lasso",
    "Optimizer",
    "UpdateRule",
    "WeightDecay",
    "make_deprecation_message",
]

_H = TypeVar("_H", bound=type)


def make_deprecation_message(module_name: str) -> str:
    """Returns what the hooks of this module warn of.

    Args:
        module_name: The hook's name.
    """
    return (
        f"chainer.optimizer.{module_name} is called chainer.optimizer_hooks.{module_name} since "
        "Chainer 4"
    )


def _old_name_of(hook: _H) -> _H:
    """A subclass that warns of the hook's new name."""
    name = hook.__name__

    def warn_and_init(self: Any, *args: Any, **kwargs: Any) -> None:
        warnings.warn(make_deprecation_message(name), DeprecationWarning, stacklevel=2)
        super(made, self).__init__(*args, **kwargs)

    doc = f"The old name of :class:`chainer_compat.optimizer_hooks.{name}`."
    body = {"__init__": warn_and_init, "__doc__": doc, "__module__": __name__}
    made: Any = type(name, (hook,), body)
    subclass: _H = made
    return subclass


GradientClipping = _old_name_of(optimizer_hooks.GradientClipping)
GradientHardClipping = _old_name_of(optimizer_hooks.GradientHardClipping)
GradientNoise = _old_name_of(optimizer_hooks.GradientNoise)
Lasso = _old_name_of(optimizer_hooks.Lasso)
WeightDecay = _old_name_of(optimizer_hooks.WeightDecay)


def __getattr__(name: str) -> Any:
    from chainer_compat._unsupported import missing_name

    raise missing_name(__name__, name)
