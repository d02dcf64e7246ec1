from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from chainer_compat import serializers
from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers._describe import ArrayInfo, describe

GOLDEN = Path(__file__).parents[2] / "parity" / "golden"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.npz"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("digits/snapshot_iter_90", "Chainer 5 to 7"),
        ("old/3.5.0/snapshot_iter_20", "Chainer 3 or 4"),
        ("old/2.1.0/snapshot_iter_20", "Chainer 2"),
        ("old/1.24.0/snapshot_iter_20", "Chainer 1 or 2"),
        ("digits/model.npz", "unknown (only a trainer's snapshot tells)"),
        ("digits/model.h5", "unknown (only a trainer's snapshot tells)"),
    ],
)
def test_it_tells_who_wrote_a_file(name, expected):
    assert describe(GOLDEN / name).written_by == expected


def test_it_tells_how_far_the_training_was():
    found = describe(GOLDEN / "digits" / "snapshot_iter_90")
    assert (found.kind, found.content, found.iteration, found.epoch) == (
        "npz", "trainer snapshot", 90, 2,
    )  # fmt: skip
    assert found.last_log["iteration"] == 90


@pytest.mark.parametrize(
    ("keys", "content", "writer"),
    [
        (["updater/iteration", "_resume/x"], "trainer snapshot", "chainer_compat"),
        (
            ["updater/iteration", "updater/optimizer:main/l/W/t"],
            "trainer snapshot",
            "Chainer 3 to 7",
        ),
        (["iteration", "model:main/W"], "updater", "unknown"),
        (["t", "epoch", "l1/W/m"], "optimizer", "unknown"),
        (["l1/W"], "model", "unknown"),
    ],
)
def test_it_tells_the_content(path, keys, content, writer):
    serializers.save_npz(path, dict.fromkeys(keys, 1))
    found = describe(path)
    assert found.content == content
    assert found.written_by.startswith(writer)


def test_arrays_are_described_without_being_read(path):
    serializers.save_npz(path, {"a/W": np.ones((2, 3), "f4"), "n": None, "t": 3, "s": "x" * 80})
    assert describe(path).arrays == [
        ArrayInfo("a/W", "float32", (2, 3), 24),
        ArrayInfo("n", "None", (), 0),
        ArrayInfo("s", "<U80", (), 320, "x" * 57 + "..."),
        ArrayInfo("t", "int64", (), 8, 3),
    ]


def test_statistics_leave_out_what_is_not_finite(path):
    serializers.save_npz(path, {"x": np.array([1.0, 3.0, np.nan, np.inf]), "y": np.full(2, np.nan)})
    x, y = describe(path, statistics=True).arrays
    assert x.statistics == {"min": 1, "max": 3, "mean": 2, "std": 1, "not finite": 2}
    assert y.statistics == {"not finite": 2}


def test_only_a_part_can_be_asked_for(path):
    serializers.save_npz(path, {"a/x": 1, "b/x": 1})
    assert [info.key for info in describe(path, path="a/").arrays] == ["a/x"]


@pytest.mark.parametrize("log", ["{", "[]", "3", '["x"]', "[" * 100_000])
def test_a_log_that_is_none_is_passed_over(path, log):
    serializers.save_npz(path, {"extensions/LogReport/_log": log})
    assert describe(path).last_log is None


def test_a_count_that_is_none_is_passed_over(path):
    serializers.save_npz(path, {"updater/iteration": "many"})
    assert describe(path).iteration is None


def test_pickles_are_refused_here_too(path):
    np.savez(path, x=np.array([{}]))
    with pytest.raises(UnsafeFileError):
        describe(path)


def test_a_file_of_another_kind_is_told(path):
    path.write_bytes(b"hello")
    with pytest.raises(FileFormatError, match="neither npz"):
        describe(path)


def test_of_a_pickle_it_says_what_to_do(path):
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(FileFormatError, match="is a pickle, which is never loaded: have the Chain"):
        describe(path)


def test_the_description_is_plain_data():
    json.dumps(describe(GOLDEN / "digits" / "snapshot_iter_90").to_dict())
