"""Contenders take turns, so that whatever else the machine does meets them all alike."""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks._sections import Contender, Section

ROOT = pathlib.Path(__file__).resolve().parents[1]
ORACLE = pathlib.Path(os.environ.get("CHAINER_COMPAT_ORACLE") or ROOT / ".oracle/bin/python")

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class ContenderError(Exception):
    """A contender could not be measured."""


class _Worker:
    def __init__(self, contender: Contender, options: dict[str, Any]) -> None:
        self._label = contender.label
        python = ORACLE if contender.in_oracle else pathlib.Path(sys.executable)
        if not python.exists():
            raise ContenderError(f"{contender.label}: {python} does not exist (see CONTRIBUTING)")
        names = [contender.module, contender.function, contender.library]
        arguments = [*names, json.dumps(options)]
        self._process = subprocess.Popen(  # noqa: S603 (this project's own code)
            [python, "-W", "ignore", "-m", "benchmarks._worker", *arguments],
            cwd=ROOT,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._line()

    def measure(self, quantity: str = "") -> Any:
        """All quantities by name, or the one that is named."""
        self._process.stdin.write(f"{quantity}\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _line(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            raise ContenderError(f"{self._label}:\n{self._process.stderr.read()}")
        return line


def _round(section: Section, workers: dict[str, _Worker]) -> dict[str, dict[str, float]]:
    if not section.by_quantity:
        return {label: worker.measure() for label, worker in workers.items()}
    results: dict[str, dict[str, float]] = {label: {} for label in workers}
    for quantity in section.quantities:
        for label, worker in workers.items():
            results[label][quantity] = worker.measure(quantity)
    return results


def measure(section: Section, options: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Medians over the repeats, by contender and quantity."""
    workers: dict[str, _Worker] = {}
    try:
        for contender in section.contenders:
            workers[contender.label] = _Worker(contender, options)
        rounds = [_round(section, workers) for _ in range(options["repeats"])]
    finally:
        for worker in workers.values():
            worker.close()
    return {
        label: {
            quantity: statistics.median(results[label][quantity] for results in rounds)
            for quantity in section.quantities
        }
        for label in workers
    }
