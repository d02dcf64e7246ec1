"""A script in Chainer 1's dialect gives what Chainer 1.24.0 gives."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.parity import _golden, _oracle

SCRIPT = _oracle.ROOT / "tests" / "parity" / "version1_script.py"


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    out = tmp_path_factory.mktemp("version1") / "out.json"
    done = subprocess.run(
        [sys.executable, "-m", "chainer_compat", "run", SCRIPT, out],
        cwd=_oracle.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def theirs():
    return _golden.read(_golden.FOLDER / "old" / "1.24.0" / "version1.json")[""]


def test_a_model_learns_as_it_did(ours, theirs):
    assert ours["training"] == pytest.approx(theirs["training"], rel=1e-5)


def test_weights_are_those_of_the_old_arguments(ours, theirs):
    assert [path for path, _ in ours["links"]] == [path for path, _ in theirs["links"]]
    for (_, expected), (_, actual) in zip(theirs["links"], ours["links"], strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_flags_are_what_they_were(ours, theirs):
    assert ours["flags"] == theirs["flags"]


@pytest.mark.parametrize("how", ["functions", "by position"])
def test_functions_give_the_same_for_the_old_arguments(ours, theirs, how):
    for expected, actual in zip(theirs[how], ours[how], strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
