"""Einstein's summation convention (Chainer: *Mathematical functions*)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["einsum"]

# In the order of the numbers in lists of subscripts, which is that of the characters.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _check_einsum(operands: Sequence[Tensor], subscripts: tuple[str, ...], output: str) -> None:
    for i, x in enumerate(operands):
        _checks.expect_floating(x, f"x{i}")
    seen: dict[str, tuple[str, Any]] = {}
    for i, (x, labels) in enumerate(zip(operands, subscripts, strict=True)):
        for where, label, length in _labelled(x, labels):
            name = f"x{i}.shape[{where}]"
            first, own = seen.setdefault(label, (name, length))
            if own != length:
                fail(f"{first} == {name}", f"{own} != {length}")


def _labelled(x: Tensor, subscripts: str) -> list[tuple[str, str, Any]]:
    """Place, label and length of each axis; those under an ellipsis count as one."""
    before, dots, after = subscripts.partition("...")
    found: list[tuple[str, str, Any]] = [(str(i), c, x.shape[i]) for i, c in enumerate(before)]
    if dots:
        middle = tuple(x.shape[len(before) : x.ndim - len(after)])
        found.append((f"{len(before)}:{-len(after) or ''}", dots, middle))
    for i, c in enumerate(after):
        found.append((str(i - len(after)), c, x.shape[i - len(after)]))
    return found


@function("EinSum", check=_check_einsum)
def _einsum(operands: Sequence[Tensor], subscripts: tuple[str, ...], output: str) -> Tensor:
    dtype = functools.reduce(torch.promote_types, (x.dtype for x in operands))
    result: Tensor = torch.einsum(
        f"{','.join(subscripts)}->{output}", *(x.to(dtype) for x in operands)
    )
    return result


def _from_lists(operands: Sequence[Any]) -> tuple[list[Any], str]:
    """Arrays and subscripts of the form with lists, ``einsum(x, [0, 1], y, [1, 2], [0, 2])``."""
    arrays, lists = list(operands[:-1:2]), list(operands[1::2])
    text = ",".join(_joined(subscripts) for subscripts in lists)
    return arrays, f"{text}->{_joined(operands[-1])}" if len(operands) % 2 else text


def _joined(subscripts: Any) -> str:
    parts = []
    for label in subscripts:
        if label is Ellipsis:
            parts.append("...")
        elif isinstance(label, int):
            parts.append(_LETTERS[label])
        else:
            raise InvalidArgumentTypeError(
                f"a list of subscripts is made of ints and Ellipsis; got {label!r}"
            )
    return "".join(parts)


def _parse(text: str, count: int) -> tuple[tuple[str, ...], str]:
    """The subscripts of the operands and of the result, which is in alphabetical order by default.

    Raises:
        ValueError: If they are malformed.
    """
    text = text.replace(" ", "")
    left, arrow, output = text.partition("->")
    if "->" in output or ">" in left + output or "-" in left + output:
        raise InvalidArgumentError(f"subscripts have at most one '->'; got {text!r}")
    inputs = tuple(left.split(","))
    if len(inputs) != count:
        raise InvalidArgumentError(
            f"the subscripts {text!r} are of {len(inputs)} operands; there are {count}"
        )
    for part in (*inputs, output):
        letters = part.replace("...", "", 1)
        wrong = sorted(set(letters) - set(_LETTERS))
        if wrong:
            raise InvalidArgumentError(f"{''.join(wrong)!r} in {part!r} is no subscript")
    used = left.replace("...", "").replace(",", "")
    if not arrow:
        once = "".join(sorted(c for c in set(used) if used.count(c) == 1))
        return inputs, ("..." if "..." in left else "") + once
    _check_output(output, used, "..." in left)
    return inputs, output


def _check_output(output: str, used: str, has_ellipsis: bool) -> None:
    letters = output.replace("...", "")
    for letter in letters:
        if letters.count(letter) > 1:
            raise InvalidArgumentError(f"{letter!r} stands twice in the result's subscripts")
        if letter not in used:
            raise InvalidArgumentError(f"{letter!r} is in the result's subscripts only")
    if has_ellipsis and "..." not in output:
        raise InvalidArgumentError(
            "the axes under an ellipsis cannot be summed over: the result needs one, too"
        )
    if "..." in output and not has_ellipsis:
        raise InvalidArgumentError("the result has an ellipsis, but no operand has")


def einsum(*operands: Any) -> Variable:
    """Returns products of arrays' elements, summed over axes that subscripts name.

    Args:
        *operands: Subscripts like ``"ij,jk->ik"``, then as many variables or arrays of floating
            point. Or each array with a list of integers and ``Ellipsis`` behind it, and the
            result's list last. Without the result's subscripts, those that stand once, in
            alphabetical order.

    Returns:
        A variable of the most precise of the dtypes.

    Raises:
        InvalidType: If the lengths of two axes of one name differ, or dtypes are others.
        IndexError: If an array has fewer axes than its subscripts.
        TypeError: If a list of subscripts holds anything else.
        ValueError: If the subscripts are malformed, or an array has more axes than they name.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> x = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
        >>> F.einsum("ij,ij->i", x, x)
        variable([ 5., 25.])
    """
    if not operands:
        raise InvalidArgumentError("einsum needs subscripts and arrays; it got nothing")
    if isinstance(operands[0], str):
        text, arrays = operands[0], list(operands[1:])
    else:
        arrays, text = _from_lists(operands)
    inputs, output = _parse(text, len(arrays))
    for x, subscripts in zip(arrays, inputs, strict=True):
        ndim, named = len(getattr(x, "shape", subscripts)), len(subscripts.replace("...", ""))
        if ndim > named and "..." not in subscripts:
            raise InvalidArgumentError(
                f"an array of {ndim} axes needs as many subscripts, or an ellipsis; "
                f"got {subscripts!r}"
            )
        if ndim < named:
            raise IndexError(f"an array of {ndim} axes has no axis for each of {subscripts!r}")
    result: Variable = _einsum(arrays, inputs, output)
    return result
