"""Chainer's shifts, each a line of arithmetic over the number of calls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.training.extensions._shift import Shift, ShiftFromInit, bounded

__all__ = [
    "ExponentialShift",
    "InverseShift",
    "LinearShift",
    "MultistepShift",
    "PolynomialShift",
    "StepShift",
    "WarmupShift",
]


class ExponentialShift(ShiftFromInit):
    """Multiplies an attribute by a rate at each call: ``init * rate ** t``.

    Args:
        attr: Name of the optimizer's attribute.
        rate: The factor, not negative.
        init: First value; that of the optimizer if None.
        target: Where to stop; nowhere if None.
        optimizer: The optimizer; the updater's main one if None.

    Raises:
        ValueError: If the rate is negative.

    Source: Chainer's page *chainer.training.extensions.ExponentialShift*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> print(extensions.ExponentialShift('lr', 0.5, target=1e-4))
        ExponentialShift('lr')
    """

    _first_count_of_chainer_1 = 1

    def __init__(
        self, attr: str, rate: float, init: Any = None, target: Any = None, optimizer: Any = None
    ) -> None:
        if rate < 0:
            raise InvalidArgumentError(f"ExponentialShift needs a rate of 0 or more, not {rate}")
        super().__init__(attr, init, target, optimizer)
        self._rate = rate

    def _compute_next_value(self) -> Any:
        value = self._init * self._rate**self._t
        return bounded(value, self._target, rises=self._rate > 1)


class InverseShift(ShiftFromInit):
    """Lets an attribute fall as Caffe's ``inv`` does: ``init * (1 + gamma * t) ** -power``.

    Args:
        attr: Name of the optimizer's attribute.
        gamma: How fast, not negative.
        power: The exponent.
        init: First value; that of the optimizer if None.
        target: Where to stop; nowhere if None.
        optimizer: The optimizer; the updater's main one if None.

    Raises:
        ValueError: If ``gamma`` is negative.

    Source: Chainer's page *chainer.training.extensions.InverseShift*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> print(extensions.InverseShift('lr', gamma=1e-4, power=0.75))
        InverseShift('lr')
    """

    def __init__(
        self,
        attr: str,
        gamma: float,
        power: float,
        init: Any = None,
        target: Any = None,
        optimizer: Any = None,
    ) -> None:
        if gamma < 0:
            raise InvalidArgumentError(f"InverseShift needs a gamma of 0 or more, not {gamma}")
        super().__init__(attr, init, target, optimizer)
        self._gamma = gamma
        self._power = power

    def _compute_next_value(self) -> Any:
        value = self._init * (1 + self._gamma * self._t) ** -self._power
        return bounded(value, self._target, rises=self._power < 0)


class LinearShift(Shift):
    """Moves an attribute along a line from one value to another, between two counts of calls.

    Args:
        attr: Name of the optimizer's attribute.
        value_range: First and last value.
        time_range: The counts of calls at which it starts and ends to move.
        optimizer: The optimizer; the updater's main one if None.

    Source: Chainer's page *chainer.training.extensions.LinearShift*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> print(extensions.LinearShift('alpha', (0.2, 0.0), (1000, 2000)))
        LinearShift('alpha')
    """

    _first_count_of_chainer_1 = 1

    def __init__(
        self,
        attr: str,
        value_range: tuple[float, float],
        time_range: tuple[float, float],
        optimizer: Any = None,
    ) -> None:
        super().__init__(attr, optimizer)
        self._value_range = value_range
        self._time_range = time_range

    def _first_value(self, optimizer: Any) -> Any:
        return self._compute_next_value()

    def _compute_next_value(self) -> Any:
        start, end = self._time_range
        first, last = self._value_range
        if self._t <= start:
            return first
        if self._t >= end:
            return last
        return first + (self._t - start) / (end - start) * (last - first)


class PolynomialShift(ShiftFromInit):
    """Lets an attribute fall to zero in a number of calls: ``init * (1 - t / max_count) ** rate``.

    Args:
        attr: Name of the optimizer's attribute.
        rate: The exponent.
        max_count: The number of calls.
        init: First value; that of the optimizer if None.
        target: Where to stop; nowhere if None.
        optimizer: The optimizer; the updater's main one if None.

    Source: Chainer's page *chainer.training.extensions.PolynomialShift*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> print(extensions.PolynomialShift('lr', rate=0.9, max_count=10000))
        PolynomialShift('lr')
    """

    def __init__(
        self,
        attr: str,
        rate: float,
        max_count: int,
        init: Any = None,
        target: Any = None,
        optimizer: Any = None,
    ) -> None:
        super().__init__(attr, init, target, optimizer)
        self._rate = rate
        self._max_count = max_count

    def _compute_next_value(self) -> Any:
        value = self._init * max(1 - self._t / self._max_count, 0) ** self._rate
        return bounded(value, self._target, rises=self._rate <= 0)


class StepShift(ShiftFromInit):
    """Multiplies an attribute by a factor at every so many calls: ``init * gamma ** (t // step)``.

    Args:
        attr: Name of the optimizer's attribute.
        gamma: The factor.
        step: The number of calls from one multiplication to the next.
        init: First value; that of the optimizer if None.
        target: Where to stop; nowhere if None.
        optimizer: The optimizer; the updater's main one if None.

    Source: Chainer's page *chainer.training.extensions.StepShift*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> print(extensions.StepShift('lr', gamma=0.1, step=30))
        StepShift('lr')
    """

    def __init__(
        self,
        attr: str,
        gamma: float,
        step: float,
        init: Any = None,
        target: Any = None,
        optimizer: Any = None,
    ) -> None:
        super().__init__(attr, init, target, optimizer)
        self._gamma = gamma
        self._step = step

    def _compute_next_value(self) -> Any:
        value = self._init * self._gamma ** math.floor(self._t / self._step)
        return bounded(value, self._target, rises=self._gamma > 1)


class MultistepShift(ShiftFromInit):
    """Multiplies an attribute by a factor at each of some counts of calls.

    Args:
        attr: Name of the optimizer's attribute.
        gamma: The factor.
        step_value: The counts of calls, rising.
        init: First value; that of the optimizer if None.
        optimizer: The optimizer; the updater's main one if None.

    Source: Chainer's page *chainer.training.extensions.MultistepShift*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> print(extensions.MultistepShift('lr', 0.1, (30, 60, 90), init=0.1))
        MultistepShift('lr')
    """

    def __init__(
        self, attr: str, gamma: float, step_value: Sequence[int], init: Any, optimizer: Any = None
    ) -> None:
        super().__init__(attr, init, optimizer=optimizer)
        self._gamma = gamma
        self._step_value = step_value
        self._stepvalue_size = len(step_value)
        self._current_step = 0

    def __call__(self, trainer: Any) -> None:
        """Counts, takes a step if it is time, and sets the attribute.

        Args:
            trainer: The trainer that calls it.
        """
        step = self._current_step
        if step < self._stepvalue_size and self._t + 1 >= self._step_value[step]:
            self._current_step += 1
        super().__call__(trainer)

    def _compute_next_value(self) -> Any:
        return self._init * self._gamma**self._current_step

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the number of calls and of steps; Chainer saves nothing else.

        Args:
            serializer: A serializer or deserializer.
        """
        super().serialize(serializer)
        self._current_step = serializer("_current_step", self._current_step)


class WarmupShift(Shift):
    """Moves an attribute along a line to its value proper, in the first calls; then leaves it.

    Args:
        attr: Name of the optimizer's attribute.
        warmup_start: First value; that of the optimizer if None.
        warmup_iter: The number of calls.
        init: The value proper.
        optimizer: The optimizer; the updater's main one if None.

    Source: Chainer's page *chainer.training.extensions.WarmupShift*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> print(extensions.WarmupShift('lr', 0.0, 500, init=0.1))
        WarmupShift('lr')
    """

    def __init__(
        self, attr: str, warmup_start: Any, warmup_iter: int, init: float, optimizer: Any = None
    ) -> None:
        super().__init__(attr, optimizer)
        self._warmup_start = warmup_start
        self._warmup_iter = warmup_iter
        self._init = init

    def _first_value(self, optimizer: Any) -> Any:
        if self._warmup_start is None:
            self._warmup_start = getattr(optimizer, self._attr)
        return self._warmup_start

    def _compute_next_value(self) -> Any:
        return self._value_by_count() if self._t <= self._warmup_iter else None

    def _value_by_count(self) -> Any:
        total = self._warmup_iter
        done = min(self._t, total)
        return (done * self._init + (total - done) * self._warmup_start) / total
