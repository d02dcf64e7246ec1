"""The numbers that steer an optimizer, which extensions may change: learning rates and so on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Number", "numbers_of", "set_numbers"]


class Number(NamedTuple):
    """One number, and where it is; of a rule's own hyperparameters there are none here."""

    holder: Any
    name: str
    place: int | None
    value: float


def numbers_of(optimizer: Any) -> list[Number]:
    """Returns the numbers of an optimizer, in one order in all processes.

    Args:
        optimizer: A Chainer optimizer, or a torch optimizer behind its face.
    """
    torch_optimizer = getattr(optimizer, "torch_optimizer", None)
    if torch_optimizer is not None:
        holders = torch_optimizer.param_groups
    else:
        holders = [vars(optimizer.hyperparam)]
    found = []
    for holder in holders:
        for name, value in holder.items():
            if isinstance(value, tuple):
                found += [Number(holder, name, i, v) for i, v in enumerate(value) if _is_number(v)]
            elif _is_number(value):
                found.append(Number(holder, name, None, value))
    return found


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, (int, float, np.integer, np.floating))


def set_numbers(numbers: list[Number], values: list[float]) -> None:
    """Sets those that differ.

    Args:
        numbers: What :func:`numbers_of` returned.
        values: The new values.
    """
    for number, value in zip(numbers, values, strict=True):
        if value == number.value:
            continue
        was_integral = isinstance(number.value, (int, np.integer))
        new = int(value) if was_integral and value.is_integer() else value
        if number.place is None:
            number.holder[number.name] = new
        else:
            whole = list(number.holder[number.name])
            whole[number.place] = new
            number.holder[number.name] = tuple(whole)
