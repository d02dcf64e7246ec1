"""Padding of arrays (Chainer: *Array manipulations*)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chainer_compat._variable import Variable
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError, NotSupportedError
from chainer_compat.functions import _checks
from chainer_compat.functions._boundary import function
from chainer_compat.utils.type_check import fail

__all__ = ["pad", "pad_sequence"]


def _median(x: Tensor, axis: int) -> Tensor:
    # torch's kernel is for single and double precision.
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    return torch.quantile(wide, 0.5, axis, keepdim=True).to(x.dtype)


# These repeat elements of the array.
_REPEATING = ("edge", "reflect", "symmetric", "wrap")
_STATISTICS: dict[str, Callable[[Tensor, int], Tensor]] = {
    "maximum": lambda x, axis: x.amax(axis, keepdim=True),
    "minimum": lambda x, axis: x.amin(axis, keepdim=True),
    "mean": lambda x, axis: x.mean(axis, keepdim=True),
    "median": _median,
}
_OPTIONS = {
    "constant": ("constant_values",),
    "linear_ramp": ("end_values",),
    "edge": (),
    "wrap": (),
    "empty": (),
    "reflect": ("reflect_type",),
    "symmetric": ("reflect_type",),
    **dict.fromkeys(_STATISTICS, ("stat_length",)),
}

_Pairs = list[tuple[Any, Any]]


def _check_pad(x: Tensor, widths: _Pairs, mode: str, *options: Any) -> None:
    if mode in ("mean", "median"):
        _checks.expect_floating(x, "x")


def _is_one_number(values: _Pairs) -> bool:
    return bool(values[0][0] == values[0][1] and values.count(values[0]) == len(values))


@function("Pad", check=_check_pad)
def _pad(
    x: Tensor,
    widths: _Pairs,
    mode: str,
    values: _Pairs,
    pad_width: Any,
    keywords: dict[str, Any],
) -> Tensor:
    if mode == "constant" and (not values or _is_one_number(values)):
        flat = [n for pair in reversed(widths) for n in pair]
        return torch.constant_pad_nd(x, flat, values[0][0] if values else 0)
    for axis, (width, value) in enumerate(zip(widths, values, strict=True)):
        if any(width):
            x = _pad_axis(x, axis, width, mode, value)
    return x.view_as(x)


def _pad_axis(x: Tensor, axis: int, width: tuple[int, int], mode: str, value: Any) -> Tensor:
    length = x.shape[axis]
    if not length and mode not in ("constant", "empty"):
        raise InvalidArgumentError(f"axis {axis} has no elements for {mode!r} to go by")
    if mode in _REPEATING:
        places: Any = np.pad(np.arange(length), width, mode=mode)  # type: ignore[call-overload]  # one of four
        return x.index_select(axis, torch.from_numpy(places).to(x.device))
    ends = [_end(x, axis, side, width[side], mode, value[side]) for side in (0, 1)]
    return torch.cat([ends[0], x, ends[1]], axis)


def _end(x: Tensor, axis: int, side: int, width: int, mode: str, value: Any) -> Tensor:
    """What is put at the start (side 0) or at the end (side 1) of an axis."""
    shape = list(x.shape)
    shape[axis] = width
    if mode in ("constant", "empty"):
        return x.new_full(shape, 0 if mode == "empty" else value)
    length = x.shape[axis]
    if mode == "linear_ramp":
        edge = x.narrow(axis, 0 if side == 0 else length - 1, 1)
        steps = torch.arange(width, device=x.device, dtype=x.dtype) / max(width, 1)
        steps = steps if side == 0 else steps.flip(0)
        ramp: Tensor = value + (edge - value) * steps.reshape(
            [-1 if a == axis else 1 for a in range(x.ndim)]
        )
        return ramp
    count = length if value is None else min(value, length)
    part = x.narrow(axis, 0 if side == 0 else length - count, count)
    return _STATISTICS[mode](part, axis).expand(shape)


def _pairs(value: Any, ndim: int) -> _Pairs:
    kind = type(value)
    if kind is int or value is None:
        return [(value, value)] * ndim
    if kind is tuple and 0 < len(value) == ndim and all(map(_is_pair, value)):
        return list(value)
    spread = np.broadcast_to(np.asarray(value, dtype=object), (ndim, 2))
    return [(before, after) for before, after in spread.tolist()]


def _is_pair(value: Any) -> bool:
    return type(value) is tuple and len(value) == 2 and type(value[0]) is type(value[1]) is int


def _widths(pad_width: Any, ndim: int) -> _Pairs:
    widths = _pairs(pad_width, ndim)
    # One number stands for all axes, and is asked about once.
    for before, after in widths[:1] if type(pad_width) is int else widths:
        if not (isinstance(before, int) and isinstance(after, int)):
            raise InvalidArgumentTypeError(f"pad_width is of integers; got {pad_width!r}")
        if before < 0 or after < 0:
            raise InvalidArgumentError(f"pad_width must not be negative; got {pad_width!r}")
    return widths


def _check_options(mode: str, keywords: dict[str, Any]) -> None:
    unknown = sorted(set(keywords) - set(_OPTIONS[mode]))
    if unknown:
        raise InvalidArgumentError(f"pad in mode {mode!r} does not take {', '.join(unknown)}")
    if keywords.get("reflect_type", "even") != "even":
        raise NotSupportedError("F.pad reflects with reflect_type='even' only; use F.concat")


def pad(x: Any, pad_width: Any, mode: Any, **keywords: Any) -> Variable:
    """Returns an array with elements added at the ends of its axes, as ``numpy.pad`` adds them.

    Args:
        x: A variable or array.
        pad_width: How many, an int; or a pair, before and after; or a pair for each axis.
        mode: ``"constant"``, ``"edge"``, ``"reflect"``, ``"symmetric"``, ``"wrap"``,
            ``"linear_ramp"``, ``"maximum"``, ``"mean"``, ``"median"``, ``"minimum"`` or
            ``"empty"``, which adds zeros.
        **keywords: ``constant_values`` for ``"constant"``, ``end_values`` for ``"linear_ramp"``,
            ``stat_length`` for the four of statistics; each like ``pad_width``.

    Returns:
        A variable of ``x``'s dtype. Its gradient counts an element each time it was repeated.

    Raises:
        NotImplementedError: If ``mode`` is a function, or ``reflect_type`` is ``"odd"``.
        TypeError: If ``pad_width`` is not of integers.
        ValueError: If it is negative, or the mode or its options are unknown.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.pad(np.array([1.0, 2.0], np.float32), (1, 2), "constant", constant_values=9)
        variable([9., 1., 2., 9., 9.])
    """
    if callable(mode):
        raise NotSupportedError("F.pad takes no function as its mode; use F.concat instead")
    if mode not in _OPTIONS:
        raise InvalidArgumentError(f"mode of pad is one of {', '.join(_OPTIONS)}; got {mode!r}")
    if keywords:
        _check_options(mode, keywords)
    if not isinstance(x, Variable):
        _checks.expect_array(x, "Pad")
    ndim = x.ndim
    widths = _widths(pad_width, ndim)
    if mode == "constant" and not keywords:
        values: _Pairs = []  # zeros everywhere
    else:
        default = None if mode in _STATISTICS else 0
        value = 0 if mode in _REPEATING else next(iter(keywords.values()), default)
        values = _pairs(value, ndim)
    result: Variable = _pad(x, widths, mode, values, pad_width, keywords)
    return result


def _check_pad_sequence(xs: Sequence[Tensor], length: int | None, padding: float) -> None:
    if not xs:
        fail("in_types.size > 0", "0 <= 0")
    for i, x in enumerate(xs):
        if x.ndim == 0:
            fail(f"x{i}.ndim > 0", "0 <= 0")
        _checks.expect_same_dtype(x, xs[0], f"x{i}", "x0")
        if x.shape[1:] != xs[0].shape[1:]:
            fail(
                f"x{i}.shape[1:] == x0.shape[1:]",
                f"{tuple(x.shape[1:])} != {tuple(xs[0].shape[1:])}",
            )
        if length is not None and len(x) > length:
            fail(f"x{i}.shape[0] <= {length}", f"{len(x)} > {length}")


_padded_at_the_ends: Any = torch._C._nn.pad_sequence


def _shortcut_pad_sequence(
    xs: Sequence[Tensor], length: int | None, padding: float
) -> Tensor | None:
    if length is not None:
        return None
    # torch also mixes dtypes, and repeats what is too narrow.
    dtype, shape = xs[0].dtype, xs[0].shape[1:]
    for x in xs:
        if x.dtype is not dtype or x.shape[1:] != shape or not x.ndim:
            return None
    padded: Tensor = _padded_at_the_ends(xs, True, padding)
    return padded


@function("PadSequence", check=_check_pad_sequence, shortcut=_shortcut_pad_sequence)
def _pad_sequence(xs: Sequence[Tensor], length: int | None, padding: float) -> Tensor:
    y = torch.nn.utils.rnn.pad_sequence(list(xs), True, padding)
    missing = 0 if length is None else length - y.shape[1]
    if missing <= 0:
        return y
    return torch.cat([y, y.new_full((len(y), missing, *y.shape[2:]), padding)], 1)


def pad_sequence(xs: Any, length: int | None = None, padding: float = 0) -> Variable:
    """Returns arrays of different lengths as one, padded at their ends.

    Args:
        xs: Variables or arrays of one dtype, of shapes ``(length, ...)`` that differ in the
            lengths only.
        length: To which length; the greatest of them if None.
        padding: The padding's value.

    Returns:
        A variable of shape ``(len(xs), length, ...)``.

    Raises:
        InvalidType: If there are none, one is too long, or dtypes or shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from chainer_compat import functions as F
        >>> F.pad_sequence([np.ones(1, np.float32), np.ones(3, np.float32)], padding=-1)
        variable([[ 1., -1., -1.],
                  [ 1.,  1.,  1.]])
    """
    result: Variable = _pad_sequence(xs, length, padding)
    return result
