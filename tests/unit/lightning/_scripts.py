"""Runs the scripts that start processes of their own."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[3]


def run_script(name, *arguments):
    """Runs `NAME.py` of this folder, without warnings, in one thread."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", f"tests/unit/lightning/{name}.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def found_by(folder, size):
    """What each of so many processes has written to a folder."""
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(size)]


def without_time(log):
    """The entries of a log, but for what differs from run to run."""
    return [{k: v for k, v in entry.items() if k != "elapsed_time"} for entry in log]
