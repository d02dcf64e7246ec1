"""A progress line on the terminal for files that take more than a few seconds."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING

from typing_extensions import Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Progress"]


_QUIET_SECONDS = 3.0
_BETWEEN_SECONDS = 0.2
_WIDTH = 30


class Progress:
    """Counts bytes; after three seconds, and on a terminal only, shows how far it is.

    Args:
        label: What is going on, ``"loading weights.npz"``.
        total: The number of bytes at the end; None if nobody knows.
        quiet_seconds: For how long nothing is shown.
    """

    def __init__(
        self, label: str, total: int | None, quiet_seconds: float = _QUIET_SECONDS
    ) -> None:
        self._label = label
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self._next = time.monotonic() + quiet_seconds
        self._shown = False

    def advance(self, count: int) -> None:
        """Counts bytes that are done; any thread may call it.

        Args:
            count: How many bytes.
        """
        with self._lock:
            self._done += count
            now = time.monotonic()
            if now >= self._next:
                self._next = now + _BETWEEN_SECONDS
                self._draw()

    def _draw(self) -> None:
        stream = sys.stderr
        if stream is None or not stream.isatty():
            return
        how_far = self._how_far()
        # A line that wraps could not be drawn over.
        room = shutil.get_terminal_size().columns - len(how_far) - 2
        stream.write(f"\r{_shortened(self._label, room)} {how_far}")
        stream.flush()
        self._shown = True

    def _how_far(self) -> str:
        if self._total is None:
            return f"{self._done / 1e6:,.0f} MB"
        share = min(self._done / max(self._total, 1), 1.0)
        filled = round(_WIDTH * share)
        bar = "#" * filled + "." * (_WIDTH - filled)
        return f"[{bar}] {share:4.0%} of {self._total / 1e6:,.0f} MB"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._shown:
            self._draw()
            sys.stderr.write("\n")
            sys.stderr.flush()


def _shortened(text: str, room: int) -> str:
    """Leaves out a part: what is done stands at the beginning, the file's name at the end."""
    if len(text) <= room or room < 20:
        return text
    what = text.partition(" ")[0]
    end = room - len(what) - 4
    return f"{what} ...{text[-end:]}"
