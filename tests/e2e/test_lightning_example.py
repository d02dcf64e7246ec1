"""`examples/lightning/digits.py`: a LightningModule with Chainer's extensions in one callback."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
NUMBERS = ("epoch", "iteration", "loss", "val_loss", "val_accuracy")


def run(out, *arguments):
    """What the example prints, and its log without times."""
    script = ROOT / "examples/lightning/digits.py"
    done = subprocess.run(
        [sys.executable, script, "--out", out, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    log = json.loads((out / "log").read_text())
    return done.stdout, [{name: e[name] for name in NUMBERS if name in e} for e in log]


def test_a_lightning_module_trains_with_chainers_extensions_and_resumes_exactly(tmp_path):
    printed, whole = run(tmp_path / "whole", "--epoch", "3", "--accuracy", "0.92")
    lines = printed.splitlines()
    assert lines[0].split() == [*NUMBERS, "elapsed_time"]
    assert [entry["iteration"] for entry in whole] == [23, 45, 68, 90, 113, 135]
    # Validation runs once in an epoch, and counts for the epoch's last iteration.
    assert ["val_loss" in entry for entry in whole] == [False, True] * 3
    assert lines[7].startswith("reached 0.92 in epoch 3")

    run(tmp_path / "halves", "--epoch", "2", "--accuracy", "0.92")
    _, resumed = run(tmp_path / "halves", "--epoch", "3", "--accuracy", "0.92")
    assert resumed == whole

    files = sorted(path.name for path in (tmp_path / "halves").iterdir())
    assert files == [
        ".snapshots.jsonl", "best", "log", "snapshot_iter_113", "snapshot_iter_135",
    ]  # fmt: skip
