"""Type checks of functions: quick tests of tensors that fail with Chainer's message."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import torch

from chainer_compat.backends._crossing import from_numpy, numpy_dtype
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.utils.type_check import InvalidType, fail

__all__ = [
    "INTEGERS",
    "all_of_one_floating",
    "are_rows_and_labels",
    "broadcastable",
    "dtype_kind",
    "expect_array",
    "expect_broadcast",
    "expect_floating",
    "expect_integer",
    "expect_ndim",
    "expect_same_dtype",
    "fail_in",
    "fail_ndim",
    "floating",
    "labels_of",
]

# What labels and ids are of: these are asked about in every call.
INTEGERS = frozenset({torch.int32, torch.int64})

_INT32, _INT64 = np.dtype(np.int32), np.dtype(np.int64)

# What nearly every tensor is of: a comparison is cheaper than a question.
_FLOAT32 = torch.float32


def dtype_kind(tensor: torch.Tensor) -> str:
    """Returns NumPy's letter for the kind of a tensor's dtype: f, i, u, b or c.

    Args:
        tensor: A tensor.
    """
    return "f" if tensor.dtype is torch.bfloat16 else numpy_dtype(tensor.dtype).kind


def expect_floating(tensor: torch.Tensor, name: str) -> None:
    """Fails unless a tensor is of floating point.

    Args:
        tensor: The tensor.
        name: What the message calls it.
    """
    if not tensor.is_floating_point():
        fail(f"{name}.dtype.kind == f", f"{dtype_kind(tensor)} != f")


def expect_integer(tensor: torch.Tensor, name: str) -> None:
    """Fails unless a tensor is of signed integers.

    Args:
        tensor: The tensor.
        name: What the message calls it.
    """
    kind = dtype_kind(tensor)
    if kind != "i":
        fail(f"{name}.dtype.kind == i", f"{kind} != i")


def expect_ndim(tensor: torch.Tensor, name: str, ndim: int) -> None:
    """Fails unless a tensor has a number of dimensions.

    Args:
        tensor: The tensor.
        name: What the message calls it.
        ndim: The number.
    """
    if tensor.ndim != ndim:
        fail(f"{name}.ndim == {ndim}", f"{tensor.ndim} != {ndim}")


def expect_same_dtype(a: torch.Tensor, b: torch.Tensor, name_a: str, name_b: str) -> None:
    """Fails unless two tensors have one dtype, or a mixed precision may mix theirs.

    Args:
        a: A tensor.
        b: Another one.
        name_a: What the message calls the first.
        name_b: What the message calls the second.
    """
    if a.dtype is not b.dtype:
        if _may_be_mixed(a, b):
            return
        fail(
            f"{name_a}.dtype == {name_b}.dtype", f"{numpy_dtype(a.dtype)} != {numpy_dtype(b.dtype)}"
        )


def _may_be_mixed(a: torch.Tensor, b: torch.Tensor) -> bool:
    both_floating = a.is_floating_point() and b.is_floating_point()
    return both_floating and torch.is_autocast_enabled(a.device.type)


def expect_array(x: Any, label: str) -> None:
    """Raises unless an input is a variable or an array, before the function is called.

    Args:
        x: The input.
        label: The function's label.

    Raises:
        TypeError: If it is neither.
    """
    if not hasattr(x, "shape"):
        raise InvalidArgumentTypeError(
            f"the inputs of {label} must be Variables or arrays of NumPy, CuPy or torch; "
            f"got {type(x)}"
        )


def fail_ndim(label: str, x: Any, ndim: int) -> NoReturn:
    """Fails before the function is called, for an input without so many axes.

    Args:
        label: The function's label.
        x: The input.
        ndim: The number of axes.

    Raises:
        TypeError: If it is no array at all.
    """
    expect_array(x, label)
    fail_in(label, f"in_types[0].ndim == {ndim}", f"{x.ndim} != {ndim}")


def fail_in(label: str, expect: str, actual: str) -> NoReturn:
    """Fails a check that is made before the function is called.

    Args:
        label: The function's label.
        expect: The condition that was to hold.
        actual: What was found.
    """
    error = InvalidType(expect, actual)
    error.add_label(label)
    raise error


def labels_of(array: np.ndarray[Any, Any]) -> torch.Tensor:
    """Returns labels as torch's kernels take them, which NumPy widens faster than torch.

    Args:
        array: Labels of any dtype; those of int32 become int64.
    """
    if array.dtype is _INT32:
        return torch.from_numpy(array.astype(_INT64))
    return from_numpy(array)


def all_of_one_floating(x: torch.Tensor, *others: torch.Tensor | None) -> bool:
    """Whether tensors have one dtype, of floating point: the question that is asked first.

    Args:
        x: A tensor.
        *others: More of them; None counts as well.
    """
    dtype = x.dtype
    if not dtype.is_floating_point:
        return False
    for other in others:  # noqa: SIM110 -- a generator in `all` costs as much as the questions
        if other is not None and other.dtype is not dtype:
            return False
    return True


def are_rows_and_labels(x: torch.Tensor, t: torch.Tensor) -> bool:
    """Whether there is a label for each row of a matrix: by far what classifiers are given most.

    Args:
        x: A tensor.
        t: Another one.
    """
    shape, labels = x.shape, t.shape
    return (
        len(shape) == len(labels) + 1 == 2
        and shape[0] == labels[0]
        and t.dtype in INTEGERS
        and x.is_floating_point()
    )


def floating(x: torch.Tensor, *options: Any) -> None:
    """The check of a function of one floating-point tensor, ``x``.

    Args:
        x: The tensor.
        *options: What the function takes besides.
    """
    if x.dtype is not _FLOAT32 and not x.is_floating_point():
        expect_floating(x, "x")


def expect_broadcast(a: torch.Tensor, b: torch.Tensor) -> None:
    """Raises unless two tensors broadcast, as NumPy's functions do.

    Args:
        a: A tensor.
        b: Another one.

    Raises:
        ValueError: If they do not.
    """
    try:
        torch.broadcast_shapes(a.shape, b.shape)  # type: ignore[no-untyped-call]  # torch's
    except RuntimeError:
        raise InvalidArgumentError(
            f"shapes {tuple(a.shape)} and {tuple(b.shape)} do not broadcast"
        ) from None


def broadcastable(lhs: torch.Tensor, rhs: torch.Tensor) -> None:
    """Fails unless two tensors broadcast to one shape.

    Args:
        lhs: A tensor.
        rhs: Another one.
    """
    for a, b in zip(reversed(lhs.shape), reversed(rhs.shape), strict=False):
        if a not in (b, 1) and b != 1:
            shapes = f"lhs.shape = {tuple(lhs.shape)}\nrhs.shape = {tuple(rhs.shape)}"
            raise InvalidType(
                "lhs and rhs broadcast",
                f"{tuple(lhs.shape)} and {tuple(rhs.shape)}",
                f"cannot broadcast inputs of the following shapes:\n{shapes}",
            )
