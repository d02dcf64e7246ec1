"""Sparse matrices as lists of entries (Chainer: *chainer.utils.sparse*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from chainer_compat.backends import _crossing, cuda
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.variable import Variable

__all__ = ["CooMatrix", "get_order", "to_coo"]


class CooMatrix:
    """A sparse matrix, or a batch of them, as a list of entries.

    Args:
        data: The values, of shape ``(entries,)`` or ``(batch, entries)``.
        row: The rows of the entries, of the same number of axes; -1 where there is no entry.
        col: The columns of the entries.
        shape: The shape of the (one) dense matrix.
        order: ``'C'`` if the entries are sorted by rows, ``'F'`` by columns, ``'other'`` if by
            neither; None to find out.
        requires_grad: Whether backward passes should give the values a gradient.

    Attributes:
        data: The values, a Variable.

    Raises:
        ValueError: If the arguments do not fit together.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import utils
        >>> eye = utils.CooMatrix(np.ones(2), np.array([0, 1]), np.array([0, 1]), (2, 2))
        >>> eye.to_dense()
        array([[1., 0.],
               [0., 1.]])
    """

    def __init__(
        self,
        data: Any,
        row: Any,
        col: Any,
        shape: tuple[int, ...],
        order: str | None = None,
        requires_grad: bool = False,
    ) -> None:
        if not (data.ndim == row.ndim == col.ndim and data.ndim in (1, 2)):
            raise InvalidArgumentError(
                "data, row and col have one axis each, or two; "
                f"got {data.ndim}, {row.ndim} and {col.ndim}"
            )
        if len(shape) != 2 or min(shape) <= 0:
            raise InvalidArgumentError(f"the shape is two positive numbers; got {shape}")
        if order not in ("C", "F", "other", None):
            raise InvalidArgumentError(f"order is 'C', 'F', 'other' or None; got {order!r}")
        self.data = Variable(data, requires_grad=requires_grad)
        self.row = row
        self.col = col
        self.shape = shape
        self.order = get_order(row, col) if order is None else order

    def to_dense(self) -> Any:
        """Returns the dense matrix, or the batch of them, as a raw array."""
        with torch.no_grad():
            values = self.data.tensor
            row, col = (_crossing.as_tensor(index).long() for index in (self.row, self.col))
            there = row >= 0
            batch = torch.nonzero(there)[:, :-1].unbind(1)
            dense = values.new_zeros((*values.shape[:-1], *self.shape))
            dense.index_put_((*batch, row[there], col[there]), values[there], accumulate=True)
        return _crossing.as_raw(dense)


def to_coo(x: Any, ldnz: int | None = None, requires_grad: bool = False) -> CooMatrix:
    """Returns a dense matrix, or a batch of them, as a list of its entries that are not zero.

    Args:
        x: An array of two axes, or of three for a batch.
        ldnz: For how many entries to make room, at least.
        requires_grad: Whether backward passes should give the values a gradient.

    Raises:
        ValueError: If ``x`` has another number of axes.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import utils
        >>> x = utils.to_coo(np.array([[0, 2, 0], [-1, 0, 0]], np.float32))
        >>> x.data.array, x.row, x.col
        (array([ 2., -1.], dtype=float32), array([0, 1], dtype=int32), array([1, 0], dtype=int32))
    """
    if x.ndim not in (2, 3):
        raise InvalidArgumentError(f"x has two or three axes; got {x.ndim}")
    xp = cuda.get_array_module(x)
    matrices = x[None] if x.ndim == 2 else x
    places = [xp.nonzero(matrix) for matrix in matrices]
    room = max([ldnz or 0, *(len(rows) for rows, _ in places)])
    data = xp.zeros((len(matrices), room), dtype=x.dtype)
    row = xp.full((len(matrices), room), -1, dtype=np.int32)
    col = row.copy()
    for i, (rows, cols) in enumerate(places):
        data[i, : len(rows)] = matrices[i][rows, cols]
        row[i, : len(rows)] = rows
        col[i, : len(rows)] = cols
    if x.ndim == 2:
        data, row, col = data[0], row[0], col[0]
    return CooMatrix(data, row, col, x.shape[-2:], requires_grad=requires_grad)


def get_order(row: Any, col: Any) -> str:
    """Returns how the entries of a sparse matrix are sorted.

    Args:
        row: The rows of the entries; -1 where there is no entry.
        col: The columns of the entries.

    Returns:
        ``'C'`` by rows, ``'F'`` by columns, ``'other'`` by neither.

    Raises:
        ValueError: If the shapes differ, or only one index of an entry is -1.
    """
    if row.shape != col.shape:
        raise InvalidArgumentError(f"row and col differ in shape: {row.shape} and {col.shape}")
    if bool(((row >= 0) != (col >= 0)).any()):
        raise InvalidArgumentError("an entry has a row and a column, or neither; one has only one")
    if _is_sorted(row, col):
        return "C"
    return "F" if _is_sorted(col, row) else "other"


def _is_sorted(major: Any, minor: Any) -> bool:
    if major.ndim > 1:
        return all(_is_sorted(*pair) for pair in zip(major, minor, strict=True))
    there = major >= 0
    major, minor = major[there], minor[there]
    steps = major[1:] - major[:-1]
    within = (minor[1:] - minor[:-1])[steps == 0]
    return not bool((steps < 0).any()) and not bool((within < 0).any())
