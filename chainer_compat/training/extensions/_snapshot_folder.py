"""The folder that snapshots live in: a local one, or any file system that fsspec knows."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from chainer_compat.errors import (
    FileFormatError,
    MissingDependencyError,
    NotSupportedError,
    SnapshotWriteError,
)
from chainer_compat.serializers._atomic import sync_folder
from chainer_compat.serializers._kinds import check_file

__all__ = ["Folder", "ManifestEntry", "folder_of", "state_iteration"]

MANIFEST = ".snapshots.jsonl"
_TEMPORARY = ".tmp-"

ManifestEntry = dict[str, Any]
Save = Callable[[str], None]


class Folder(Protocol):
    """Where snapshots are written, found, and deleted."""

    def save(self, name: str, save: Save, about: ManifestEntry) -> None:
        """Writes one file under a temporary name, checks it, and gives it its name."""

    def temporary(self) -> str:
        """A path for what is not complete yet."""

    def adopt(self, temporary: str, name: str, about: ManifestEntry) -> None:
        """Gives a folder that several processes have written its name."""

    def files(self) -> dict[str, float]:
        """The names of the files in the folder, with the times of their last change."""

    def size(self, name: str) -> int:
        """The size of a file in bytes."""

    @contextlib.contextmanager
    def local(self, name: str) -> Iterator[str]:
        """The path of a local file with the content of one in the folder."""

    def remove(self, name: str) -> None:
        """Deletes a file."""

    def manifest(self) -> dict[str, ManifestEntry]:
        """What has been written here, by name."""


def state_iteration(target: Any) -> int | None:
    """Returns the iteration that a serialized trainer is at, or None for anything else.

    Args:
        target: The dictionary from key to array.
    """
    found = target.get("updater/iteration") if isinstance(target, dict) else None
    return None if found is None else int(found)


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _entry(name: str, path: str, about: ManifestEntry) -> ManifestEntry:
    entry = {"name": name, **about, "time": time.time()}
    if Path(path).is_file():
        entry |= {"size": Path(path).stat().st_size, "sha256": _digest(path)}
    return entry


def _parse_manifest(text: str) -> dict[str, ManifestEntry]:
    entries: dict[str, ManifestEntry] = {}
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            name = entry["name"]
        except (ValueError, KeyError, TypeError):
            continue  # the last line of a run that was killed may be cut short
        entries.pop(name, None)
        if not entry.get("deleted"):
            entries[name] = entry
    return entries


def _written(path: str, name: str) -> None:
    """Makes sure that there is a whole file, and that it is on the disk."""
    if not Path(path).exists():
        raise SnapshotWriteError(f"the saving function wrote no file for snapshot {name!r}")
    if Path(path).is_dir():
        return
    with Path(path).open("rb+") as file:
        os.fsync(file.fileno())
    try:
        check_file(path)
    except FileFormatError as error:
        raise SnapshotWriteError(f"snapshot {name!r} was not written whole: {error}") from error


def _failed(name: str, where: str, error: OSError) -> SnapshotWriteError:
    reason = error.strerror or str(error)
    return SnapshotWriteError(
        error.errno,
        f"snapshot {name!r} could not be written to {where!r} ({reason}); "
        "earlier snapshots are as they were",
    )


class LocalFolder:
    """A folder of this machine.

    Args:
        path: The folder.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def save(self, name: str, save: Save, about: ManifestEntry) -> None:
        """Writes one file: temporary, synced, checked, renamed, folder synced.

        Args:
            name: The file's name.
            save: Called with the path to write to.
            about: What else to note in the manifest.

        Raises:
            SnapshotWriteError: If it could not be written; nothing has been replaced then.
        """
        final = self._path / name
        # A folder of its own, so that the saving function sees the name that the file will have.
        temporary = Path(self.temporary())
        try:
            temporary.mkdir()
            path = str(temporary / final.name)
            save(path)
            _written(path, name)
            entry = _entry(name, path, about)
            _replace(path, final)
            sync_folder(str(final))
            self._note(entry)
        except SnapshotWriteError:
            raise
        except OSError as error:
            raise _failed(name, str(self._path), error) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def temporary(self) -> str:
        """A path for what is not complete yet."""
        return str(self._path / f"{_temporary_prefix()}{secrets.token_hex(6)}")

    def adopt(self, temporary: str, name: str, about: ManifestEntry) -> None:
        """Gives a folder that several processes have written its name.

        Args:
            temporary: The folder's path, within this one.
            name: Its name.
            about: What else to note in the manifest.

        Raises:
            SnapshotWriteError: If that fails.
        """
        final = self._path / name
        try:
            for file in Path(temporary).iterdir():
                with file.open("rb+") as opened:
                    os.fsync(opened.fileno())
            sync_folder(str(Path(temporary, "any")))
            _replace(temporary, final)
            sync_folder(str(final))
            self._note(_entry(name, str(final), about))
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise _failed(name, str(self._path), error) from error

    def _note(self, entry: ManifestEntry) -> None:
        line = json.dumps(entry) + "\n"
        # One write in append mode: several writers may share the folder.
        descriptor = os.open(self._path / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def files(self) -> dict[str, float]:
        """The names of the files in the folder, with the times of their last change."""
        found = {}
        with contextlib.suppress(FileNotFoundError), os.scandir(self._path) as items:
            for item in items:
                if not item.name.startswith(_TEMPORARY):
                    with contextlib.suppress(FileNotFoundError):
                        found[item.name] = item.stat().st_mtime
        return found

    def size(self, name: str) -> int:
        """The size of a file in bytes.

        Args:
            name: The file's name.
        """
        return (self._path / name).stat().st_size

    @contextlib.contextmanager
    def local(self, name: str) -> Iterator[str]:
        """The path of a file.

        Args:
            name: The file's name.

        Yields:
            Its path.
        """
        yield str(self._path / name)

    def remove(self, name: str) -> None:
        """Deletes a file, and notes that.

        Args:
            name: The file's name.
        """
        path = self._path / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        self._note({"name": name, "deleted": True})

    def manifest(self) -> dict[str, ManifestEntry]:
        """What has been written here, by name; empty for a folder that Chainer wrote."""
        try:
            return _parse_manifest((self._path / MANIFEST).read_text("utf-8", errors="replace"))
        except FileNotFoundError:
            return {}

    def sweep(self) -> None:
        """Deletes what killed processes of this machine left half written."""
        own = _temporary_prefix(pid="")
        for item in self._path.glob(f"{_TEMPORARY}*"):
            if item.name.startswith(own):
                pid = item.name.removeprefix(own).partition("-")[0]
                if pid.isdigit() and not _is_alive(int(pid)):
                    shutil.rmtree(item, ignore_errors=True)


def _temporary_prefix(pid: str | None = None) -> str:
    number = f"{os.getpid()}-" if pid is None else pid
    return f"{_TEMPORARY}{socket.gethostname()}-{number}"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A dead process that nobody has waited for still has its number.
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        return state != "Z"
    return True


def _replace(path: str, final: Path) -> None:
    if Path(path).is_dir() and final.is_dir():
        shutil.rmtree(final)
    os.replace(path, final)  # noqa: PTH105 - str in


class RemoteFolder:
    """A folder of a file system that fsspec knows (``memory://``, ``s3://``, ...).

    Args:
        url: The folder.
    """

    def __init__(self, url: str) -> None:
        try:
            from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # it has no types
        except ImportError:
            raise MissingDependencyError(
                f"out={url!r} is a URL, which needs fsspec: pip install fsspec"
            ) from None
        self._files, root = url_to_fs(url)
        self._url = url
        self._root = root.rstrip("/")

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def save(self, name: str, save: Save, about: ManifestEntry) -> None:
        """Writes one file: locally first and checked, then under a temporary name, then moved.

        Args:
            name: The file's name.
            save: Called with the local path to write to.
            about: What else to note in the manifest.

        Raises:
            SnapshotWriteError: If it could not be written.
        """
        import tempfile

        with tempfile.TemporaryDirectory(prefix="chainer-compat-") as folder:
            path = str(Path(folder) / Path(name).name)
            remote = self._path(f"{_temporary_prefix()}{secrets.token_hex(6)}")
            try:
                save(path)
                _written(path, name)
                self._files.makedirs(self._root, exist_ok=True)
                self._files.put(path, remote, recursive=Path(path).is_dir())
                self._files.mv(remote, self._path(name), recursive=Path(path).is_dir())
                self._note(_entry(name, path, about))
            except SnapshotWriteError:
                raise
            except OSError as error:
                raise _failed(name, self._url, error) from error

    def temporary(self) -> str:
        """Refuses: several processes write into one local folder only."""
        raise NotSupportedError(
            f"snapshot_mode='sharded' cannot write to {self._url!r}; let out be a folder that all "
            "processes share"
        )

    def adopt(self, temporary: str, name: str, about: ManifestEntry) -> None:
        """Refuses, as :meth:`temporary` does.

        Args:
            temporary: The folder's path.
            name: Its name.
            about: What else to note in the manifest.
        """
        self.temporary()

    def _note(self, entry: ManifestEntry) -> None:
        # Object stores cannot append: the manifest is short, and is written anew.
        path = self._path(MANIFEST)
        before = self._files.cat_file(path) if self._files.exists(path) else b""
        self._files.pipe_file(path, before + json.dumps(entry).encode() + b"\n")

    def files(self) -> dict[str, float]:
        """The names of the files in the folder, with the times of their last change."""
        if not self._files.exists(self._root):
            return {}
        found = {}
        for item in self._files.ls(self._root, detail=True):
            name = item["name"].rstrip("/").rpartition("/")[2]
            if not name.startswith(_TEMPORARY):
                found[name] = self._modified(item)
        return found

    def _modified(self, item: dict[str, Any]) -> float:
        for key in ("mtime", "LastModified", "last_modified", "updated", "created"):
            value = item.get(key)
            if value is not None:
                return float(value.timestamp() if hasattr(value, "timestamp") else value)
        return 0.0

    def size(self, name: str) -> int:
        """The size of a file in bytes.

        Args:
            name: The file's name.
        """
        return int(self._files.size(self._path(name)))

    @contextlib.contextmanager
    def local(self, name: str) -> Iterator[str]:
        """A local copy of a file.

        Args:
            name: The file's name.

        Yields:
            The copy's path; it is deleted at the end.
        """
        import tempfile

        with tempfile.TemporaryDirectory(prefix="chainer-compat-") as folder:
            path = str(Path(folder) / name)
            self._files.get(self._path(name), path, recursive=True)
            yield path

    def remove(self, name: str) -> None:
        """Deletes a file, and notes that.

        Args:
            name: The file's name.
        """
        self._files.rm(self._path(name), recursive=True)
        self._note({"name": name, "deleted": True})

    def manifest(self) -> dict[str, ManifestEntry]:
        """What has been written here, by name."""
        path = self._path(MANIFEST)
        if not self._files.exists(path):
            return {}
        return _parse_manifest(self._files.cat_file(path).decode("utf-8", errors="replace"))

    def sweep(self) -> None:
        """Does nothing: what is left of other machines' writes is not known to be dead."""


def folder_of(out: Any) -> LocalFolder | RemoteFolder:
    """Returns the folder that a trainer's ``out`` names.

    Args:
        out: A path, or a URL such as ``s3://bucket/run``.
    """
    text = os.fspath(out)
    if text.startswith("file://"):
        return LocalFolder(text.removeprefix("file://"))
    return RemoteFolder(text) if "://" in text else LocalFolder(text)
