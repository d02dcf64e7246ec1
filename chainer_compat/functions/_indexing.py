"""Taking elements out of arrays (Chainer: *Array manipulations*)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import is_raw_array
from chainer_compat.backends import _crossing
from chainer_compat.functions._boundary import function
from chainer_compat.functions._indices import per_axis

__all__ = ["get_item"]

_REFUSED = (
    "an index is made of integers, slices (`:`), `...`, None and arrays of integers or booleans; "
    "got {}"
)

_BOUNDS = (int, type(None))
_BASIC = (*_BOUNDS, type(Ellipsis))


@function("GetItem")
def get_item(x: Tensor, slices: Any) -> Tensor:
    """Returns elements of an array, as NumPy's indexing does.

    Args:
        x: A variable or array, of any shape and dtype.
        slices: An index, or a tuple of them: integers, slices, ``...``, None, arrays or lists of
            integers or booleans. A list stands for a tuple, but for one of Python's integers.

    Returns:
        A variable of ``x``'s dtype.

    Raises:
        IndexError: If an index is out of bounds or of a wrong type.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.get_item(np.arange(6.0).reshape(2, 3), (slice(None), [0, 2]))
        variable([[0., 2.],
                  [3., 5.]])
    """
    indices = per_axis(slices)
    if all(map(_is_torch_s, indices)):
        return x[indices]
    chosen = _along_one(indices, x.device)
    if chosen is not None:
        return x[chosen]
    plain = _parted(tuple(_plain(index, x.device) for index in indices))
    if not any(isinstance(i, slice) and (i.step or 1) < 0 for i in plain):
        return x[plain]
    forward, flipped = _without_negative_steps(plain, x)
    return torch.flip(x[forward], flipped)


def _is_torch_s(index: Any) -> bool:
    """Whether an index is one of torch as it is, and no array."""
    if type(index) is not slice:
        return type(index) in _BASIC
    step = index.step
    return (
        type(index.start) in _BOUNDS
        and type(index.stop) in _BOUNDS
        and (step is None or (type(step) is int and step > 0))
    )


def _along_one(indices: tuple[Any, ...], device: torch.device) -> tuple[Any, ...] | None:
    """Indices in the terms of torch, if one is of integers and all others take a whole axis."""
    place = -1
    for n, index in enumerate(indices):
        kind = type(index)
        if place < 0 and (kind is list or kind is np.ndarray):
            place = n
        elif kind is not slice or not (index.start is index.stop is index.step is None):
            return None
    array = np.asarray(indices[place])
    if array.dtype.kind != "i" or not array.ndim:
        return None
    tensor = _crossing.as_tensor(array).to(device, torch.int64)
    return (*indices[:place], tensor, *indices[place + 1 :])


def _plain(index: Any, device: torch.device) -> Any:
    """An index in the terms of torch."""
    if index is None or index is Ellipsis or isinstance(index, (bool, np.bool_)):
        return bool(index) if isinstance(index, np.bool_) else index
    if isinstance(index, (int, np.integer)):
        return int(index)
    if isinstance(index, slice):
        return slice(*(None if part is None else int(part) for part in _parts(index)))
    if isinstance(index, (list, range, tuple)):
        index = np.asarray(index)
        if index.size == 0:
            index = index.astype(np.int64)
    if is_raw_array(index):
        tensor = _crossing.as_tensor(index)
        if not (tensor.is_floating_point() or tensor.is_complex()):
            return tensor.to(device, tensor.dtype if tensor.dtype is torch.bool else torch.int64)
    raise IndexError(_REFUSED.format(type(index)))


def _parted(indices: tuple[Any, ...]) -> tuple[Any, ...]:
    """Makes integers arrays where NumPy does and torch does not: apart from an array's index.

    The axes of ``x[0, :, [0, 1]]`` begin with that of the array in NumPy.
    """
    taken = [n for n, index in enumerate(indices) if isinstance(index, Tensor) or _is_int(index)]
    arrays = [index for index in indices if isinstance(index, Tensor) and index.ndim]
    if not arrays or taken[-1] - taken[0] < len(taken):
        return indices
    device = arrays[0].device
    return tuple(torch.tensor([i], device=device) if _is_int(i) else i for i in indices)


def _is_int(index: Any) -> bool:
    return type(index) is int


def _parts(index: slice) -> tuple[Any, Any, Any]:
    return index.start, index.stop, index.step


def _without_negative_steps(
    indices: tuple[Any, ...], x: Tensor
) -> tuple[tuple[Any, ...], list[int]]:
    """The same elements by positive steps, and the axes of the result to be flipped then."""
    if any(isinstance(i, Tensor) for i in indices):
        raise IndexError(
            "a negative step beside an array of indices is not supported; index twice instead"
        )
    if Ellipsis not in indices:
        indices = (*indices, Ellipsis)
    taken = sum(1 for i in indices if i is not None and i is not Ellipsis)
    forward: list[Any] = []
    flipped: list[int] = []
    source = result = 0
    for index in indices:
        if index is None:
            result += 1
        elif index is Ellipsis:
            source += x.ndim - taken
            result += x.ndim - taken
        elif isinstance(index, slice):
            start, stop, step = index.indices(x.shape[source])
            if step < 0:
                count = len(range(start, stop, step))
                last = start + step * (count - 1)
                index = slice(last, start + 1, -step) if count else slice(0, 0)
                flipped.append(result)
            source += 1
            result += 1
        else:
            source += 1
        forward.append(index)
    return tuple(forward), flipped
