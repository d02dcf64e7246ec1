"""Write snapshots and models with Chainer 1.24.0, 2.1.0 and 3.5.0 themselves.

    python -m tests.parity.write_old_golden [--check]

The releases do not install on a current Python, but their source archives import with NumPy 1.23.5
once NumPy's removed spellings are back. So: pip in an environment of its own, whose setuptools is
old enough to read their setup.py, downloads the archives; each is unpacked and put on PYTHONPATH of
the oracle's Python, which runs old_training.py. A second run gives the same bytes, for hashes are
fixed and the clock stands still; `--check` compares by content (see `_golden`).

    golden/old/1.24.0/version1.json     what version1_script.py writes
                      v1_style.json     the log of examples/legacy/v1_style.py
    golden/old/VERSION/snapshot_iter_20   the trainer after two epochs
                       model.npz, model.h5  its model
                       norm.npz, norm.h5    a model with batch normalization
                       log.json             of three epochs without a stop
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv

from tests.parity import _golden, _oracle

RELEASES = ("1.24.0", "2.1.0", "3.5.0")
SCRIPT = pathlib.Path(__file__).with_name("old_training.py")
DIALECT = pathlib.Path(__file__).with_name("version1_script.py")
EXAMPLE = _oracle.ROOT / "examples" / "legacy" / "v1_style.py"

# Runs in the oracle's Python, before anything of Chainer's.
PRELUDE = """
import collections, collections.abc, runpy, sys, time
import numpy as np
time.time = time.perf_counter = lambda: 0.0
for kind in (bool, int, float, complex, object, str):
    if kind.__name__ not in vars(np):
        setattr(np, kind.__name__, kind)
np.asscalar = lambda array: array.item()
vars(collections).update({name: getattr(collections.abc, name) for name in collections.abc.__all__})
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def download(folder: pathlib.Path) -> None:
    """Put the unpacked archives into `folder`."""
    venv.create(folder / "env", with_pip=True)
    pip = [folder / "env" / "bin" / "python", "-m", "pip", "--quiet"]
    subprocess.run([*pip, "install", "setuptools<58", "wheel"], check=True)
    options = ["--no-binary", ":all:", "--no-deps", "--no-build-isolation", "--dest", folder]
    for release in RELEASES:
        # pip reads the metadata after it has saved the archive, and may fail at that.
        subprocess.run([*pip, "download", *options, f"chainer=={release}"], check=False)
        with tarfile.open(folder / f"chainer-{release}.tar.gz") as archive:
            archive.extractall(folder, filter="data")


def write(release: str, sources: pathlib.Path, folder: pathlib.Path) -> None:
    """Run the script under one release and keep what the tests need."""
    with tempfile.TemporaryDirectory() as scratch:
        two, three = pathlib.Path(scratch) / "two", pathlib.Path(scratch) / "three"
        for out, epochs in ((two, "2"), (three, "3")):
            run(release, sources, SCRIPT, out, epochs)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("snapshot_iter_20", "model.npz", "model.h5", "norm.npz", "norm.h5"):
            shutil.copyfile(two / name, folder / name)
        shutil.copyfile(three / "log", folder / "log.json")
        if release == RELEASES[0]:
            run(release, sources, DIALECT, folder / "version1.json")
            run(release, sources, EXAMPLE, "--iteration", "50", "--out", scratch)
            shutil.copyfile(pathlib.Path(scratch) / "log", folder / "v1_style.json")


def run(release: str, sources: pathlib.Path, *command: str | pathlib.Path) -> None:
    """Run a script with its arguments under one release."""
    subprocess.run(
        [_oracle.python(), "-W", "ignore", "-c", PRELUDE, *command],
        env={**_oracle.environment(), "PYTHONPATH": str(sources / f"chainer-{release}")},
        check=True,
    )


def main() -> int:
    """Write, or compare."""
    parser = argparse.ArgumentParser(description="Write golden files with old releases.")
    parser.add_argument("--check", action="store_true", help="compare only; 1 if they differ")
    parser.add_argument("--sources", type=pathlib.Path, help="where the archives are unpacked")
    options = parser.parse_args()
    stale = []
    with tempfile.TemporaryDirectory() as scratch:
        sources = options.sources or pathlib.Path(scratch)
        if not options.sources:
            download(sources)
        for release in RELEASES:
            kept = _golden.FOLDER / "old" / release
            if not options.check:
                write(release, sources, kept)
                continue
            fresh = pathlib.Path(scratch) / "fresh" / release
            write(release, sources, fresh)
            stale += [path for path in kept.iterdir() if not _agrees(path, fresh / path.name)]
    for path in stale:
        print(f"{os.path.relpath(path)} is not what it says it is", file=sys.stderr)
    return int(bool(stale))


def _agrees(old: pathlib.Path, new: pathlib.Path) -> bool:
    return not _golden.differences(_golden.read(old), _golden.read(new))


if __name__ == "__main__":
    sys.exit(main())
