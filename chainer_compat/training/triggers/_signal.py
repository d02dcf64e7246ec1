"""The trigger that is pulled from outside of the process."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.training.triggers._trigger import RememberingTrigger

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["SignalTrigger"]


class SignalTrigger(RememberingTrigger):
    """Fires in the iteration after the process got a signal: ``kill -USR1 PID``.

    The signal is caught from the moment this object is made, so that it no longer ends the
    process; a handler that was there before is called too. :meth:`close` puts that back.

    Args:
        signum: The signal, as a number or a name.

    Raises:
        ValueError: If there is no such signal, or this is not the main thread, where alone Python
            can catch signals.

    Example:
        >>> import os, signal
        >>> from chainer_compat.training import triggers
        >>> with triggers.SignalTrigger('SIGUSR1') as trigger:
        ...     print(trigger)
        SignalTrigger(SIGUSR1)
    """

    def __init__(self, signum: int | str = "SIGUSR1") -> None:
        super().__init__()
        self._signum = _signal_of(signum)
        self._received = False
        if threading.current_thread() is not threading.main_thread():
            raise InvalidArgumentError("a SignalTrigger can be made in the main thread only")
        self._handler_before = signal.signal(self._signum, self._note)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self._received = True
        if callable(self._handler_before):
            self._handler_before(signum, frame)

    def _decide(self, trainer: Any) -> bool:
        fires, self._received = self._received, False
        return fires

    def close(self) -> None:
        """Puts back what the signal did before."""
        if signal.getsignal(self._signum) == self._note:
            signal.signal(self._signum, self._handler_before)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        # A copy, in another process for one, catches the signal there itself.
        return type(self), (int(self._signum),)

    def __str__(self) -> str:
        return f"SignalTrigger({self._signum.name})"


def _signal_of(signum: int | str) -> signal.Signals:
    try:
        return signal.Signals[signum] if isinstance(signum, str) else signal.Signals(signum)
    except (KeyError, ValueError):
        raise InvalidArgumentError(f"there is no signal {signum!r} on this system") from None
