"""Nested state, such as that of loops and schedulers, as JSON text with the arrays beside it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch

from chainer_compat.errors import InvalidArgumentTypeError

__all__ = ["load_tree", "save_tree"]

_PLAIN = (bool, int, float, str, type(None))


def save_tree(serializer: Any, tree: Any) -> None:
    """Saves nested dictionaries, lists and tuples of numbers, text, arrays and tensors.

    Args:
        serializer: A serializer.
        tree: The state.

    Raises:
        TypeError: If there is anything else in it, with its place.
    """
    arrays: list[Any] = []
    serializer("tree", json.dumps(_encode(tree, "", arrays)))
    for index, array in enumerate(arrays):
        serializer(f"array_{index}", array)


def load_tree(serializer: Any) -> Any:
    """Loads what :func:`save_tree` saved; None if the deserializer does without.

    Args:
        serializer: A deserializer; one that is strict insists.

    Raises:
        KeyError: If the file does not have it.
    """
    text = serializer("tree", "")
    return _decode(json.loads(text), serializer) if text else None


def _encode(value: Any, place: str, arrays: list[Any]) -> Any:
    if isinstance(value, dict):
        pairs = [
            [_encode(key, place, arrays), _encode(item, f"{place}/{key}", arrays)]
            for key, item in value.items()
        ]
        return {"dict": pairs}
    if isinstance(value, (list, tuple)):
        items = [_encode(item, f"{place}/{i}", arrays) for i, item in enumerate(value)]
        return {"tuple" if isinstance(value, tuple) else "list": items}
    if isinstance(value, torch.Tensor):
        arrays.append(value.detach().clone())
        return {"tensor": len(arrays) - 1, "dtype": str(value.dtype).removeprefix("torch.")}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, _PLAIN):
        # An enumeration's member that is text, as Lightning has some, is saved as its text.
        return str.__str__(value) if isinstance(value, str) else value
    raise InvalidArgumentTypeError(
        f"cannot save {place.strip('/') or 'a state'} of {type(value)} in a snapshot: numbers, "
        "text, arrays, tensors and containers of these can be"
    )


def _decode(code: Any, serializer: Any) -> Any:
    if not isinstance(code, dict):
        return code
    if "dict" in code:
        return {_decode(k, serializer): _decode(v, serializer) for k, v in code["dict"]}
    if "list" in code:
        return [_decode(item, serializer) for item in code["list"]]
    if "tuple" in code:
        return tuple(_decode(item, serializer) for item in code["tuple"])
    if "bytes" in code:
        return bytes.fromhex(code["bytes"])
    if "array" in code:
        return serializer(f"array_{code['array']}", None)
    array = np.array(serializer(f"array_{code['tensor']}", None))
    return torch.from_numpy(array).to(getattr(torch, code["dtype"]))
