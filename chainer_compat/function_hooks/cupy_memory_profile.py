"""How much GPU memory functions take."""

from __future__ import annotations

from typing import IO, Any

import torch

from chainer_compat._profiling import print_table
from chainer_compat._unsupported import unsupported
from chainer_compat.backends import cuda
from chainer_compat.function_hook import FunctionHook

__all__ = ["CupyMemoryCumulativeHook", "CupyMemoryProfileHook", "memory_hook_available"]

memory_hook_available = True

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB", "EB", "ZB")


class CupyMemoryCumulativeHook:
    """Counts the bytes taken from the pool of GPU memory while it is entered.

    The pool is torch's, in which functions get their results.

    Attributes:
        used_bytes: The bytes that were taken from the pool, in all.
        acquired_bytes: The bytes that the pool took from the GPU, in all.
    """

    name = "CupyMemoryCumulativeHook"
    alloc_preprocess = unsupported(
        "chainer.function_hooks.cupy_memory_profile.CupyMemoryCumulativeHook.alloc_preprocess",
        "CuPy called it at each allocation; here torch's counters are read: see `used_bytes`.",
    )
    malloc_preprocess = unsupported(
        "chainer.function_hooks.cupy_memory_profile.CupyMemoryCumulativeHook.malloc_preprocess",
        "CuPy called it at each allocation; here torch's counters are read: see `acquired_bytes`.",
    )

    def __init__(self) -> None:
        self._before = (0, 0)
        self._inside: tuple[int, int] | None = None

    def __enter__(self) -> None:
        self._inside = _counted()

    def __exit__(self, *exc_info: object) -> None:
        self._before = self._sums()
        self._inside = None

    def _sums(self) -> tuple[int, int]:
        if self._inside is None:
            return self._before
        used, acquired = (
            before + now - start
            for before, now, start in zip(self._before, _counted(), self._inside, strict=True)
        )
        return used, acquired

    @property
    def used_bytes(self) -> int:
        """The bytes that were taken from the pool, in all."""
        return self._sums()[0]

    @property
    def acquired_bytes(self) -> int:
        """The bytes that the pool took from the GPU, in all."""
        return self._sums()[1]


def _counted() -> tuple[int, int]:
    stats = torch.cuda.memory_stats()
    return (
        stats.get("allocated_bytes.all.allocated", 0),
        stats.get("reserved_bytes.all.allocated", 0),
    )


class CupyMemoryProfileHook(FunctionHook):
    """Measures how much GPU memory each function takes, forward and backward.

    The memory is that of torch's pool, in which functions get their results.

    Attributes:
        call_history: Name, used bytes, acquired bytes and depth of each call: the bytes that it
            took from the pool, and those that the pool took from the GPU meanwhile.

    Raises:
        RuntimeError: If there is no GPU.
    """

    name = "CupyMemoryProfileHook"

    def __init__(self) -> None:
        cuda.check_cuda_available()
        self.call_history: list[tuple[str, int, int, int]] = []
        self._memory_hook = CupyMemoryCumulativeHook()
        self._running: list[tuple[int, int]] = []
        self._total = (0, 0)

    def added(self, function: Any = None) -> None:
        """Begins to count.

        Args:
            function: The function it was added to.
        """
        self._memory_hook.__enter__()

    def deleted(self, function: Any = None) -> None:
        """Ceases to count.

        Args:
            function: The function it is removed from.
        """
        self._memory_hook.__exit__()

    def _start(self) -> None:
        hook = self._memory_hook
        self._running.append((hook.used_bytes, hook.acquired_bytes))

    def _stop(self, function: Any) -> None:
        hook = self._memory_hook
        used_before, acquired_before = self._running.pop()
        used, acquired = hook.used_bytes - used_before, hook.acquired_bytes - acquired_before
        self.call_history.append((function._impl_name, used, acquired, len(self._running)))
        if not self._running:
            self._total = (self._total[0] + used, self._total[1] + acquired)

    def forward_preprocess(self, function: Any, in_data: tuple[Any, ...]) -> None:
        """Notes the bytes so far.

        Args:
            function: The function's node.
            in_data: Its inputs.
        """
        self._start()

    def backward_preprocess(
        self, function: Any, in_data: tuple[Any, ...], out_grad: tuple[Any, ...]
    ) -> None:
        """Notes the bytes so far.

        Args:
            function: The function's node.
            in_data: Its inputs.
            out_grad: The gradients of its outputs.
        """
        self._start()

    def forward_postprocess(self, function: Any, in_data: tuple[Any, ...]) -> None:
        """Notes the bytes of the call.

        Args:
            function: The function's node.
            in_data: Its inputs.
        """
        self._stop(function)

    def backward_postprocess(
        self, function: Any, in_data: tuple[Any, ...], out_grad: tuple[Any, ...]
    ) -> None:
        """Notes the bytes of the call.

        Args:
            function: The function's node.
            in_data: Its inputs.
            out_grad: The gradients of its outputs.
        """
        self._stop(function)

    def total_used_bytes(self) -> int:
        """Returns the bytes that all functions took from the pool."""
        return self._total[0]

    def total_acquired_bytes(self) -> int:
        """Returns the bytes that the pool took from the GPU during all functions."""
        return self._total[1]

    def summary(self) -> dict[str, dict[str, int]]:
        """Returns for each name ``used_bytes``, ``acquired_bytes`` and ``occurrence``."""
        summary: dict[str, dict[str, int]] = {}
        for name, used, acquired, _ in self.call_history:
            record = summary.setdefault(
                name, {"used_bytes": 0, "acquired_bytes": 0, "occurrence": 0}
            )
            record["used_bytes"] += used
            record["acquired_bytes"] += acquired
            record["occurrence"] += 1
        return summary

    def print_report(self, unit: str = "auto", file: IO[str] | None = None) -> None:
        """Prints the summary as a table.

        Args:
            unit: ``'B'``, ``'KB'``, …, ``'ZB'``; ``'auto'`` for the one that fits the largest
                number of a column, ``'auto_foreach'`` for the one that fits each.
            file: Where to print; ``sys.stdout`` if None.

        Raises:
            ValueError: If there is no such unit.
        """
        summary = self.summary()
        columns = ("used_bytes", "acquired_bytes")
        units = dict.fromkeys(columns, unit)
        if unit == "auto":
            units = {
                column: _memory_unit(max(record[column] for record in summary.values()))
                for column in columns
            }
        rows = [["FunctionName", "UsedBytes", "AcquiredBytes", "Occurrence"]]
        for name, record in summary.items():
            cells = [_shown(record[column], units[column]) for column in columns]
            rows.append([name, *cells, str(record["occurrence"])])
        print_table(rows, file)


def _memory_unit(size: int) -> str:
    """The largest unit of which it is at least one."""
    for i, unit in enumerate(_UNITS[:-1]):
        if size < 1024 ** (i + 1):
            return unit
    return _UNITS[-1]


def _shown(size: int, unit: str) -> str:
    own = _memory_unit(size) if unit == "auto_foreach" else unit
    return f"{size / 1024.0 ** _UNITS.index(own):3.2f}{own}"
