"""`chainer-compat run --devices 2`: a script that nobody has changed, on two processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
RUN = (sys.executable, "-m", "chainer_compat", "run")
ON_TWO = (*RUN, "--devices", "2", "--accelerator", "cpu")
DIGITS = str(ROOT / "examples" / "legacy" / "train_digits.py")
STEERED = str(ROOT / "tests" / "e2e" / "_steered.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def run(*command, cwd, status=0, **variables):
    done = subprocess.run(
        command,
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        env={**ENVIRONMENT, **variables},
        timeout=240,
    )
    assert done.returncode == status, done.stderr[-3000:]
    return done


def log(folder):
    return [
        {key: value for key, value in entry.items() if key != "elapsed_time"}
        for entry in json.loads((folder / "log").read_text())
    ]


def assert_logs_are_close(actual, expected, rtol):
    assert [sorted(entry) for entry in actual] == [sorted(entry) for entry in expected]
    for one, other in zip(actual, expected, strict=True):
        for name, value in other.items():
            np.testing.assert_allclose(one[name], value, rtol=rtol, err_msg=name)


def digits(command, out, cwd, *options):
    # A batch size that two processes do not share out evenly.
    arguments = ("--noplot", "--batchsize", "31", "--out", out, *options)
    return run(*command, DIGITS, *arguments, cwd=cwd)


class TestDigits:
    def test_the_log_is_that_of_one_process(self, tmp_path):
        alone = digits(RUN, "alone", tmp_path, "--epoch", "2")
        done = digits(ON_TWO, "two", tmp_path, "--epoch", "2")

        assert_logs_are_close(log(tmp_path / "two"), log(tmp_path / "alone"), 1e-4)
        assert done.stdout.splitlines()[:4] == alone.stdout.splitlines()[:4]
        assert done.stderr == alone.stderr == ""
        files = sorted(path.name for path in (tmp_path / "alone").iterdir())
        assert sorted(path.name for path in (tmp_path / "two").iterdir()) == files
        with (
            np.load(tmp_path / "alone" / "model.npz") as one,
            np.load(tmp_path / "two" / "model.npz") as two,
        ):
            for name in one:
                np.testing.assert_allclose(two[name], one[name], rtol=1e-3, atol=1e-5)

    def test_it_goes_on_where_it_was(self, tmp_path):
        digits(ON_TWO, "whole", tmp_path, "--epoch", "2")
        digits(ON_TWO, "parts", tmp_path, "--epoch", "1")
        digits(ON_TWO, "parts", tmp_path, "--epoch", "2", "--autoload")

        assert log(tmp_path / "parts") == log(tmp_path / "whole")

    def test_a_mixed_precision_trains_as_well(self, tmp_path):
        digits(RUN, "alone", tmp_path, "--epoch", "2")
        mixed = (*RUN, "--precision", "bf16-mixed", "--accelerator", "cpu")
        digits(mixed, "mixed", tmp_path, "--epoch", "2")

        expected, actual = log(tmp_path / "alone")[-1], log(tmp_path / "mixed")[-1]
        assert actual["main/loss"] != expected["main/loss"]
        assert actual["main/loss"] == pytest.approx(expected["main/loss"], rel=0.05)


class TestFaults:
    @pytest.mark.parametrize(
        ("mode", "error", "told"),
        [
            ("error in zero", "ValueError", "the fault of zero"),
            ("error in one", "ProcessLostError", "the fault of one"),
            ("exit of one", "ProcessLostError", "another process of this training has ended"),
        ],
    )
    def test_a_failure_of_one_ends_all(self, tmp_path, mode, error, told):
        done = subprocess.run(
            [*ON_TWO, STEERED, mode, "out"],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            timeout=120,
        )
        assert done.returncode in ((3, 1) if mode == "exit of one" else (1,))
        assert done.stdout.splitlines() == ["started", f"on_error {error}", "finalize"]
        assert told in done.stderr
        assert (tmp_path / "out" / "at_error").exists()

    @pytest.mark.parametrize(
        ("number", "error", "status"),
        [
            (signal.SIGINT, "KeyboardInterrupt", -signal.SIGINT),
            (signal.SIGTERM, "Terminated", 128 + signal.SIGTERM),
        ],
    )
    def test_a_signal_ends_all(self, tmp_path, number, error, status):
        process = subprocess.Popen(
            [*ON_TWO, STEERED, "none", "out"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
            # As in a terminal, also where the tests run in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads here
        )
        assert process.stdout.readline() == "started\n"
        time.sleep(0.2)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)

        assert process.returncode == status, stderr
        assert stdout.splitlines() == [f"on_error {error}", "finalize"]
        assert (tmp_path / "out" / "at_error").exists()

    def test_a_script_without_an_updater_is_told(self, tmp_path):
        done = run(*ON_TWO, STEERED, "no updater", "out", cwd=tmp_path)
        assert "made no StandardUpdater" in done.stderr

    def test_the_cluster_of_its_machine_is_left_out_of_it(self, tmp_path):
        job = {"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "job", "SLURM_PROCID": "0"}
        done = run(*ON_TWO, STEERED, "no updater", "out", cwd=tmp_path, **job)
        assert "in each of 2 processes" in done.stderr

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--strategy", "fsdp"), "--strategy fsdp"),
            (("--precision", "8-bit"), "8-bit"),
            (("--devices", "none"), "`devices`"),
        ],
    )
    def test_bad_usage_is_told_once(self, tmp_path, options, told):
        done = run(*ON_TWO, *options, STEERED, "none", "out", cwd=tmp_path, status=2)
        assert told in done.stderr
        assert done.stderr.count("chainer-compat run:") == 1
