"""The random numbers' generators, remembered in memory."""

from __future__ import annotations

from typing import Any

from chainer_compat.serializers import NpzDeserializer, serialize
from chainer_compat.training._random_state import RandomState

__all__ = ["capture", "put"]

Generators = dict[str, Any]


def capture() -> Generators:
    """Returns the present states of the generators of Python, NumPy and torch."""
    return serialize(RandomState())


def put(states: Generators) -> None:
    """Sets the generators.

    Args:
        states: What :func:`capture` returned.
    """
    random_state = RandomState()
    NpzDeserializer(states).load(random_state)
    random_state.set()
