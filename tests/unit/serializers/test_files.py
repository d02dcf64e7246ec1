from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import serializers
from chainer_compat.serializers._atomic import atomic_file, sync_folder
from chainer_compat.serializers._describe import describe
from chainer_compat.serializers._progress import Progress
from chainer_compat.serializers._rewrite import rewrite
from chainer_compat.serializers._session import JOURNAL_BYTES


class TestAtomicFile:
    def test_the_file_appears_when_the_block_ends(self, tmp_path):
        path = tmp_path / "x"
        with atomic_file(path, durable=True) as file:
            file.write(b"new")
            assert not path.exists()
        assert path.read_bytes() == b"new"

    def test_permissions_of_an_existing_file_are_kept(self, tmp_path):
        path = tmp_path / "x"
        path.write_bytes(b"old")
        path.chmod(0o604)
        with atomic_file(path) as file:
            file.write(b"new")
        assert stat.S_IMODE(path.stat().st_mode) == 0o604

    def test_a_symbolic_link_stays_one(self, tmp_path):
        (tmp_path / "real").write_bytes(b"old")
        (tmp_path / "link").symlink_to("real")
        with atomic_file(tmp_path / "link") as file:
            file.write(b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_bytes() == b"new"

    def test_an_error_leaves_nothing_behind(self, tmp_path):
        with pytest.raises(ZeroDivisionError), atomic_file(tmp_path / "x"):
            raise ZeroDivisionError
        assert list(tmp_path.iterdir()) == []

    def test_a_device_is_written_to_directly(self):
        with atomic_file(os.devnull) as file:
            file.write(b"gone")
        assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)

    def test_a_folder_that_cannot_be_synced_is_no_error(self, tmp_path):
        sync_folder(str(tmp_path / "gone" / "x"))


@pytest.mark.parametrize("name", ["a.npz", "a.h5"])
@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_folder_that_is_none_is_told_by_the_files_own_name(tmp_path, name, folder):
    (tmp_path / "file").touch()
    path = tmp_path / folder / name
    save = serializers.save_hdf5 if path.suffix == ".h5" else serializers.save_npz
    error = FileNotFoundError if folder == "missing" else NotADirectoryError
    with pytest.raises(error) as caught:
        save(path, chainer.Link(w=(2,)))
    assert caught.value.filename == str(path)
    assert ".tmp" not in str(caught.value)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestProgress:
    def test_a_terminal_shows_it_after_a_while(self, monkeypatch):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        with Progress("saving x", 4_000_000, quiet_seconds=0) as progress:
            progress.advance(1_000_000)
            progress.advance(1_000_000)
        shown = terminal.getvalue().split("\r")
        assert shown[1] == "saving x [########......................]  25% of 4 MB"
        assert shown[2] == "saving x [###############...............]  50% of 4 MB\n"

    def test_quick_work_shows_nothing(self, monkeypatch):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        with Progress("saving x", 4) as progress:
            progress.advance(4)
        assert terminal.getvalue() == ""

    @pytest.mark.parametrize("stream", [io.StringIO(), None])
    def test_without_a_terminal_nothing_is_shown(self, monkeypatch, stream):
        monkeypatch.setattr(sys, "stderr", stream)
        with Progress("saving x", 4, quiet_seconds=0) as progress:
            progress.advance(4)
        assert stream is None or stream.getvalue() == ""

    def test_without_a_total_it_shows_what_is_done(self, monkeypatch):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        with Progress("saving x", None, quiet_seconds=0) as progress:
            progress.advance(3_000_000)
        assert terminal.getvalue() == "\rsaving x 3 MB\rsaving x 3 MB\n"

    def test_a_long_name_does_not_make_the_line_wrap(self, monkeypatch):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("COLUMNS", "90")
        with Progress(f"loading {'long/' * 30}name.npz", 4, quiet_seconds=0) as progress:
            progress.advance(4)
        line = terminal.getvalue().rpartition("\r")[2].strip()
        assert len(line) < 90
        assert line.startswith("loading ...")
        assert "name.npz [" in line


