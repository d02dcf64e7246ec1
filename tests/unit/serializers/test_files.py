from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import pytest

from chainer_compat.serializers._atomic import atomic_file, sync_folder
from chainer_compat.serializers._progress import Progress


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
        assert terminal.getvalue() == "\rsaving x [########......................]  25% of 4 MB\n"

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
