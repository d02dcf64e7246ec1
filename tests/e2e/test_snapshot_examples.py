"""The examples with files that Chainer wrote, run as a reader would run them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "parity" / "golden" / "digits"


def run(*arguments):
    return subprocess.run(
        [sys.executable, "examples/snapshots/load_into_torch.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("arguments", [(), (str(GOLDEN / "snapshot_iter_90"),)])
def test_chainers_file_gives_chainers_outputs(arguments):
    said = run(*arguments)
    assert "6 loaded, 0 missing, 0 extra, 0 mismatched" in said
    found = re.search(r"largest difference from Chainer's outputs: (\S+)", said)
    assert float(found[1]) <= 1e-6
