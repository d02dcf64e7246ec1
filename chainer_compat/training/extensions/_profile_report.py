"""Where the time of a run goes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from chainer_compat.training._extension import Extension
from chainer_compat.training.extensions._console import erase_below

__all__ = ["ProfileReport"]

_now = time.perf_counter


class ProfileReport(Extension):
    """Tells how the time of a run divides among the update, the data and each extension.

    Each time it is called it writes a table of the time since the run started, the longest first.
    ``data`` is the time that the updater waits for its iterators, and is part of ``update``. What
    runs on a GPU is counted where the program waits for it.

    Args:
        filename: Name of a file in the output directory; the table is printed if None.
        out: Stream to print to; the standard output of the moment if None.

    Attributes:
        seconds: Name to time spent; the extensions by their names.
        calls: Name to number of calls.

    Example:
        >>> from chainer_compat.training import extensions
        >>> profile = extensions.ProfileReport('profile.txt')
        >>> profile.trigger
        (1, 'epoch')
    """

    trigger = (1, "epoch")
    # Behind all others, so that the table of an iteration is complete but for itself.
    priority = -1000

    def __init__(self, filename: str | None = None, out: IO[str] | None = None) -> None:
        self._filename = filename
        self._out = out
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self._started_at = 0.0
        self._undo: list[Callable[[], None]] = []

    def initialize(self, trainer: Any) -> None:
        """Starts to measure.

        Args:
            trainer: The trainer that is about to run.
        """
        self._started_at = _now()
        updater = trainer.updater
        if hasattr(updater, "update"):  # in Lightning, the updates are not the updater's
            self._measure(updater, "update", "update")
        for iterator in getattr(updater, "_iterators", {}).values():
            if hasattr(iterator, "next"):
                self._measure(iterator, "next", "data")
        for entry in trainer._extensions.values():
            self._measure(entry, "call", f"extension {entry.name}")

    def _measure(self, owner: Any, attribute: str, name: str) -> None:
        function = getattr(owner, attribute)
        was_there = attribute in getattr(owner, "__dict__", {attribute})

        def measured(*args: Any, **kwargs: Any) -> Any:
            start = _now()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[name] = self.seconds.get(name, 0.0) + _now() - start
                self.calls[name] = self.calls.get(name, 0) + 1

        def undo() -> None:
            if was_there:
                setattr(owner, attribute, function)
            else:
                delattr(owner, attribute)

        setattr(owner, attribute, measured)
        self._undo.append(undo)

    def __call__(self, trainer: Any) -> None:
        """Writes the table.

        Args:
            trainer: The trainer that calls it.
        """
        table = self.table()
        if self._filename is not None:
            Path(trainer.out, self._filename).write_text(table, encoding="utf-8")
        else:
            out = sys.stdout if self._out is None else self._out
            erase_below(out)
            out.write(table)

    def table(self) -> str:
        """Returns the table: seconds, share of the run, calls and milliseconds for each."""
        total = _now() - self._started_at
        lines = [f"{'where':<40}{'seconds':>10}{'share':>8}{'calls':>10}{'ms/call':>10}"]
        for name, seconds in sorted(self.seconds.items(), key=lambda item: -item[1]):
            calls = self.calls[name]
            share, each = seconds / total, seconds / calls * 1000
            lines.append(f"{name:<40}{seconds:>10.3f}{share:>8.1%}{calls:>10}{each:>10.3f}")
        lines.append(f"{'all':<40}{total:>10.3f}{1:>8.1%}")
        return "\n".join(lines) + "\n"

    def finalize(self) -> None:
        """Stops to measure, and leaves everything as it was."""
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
