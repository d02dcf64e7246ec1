"""Any mapping from key to array as a store to load from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.errors import UnsafeFileError
from chainer_compat.serializers._npy import NpyHeader
from chainer_compat.serializers._stored import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ArrayMember", "MappingStore"]


class ArrayMember(Stored):
    """An array that is in memory already.

    Args:
        array: The array.
    """

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.header = NpyHeader(array.dtype, array.shape, fortran_order=False, data_offset=0)

    def read(self) -> np.ndarray:
        """Returns the array.

        Raises:
            UnsafeFileError: If it holds Python objects other than None.
        """
        if self.header.is_object and (self.header.shape or self._array[()] is not None):
            raise UnsafeFileError("an array of Python objects is never loaded; use plain arrays")
        return self._array


class MappingStore:
    """Reads the arrays of a mapping: a dictionary, or what NumPy opened.

    Args:
        mapping: The arrays by their key.
    """

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self.name = str(getattr(mapping, "name", None) or type(mapping).__name__)
        self._mapping = mapping

    def __contains__(self, key: object) -> bool:
        return key in self._mapping

    def __iter__(self) -> Iterator[str]:
        return iter(self._mapping)

    def member(self, key: str) -> ArrayMember:
        """Returns one array.

        Args:
            key: Its name.
        """
        return ArrayMember(np.asarray(self._mapping[key]))

    def release(self, key: str) -> None:
        """Does nothing: the mapping keeps its arrays.

        Args:
            key: The array's name.
        """
