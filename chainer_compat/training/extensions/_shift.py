"""What the extensions that shift an attribute of an optimizer have in common."""

from __future__ import annotations

from typing import Any

from chainer_compat.serializer import Serializer
from chainer_compat.training._extension import Extension
from chainer_compat.training._state import serialize_number

__all__ = ["Shift", "bounded"]


class Shift(Extension):
    """Sets an attribute of an optimizer, a learning rate say, from the number of calls so far.

    A subclass gives the arithmetic. The attribute is set before the loop starts, and at each
    call; a resumed run goes on with the value that it had.
    """

    # Chainer 1 counted from here, in the shifts that it had; its files lack the last value.
    _first_count_of_chainer_1 = 0

    def __init__(self, attr: str, optimizer: Any = None) -> None:
        self._attr = attr
        self._optimizer = optimizer
        self._t = 0
        self._last_value: Any = None
        # The optimizer it acts on, and the value that the attribute had when it was saved: other
        # extensions may have set it since, so the last value set here does not tell.
        self._acts_on: Any = None
        self._value_when_saved: Any = None

    def _first_value(self, optimizer: Any) -> Any:
        """The value before the first call."""
        raise NotImplementedError

    def _compute_next_value(self) -> Any:
        """The value after ``self._t`` calls, or None if it is left alone by now."""
        raise NotImplementedError

    def _value_by_count(self) -> Any:
        """The value after ``self._t`` calls of a run that did not save it."""
        return self._compute_next_value()

    def initialize(self, trainer: Any) -> None:
        """Sets the attribute to its first value, or after a resume to that which it had.

        Args:
            trainer: The trainer that is about to run.
        """
        optimizer = self._acts_on = self._get_optimizer(trainer)
        first_value = self._first_value(optimizer)
        if self._value_when_saved is not None:
            setattr(optimizer, self._attr, self._value_when_saved)
            self._value_when_saved = None
        elif self._last_value is not None:
            self._update_value(optimizer, self._last_value)
        elif self._t > 0:
            # A snapshot of Chainer's, which saves the last value of some shifts only.
            self._update_value(optimizer, self._value_by_count())
        else:
            self._update_value(optimizer, first_value)

    def __call__(self, trainer: Any) -> None:
        """Counts, and sets the attribute.

        Args:
            trainer: The trainer that calls it.
        """
        self._t += 1
        optimizer = self._acts_on = self._get_optimizer(trainer)
        value = self._compute_next_value()
        if value is not None:
            self._update_value(optimizer, value)

    def _get_optimizer(self, trainer: Any) -> Any:
        return self._optimizer or trainer.updater.get_optimizer("main")

    def _update_value(self, optimizer: Any, value: Any) -> None:
        setattr(optimizer, self._attr, value)
        self._last_value = value

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the number of calls, the last value, and that of the attribute.

        Args:
            serializer: A serializer or deserializer.
        """
        self._t = serializer("_t", self._t)
        try:
            self._last_value = serialize_number(serializer, "_last_value", self._last_value)
        except KeyError:
            self._last_value = None
            self._t -= self._first_count_of_chainer_1
        if not isinstance(serializer, Serializer):
            self._value_when_saved = _optional_number(serializer, "_value", None)
        elif self._acts_on is not None or self._value_when_saved is not None:
            serialize_number(serializer, "_value", self._value_now())

    def _value_now(self) -> Any:
        if self._acts_on is None:
            return self._value_when_saved
        return getattr(self._acts_on, self._attr)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_acts_on": None, "_value_when_saved": self._value_now()}

    def __str__(self) -> str:
        return f"{type(self).__name__}({self._attr!r})"


class ShiftFromInit(Shift):
    """A shift whose first value is given, or else is that of the optimizer."""

    def __init__(self, attr: str, init: Any = None, target: Any = None, optimizer: Any = None):
        super().__init__(attr, optimizer)
        self._init = init
        self._target = target

    def _first_value(self, optimizer: Any) -> Any:
        if self._init is None:
            self._init = getattr(optimizer, self._attr)
        return self._init

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the number of calls, the last value and the first.

        Args:
            serializer: A serializer or deserializer. Chainer does not save the first value; it is
                loaded only where none was given, for the optimizer may have another one by then.
        """
        super().serialize(serializer)
        if isinstance(serializer, Serializer) or self._init is None:
            self._init = _optional_number(serializer, "_init", self._init)


def _optional_number(serializer: Any, key: str, value: Any) -> Any:
    try:
        return serialize_number(serializer, key, value)
    except KeyError:
        return None


def bounded(value: Any, target: Any, rises: bool) -> Any:
    """Returns the value, or the target once the value has passed it.

    Args:
        value: The value.
        target: Where it is to stop, of the same sign; nowhere if None.
        rises: Whether the value moves away from zero, so that the target is an upper bound.
    """
    if target is None:
        return value
    # As a quotient, so that negative values work too.
    passed = value / target > 1 if rises else value / target < 1
    return target if passed else value
