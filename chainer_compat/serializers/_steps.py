"""Work in steps that are done in any order, by as many threads as there are cores."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["THREADS", "Step", "do_all"]


def _cores() -> int:
    # Where the system can tell: those that this process may use.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


THREADS = max(1, min(_cores(), 4))


class Step(NamedTuple):
    """A part of the work.

    Attributes:
        size: How much it is, in bytes.
        run: Does it.
    """

    size: int
    run: Callable[[], None]


def do_all(
    steps: Iterable[Step], advance: Callable[[int], None], pool: ThreadPoolExecutor | None = None
) -> None:
    """Does steps, each once; after the first that fails no other is begun.

    Args:
        steps: The steps.
        advance: Called with the size of each that is done.
        pool: Threads that help this one; None to do them in order.
    """
    left = deque(steps)

    def work() -> None:
        try:
            while True:
                try:
                    step = left.popleft()
                except IndexError:
                    return
                step.run()
                advance(step.size)
        finally:
            left.clear()

    helpers = [] if pool is None else [pool.submit(work) for _ in range(THREADS - 1)]
    try:
        work()
    finally:
        for helper in helpers:
            helper.exception()
    for helper in helpers:
        helper.result()
