"""Hyperparameters: values of a rule over those of its optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat.errors import NotSupportedError
from chainer_compat.optimizers import _revision

__all__ = ["Hyperparameter", "HyperparameterProxy", "as_numbers", "effective"]

# Whether any hyperparameter was ever an array: only then are they converted at each step.
_arrays_in_use = False


class Hyperparameter:
    """A set of values, each an attribute; what it lacks is looked up in its parent.

    An optimizer's hyperparameters are the parent of those of each of its rules: a value set at
    the optimizer holds for all rules, except those that have their own.

    Args:
        parent: Where missing values are looked up.

    Source: Chainer's reference, *chainer.optimizer.Hyperparameter*.

    Example:
        >>> from chainer_compat.optimizer import Hyperparameter
        >>> parent = Hyperparameter()
        >>> parent.lr, parent.momentum = 0.1, 0.9
        >>> child = Hyperparameter(parent)
        >>> child.lr = 0.5
        >>> child
        Hyperparameter(lr=0.5, momentum=0.9)
    """

    _parent: Hyperparameter | None

    def __init__(self, parent: Hyperparameter | None = None) -> None:
        self._parent = parent

    def __getattr__(self, name: str) -> Any:
        # Only for what is not there; unpickling asks before there is a parent.
        parent = self.__dict__.get("_parent")
        if parent is None or name.startswith("__"):
            raise AttributeError(f"there is no hyperparameter {name!r}")
        return getattr(parent, name)

    def __setattr__(self, name: str, value: Any) -> None:
        # A value that is new here hides the parent's, which sets the rule apart from others.
        if name not in self.__dict__ or name == "_parent":
            _revision.bump()
        if hasattr(value, "__array__") and not isinstance(value, np.generic):
            _array_seen()
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        _revision.bump()
        super().__delattr__(name)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in sorted(self.get_dict().items()))
        return f"Hyperparameter({values})"

    @property
    def parent(self) -> Hyperparameter | None:
        """Where missing values are looked up."""
        return self._parent

    def get_dict(self) -> dict[str, Any]:
        """Returns all values that it has, or finds in its parents, by name."""
        values = {} if self._parent is None else self._parent.get_dict()
        values.update(self._own())
        return values

    def _own(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_parent"}


def effective(hyperparam: Hyperparameter) -> Hyperparameter:
    """Returns the nearest set that has values of its own: its attributes are found faster.

    Args:
        hyperparam: A rule's hyperparameters.
    """
    while hyperparam._parent is not None and len(hyperparam.__dict__) == 1:
        hyperparam = hyperparam._parent
    return hyperparam


def _array_seen() -> None:
    global _arrays_in_use  # noqa: PLW0603 -- a switch of the process, off for all but odd scripts
    _arrays_in_use = True


class _Numbers:
    """Hyperparameters of which those that are arrays of one element are read as numbers."""

    def __init__(self, hyperparam: Hyperparameter) -> None:
        self._hyperparam = hyperparam

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._hyperparam, name)
        if not hasattr(value, "__array__"):
            return value
        if value.size != 1:
            raise NotSupportedError(
                f"the hyperparameter {name!r} is an array of shape {value.shape}; it must be one "
                "number. Give parameters their own by param.update_rule.hyperparam"
            )
        return value.item()


def as_numbers(hyperparam: Any) -> Any:
    """Returns hyperparameters, arrays of one element among them as numbers.

    Args:
        hyperparam: The hyperparameters.
    """
    return _Numbers(hyperparam) if _arrays_in_use else hyperparam


class HyperparameterProxy:
    """An attribute of an optimizer that stands for the hyperparameter of that name.

    Args:
        attr_name: The hyperparameter's name.

    Source: Chainer's reference, *chainer.optimizer.HyperparameterProxy*.

    Example:
        >>> import chainer_compat as chainer
        >>> class MyOptimizer(chainer.GradientMethod):
        ...     lr = chainer.optimizer.HyperparameterProxy("lr")
        >>> optimizer = MyOptimizer()
        >>> optimizer.lr = 0.25
        >>> optimizer.hyperparam
        Hyperparameter(lr=0.25)
    """

    def __init__(self, attr_name: str) -> None:
        self._attr_name = attr_name
        self.__doc__ = f"The hyperparameter {attr_name!r}: ``hyperparam.{attr_name}``."

    def __get__(self, obj: Any, type: Any = None) -> Any:
        if obj is None:
            return self
        return getattr(obj.hyperparam, self._attr_name)

    def __set__(self, obj: Any, value: Any) -> None:
        setattr(obj.hyperparam, self._attr_name, value)
