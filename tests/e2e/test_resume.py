"""A training that died and is resumed in a new process is the training that did not die."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("_resumed.py")
DIED = 9
# The extensions that the script calls after its snapshot, by their priorities.
BEHIND_THE_SNAPSHOT = {"written", "once", "best", "lowest too", "both", "neither"}


def train(out, form, snapshot_at, dies_at=0):
    """Runs the script in a process of its own; gives what its extensions saw, in order."""
    out.mkdir(exist_ok=True)
    events = out / "events"
    events.unlink(missing_ok=True)
    command = [sys.executable, "-W", "error", SCRIPT, out, form, str(snapshot_at), str(dies_at)]
    code = subprocess.run(command, check=False).returncode
    assert code == (DIED if dies_at else 0)
    return [json.loads(line) for line in events.read_text().splitlines()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    return train(out, "npz", 7), json.loads((out / "end.json").read_text())


def without_the_clock(path):
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return [{**entry, "elapsed_time": None} for entry in entries]


@pytest.mark.parametrize(
    ("form", "snapshot_at", "dies_at"),
    [("npz", 1, 3), ("npz", 7, 9), ("hdf5", 12, 12), ("npz", 20, 23)],
)
def test_the_rest_is_bit_for_bit_the_same(whole, tmp_path, form, snapshot_at, dies_at):
    expected, expected_end = whole
    before = train(tmp_path, form, snapshot_at, dies_at)
    after = train(tmp_path, form, snapshot_at)
    end = json.loads((tmp_path / "end.json").read_text())
    log = without_the_clock(tmp_path / "log.jsonl")

    rest = [
        event
        for event in expected
        if event[0] > snapshot_at or (event[0] == snapshot_at and event[1] in BEHIND_THE_SNAPSHOT)
    ]

    assert before == expected[: len(before)]
    assert after == rest
    assert end == expected_end
    assert log == [{**entry, "elapsed_time": None} for entry in end["log"]]
