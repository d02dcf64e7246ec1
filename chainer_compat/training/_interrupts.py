"""Signals that end a training run in good order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["GracefulSignals", "Terminated"]

_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


class Terminated(SystemExit):
    """The process was told to end by a signal; its exit code is 128 plus the signal's number."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)
        self.signum = signum

    def __str__(self) -> str:
        return f"received {signal.Signals(self.signum).name}"


class GracefulSignals:
    """While it is entered, notes given signals instead of letting them end the process.

    The run asks :meth:`check` between iterations, so that a snapshot taken because of the signal
    is one of a complete iteration. A second signal raises at once, wherever the program is.
    Outside the main thread, and where the script has a handler of its own, nothing is changed.

    Args:
        signals: The signals.
    """

    def __init__(self, signals: Iterable[int]) -> None:
        self._signals = tuple(signals)
        self._replaced: dict[int, Any] = {}
        self.received: int | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for signum in self._signals:
                if signal.getsignal(signum) in _DEFAULTS:
                    self._replaced[signum] = signal.signal(signum, self._note)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for signum, handler in self._replaced.items():
            signal.signal(signum, handler)
        self._replaced.clear()

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.received is not None:
            raise _exception_of(signum)
        self.received = signum

    def check(self) -> None:
        """Raises what stands for the signal, if one has come.

        Raises:
            KeyboardInterrupt: For SIGINT.
            Terminated: For any other; it is a ``SystemExit``.
        """
        if self.received is not None:
            raise _exception_of(self.received)


def _exception_of(signum: int) -> BaseException:
    return KeyboardInterrupt() if signum == signal.SIGINT else Terminated(signum)
