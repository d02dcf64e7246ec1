"""A serializer into a flat dictionary from path to array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from chainer_compat.serializer import Serializer
from chainer_compat.serializers._values import to_numpy

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DictionarySerializer", "is_plain_module", "save_into", "serialize"]


class DictionarySerializer(Serializer):
    """Saves the values of an object in a flat dictionary, keyed by their path.

    Arrays of NumPy are not copied. Source: Chainer's page *Serializers*.

    Args:
        target: The dictionary to fill; a new one by default.
        path: What every key begins with.

    Attributes:
        target: The dictionary.
        path: What every key begins with.

    Example:
        >>> from chainer_compat.serializers import DictionarySerializer
        >>> serializer = DictionarySerializer()
        >>> serializer["l1"]("W", [1.0, 2.0])
        [1.0, 2.0]
        >>> serializer.target
        {'l1/W': array([1., 2.])}
    """

    def __init__(self, target: dict[str, Any] | None = None, path: str = "") -> None:
        self.target: dict[str, Any] = {} if target is None else target
        self.path = path

    def __getitem__(self, key: str) -> DictionarySerializer:
        return DictionarySerializer(self.target, f"{self.path}{key.strip('/')}/")

    def __call__(self, key: str, value: Any) -> Any:
        full = self.path + key.lstrip("/")
        self.target[full] = to_numpy(value, full)
        return value


def is_plain_module(obj: Any) -> bool:
    """Whether an object is a torch module that knows nothing of serializers.

    Args:
        obj: The object.
    """
    return isinstance(obj, torch.nn.Module) and not hasattr(obj, "serialize")


def serialize(obj: Any) -> dict[str, np.ndarray]:
    """Returns the state of an object as a flat dictionary of arrays.

    Args:
        obj: Anything with ``serialize(serializer)``, or a torch module.

    Returns:
        The arrays by their path; those of NumPy are not copied.
    """
    serializer = DictionarySerializer()
    save_into(serializer, obj)
    return serializer.target


def save_into(serializer: DictionarySerializer, obj: Any) -> None:
    """Hands the state of an object to a serializer.

    Args:
        serializer: The serializer.
        obj: Anything with ``serialize(serializer)``, or a torch module.
    """
    if is_plain_module(obj):
        for name, tensor in obj.state_dict(keep_vars=True).items():
            serializer(name.replace(".", "/"), tensor)
    else:
        serializer.save(obj)
