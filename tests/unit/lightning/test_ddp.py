"""Two processes on the CPU: one writes, all agree."""

from __future__ import annotations

import pytest

from tests.unit.lightning._scripts import found_by, run_script, without_time

pytestmark = pytest.mark.slow


def run(out, epochs, *options):
    """What both processes found."""
    out.mkdir(exist_ok=True)
    run_script("_ddp_script", out, epochs, *options)
    return found_by(out, 2)


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
