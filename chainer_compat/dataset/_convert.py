"""`concat_examples`: a list of examples becomes arrays with a batch axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from chainer_compat import backend
from chainer_compat.dataset._converter import _ArbitraryCallableConverter, to_device
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CollatedBatch", "concat_examples", "concat_examples_func"]


class CollatedBatch(tuple[Any, ...]):
    """A batch whose examples have been put together already, one array for each element.

    :func:`concat_examples` sends its arrays to the device and does nothing else.
    """

    __slots__ = ()


def concat_examples_func(batch: Any, device: Any = None, padding: Any = None) -> Any:
    """Puts the examples of a batch together: a list of tuples becomes a tuple of arrays.

    Args:
        batch: A sequence of examples, all alike: arrays or numbers, tuples of these, or
            dictionaries of these. Also an array or a tensor, whose first axis is the batch.
        device: Where to send the arrays: a device, a number (negative: the CPU), a text such as
            ``"@cupy:0"``, or None to leave them where they are.
        padding: With None, arrays that go together must have one shape. A number makes room for
            the largest extent of each axis and fills up with the number. For tuples and
            dictionaries it may be a tuple or a dictionary of these.

    Returns:
        An array of shape ``(len(batch), ...)``, or a tuple or dictionary of such arrays. Torch
        tensors become tensors, all else arrays.

    Raises:
        ValueError: If the batch is empty, or shapes differ and ``padding`` is None.
        TypeError: If an example is nothing that arrays are made of.

    Source: Chainer's reference, *chainer.dataset.concat_examples*.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.dataset import concat_examples
        >>> concat_examples([(np.array([1, 2]), 0), (np.array([3, 4]), 1)])
        (array([[1, 2],
               [3, 4]]), array([0, 1]))
        >>> concat_examples([np.array([1, 2]), np.array([3])], padding=-1)
        array([[ 1,  2],
               [ 3, -1]])
    """
    if isinstance(batch, (CollatedBatch, dict)):
        return _send_collated(batch, device, padding)
    if len(batch) == 0:
        raise InvalidArgumentError("batch is empty")
    if isinstance(batch, torch.Tensor):
        return to_device(device, batch)

    first = batch[0]
    if isinstance(first, tuple):
        each = padding if isinstance(padding, tuple) else (padding,) * len(first)
        return tuple(
            to_device(device, _concat_arrays([example[i] for example in batch], each[i]))
            for i in range(len(first))
        )
    if isinstance(first, dict):
        named = padding if isinstance(padding, dict) else dict.fromkeys(first, padding)
        return {
            key: to_device(device, _concat_arrays([example[key] for example in batch], named[key]))
            for key in first
        }
    return to_device(device, _concat_arrays(batch, padding))


concat_examples = _ArbitraryCallableConverter(concat_examples_func)


def _send_collated(batch: Any, device: Any, padding: Any) -> Any:
    if padding is not None:
        raise InvalidArgumentError(
            "padding cannot be applied to a batch that has been put together already: "
            "pad in the DataLoader's collate_fn"
        )
    return _send_all(batch, device)


def _send_all(batch: Any, device: Any) -> Any:
    if isinstance(batch, dict):
        return {key: _send_all(part, device) for key, part in batch.items()}
    if isinstance(batch, (tuple, list)):
        return tuple(_send_all(part, device) for part in batch)
    # Text, say, stays what it is.
    return to_device(device, batch) if hasattr(batch, "dtype") else batch


def _concat_arrays(arrays: Sequence[Any], padding: Any) -> Any:
    first = arrays[0]
    if isinstance(first, torch.Tensor):
        return _concat_tensors(arrays, padding)
    if not isinstance(first, np.ndarray) and not hasattr(first, "__cuda_array_interface__"):
        made = _as_one_array(arrays)
        if padding is None:
            return made
        arrays = list(made)
    if padding is not None:
        return _concat_arrays_with_padding(arrays, padding)
    if type(first) is np.ndarray:
        return _stack(arrays)
    device = backend.get_device_from_array(first)
    with backend.using_device(device):
        return device.xp.concatenate([array[None] for array in arrays])


def _as_one_array(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InvalidArgumentError(
            f"cannot make one array of the examples, they differ in length: {error}. "
            "Make each an array and give `padding`"
        ) from error
    if array.dtype == object:
        raise InvalidArgumentTypeError(
            f"cannot make an array of examples of {type(values[0])}; give a converter of your "
            "own to the updater or the Evaluator"
        )
    return array


def _stack(arrays: Sequence[Any]) -> np.ndarray[Any, Any]:
    # np.array is twice as fast as np.stack on small arrays, and the result is in C order
    # whatever the order of the examples (images transposed to CHW).
    try:
        stacked = np.array(arrays)
    except ValueError:
        stacked = None
    if stacked is None or stacked.shape[1:] != arrays[0].shape:
        shapes = [np.shape(array) for array in arrays]
        other = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), 0)
        raise InvalidArgumentError(
            f"the examples of a batch have different shapes: {shapes[0]} at 0 and "
            f"{shapes[other]} at {other}. Give `padding` to fill up the smaller ones "
            "(`concat_examples(batch, device, padding=0)`)"
        )
    return stacked


def _largest_shape(arrays: Sequence[Any]) -> tuple[int, ...]:
    ndims = {len(array.shape) for array in arrays}
    if len(ndims) > 1:
        raise InvalidArgumentError(
            f"padding needs examples of one number of axes; these have {sorted(ndims)}"
        )
    return tuple(max(lengths) for lengths in zip(*(array.shape for array in arrays), strict=True))


def _concat_arrays_with_padding(arrays: Sequence[Any], padding: Any) -> Any:
    shape = (len(arrays), *_largest_shape(arrays))
    device = backend.get_device_from_array(arrays[0])
    with backend.using_device(device):
        result = device.xp.full(shape, padding, dtype=arrays[0].dtype)
        return _fill(result, arrays)


def _concat_tensors(tensors: Sequence[torch.Tensor], padding: Any) -> torch.Tensor:
    if padding is not None:
        shape = (len(tensors), *_largest_shape(tensors))
        result: torch.Tensor = _fill(tensors[0].new_full(shape, padding), tensors)
        return result
    try:
        return torch.stack(list(tensors))
    except RuntimeError as error:
        raise InvalidArgumentError(
            f"the examples of a batch do not go together: {error}. "
            "Give `padding` if their shapes differ"
        ) from error


def _fill(result: Any, arrays: Sequence[Any]) -> Any:
    for i, array in enumerate(arrays):
        place = (i, *map(slice, array.shape))
        result[place] = array
    return result
