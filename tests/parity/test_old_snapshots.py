"""Files that Chainer 1.24.0, 2.1.0 and 3.5.0 wrote: models load, and training goes on."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import chainer_compat
from chainer_compat import links
from tests.parity import _golden, _oracle

RELEASES = ("1.24.0", "2.1.0", "3.5.0")
SCRIPT = _oracle.ROOT / "tests" / "parity" / "old_training.py"


@pytest.mark.parametrize("release", RELEASES)
def test_training_goes_on_from_an_old_snapshot(release, tmp_path):
    """The third epoch is that of a run that was never interrupted."""
    folder = _golden.FOLDER / "old" / release
    done = subprocess.run(
        [
            *(sys.executable, "-m", "chainer_compat", "run", SCRIPT, tmp_path),
            *("3", folder / "snapshot_iter_20"),
        ],
        cwd=_oracle.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours = json.loads((tmp_path / "log").read_text())
    theirs = json.loads((folder / "log.json").read_text())

    assert [entry["iteration"] for entry in ours] == [10, 20, 30]
    for key in ("main/loss", "main/accuracy"):
        assert [e[key] for e in ours] == pytest.approx([e[key] for e in theirs], rel=1e-6)


class Network(chainer_compat.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.l1 = links.Linear(64, 12)
            self.l2 = links.Linear(12, 10)


LOADERS = {"npz": "load_npz", "h5": "load_hdf5"}


def load(path, model):
    """Load a model's file; gives the file's values by name."""
    getattr(chainer_compat.serializers, LOADERS[path.suffix[1:]])(path, model)
    return {name.removesuffix(".npy"): value for name, value in _golden.read(path).items()}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("extension", LOADERS)
def test_an_old_model_loads(release, extension):
    model = links.Classifier(Network())
    golden = load(_golden.FOLDER / "old" / release / f"model.{extension}", model)
    loaded = {name.removeprefix("/"): param.array for name, param in model.namedparams()}

    assert sorted(loaded) == sorted(golden)
    assert all(np.array_equal(loaded[name], golden[name]) for name in golden)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("extension", LOADERS)
def test_old_persistent_values_load(release, extension):
    model = chainer_compat.Chain(norm=links.BatchNormalization(3))
    golden = load(_golden.FOLDER / "old" / release / f"norm.{extension}", model)

    norm = model.norm
    loaded = {"gamma": norm.gamma.array, "beta": norm.beta.array}
    loaded |= {name: getattr(norm, name) for name in ("avg_mean", "avg_var", "N")}

    assert {f"norm/{name}" for name in loaded} == set(golden)
    assert all(np.array_equal(loaded[name], golden[f"norm/{name}"]) for name in loaded)
