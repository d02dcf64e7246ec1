"""Where two results of the same body differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.parity._running import Raised, Returned

if TYPE_CHECKING:
    from collections.abc import Iterator


def differences(
    ours: Returned | Raised, theirs: Returned | Raised, rtol: float = 0.0, atol: float = 0.0
) -> list[str]:
    """Every difference, with its path; an empty list if there is none.

    An exception of ours may be a subclass of Chainer's: it then is an instance of both names.
    """
    if isinstance(ours, Raised) or isinstance(theirs, Raised):
        both_raised = isinstance(ours, Raised) and isinstance(theirs, Raised)
        if both_raised and theirs.classes[0] in ours.classes:
            return []
        return [f"ours:\n{ours}\n\nChainer's:\n{theirs}"]
    return list(_compare(ours.value, theirs.value, "result", rtol, atol))


def _compare(ours: Any, theirs: Any, path: str, rtol: float, atol: float) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if list(ours) != list(theirs):
            yield f"{path}: keys {list(ours)}, Chainer's {list(theirs)}"
        for key in theirs:
            if key in ours:
                yield from _compare(ours[key], theirs[key], f"{path}[{key!r}]", rtol, atol)
    elif isinstance(theirs, (list, tuple)) and type(ours) is type(theirs):
        if len(ours) != len(theirs):
            yield f"{path}: {len(ours)} items, Chainer's {len(theirs)}: {ours!r} / {theirs!r}"
        else:
            for index, pair in enumerate(zip(ours, theirs, strict=True)):
                yield from _compare(*pair, f"{path}[{index}]", rtol, atol)
    elif not _same(ours, theirs, rtol, atol):
        yield f"{path}: {_show(ours)}, Chainer's {_show(theirs)}"


def _same(ours: Any, theirs: Any, rtol: float, atol: float) -> bool:
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, (np.ndarray, np.generic)):
        if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
            return False
        if ours.dtype.kind not in "fc":
            return bool(np.all(ours == theirs))
        return np.allclose(ours, theirs, rtol=rtol, atol=atol, equal_nan=True)
    if isinstance(ours, float):
        if math.isnan(ours) or math.isnan(theirs):
            return math.isnan(ours) and math.isnan(theirs)
        return ours == theirs or math.isclose(ours, theirs, rel_tol=rtol, abs_tol=atol)
    return ours == theirs


def _show(value: Any) -> str:
    if isinstance(value, (np.ndarray, np.generic)):
        return f"{value.dtype}{list(value.shape)} {value}"
    return f"{type(value).__name__} {value!r}"
