from __future__ import annotations

import hashlib
import multiprocessing
import os
import pathlib
import threading

import pytest

from chainer_compat import dataset
from chainer_compat.dataset import _download
from tests.unit.datasets._server import Server


@pytest.fixture
def server():
    with Server({"/data": b"content"}) as running:
        yield running


@pytest.fixture(autouse=True)
def root(tmp_path):
    before = _download._dataset_root
    dataset.set_dataset_root(tmp_path / "root")
    yield tmp_path / "root"
    _download._dataset_root = before


class TestFolders:
    def test_the_root_is_set_or_in_the_environment_or_at_home(self, monkeypatch, root):
        assert dataset.get_dataset_root() == str(root)
        monkeypatch.setattr(_download, "_dataset_root", None)
        monkeypatch.setenv("HOME", "/home/someone")
        assert dataset.get_dataset_root() == "/home/someone/.chainer/dataset"

    def test_the_environment_is_read_on_import(self):
        import subprocess
        import sys

        told = subprocess.run(
            [
                sys.executable,
                "-c",
                "import chainer_compat.dataset as it; print(it.get_dataset_root())",
            ],
            env={**os.environ, "CHAINER_DATASET_ROOT": "/elsewhere"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout == "/elsewhere\n"

    def test_a_datasets_folder_is_made_unless_told_not_to(self, root):
        assert dataset.get_dataset_directory("a/b", create_directory=False) == str(root / "a/b")
        assert not root.exists()
        assert dataset.get_dataset_directory("a/b") == str(root / "a/b")
        assert (root / "a/b").is_dir()

    def test_a_folder_that_cannot_be_made(self, root):
        root.write_text("a file")

        with pytest.raises(OSError, match="root"):
            dataset.cached_download("http://127.0.0.1/data")
        with pytest.raises(RuntimeError, match="cannot create dataset directory"):
            dataset.cache_or_load_file(str(root / "x" / "file"), None, None)


class TestDownload:
    def test_a_file_is_kept_under_the_md5_of_its_url(self, server, root, capsys):
        url = server.url + "/data"
        path = dataset.cached_download(url)

        assert path == str(root / "_dl_cache" / md5(url.encode()))
        assert pathlib.Path(path).read_bytes() == b"content"
        assert capsys.readouterr().err == f"Downloading from {url}...\n"

    def test_it_is_downloaded_once(self, server):
        url = server.url + "/data"
        assert dataset.cached_download(url) == dataset.cached_download(url)
        assert server.asked == ["/data"]

    def test_what_chainer_downloaded_is_found(self, server, root):
        url = server.url + "/data"
        path = root / "_dl_cache" / md5(url.encode())
        path.parent.mkdir(parents=True)
        path.write_bytes(b"old")

        assert dataset.cached_download(url) == str(path)
        assert server.asked == []

    def test_many_who_ask_at_once_download_once(self, server):
        url = server.url + "/data"
        threads = [threading.Thread(target=dataset.cached_download, args=(url,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert server.asked == ["/data"]

    def test_a_file_that_is_not_there(self, server, root):
        with pytest.raises(OSError, match=r"cannot download .*/nothing: .*404.*put it at .*root"):
            dataset.cached_download(server.url + "/nothing")
        assert leftovers(root) == []

    def test_a_connection_that_breaks_leaves_nothing(self, server, root):
        server.files["/cut"] = b"long content"
        server.cut["/cut"] = 4

        with pytest.raises(OSError, match="cannot download"):
            dataset.cached_download(server.url + "/cut")
        assert leftovers(root) == []

        server.cut.clear()
        assert (
            pathlib.Path(dataset.cached_download(server.url + "/cut")).read_bytes()
            == b"long content"
        )

    def test_a_wrong_checksum_leaves_nothing(self, server, root):
        with pytest.raises(ValueError, match="expected the MD5 checksum 123, got 9a0364b9"):
            dataset.cached_download(server.url + "/data", md5="123")
        assert leftovers(root) == []

    def test_a_right_checksum(self, server):
        dataset.cached_download(server.url + "/data", md5=md5(b"content"))

    def test_a_mirror_is_asked_if_the_first_place_fails(self, server, root):
        url, mirror = server.url + "/gone", server.url + "/data"
        path = dataset.cached_download(url, mirrors=[mirror])

        assert path == str(root / "_dl_cache" / md5(url.encode()))
        assert server.asked == ["/gone", "/data"]

    def test_a_mirror_with_other_content_does_not_count(self, server, root):
        with pytest.raises(ValueError, match=r"gone: .*404.*; .*data: expected the MD5"):
            dataset.cached_download(server.url + "/gone", md5="123", mirrors=[server.url + "/data"])

    def test_a_server_without_lengths(self, server):
        server.sends_length = False

        assert (
            pathlib.Path(dataset.cached_download(server.url + "/data")).read_bytes() == b"content"
        )


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def leftovers(root):
    return [path.name for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"]


class TestCacheOrLoad:
    def test_a_creator_that_fails_leaves_nothing(self, root):
        def create(path):
            pathlib.Path(path).write_text("half")
            raise KeyError

        with pytest.raises(KeyError):
            dataset.cache_or_load_file(str(root / "x.txt"), create, None)
        assert leftovers(root) == []

    def test_the_temporary_path_has_the_same_name(self, root):
        def create(path):
            pathlib.Path(path).write_text("whole")
            return pathlib.Path(path).name

        assert dataset.cache_or_load_file(str(root / "x.txt"), create, None) == "x.txt"
        assert (root / "x.txt").read_text() == "whole"

    def test_many_who_ask_at_once_create_once(self, root):
        made = []

        def create(path):
            made.append(path)
            pathlib.Path(path).write_text("made")
            return "made"

        def ask():
            dataset.cache_or_load_file(str(root / "x.txt"), create, lambda path: "loaded")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(made) == 1

    def test_processes_wait_for_each_other(self, root):
        context = multiprocessing.get_context("spawn")
        path = str(root / "x.txt")
        with context.Pool(2) as pool:
            results = pool.starmap(_create_or_load, [(path,), (path,)])

        assert sorted(results) == ["created", "loaded"]


def _create_or_load(path):
    def create(place):
        pathlib.Path(place).write_text("x")
        return "created"

    return dataset.cache_or_load_file(path, create, lambda path: "loaded")
