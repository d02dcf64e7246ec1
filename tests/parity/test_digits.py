"""The legacy example, unmodified, under real Chainer and under `chainer-compat run`."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.parity import _golden, _oracle
from tests.parity.bodies import digits

SCRIPT = _oracle.ROOT / "examples" / "legacy" / "train_digits.py"
RTOL = 1e-6


@pytest.fixture(scope="module")
def under_chainer(oracle_python):
    def run(out, *arguments):
        return _run([oracle_python, "-W", "ignore", SCRIPT], out, arguments)

    return run


def under_compat(out, *arguments):
    return _run([sys.executable, "-m", "chainer_compat", "run", SCRIPT], out, arguments)


def _run(command, out, arguments):
    options = ["--noplot", "--unit", "16", "--out", str(out), *arguments]
    done = subprocess.run(
        [*map(str, command), *options],
        cwd=_oracle.ROOT,
        env=_oracle.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("digits")


@pytest.fixture(scope="module")
def chainers_run(folder, under_chainer):
    return under_chainer(folder / "chainer", "--epoch", "5")


@pytest.fixture(scope="module")
def our_run(folder):
    return under_compat(folder / "compat", "--epoch", "5")


@pytest.fixture(scope="module")
def chainers_two_epochs(folder, under_chainer):
    return under_chainer(folder / "chainer2", "--epoch", "2")


@pytest.fixture(scope="module")
def our_two_epochs(folder):
    return under_compat(folder / "compat2", "--epoch", "2")


def read_log(out):
    """The log without what a clock says."""
    entries = json.loads((out / "log").read_text())
    return [{k: v for k, v in entry.items() if k != "elapsed_time"} for entry in entries]


def assert_logs_agree(ours, theirs, rtol=RTOL):
    assert [list(entry) for entry in ours] == [list(entry) for entry in theirs]
    for mine, chainers in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(chainers, rel=rtol)


def test_log_of_five_epochs_agrees(our_run, chainers_run):
    assert_logs_agree(read_log(our_run), read_log(chainers_run))


def test_golden_log_of_five_epochs_agrees(our_run):
    golden = json.loads((_golden.FOLDER / "digits" / "log_5_epochs.json").read_text())
    theirs = [{k: v for k, v in entry.items() if k != "elapsed_time"} for entry in golden]

    assert_logs_agree(read_log(our_run), theirs)


def test_snapshot_has_chainers_keys_and_values(our_two_epochs, chainers_two_epochs):
    """The same names and dtypes, weights to rounding, the order of examples exactly."""
    ours = _golden.read(our_two_epochs / "snapshot_iter_90")
    theirs = _golden.read(chainers_two_epochs / "snapshot_iter_90")
    different = {
        name
        for name in theirs
        if name not in ours or _golden.differences({name: theirs[name]}, {name: ours[name]})
    }

    assert different <= {"_snapshot_elapsed_time.npy", "extensions/LogReport/_log.npy"}
    order = "updater/iterator:main/order.npy"
    assert np.array_equal(ours[order], theirs[order])


def test_model_file_has_chainers_keys_and_values(our_two_epochs, chainers_two_epochs):
    ours = _golden.read(our_two_epochs / "model.npz")
    theirs = _golden.read(chainers_two_epochs / "model.npz")

    assert _golden.differences(theirs, ours) == []


def test_training_goes_on_from_chainers_snapshot_as_chainer_would(
    folder, chainers_two_epochs, under_chainer
):
    resume = ("--epoch", "5", "--seed", "1", "--resume", chainers_two_epochs / "snapshot_iter_90")
    ours = under_compat(folder / "compat_resumed", *map(str, resume))
    theirs = under_chainer(folder / "chainer_resumed", *map(str, resume))

    assert_logs_agree(read_log(ours), read_log(theirs))


def test_training_goes_on_from_chainers_golden_snapshot(folder):
    snapshot = _golden.FOLDER / "digits" / "snapshot_iter_90"
    resume = ("--epoch", "5", "--seed", "1", "--resume", str(snapshot))
    ours = under_compat(folder / "golden_resumed", *resume)
    golden = json.loads((_golden.FOLDER / "digits" / "log_resumed.json").read_text())
    theirs = [{k: v for k, v in entry.items() if k != "elapsed_time"} for entry in golden]

    assert_logs_agree(read_log(ours), theirs)


def test_chainer_goes_on_from_our_snapshot_as_from_its_own(
    folder, our_two_epochs, chainers_two_epochs, under_chainer
):
    resume = ("--epoch", "5", "--seed", "1", "--resume")
    from_ours = under_chainer(
        folder / "chainer_from_ours", *resume, str(our_two_epochs / "snapshot_iter_90")
    )
    from_its_own = under_chainer(
        folder / "chainer_from_chainers", *resume, str(chainers_two_epochs / "snapshot_iter_90")
    )

    assert_logs_agree(read_log(from_ours), read_log(from_its_own))


@pytest.mark.parametrize(("size", "batch"), [(1437, 32), (50, 50), (7, 3)])
def test_first_weights_and_order_of_batches_are_chainers_exactly(both, size, batch):
    both(digits.weights_and_batches, size, batch, 3)
