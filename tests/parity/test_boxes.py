"""The example of a detector, unmodified, under real Chainer and under `chainer-compat run`."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tests.parity import _golden, _oracle

SCRIPT = _oracle.ROOT / "examples" / "legacy" / "train_boxes.py"
OPTIONS = ["--iteration", "60", "--interval", "10", "--channels", "8", "--images", "200"]


def run(command: list[str], out: pathlib.Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*command, str(SCRIPT), *OPTIONS, "--out", str(out)],
        cwd=_oracle.ROOT,
        env=_oracle.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    entries = json.loads((out / "log").read_text())
    return [{k: v for k, v in entry.items() if k != "elapsed_time"} for entry in entries]


@pytest.mark.slow
def test_a_detector_learns_alike(oracle_python: str, tmp_path: pathlib.Path) -> None:
    theirs = run([oracle_python, "-W", "ignore"], tmp_path / "chainer")
    ours = run([sys.executable, "-m", "chainer_compat", "run"], tmp_path / "compat")
    assert [list(entry) for entry in ours] == [list(entry) for entry in theirs]
    for mine, chainers in zip(ours, theirs, strict=True):
        # The rounding of sixty updates: 1.8e-6 has been met.
        assert mine == pytest.approx(chainers, rel=1e-5)
    assert ours[-1]["main/loss"] < ours[0]["main/loss"] / 2
    weights = [_golden.read(tmp_path / name / "detector.npz") for name in ("compat", "chainer")]
    assert {k: v.shape for k, v in weights[0].items()} == {
        k: v.shape for k, v in weights[1].items()
    }
