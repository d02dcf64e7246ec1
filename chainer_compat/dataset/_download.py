"""Downloads and made files, kept in the dataset folder.

The folder's layout is an interface that scripts and other versions share: downloads lie at
``_dl_cache/<md5 of the URL>``, datasets at paths of their own such as
``pfnet/chainer/mnist/train.npz``.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request
from typing import IO, TYPE_CHECKING, Any, TypeVar

from chainer_compat.errors import DatasetFileError, DownloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "cache_or_load_file",
    "cached_download",
    "get_dataset_directory",
    "get_dataset_root",
    "set_dataset_root",
]

T = TypeVar("T")

_CHUNK = 1 << 20
# Without a word from the server; a slow download takes as long as it takes.
_TIMEOUT_SECONDS = 60.0

_dataset_root = os.environ.get("CHAINER_DATASET_ROOT") or None


def get_dataset_root() -> str:
    """Returns the folder of all datasets.

    It is what :func:`set_dataset_root` was given, else the environment's
    ``CHAINER_DATASET_ROOT``, else ``~/.chainer/dataset``.
    """
    return _dataset_root or str(pathlib.Path("~/.chainer/dataset").expanduser())


def set_dataset_root(path: str | os.PathLike[str]) -> None:
    """Sets the folder of all datasets.

    Args:
        path: The folder; made when it is needed.

    Example:
        >>> from chainer_compat import dataset
        >>> before = dataset.get_dataset_root()
        >>> dataset.set_dataset_root('/data')
        >>> dataset.get_dataset_directory('mine/images', create_directory=False)
        '/data/mine/images'
        >>> dataset.set_dataset_root(before)
    """
    global _dataset_root  # noqa: PLW0603 -- one folder for the whole process, as in Chainer
    _dataset_root = os.fspath(path)


def get_dataset_directory(dataset_name: str, create_directory: bool = True) -> str:
    """Returns the folder of one dataset.

    Args:
        dataset_name: Its name, which may have slashes.
        create_directory: Whether to make the folder if it is not there.

    Raises:
        OSError: If it cannot be made.
    """
    path = pathlib.Path(get_dataset_root(), dataset_name)
    if create_directory:
        path.mkdir(parents=True, exist_ok=True)
    return str(path)


def cached_download(url: str, *, md5: str | None = None, mirrors: Sequence[str] = ()) -> str:
    """Downloads a file unless it has been downloaded before.

    A file appears at its place only when it is complete. Several processes that ask for one file
    at once download it once.

    Args:
        url: Where the file is.
        md5: The checksum that a download must have; None to take any.
        mirrors: Where else the same file is, tried in turn if the first place fails.

    Returns:
        The file's path.

    Raises:
        OSError: If the cache cannot be made, or no place gives the file.
        ValueError: If what was downloaded has another checksum.
    """
    folder = pathlib.Path(get_dataset_directory("_dl_cache"))
    path = folder / hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()
    if not path.exists():
        with _locked(path):
            if not path.exists():
                _download_to(path, (url, *mirrors), md5)
    return str(path)


def _download_to(path: pathlib.Path, urls: Sequence[str], md5: str | None) -> None:
    failures: list[Exception] = []
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        partial = pathlib.Path(folder, "dl")
        for url in urls:
            sys.stderr.write(f"Downloading from {url}...\n")
            sys.stderr.flush()
            try:
                _fetch(url, partial, md5)
            except (OSError, DatasetFileError) as error:
                if isinstance(error, urllib.error.HTTPError):
                    error.close()  # it holds the connection
                failures.append(error)
            else:
                partial.replace(path)
                return
    told = "; ".join(f"{url}: {error}" for url, error in zip(urls, failures, strict=True))
    # A file that came, and was another, is worse than one that did not come.
    wrong = any(isinstance(error, DatasetFileError) for error in failures)
    raise (DatasetFileError if wrong else DownloadError)(
        f"cannot download {told}. If you have the file, put it at {path}"
    ) from failures[0]


def _fetch(url: str, path: pathlib.Path, md5: str | None) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with (
        urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response,  # noqa: S310 -- the caller's URL, as in Chainer
        path.open("wb") as file,
    ):
        length = response.headers.get("Content-Length")
        while chunk := response.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        if length is not None and file.tell() != int(length):
            raise DownloadError(f"the connection broke after {file.tell()} of {length} bytes")
        _sync(file)
    if md5 is not None and digest.hexdigest() != md5:
        raise DatasetFileError(f"expected the MD5 checksum {md5}, got {digest.hexdigest()}")


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def cache_or_load_file(path: str, creator: Callable[[str], T], loader: Callable[[str], T]) -> T:
    """Loads a file, or makes it if it is not there.

    A file appears at its place only when it is complete. Several processes that ask for one file
    at once make it once.

    Args:
        path: The file.
        creator: Called with a path of the same base name to write the file to; returns its
            content.
        loader: Called with the path of the file that is there; returns its content.

    Returns:
        What the creator or the loader returned.

    Raises:
        RuntimeError: If the folder of datasets cannot be made.

    Example:
        >>> import os, tempfile
        >>> from chainer_compat.dataset import cache_or_load_file
        >>> def make(path):
        ...     with open(path, 'w') as file:
        ...         file.write('made')
        ...     return 'made'
        >>> def load(path):
        ...     return 'loaded'
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, 'file.txt')
        ...     cache_or_load_file(path, make, load), cache_or_load_file(path, make, load)
        ('made', 'loaded')
    """
    place = pathlib.Path(path)
    if place.exists():
        return loader(path)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetFileError(
            f"cannot create dataset directory {place.parent}: {error}"
        ) from error
    with _locked(place):
        if place.exists():
            return loader(path)
        # Beside its place, for only within a file system is a move all or nothing.
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            made = pathlib.Path(folder, place.name)
            content = creator(str(made))
            made.replace(place)
    return content


@contextlib.contextmanager
def _locked(path: pathlib.Path) -> Iterator[Any]:
    # The lock's file stays: were it removed, a third process could lock another of this name.
    with path.with_name(path.name + ".lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
