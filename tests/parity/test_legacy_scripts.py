"""The legacy examples, unmodified, under real Chainer and under `chainer-compat run`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.parity import _golden, _oracle

FOLDER = _oracle.ROOT / "examples" / "legacy"
ITERATIONS = 50
# After fifty updates 1.2e-5 has been met, in the trees of words; 7.4e-6 in the gradient penalty.
RTOL = 1e-4

# What makes each of them write a line of its log for each of so many iterations.
SCRIPTS = {
    "gan": ["gan", "--iteration", "50", "--interval", "1"],
    "gradient_penalty": ["gradient_penalty", "--iteration", "50"],
    "hand_loop": ["hand_loop", "--epochs", "5"],
    "memory_network": ["memory_network", "--epoch", "4", "--interval", "1"],
    "ptb_bptt": ["ptb_bptt", "--epoch", "2", "--words", "2000", "--interval", "1"],
    "seq2seq_attention": ["seq2seq_attention", "--iteration", "50", "--interval", "1"],
    "sequence_labeller": ["sequence_labeller", "--iteration", "50", "--interval", "1"],
    "tree_sentiment": ["tree_sentiment", "--iteration", "50", "--interval", "1"],
    "tree_sentiment, a sum": [
        "tree_sentiment",
        "--model",
        "childsum",
        "--iteration",
        "50",
        "--interval",
        "1",
    ],
    "vae": ["vae", "--iteration", "50", "--interval", "1"],
    "vgg_like": ["vgg_like", "--epoch", "5", "--interval", "1"],
    "wavenet": ["wavenet", "--iteration", "50", "--interval", "1"],
    "word2vec": ["word2vec", "--interval", "1"],
    "word2vec, a softmax": ["word2vec", "--loss", "softmax", "--interval", "1"],
    "word2vec, a tree": ["word2vec", "--loss", "tree", "--model", "bag", "--interval", "1"],
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_logs_agree(script, tmp_path, oracle_python):
    name, *arguments = SCRIPTS[script]
    ours = under_compat(name, tmp_path / "compat", arguments)
    theirs = run([oracle_python, "-W", "ignore"], name, tmp_path / "chainer", arguments)

    assert_agree(ours, theirs)


def test_the_log_of_chainer_1_agrees(tmp_path):
    ours = under_compat("v1_style", tmp_path, ["--iteration", "50"])
    theirs = _golden.FOLDER / "old" / "1.24.0" / "v1_style.json"

    assert_agree(ours, json.loads(theirs.read_text(encoding="utf-8")))


def test_a_run_goes_on_as_in_chainer(tmp_path, oracle_python):
    """With an iterator and an updater of its own; the states of LSTMs are in no snapshot."""
    arguments = ["--words", "2500", "--interval", "1", "--dropout", "0", "--epoch"]
    under_compat("ptb_bptt", tmp_path, [*arguments, "1"])
    resume = [*arguments, "2", "--resume", tmp_path / "snapshot"]
    theirs = run([oracle_python, "-W", "ignore"], "ptb_bptt", tmp_path / "chainer", resume)
    ours = under_compat("ptb_bptt", tmp_path, resume)

    assert_agree(ours, theirs)


def under_compat(name, out, arguments):
    return run([sys.executable, "-m", "chainer_compat", "run"], name, out, arguments)


def run(command, name, out, arguments):
    """The script's log, without what a clock says."""
    done = subprocess.run(
        [*command, FOLDER / f"{name}.py", "--out", out, *arguments],
        cwd=_oracle.ROOT,
        env={**_oracle.environment(), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    entries = json.loads((out / "log").read_text(encoding="utf-8"))
    return [{k: v for k, v in entry.items() if k != "elapsed_time"} for entry in entries]


def assert_agree(ours, theirs):
    assert len(theirs) >= ITERATIONS
    assert [list(entry) for entry in ours] == [list(entry) for entry in theirs]
    for mine, chainers in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(chainers, rel=RTOL)
