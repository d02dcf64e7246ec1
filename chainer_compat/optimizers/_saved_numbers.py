"""What Chainer does not save of an optimizer, under keys of our own, which Chainer ignores."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from chainer_compat.serializer import Serializer

__all__ = ["numbers_of", "serialize_hyperparam", "serialize_json"]


def numbers_of(hyperparam: Any) -> dict[str, float]:
    """Returns the hyperparameters that are numbers, by name.

    Args:
        hyperparam: An optimizer's hyperparameters.
    """
    found = {}
    for name, value in hyperparam._own().items():
        if isinstance(value, (int, float)):
            found[name] = value
        elif np.ndim(value) == 0 and hasattr(value, "item"):
            found[name] = value.item()
    return found


def serialize_json(serializer: Any, key: str, value: Any) -> Any:
    """Saves a value as JSON text, or loads it; returns None where a file has none.

    Args:
        serializer: A serializer or deserializer.
        key: The value's name.
        value: What to save.
    """
    if isinstance(serializer, Serializer):
        serializer(key, json.dumps(value))
        return value
    try:
        text = serializer(key, "")
    except KeyError:
        return None
    return json.loads(text) if text else None


def serialize_hyperparam(
    serializer: Any, hyperparam: Any, began: dict[str, float]
) -> dict[str, float]:
    """Saves the hyperparameters, or brings them to where they were saved.

    A file holds each as it was when training began, too: one that the script now begins with
    another value of was changed on purpose, and stays.

    Args:
        serializer: A serializer or deserializer.
        hyperparam: An optimizer's hyperparameters.
        began: What they were when training began.

    Returns:
        What they were when training began, as the file says.
    """
    now = numbers_of(hyperparam)
    pairs = {name: [began.get(name, value), value] for name, value in now.items()}
    loaded = serialize_json(serializer, "_hyperparam", pairs)
    if loaded is None or isinstance(serializer, Serializer):
        return began
    result = dict(now)
    for name, (first, last) in loaded.items():
        if now.get(name) == first:
            setattr(hyperparam, name, last)
            result[name] = first
    return result
