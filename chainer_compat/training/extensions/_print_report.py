"""The log of a run as a table on the terminal."""

from __future__ import annotations

import sys
from typing import IO, Any

from chainer_compat.errors import InvalidArgumentTypeError
from chainer_compat.training._extension import Extension
from chainer_compat.training._lull import Idle
from chainer_compat.training.extensions._console import erase_below
from chainer_compat.training.extensions._log_report import LogReport

__all__ = ["PrintReport"]


class PrintReport(Extension):
    """Prints chosen values of a :class:`LogReport`, a line per entry.

    Columns are as wide as their heading, and at least 10 characters. On a terminal a progress bar
    below the table is wiped off first; nothing but text goes to a file or a notebook.

    Args:
        entries: Names of values, in the order of the columns.
        log_report: The name of a registered LogReport, or a LogReport that this extension is to
            drive itself.
        out: Stream to print to; the standard output of the moment if None.

    Raises:
        TypeError: When it is called and ``log_report`` is neither.

    Source: Chainer's page *chainer.training.extensions.PrintReport*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> report = extensions.PrintReport(['epoch', 'main/loss', 'elapsed_time'])
        >>> report.priority
        100
    """

    def __init__(
        self, entries: list[str], log_report: Any = "LogReport", out: IO[str] | None = None
    ) -> None:
        self._entries = entries
        self._log_report = log_report
        self._out = out
        self._log_len = 0  # entries printed so far
        # The LogReport of a name, looked up once: it belongs to one extension for a whole run.
        self._found: Any = None
        self._found_in: int | None = None  # the trainer's id
        widths = [max(10, len(name)) for name in entries]
        self._header: str | None = (
            "  ".join(f"{name:{width}}" for name, width in zip(entries, widths, strict=True)) + "\n"
        )
        self._widths = widths

    def initialize(self, trainer: Any) -> None:
        """Forgets the LogReport of an earlier run.

        Args:
            trainer: The trainer that is about to run.
        """
        self._found = self._found_in = None

    def __call__(self, trainer: Any) -> None:
        """Prints the entries that are new.

        Args:
            trainer: The trainer that calls it.
        """
        if self._has_nothing_new(trainer):
            return
        out = sys.stdout if self._out is None else self._out
        if self._header:
            out.write(self._header)
            self._header = None
        log = self._current_log(trainer)
        if len(log) != self._log_len:
            for entry in log[self._log_len :]:
                erase_below(out)
                self._print(entry, out)
            self._log_len = len(log)

    def _has_nothing_new(self, trainer: Any) -> bool:
        return self._found_in == id(trainer) and len(self._found.log) == self._log_len

    # The runner asks these two; see `training/_lull.py`.
    @property
    def _may_idle(self) -> bool:
        return type(self).__call__ is PrintReport.__call__ and isinstance(self._log_report, str)

    def _idle(self, trainer: Any) -> Idle | None:
        return Idle() if self._has_nothing_new(trainer) else None

    def _current_log(self, trainer: Any) -> list[dict[str, Any]]:
        log_report = self._log_report
        if isinstance(log_report, str):
            if self._found_in != id(trainer):
                self._found, self._found_in = trainer.get_extension(log_report), id(trainer)
            log_report = self._found
        elif isinstance(log_report, LogReport):
            log_report(trainer)
        else:
            raise InvalidArgumentTypeError(
                "log_report must be a LogReport or the name of one that is registered, not "
                f"{type(log_report)}"
            )
        log: list[dict[str, Any]] = log_report.log
        return log

    def _print(self, entry: dict[str, Any], out: IO[str]) -> None:
        for name, width in zip(self._entries, self._widths, strict=True):
            out.write(_cell(entry.get(name), width) + "  ")
        out.write("\n")
        if hasattr(out, "flush"):
            out.flush()

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the LogReport that it drives itself, if it does.

        Args:
            serializer: A serializer or deserializer.
        """
        if isinstance(self._log_report, LogReport):
            self._log_report.serialize(serializer["_log_report"])


def _cell(value: Any, width: int) -> str:
    if value is None:
        return " " * width
    # A postprocess function may put text into an entry.
    return f"{value:<{width}}" if isinstance(value, str) else f"{value:<{width}g}"
