"""State that Chainer does not save: keys of our own, which Chainer ignores and old files lack."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch

from chainer_compat.serializer import Serializer

__all__ = [
    "load_json",
    "load_observation",
    "optional",
    "save_json",
    "save_observation",
    "serialize_number",
    "serialize_part",
]

_PLAIN = {"bool": bool, "int": int, "float": float}


def optional(serializer: Any, key: str, value: Any, absent: Any = None) -> Any:
    """Saves or loads a value that files written by Chainer, or by older versions, do not have.

    Args:
        serializer: A serializer or deserializer.
        key: The value's name.
        value: The value, of the type that it is to be loaded as.
        absent: What to return when a file has no such key; ``value`` if None.
    """
    try:
        return serializer(key, value)
    except KeyError:
        return value if absent is None else absent


def save_json(serializer: Any, key: str, value: Any) -> None:
    """Saves a value as JSON text.

    Args:
        serializer: A serializer.
        key: The value's name.
        value: Anything that JSON has; NaN and the infinities too.
    """
    serializer(key, json.dumps(value))


def load_json(serializer: Any, key: str) -> Any:
    """Loads a value saved by :func:`save_json`, or None if there is none.

    Args:
        serializer: A deserializer.
        key: The value's name.
    """
    text = optional(serializer, key, "")
    return json.loads(text) if text else None


def serialize_number(serializer: Any, key: str, value: Any) -> Any:
    """Saves or loads a number whose type may be another by the time it is loaded.

    Chainer loads into the type of the present value, and refuses a float where that is an integer.

    Args:
        serializer: A serializer or deserializer.
        key: The number's name.
        value: A number, an array or tensor of one element, a Variable over one, or None.
    """
    if isinstance(serializer, Serializer):
        held = getattr(value, "tensor", value)
        return serializer(key, held.item() if hasattr(held, "item") else held)
    loaded = serializer(key, None)
    return loaded.item() if hasattr(loaded, "item") else loaded


def serialize_part(serializer: Any, key: str, part: Any) -> None:
    """Saves or loads a part that Chainer does not save; an older file may lack it.

    Args:
        serializer: A serializer or deserializer.
        key: The part's name.
        part: Anything; without a ``serialize`` method it has no state.
    """
    if not hasattr(part, "serialize"):
        return
    if isinstance(serializer, Serializer):
        serializer(f"{key}_saved", True)
        part.serialize(serializer[key])
    elif optional(serializer, f"{key}_saved", False):
        part.serialize(serializer[key])


def save_observation(serializer: Any, observation: dict[str, Any]) -> None:
    """Saves the numbers of an observation; what is not a number is left out.

    Args:
        serializer: A serializer.
        observation: Name to value: numbers, arrays, tensors and Variables of one element and no
            dimension, and pairs of such, a value and its weight.
    """
    encoded = ((name, _encode(value)) for name, value in observation.items())
    save_json(serializer, "observation", [[n, code] for n, code in encoded if code is not None])


def load_observation(serializer: Any) -> dict[str, Any]:
    """Loads what :func:`save_observation` saved; empty if there is none.

    Args:
        serializer: A deserializer.
    """
    return {name: _decode(code) for name, code in load_json(serializer, "observation") or []}


def _encode(value: Any) -> list[Any] | None:
    if isinstance(value, tuple):
        parts = [_encode(part) for part in value]
        return None if None in parts else ["tuple", parts]
    if type(value).__name__ in _PLAIN and isinstance(value, (bool, int, float)):
        return [type(value).__name__, value]
    tensor = getattr(value, "tensor", value)
    if isinstance(tensor, torch.Tensor):
        if tensor.ndim == 0:
            return ["tensor", str(tensor.dtype).removeprefix("torch."), tensor.item()]
    elif getattr(value, "ndim", -1) == 0 and hasattr(value, "item"):
        return ["array", str(value.dtype), value.item()]
    return None


def _decode(code: list[Any]) -> Any:
    kind, *rest = code
    if kind == "tuple":
        return tuple(_decode(part) for part in rest[0])
    if kind == "tensor":
        return torch.tensor(rest[1], dtype=getattr(torch, rest[0]))
    if kind == "array":
        return np.dtype(rest[0]).type(rest[1])
    return _PLAIN[kind](rest[0])
