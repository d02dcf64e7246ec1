"""What the hooks that measure have in common: a table by name, in readable units, a stopwatch."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import IO, Any

import torch

__all__ = ["TimeRecord", "print_table"]

_TIME_UNITS = {"sec": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def print_table(rows: Sequence[Sequence[str]], file: IO[str] | None) -> None:
    """Prints rows in columns, aligned to the right.

    Args:
        rows: The cells, row by row.
        file: Where to print; ``sys.stdout`` if None.
    """
    out = sys.stdout if file is None else file
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        out.write("  ".join(cells) + "\n")
    if hasattr(out, "flush"):
        out.flush()


class TimeRecord:
    """How long each call took, and which calls were inside which.

    Attributes:
        call_history: Name and seconds of each call, in the order in which they ended.
    """

    table = _TIME_UNITS
    _heading = "Name"

    def __init__(self) -> None:
        self.call_history: list[tuple[str, float]] = []
        self._running: list[Any] = []
        self._total_time = 0.0

    def _start(self, on_gpu: bool) -> None:
        if not on_gpu:
            self._running.append(time.perf_counter())
            return
        # A GPU runs behind: only its own events know when it began and ended.
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch's
        event.record()
        self._running.append(event)

    def _stop(self, name: str) -> None:
        now = time.perf_counter()
        started = self._running.pop()
        if isinstance(started, float):
            elapsed = now - started
        else:
            ended = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch's
            ended.record()
            ended.synchronize()
            elapsed = started.elapsed_time(ended) / 1000
        self.call_history.append((name, elapsed))
        if not self._running:
            self._total_time += elapsed

    def total_time(self) -> float:
        """Returns the seconds of all calls that were inside no other."""
        return self._total_time

    def summary(self) -> dict[str, dict[str, Any]]:
        """Returns for each name ``elapsed_time`` in seconds and ``occurrence``, its calls."""
        summary: dict[str, dict[str, Any]] = {}
        for name, elapsed in self.call_history:
            record = summary.setdefault(name, {"elapsed_time": 0, "occurrence": 0})
            record["elapsed_time"] += elapsed
            record["occurrence"] += 1
        return summary

    def print_report(self, unit: str = "auto", file: IO[str] | None = None) -> None:
        """Prints the summary as a table.

        Args:
            unit: ``'sec'``, ``'ms'``, ``'us'`` or ``'ns'``; ``'auto'`` for the one that fits the
                longest time, ``'auto_foreach'`` for the one that fits each.
            file: Where to print; ``sys.stdout`` if None.

        Raises:
            KeyError: If there is no such unit.
        """
        summary = self.summary()
        if unit == "auto":
            unit = _time_unit(max(record["elapsed_time"] for record in summary.values()))
        rows = [[self._heading, "ElapsedTime", "Occurrence"]]
        for name, record in summary.items():
            seconds = record["elapsed_time"]
            own = _time_unit(seconds) if unit == "auto_foreach" else unit
            rows.append([name, f"{seconds * self.table[own]:3.2f}{own}", str(record["occurrence"])])
        print_table(rows, file)


def _time_unit(seconds: float) -> str:
    """The largest unit of which it is at least one."""
    fitting = (unit for unit, factor in _TIME_UNITS.items() if seconds * factor >= 1)
    return next(fitting, "ns")
