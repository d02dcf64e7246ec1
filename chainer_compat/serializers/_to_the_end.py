"""Work that Ctrl-C, and whatever else a signal raises, does not leave half done."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["do_to_the_end"]


class _Worker:
    """Does the work in a thread of its own, where no signal raises anything."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._may_begin = threading.Event()
        self._has_begun = False
        self._is_cancelled = False
        self._has_ended = threading.Event()
        self.failure: BaseException | None = None

    def _run(self) -> None:
        self._may_begin.wait()
        with self._lock:
            if self._is_cancelled:
                return
            self._has_begun = True
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised by the thread that waits
            self.failure = error
        finally:
            self._has_ended.set()

    def wait(self) -> None:
        """Waits for the end; the first call begins."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run)
            self._thread.start()
            self._may_begin.set()
        self._has_ended.wait()

    def cancel(self) -> bool:
        """Returns whether it could be prevented from beginning."""
        with self._lock:
            self._is_cancelled = not self._has_begun
        self._may_begin.set()
        return self._is_cancelled


def do_to_the_end(work: Callable[[], None]) -> BaseException | None:
    """Does work that an exception from outside must not leave half done.

    Args:
        work: What to do. If it fails by itself, that is raised.

    Returns:
        What a signal has raised meanwhile, which the caller is to raise.
    """
    worker, came = _Worker(work), None
    while True:
        try:
            worker.wait()
            break
        except BaseException as error:
            if worker.cancel():
                raise
            came = error
    if worker.failure is not None:
        raise worker.failure
    return came
