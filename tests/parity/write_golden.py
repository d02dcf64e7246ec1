"""Write the golden files with the installed Chainer 7.8.1. The oracle's Python runs it:

    .oracle/bin/python -W ignore -m tests.parity.write_golden [--check]

A second run on the same machine gives the same bytes: seeds are fixed, the trainer's clock stands
still, and archives have no time stamps. `--check` writes to a temporary folder and compares by
content, up to rounding (see `_golden`), because other machines round and compress differently.

    digits/      examples/legacy/train_digits.py after two epochs (snapshot, model.npz, model.h5,
                 what the model makes of some inputs), the log of five epochs, and the log of a run
                 that was resumed after two
    links/       the npz file of each link in bodies/weights.py, inputs for them (inputs.npz), and
                 what they make of those (outputs.npz)
    optimizers/  for each optimizer, an updater's snapshot after three iterations and after six
    events.json  event logs of the plans in bodies/plans.py
    full_run.json  the event log of a run with every extension that Chainer has
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import random
import runpy
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Any

# Sums are ordered by threads, and the parameters in a file by hashes: both are part of the result.
_FIXED = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
if any(os.environ.get(name) != value for name, value in _FIXED.items()):
    command = [sys.executable, "-W", "ignore", "-m", "tests.parity.write_golden", *sys.argv[1:]]
    os.execve(sys.executable, command, {**os.environ, **_FIXED})  # noqa: S606 (this very script)

import chainer  # noqa: E402 (after the environment is fixed)
import numpy as np  # noqa: E402 (after the environment is fixed)
from chainer import training  # noqa: E402 (after the environment is fixed)

from tests.parity import _golden, _running  # noqa: E402 (after the environment is fixed)
from tests.parity.bodies import events, full_run, plans, tiny, weights  # noqa: E402 (after the environment is fixed)

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "legacy" / "train_digits.py"
ARGUMENTS = ("--unit", "16", "--noplot")


def write_digits(folder: pathlib.Path) -> None:
    """Run the legacy example: two epochs, five, and three more after the two."""
    with tempfile.TemporaryDirectory() as scratch:
        two, five, resumed = (pathlib.Path(scratch) / name for name in ("two", "five", "resumed"))
        _run_digits("--epoch", "2", "--out", str(two))
        _run_digits("--epoch", "5", "--out", str(five))
        snapshot = two / "snapshot_iter_90"
        _run_digits("--epoch", "5", "--out", str(resumed), "--resume", str(snapshot), "--seed", "1")
        shutil.copy(snapshot, folder / "snapshot_iter_90")
        shutil.copy(two / "model.npz", folder / "model.npz")
        shutil.copy(five / "log", folder / "log_5_epochs.json")
        shutil.copy(resumed / "log", folder / "log_resumed.json")
    _write_model(folder)


def _run_digits(*arguments: str) -> None:
    sys.argv = [str(SCRIPT), *ARGUMENTS, *arguments]
    with _silence():
        runpy.run_path(str(SCRIPT), run_name="__main__")


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Send the file descriptor elsewhere: PrintReport took hold of `sys.stdout` on import."""
    kept = os.dup(1)
    with pathlib.Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
        sys.stdout.flush()
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _write_model(folder: pathlib.Path) -> None:
    """The same weights as hdf5, and the outputs that belong to them."""
    example = runpy.run_path(str(SCRIPT))
    model = chainer.links.Classifier(example["MLP"](16, 10))
    x = np.stack([image for image, _ in example["get_digits"]()[1][:20]])
    chainer.serializers.load_npz(folder / "model.npz", model)
    y = model.predictor(x).array
    chainer.serializers.save_hdf5(folder / "model.h5", model)
    np.savez_compressed(folder / "outputs.npz", x=x, y=y)


def write_links(folder: pathlib.Path) -> None:
    """The file of each link, an input, and the output that belongs to it."""
    inputs, outputs = {}, {}
    for name in weights.CASES:
        found = _outcome(weights.saved, name)
        (folder / f"{name}.npz").write_bytes(found["npz"])
        inputs[name], outputs[name] = found["x"], found["y"]
    np.savez_compressed(folder / "inputs.npz", **inputs)
    np.savez_compressed(folder / "outputs.npz", **outputs)


def write_optimizers(folder: pathlib.Path) -> None:
    """Snapshots in the keys of each optimizer, and where three more iterations lead."""
    for name in tiny.OPTIMIZERS:
        np.random.seed(0)
        updater = tiny.updater(chainer, np, name)
        for iterations in (3, 6):
            while updater.iteration < iterations:
                updater.update()
            chainer.serializers.save_npz(folder / f"{name}_{iterations}.npz", updater)


def write_events(path: pathlib.Path) -> None:
    """The event logs of the hand-written plans."""
    logs = {
        name: {"plan": plan, "outcome": events.run_trainer(chainer, np, plan)}
        for name, plan in plans.PLANS.items()
    }
    path.write_text(json.dumps(logs, indent=1) + "\n", encoding="utf-8")


def write_full_run(path: pathlib.Path) -> None:
    """The event log of a run with every extension that Chainer has."""
    with _silence():
        value = _outcome(full_run.run_every_extension)
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def _outcome(body: _running.Body, *args: Any) -> Any:
    """What a body gives, from known seeds."""
    outcome = _running.run(chainer, body, args)
    if isinstance(outcome, _running.Raised):
        sys.exit(str(outcome))
    return outcome.value


def write(folder: pathlib.Path) -> None:
    """Write all golden files into `folder`."""
    training.trainer._get_time = lambda: 0.0
    random.seed(0)
    folders = {"digits": write_digits, "links": write_links, "optimizers": write_optimizers}
    for name, writer in folders.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        writer(folder / name)
    write_events(folder / "events.json")
    write_full_run(folder / "full_run.json")


def check() -> int:
    """Compare what would be written with what is there."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = pathlib.Path(scratch)
        write(fresh)
        names = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
        stale = [name for name in names if not _agrees(_golden.FOLDER / name, fresh / name)]
    for name in stale:
        print(f"golden/{name} is not what Chainer writes now", file=sys.stderr)
    return int(bool(stale))


def _agrees(old: pathlib.Path, new: pathlib.Path) -> bool:
    return old.exists() and not _golden.differences(_golden.read(old), _golden.read(new))


def main() -> int:
    """Write, or compare."""
    parser = argparse.ArgumentParser(description="Write the golden files.")
    parser.add_argument("--check", action="store_true", help="compare only; 1 if they differ")
    if parser.parse_args().check:
        return check()
    write(_golden.FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
