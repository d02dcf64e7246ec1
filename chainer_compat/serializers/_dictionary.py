"""A serializer into a flat dictionary from path to array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat.serializer import Serializer
from chainer_compat.serializers._values import to_numpy

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DictionarySerializer", "serialize"]


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


def serialize(obj: Any) -> dict[str, np.ndarray]:
    """Returns the state of an object as a flat dictionary of arrays.

    Args:
        obj: Anything with ``serialize(serializer)``.

    Returns:
        The arrays by their path; those of NumPy are not copied.
    """
    serializer = DictionarySerializer()
    serializer.save(obj)
    return serializer.target