def _value(array):
    class Value:
        def serialize(self, serializer):
            serializer("x", array)

    return Value()


ARRAY = np.zeros(1000, np.float32)
WORK = {
    "save_npz": lambda file: serializers.save_npz(file, {"x": ARRAY}),
    "save_hdf5": lambda file: serializers.save_hdf5(file, {"x": ARRAY}),
    "save_hdf5 of an object": lambda file: serializers.save_hdf5(file, _value(ARRAY)),
    "save_safetensors": lambda file: serializers.save_safetensors(file, {"x": ARRAY}),
    "load_npz": lambda file: serializers.load_npz(npz(file), _value(np.empty(1000, "f"))),
    "load_npz of a module": lambda file: serializers.load_npz(npz(file), Module()),
    "load_hdf5": lambda file: serializers.load_hdf5(hdf5(file), _value(np.empty(1000, "f"))),
    "convert": lambda file: rewrite(npz(file), f"{file}.npz"),
    "inspect": lambda file: describe(npz(file), statistics=True),
}


def npz(file):
    np.savez(f"{file}.npz", x=ARRAY)
    return f"{file}.npz"


def hdf5(file):
    serializers.save_hdf5(f"{file}.h5", {"x": ARRAY})
    return f"{file}.h5"


class Module(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.x = torch.nn.Parameter(torch.ones(1000))


@pytest.mark.parametrize("name", WORK)
def test_whatever_takes_long_shows_how_far_it_is(name, tmp_path, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(Progress.__init__, "__defaults__", (0.0,))
    monkeypatch.setattr("chainer_compat.serializers._progress._BETWEEN_SECONDS", 0.0)
    monkeypatch.setattr("chainer_compat.serializers._session.JOURNAL_BYTES", 0)
    WORK[name](str(tmp_path / "file"))
    last = terminal.getvalue().rstrip().rpartition("\r")[2]
    assert "100% of 0 MB" in last or last.endswith(" 0 MB")


PEAK = """
import resource, sys
import h5py, numpy as np, isal.isal_zlib, torch
from chainer_compat import serializers

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

class Target:
    def __init__(self):
        size, count = int(sys.argv[3]), int(sys.argv[4])
        self.arrays = [np.ones(size, np.float32) for _ in range(count)]

    def serialize(self, serializer):
        for i, array in enumerate(self.arrays):
            serializer(str(i), array)

target = Target()
obj = target
if sys.argv[5] == "module":
    obj = torch.nn.ParameterList([torch.from_numpy(array) for array in target.arrays])
before = peak()
getattr(serializers, sys.argv[1])(sys.argv[2], obj)
assert all(array[7] == 7 for array in target.arrays)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is in other units elsewhere")
@pytest.mark.parametrize(
    ("kind", "size", "count"),
    [
        *((kind, 4_000_000, 6) for kind in ("npz", "npz plain", "hdf5", "safetensors")),
        *((kind, 200_000, 120) for kind in ("npz", "npz plain", "safetensors")),
        *((kind, 200_000, 120) for kind in ("npz module", "npz plain module")),
        ("npz plain module", 4_000_000, 6),
    ],
)
def test_a_load_takes_no_more_than_the_target_and_one_array(tmp_path, kind, size, count):
    array = np.random.default_rng(0).normal(size=size).astype(np.float32)
    array[7] = 7
    arrays, file = dict.fromkeys(map(str, range(count)), array), str(tmp_path / "file")
    form, *how = kind.split()
    if "plain" in how:
        serializers.save_npz(file, arrays, compression=False)
    else:
        getattr(serializers, f"save_{form}")(file, arrays)
    target = "module" if "module" in how else "object"
    command = [sys.executable, "-c", PEAK, f"load_{form}", file, str(size), str(count), target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # What is small is kept until the end, up to eight megabytes of it.
    assert int(done.stdout) < max(array.nbytes, JOURNAL_BYTES + (4 << 20))
