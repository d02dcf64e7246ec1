"""The support table of the guide is the one that its script writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_is_up_to_date() -> None:
    command = [sys.executable, "tools/write_support_table.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "support_table.md: up to date\n"), done.stderr
