"""Progress on a terminal, in a notebook and in a log file."""

from __future__ import annotations

import datetime as dt
import math
import os
import sys
import time
from collections import deque
from typing import IO, Any

__all__ = ["ProgressDisplay", "erase_below", "format_pace"]

_ERASE_BELOW = "\033[J"
# What stands beside a bar: its label, brackets and percentage, and a column for the cursor.
_BESIDE_A_BAR = 22


def erase_below(out: Any) -> None:
    """Wipes off what is below the cursor, if the stream is a terminal.

    Args:
        out: A text stream.
    """
    if _is_terminal(out) and not _is_notebook(out):  # a notebook's may say that it is one
        out.write(_ERASE_BELOW)


def _is_terminal(out: Any) -> bool:
    return hasattr(out, "isatty") and bool(out.isatty())


def _columns_of(out: Any) -> int:
    # Lines that the terminal wraps would be counted wrong, and the drawing would creep downwards.
    try:
        return os.get_terminal_size(out.fileno()).columns or _ANY
    except (AttributeError, OSError, ValueError):
        return _ANY


_ANY = 10**6


def _is_notebook(out: Any) -> bool:
    return type(out).__module__.startswith("ipykernel.")


class ProgressDisplay:
    """Shows bars and a few lines of text, and shows them anew in the same place.

    On a terminal it draws below the cursor and leaves the cursor at the top of the drawing, so
    that whatever is printed next takes its place. In a notebook tqdm draws the bars. Anywhere
    else, a log file for one, it writes a line at every twentieth of the way.

    Args:
        bar_length: Length of a bar in characters; 50 if None.
        out: Stream to draw on; the standard output of the moment if None.
    """

    def __init__(self, bar_length: int | None = None, out: IO[str] | None = None) -> None:
        self._bar_length = 50 if bar_length is None else bar_length
        self._given_out = out
        self._recent_timing: deque[tuple[int, float, float]] = deque(maxlen=100)
        self._notebook_bars: list[Any] | None = None
        self._twentieths_written = 0

    @property
    def _out(self) -> Any:
        return sys.stdout if self._given_out is None else self._given_out

    def get_bars(self) -> list[tuple[str, float]]:
        """Returns the label of each bar and how much of it is filled, from 0 to 1."""
        raise NotImplementedError

    def get_status(self) -> list[str]:
        """Returns the lines of text below the bars."""
        raise NotImplementedError

    def get_lines(self) -> list[str]:
        """Returns the drawing, line by line, each with its line feed."""
        columns = _columns_of(self._out)
        length = min(self._bar_length, max(columns - _BESIDE_A_BAR, 1))
        lines = []
        for label, rate in self.get_bars():
            marks = "#" * int(rate * length)
            lines.append(f"{label:>10} [{marks:.<{length}}] {rate:6.2%}\n")
        return lines + [line[: columns - 1] + "\n" for line in self.get_status()]

    def update_speed(self, iteration: int, epoch_detail: float) -> tuple[float, float]:
        """Returns iterations and epochs per second, over the last 100 calls.

        Args:
            iteration: The position now.
            epoch_detail: The same in epochs.
        """
        now = time.time()
        self._recent_timing.append((iteration, epoch_detail, now))
        old_iteration, old_epoch_detail, then = self._recent_timing[0]
        span = now - then
        if span == 0:
            return float("inf"), float("inf")
        return (iteration - old_iteration) / span, (epoch_detail - old_epoch_detail) / span

    def update(self) -> None:
        """Draws, in place of the drawing before."""
        out = self._out
        if _is_notebook(out):
            self._update_notebook()
        elif _is_terminal(out):
            lines = self.get_lines()
            out.write("".join([_ERASE_BELOW, *lines, f"\033[{len(lines)}A"]))
        else:
            self._write_line(out)
        _flush(out)

    def _update_notebook(self) -> None:
        from tqdm.auto import tqdm  # type: ignore[import-untyped]  # no stubs are published with it

        bars = self.get_bars()
        if self._notebook_bars is None:
            form = "{desc} {percentage:3.0f}% {bar} {postfix}"
            self._notebook_bars = [
                tqdm(total=1.0, desc=label, bar_format=form, leave=False) for label, _ in bars
            ]
        for drawn, (_, rate) in zip(self._notebook_bars, bars, strict=True):
            drawn.n = rate
        self._notebook_bars[0].set_postfix_str("  ".join(map(str.strip, self.get_status())))
        for drawn in self._notebook_bars:
            drawn.refresh()

    def _write_line(self, out: Any) -> None:
        bars = self.get_bars()
        twentieths = int(bars[0][1] * 20)
        if twentieths != self._twentieths_written:
            self._twentieths_written = twentieths
            parts = [f"{label} {rate:.2%}" for label, rate in bars]
            out.write("  ".join([*parts, *map(str.strip, self.get_status())]) + "\n")

    def close(self) -> None:
        """Wipes the drawing off."""
        for drawn in self._notebook_bars or ():
            drawn.close()
        self._notebook_bars = None
        erase_below(self._out)
        _flush(self._out)


def format_pace(speed: float, amount: float | None = None, amount_speed: float = 0.0) -> str:
    """Returns a line of text about how fast it goes, and how long it will take.

    Args:
        speed: Iterations per second; infinite if that is not known yet.
        amount: What is left to do; None if that is not known.
        amount_speed: How much of that is done in a second.
    """
    pace = f"{speed:10.5g} iters/sec." if math.isfinite(speed) else f"{'?':>10} iters/sec."
    if amount is None:
        return pace
    return f"{pace} Estimated time to finish: {_time_left(amount, amount_speed)}."


def _time_left(amount: float, speed: float) -> str:
    if amount <= 0:
        return str(dt.timedelta(0))
    if not math.isfinite(speed):
        return "unknown"
    try:
        return str(dt.timedelta(seconds=round(amount / speed)))
    except (ZeroDivisionError, OverflowError):
        return "unknown"


def _flush(out: Any) -> None:
    if hasattr(out, "flush"):
        out.flush()
