"""The protocol by which one `serialize` method both saves and loads an object.

Source: Chainer's guide *Serializers*.
"""

from __future__ import annotations

from typing import Any

__all__ = ["AbstractSerializer", "Deserializer", "Serializer"]


class AbstractSerializer:
    """Visits the values of an object, by key, to save them or to load them.

    ``serializer['child']`` is the serializer of a part; ``serializer(key, value)`` saves or loads
    one value and returns what the object should hold from then on.
    """

    def __getitem__(self, key: str) -> AbstractSerializer:
        """Returns the serializer of a part of the object.

        Args:
            key: The part's name.
        """
        raise NotImplementedError

    def __call__(self, key: str, value: Any) -> Any:
        """Saves or loads one value.

        Args:
            key: The value's name.
            value: What to save, or what to load into: an array (of NumPy, CuPy or torch, filled
                in place), a number, text or None.

        Returns:
            The value itself when saving; when loading, what was loaded.
        """
        raise NotImplementedError


class Serializer(AbstractSerializer):
    """A serializer that saves."""

    def save(self, obj: Any) -> None:
        """Saves an object by its ``serialize`` method.

        Args:
            obj: Anything with ``serialize(serializer)``.
        """
        obj.serialize(self)


class Deserializer(AbstractSerializer):
    """A serializer that loads."""

    def load(self, obj: Any) -> None:
        """Loads an object by its ``serialize`` method.

        Args:
            obj: Anything with ``serialize(serializer)``.
        """
        obj.serialize(self)
