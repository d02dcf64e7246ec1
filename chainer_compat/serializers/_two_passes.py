"""Reads arrays twice: once to be certain that all of it can be read, then into their targets.

So a load needs no second copy of the target, and a damaged file finds nothing half done.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from chainer_compat.errors import FileFormatError
from chainer_compat.serializers._progress import Progress
from chainer_compat.serializers._steps import THREADS, Step, do_all
from chainer_compat.serializers._to_the_end import do_to_the_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chainer_compat.serializers._stored import Stored

__all__ = ["Write", "check_and_write", "share_memory"]

# Less than this is done before a second thread has begun.
_WORTH_A_THREAD = 1 << 20


class Write(NamedTuple):
    """One array that is to be written.

    Attributes:
        target: The array.
        members: What it is made of.
        steps: Gives the steps that write it, to be done in any order.
    """

    target: Any
    members: Sequence[Stored]
    steps: Callable[[], Iterable[Step]]


def check_and_write(
    name: str, writes: Sequence[Write], done: Callable[[], None] = lambda: None
) -> None:
    """Verifies arrays, all of them, and then writes.

    Args:
        name: The file's name.
        writes: What is to be written.
        done: Called when everything has been written. An exception that comes from outside while
            that goes on (Ctrl-C) is raised after it.

    Raises:
        FileFormatError: If the file is damaged; nothing has been written then, unless somebody
            wrote to the file after it had been verified, which the message says.
    """
    members = [member for write in writes for member in write.members]
    targets = [write.target for write in writes]
    total = sum(member.header.nbytes for member in members)
    with Progress(f"loading {name}", 2 * total) as progress, _helpers(total) as pool:
        do_all([step for one in members for step in one.verifying()], progress.advance, pool)
        steps = [step for write in writes for step in write.steps()]
        # Arrays that share memory must be written in the file's order.
        crew = None if pool is None or share_memory(targets) else pool
        try:
            came = do_to_the_end(partial(do_all, steps, progress.advance, crew))
        except FileFormatError as error:
            raise FileFormatError(
                f"{error}. It was whole before, so it has been written to meanwhile; what was "
                "loaded of it is of no use: load a whole file"
            ) from error
        done()
    if came is not None:
        raise came


def _helpers(total: int) -> contextlib.AbstractContextManager[ThreadPoolExecutor | None]:
    if THREADS == 1 or total < _WORTH_A_THREAD:
        return contextlib.nullcontext()
    return ThreadPoolExecutor(THREADS - 1)


def share_memory(values: Iterable[Any]) -> bool:
    """Whether two of the arrays may have an element in common.

    Args:
        values: The arrays.
    """
    spans = sorted(map(_memory_of, values))
    return any(end > after for (_, end), (after, _) in pairwise(spans))


def _memory_of(value: Any) -> tuple[int, int]:
    """Where an array's memory begins and ends, as far as it tells; a place of its own otherwise."""
    if isinstance(value, np.ndarray):
        at, size, strides = value.__array_interface__["data"][0], value.itemsize, value.strides
    elif isinstance(value, torch.Tensor) and value.layout == torch.strided:
        at, size = value.data_ptr(), value.element_size()
        strides = tuple(step * size for step in value.stride())
    else:
        return id(value), id(value) + 1
    reach = [(n - 1) * step for n, step in zip(value.shape, strides, strict=True)]
    if any(n == 0 for n in value.shape):
        return at, at
    return at + sum(min(r, 0) for r in reach), at + sum(max(r, 0) for r in reach) + size
