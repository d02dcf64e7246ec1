"""Two processes on the CPU: one writes, all agree."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]

pytestmark = pytest.mark.slow


def run(out, epochs, *options):
    """What both processes found."""
    out.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "tests/unit/lightning/_ddp_script.py", out, str(epochs), *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((out / f"rank{rank}.json").read_text()) for rank in (0, 1)]


def without_time(log):
    return [{k: v for k, v in entry.items() if k != "elapsed_time"} for entry in log]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing interrupted: its folder, and what both processes found."""
    out = tmp_path_factory.mktemp("whole")
    return out, run(out, 3)


def test_all_ranks_agree_and_only_rank_zero_writes(whole):
    out, (zero, one) = whole

    assert zero["iteration"] == one["iteration"] == 6
    assert zero["everywhere"] == one["everywhere"] == [1, 3, 5]
    assert zero["on_zero"] == [1, 2, 3, 4, 5, 6]
    assert one["on_zero"] == one["log"] == []
    assert zero["weights"] == one["weights"]
    entry = zero["log"][1]
    assert (entry["main/rank"], entry["synced"], entry["val_rank"]) == (0.5, 0.5, 0.5)
    assert entry["main/rows"] == 3
    names = {path.name for path in out.iterdir()}
    assert names >= {"log", "snapshot_iter_2", "snapshot_iter_4", "snapshot_iter_6"}


def test_all_ranks_resume_from_the_file_that_rank_zero_finds(tmp_path, whole):
    _, (uncut, _) = whole
    run(tmp_path / "parts", 1)
    zero, one = run(tmp_path / "parts", 3)

    assert zero["weights"] == one["weights"] == uncut["weights"]
    assert without_time(zero["log"]) == without_time(uncut["log"])
    assert zero["on_zero"] == [3, 4, 5, 6]


def test_a_sharded_snapshot_is_written_and_loaded_by_all(tmp_path, whole):
    _, (uncut, _) = whole
    run(tmp_path / "parts", 1, "sharded")
    assert (tmp_path / "parts" / "snapshot_iter_2").is_dir()
    zero, one = run(tmp_path / "parts", 3, "sharded")

    assert zero["weights"] == one["weights"] == uncut["weights"]
    assert without_time(zero["log"]) == without_time(uncut["log"])
