"""How distributions keep their parameters."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from chainer_compat import functions as F
from chainer_compat._variable import Variable, as_variable
from chainer_compat.backends import _crossing
from chainer_compat.distribution import Distribution
from chainer_compat.utils.cache import cached_property

__all__ = ["Parametric", "expect_one", "parameter", "tensor_of", "where"]


class Parametric(Distribution):
    """A distribution whose shapes are those of its first parameter.

    The constructor only notes its arguments, in ``_given``; all else is computed when it is asked
    for, once with a graph and once without.
    """

    # The parameters' names, and how many of the first one's axes belong to an event.
    _names: tuple[str, ...]
    _event_ndim = 0
    _given: dict[str, Any]

    @property
    def _shape(self) -> tuple[int, ...]:
        return tuple(getattr(self, self._names[0]).shape)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        shape = self._shape
        return shape[: len(shape) - self._event_ndim]

    @property
    def event_shape(self) -> tuple[int, ...]:
        shape = self._shape
        return shape[len(shape) - self._event_ndim :]

    @property
    def params(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._names}


def parameter(name: str, what: str) -> Any:
    """Makes a property that gives an argument of the constructor as a variable.

    Args:
        name: The argument's name in ``_given``, where the constructor leaves it.
        what: The property's documentation.
    """

    def get(self: Any) -> Variable:
        return as_variable(self._given[name])

    get.__name__ = name
    get.__doc__ = what
    return cached_property(get)


def expect_one(**choices: Any) -> None:
    """Raises unless exactly one of two arguments was given.

    Args:
        **choices: The arguments; None for one that was not given.

    Raises:
        ValueError: If none was given, or both.
    """
    if sum(value is not None for value in choices.values()) != 1:
        raise ValueError(f"give one of {' and '.join(choices)}, and not both")


def tensor_of(x: Any) -> Tensor:
    """Returns what was observed as a tensor outside any graph.

    Args:
        x: A variable, an array or a number.
    """
    return _crossing.as_tensor(x).detach()


def where(condition: Tensor, x: Variable, otherwise: float) -> Any:
    """Returns a variable's elements where a condition holds, and a number elsewhere.

    Args:
        condition: A tensor of bool.
        x: The variable.
        otherwise: The number.
    """
    return F.where(condition, x, x.tensor.detach().new_full((), otherwise))
