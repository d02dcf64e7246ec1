"""The legacy example, given what cannot work: a clear message, and a non-zero exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "legacy" / "train_digits.py"


def last_lines(*arguments: str, cwd: Path) -> str:
    return errors(*arguments, cwd=cwd).rpartition("Traceback (most recent call last):\n")[2]


def errors(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "chainer_compat", "run", str(SCRIPT), "--noplot", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 1, done.stdout
    return done.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, so --device 0 works")
def test_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    message = last_lines("--device", "0", cwd=tmp_path)
    assert "DeviceUnavailableError: CUDA is not available" in message.splitlines()[-1]


def test_an_output_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "result").write_text("a file, where the folder should be")
    message = last_lines("--epoch", "1", "--out", "result", cwd=tmp_path)
    assert "result" in message.splitlines()[-1]


def test_a_snapshot_that_is_not_there(tmp_path: Path) -> None:
    message = last_lines("--resume", "no_such_snapshot", cwd=tmp_path)
    assert "no_such_snapshot" in message.splitlines()[-1]


def test_a_snapshot_of_something_else(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", weight=np.zeros(3))
    shown = errors("--resume", "other.npz", cwd=tmp_path)
    assert shown.count("Traceback") == 1
    message = shown.partition("other.npz does not fit the object; nothing was loaded.")[2]
    assert "updater/" in message
    assert "weight" in message
