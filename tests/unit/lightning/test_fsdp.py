"""Two processes on the CPU, each with a part of every weight: snapshots in parts."""

from __future__ import annotations

import pytest

from tests.unit.lightning._scripts import found_by, run_script, without_time

pytestmark = pytest.mark.slow


def run(out, iterations):
    """What both processes found."""
    out.mkdir(exist_ok=True)
    try:
        run_script("_fsdp_script", out, iterations)
    except AssertionError as error:
        if "FSDP requires CUDA for streams" in str(error):
            pytest.skip("this torch, 2.5 or so, shards on GPUs only")
        raise
    return found_by(out, 2)


def test_a_fully_sharded_module_goes_on_from_its_sharded_snapshot(tmp_path):
    whole, one = run(tmp_path / "whole", 6)
    run(tmp_path / "parts", 2)
    resumed, _ = run(tmp_path / "parts", 6)

    assert whole["kinds"] == one["kinds"] == ["DTensor"]
    # Of 4x2 and 4 each has a half; 1x4 and 1 are the first one's.
    assert (whole["local"], one["local"]) == ([4, 2, 4, 1], [4, 2, 0, 0])
    assert [entry["iteration"] for entry in resumed["log"]] == [1, 2, 3, 4, 5, 6]
    assert without_time(resumed["log"]) == without_time(whole["log"])
    # Adam's moments, in parts too, are part of the snapshot.
    assert resumed["weights"] == whole["weights"] == one["weights"]
    assert one["log"] == []
