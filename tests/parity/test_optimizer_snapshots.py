"""Training goes on from Chainer's snapshots, with each optimizer, as it does there."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat
from tests.parity import _golden, _running, compare_api
from tests.parity.bodies import tiny

FOLDER = _golden.FOLDER / "optimizers"
OPTIMIZERS = [
    name
    for name in tiny.OPTIMIZERS
    if f"chainer.optimizers.{name}" not in compare_api.listed("missing")
]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_from_chainers_snapshot(name):
    outcome = _running.run(chainer_compat, tiny.resume, [name, str(FOLDER / f"{name}_3.npz")])
    assert isinstance(outcome, _running.Returned), outcome
    golden = _golden.read(FOLDER / f"{name}_6.npz")
    # Chainer writes None as a pickle, which is read as bytes.
    theirs = {
        key.removesuffix(".npy"): None if isinstance(value, bytes) else value
        for key, value in golden.items()
    }
    ours = {key: outcome.value.get(key, "missing") for key in theirs}

    assert _golden.differences(theirs, ours) == []


@pytest.mark.parametrize("name", sorted({*OPTIMIZERS} - {"MSVAG"}))
def test_chainer_goes_on_from_there_alike(both, name):
    ours, theirs = both.outcomes(tiny.resume, name, str(FOLDER / f"{name}_3.npz"))
    assert isinstance(ours, _running.Returned), ours
    expected = theirs.value

    assert _golden.differences(expected, {key: ours.value.get(key) for key in expected}) == []


def test_chainer_does_not_save_the_powers_of_msvag(oracle):
    """So its resumed run differs from its own that was not interrupted, and from ours."""
    theirs = oracle.ask(tiny.resume, "MSVAG", str(FOLDER / "MSVAG_3.npz")).value
    golden = _golden.read(FOLDER / "MSVAG_6.npz")["model:main/l1/W.npy"]

    assert not np.allclose(theirs["model:main/l1/W"], golden, rtol=1e-3)
