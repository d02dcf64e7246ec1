from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chainer_compat.cli import main
from chainer_compat.serializers import save_npz

GOLDEN = Path(__file__).parents[2] / "parity" / "golden" / "digits"
SNAPSHOT = str(GOLDEN / "snapshot_iter_90")


def test_inspect_shows_a_summary_and_a_tree(capsys):
    assert main(["inspect", SNAPSHOT, "--path", "updater/model:main/"]) == 0
    said = capsys.readouterr().out
    for line in (
        "content:    trainer snapshot",
        "written by: Chainer 5 to 7",
        "iteration:  90",
        "arrays:     6 (1,482 numbers in arrays)",
        "updater/",
    ):
        assert line in said.splitlines()
    assert "        W       float32 (16, 64)  4.1 kB" in said.splitlines()


def test_inspect_tells_statistics_and_scalars(capsys):
    assert main(["inspect", SNAPSHOT, "--statistics"]) == 0
    said = capsys.readouterr().out
    assert "min=" in said
    assert "iteration                  90" in said


def test_inspect_writes_json(capsys):
    assert main(["inspect", SNAPSHOT, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["iteration"] == 90
    assert len(found["arrays"]) == 51


def test_inspect_takes_a_path_as_convert_does(capsys):
    for path in ("model", "updater/model:main"):
        assert main(["inspect", SNAPSHOT, "--path", path]) == 0
        assert "arrays:     6 (1,482 numbers in arrays)" in capsys.readouterr().out.splitlines()
    assert main(["inspect", SNAPSHOT, "--path", "updater/model:main/predictor/l1/W"]) == 0
    assert "arrays:     1 " in capsys.readouterr().out


def test_inspect_lists_numbered_names_in_their_order(capsys, tmp_path):
    arrays = {f"l{i}/W": np.zeros(2, np.float32) for i in (10, 2, 1)}
    save_npz(tmp_path / "x.npz", arrays)
    assert main(["inspect", str(tmp_path / "x.npz")]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.endswith("/")]
    assert lines == ["l1/", "l2/", "l10/"]


def test_statistics_tell_of_what_is_not_finite_only_if_there_is_any(capsys, tmp_path):
    save_npz(tmp_path / "x.npz", {"good": np.ones(2), "bad": np.array([1, np.nan])})
    assert main(["inspect", str(tmp_path / "x.npz"), "--statistics"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [("not finite=1" in line) for line in lines[-2:]] == [True, False]


def test_a_reader_that_has_seen_enough_is_no_error():
    """As ``head`` does."""
    command = [sys.executable, "-m", "chainer_compat", "inspect", SNAPSHOT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_convert_hints_at_the_model_alone(capsys, tmp_path):
    assert main(["convert", SNAPSHOT, str(tmp_path / "x.pt")]) == 0
    assert "--path model takes the model alone" in capsys.readouterr().out
    for arguments in ([str(tmp_path / "y.pt"), "--path", "model"], [str(tmp_path / "y.npz")]):
        assert main(["convert", SNAPSHOT, *arguments]) == 0
        assert "--path model" not in capsys.readouterr().out


def test_convert_tells_what_became_of_each_array(capsys, tmp_path):
    out = tmp_path / "model.pt"
    assert main(["convert", SNAPSHOT, str(out), "--path", "model"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "updater/model:main/predictor/l1/W  -> predictor.l1.weight" in said
    assert said[-1] == f"6 arrays written to {out} (torch)"


def test_convert_tells_what_is_left_out(capsys, tmp_path):
    assert main(["convert", SNAPSHOT, str(tmp_path / "x.pt")]) == 0
    assert "extensions/LogReport/_log  left out" in capsys.readouterr().out


def test_convert_keeps_keys_between_chainers_formats(capsys, tmp_path):
    assert main(["convert", SNAPSHOT, str(tmp_path / "x.h5")]) == 0
    assert "updater/iteration" in capsys.readouterr().out.splitlines()


def test_convert_writes_json(capsys, tmp_path):
    assert main(["convert", SNAPSHOT, str(tmp_path / "x"), "--format", "npz", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "npz"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspect", "/nowhere/file"], "/nowhere/file: No such file"),
        (["inspect", SNAPSHOT, "--path", "wrong"], "nothing under 'wrong/'; there are _snapshot_"),
        (["inspect", __file__], "neither npz"),
        (["convert", SNAPSHOT, "x.zip"], "not known by its suffix"),
    ],
)
def test_bad_input_is_a_message_and_exit_status_1(capsys, arguments, message):
    assert main(arguments) == 1
    assert message in capsys.readouterr().err
