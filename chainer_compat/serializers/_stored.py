"""What a store gives for each of its arrays: the header, and ways to the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainer_compat.serializers._steps import Step

if TYPE_CHECKING:
    from chainer_compat.serializers._npy import NpyHeader

__all__ = ["Stored", "bytes_of"]


class Stored:
    """An array in a file.

    Attributes:
        header: Its dtype, shape and order.
    """

    header: NpyHeader

    def read(self) -> np.ndarray:
        """Returns the array; ``None`` comes as NumPy has it, an object array of no dimension."""
        raise NotImplementedError

    def verify(self) -> None:
        """Reads everything and keeps nothing, to be sure that a later read will succeed."""
        for step in self.verifying():
            step.run()

    def verifying(self) -> list[Step]:
        """What :meth:`verify` does, in steps that may be done in any order."""
        return []

    def filling(self, flat: np.ndarray) -> list[Step]:
        """Returns the steps, to be done in any order, that read the data into an array.

        Args:
            flat: An array of one axis, which gets the elements in the order of the file; they are
                cast within their kind.
        """
        order: Any = "F" if self.header.fortran_order else "C"

        def fill() -> None:
            np.copyto(flat, self.read().reshape(-1, order=order), casting="same_kind")

        return [Step(self.header.nbytes, fill)]


def bytes_of(array: np.ndarray) -> memoryview:
    """Returns the memory of a contiguous array (C or Fortran order) as bytes.

    Args:
        array: The array.
    """
    flat: Any = array.reshape(-1, order="A").view(np.uint8)
    return memoryview(flat)
