"""Objects pickled into a file one after the other.

Unpickling runs what a file tells it to. Nothing else in this package unpickles anything; these
classes do, and only where the caller names them. Open no file from a source that is not trusted.
"""

from __future__ import annotations

import os
import pathlib
import pickle
import threading
from typing import TYPE_CHECKING, Any

from chainer_compat.dataset import DatasetMixin
from chainer_compat.errors import InvalidArgumentError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "PickleDataset",
    "PickleDatasetWriter",
    "open_pickle_dataset",
    "open_pickle_dataset_writer",
]

Path = str | os.PathLike[str]


class PickleDatasetWriter:
    """Writes objects for :class:`PickleDataset`.

    Args:
        writer: A binary file object.
        protocol: The pickle protocol.

    Source: Chainer's reference, *chainer.datasets.PickleDatasetWriter*.
    """

    def __init__(self, writer: Any, protocol: int = pickle.HIGHEST_PROTOCOL) -> None:
        self._positions: list[int] = []
        self._writer = writer
        self._protocol = protocol

    def write(self, x: Any) -> None:
        """Writes one example.

        Args:
            x: Anything that can be pickled.
        """
        position = self._writer.tell()
        pickle.dump(x, self._writer, protocol=self._protocol)
        self._positions.append(position)

    def flush(self) -> None:
        """Flushes the file object, if it can be."""
        if hasattr(self._writer, "flush"):
            self._writer.flush()

    def close(self) -> None:
        """Closes the file object."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class PickleDataset(DatasetMixin):
    """Objects that a :class:`PickleDatasetWriter` wrote, each read when it is asked for.

    Making the dataset reads the whole file once, to learn where objects begin. **Reading an
    object runs what the file tells it to**: open only files that you trust.

    Args:
        reader: A binary file object with random access. If it has a method ``after_fork``, that
            is called before the first read in a forked process.

    Raises:
        ValueError: If the file object has no random access.

    Source: Chainer's reference, *chainer.datasets.PickleDataset*.
    """

    def __init__(self, reader: Any) -> None:
        if not reader.seekable():
            raise InvalidArgumentError("reader must support random access")
        self._reader = reader
        self._positions: list[int] = []
        reader.seek(0)
        while True:
            position = reader.tell()
            try:
                pickle.load(reader)  # noqa: S301 -- what the class is for, see above
            except EOFError:
                break
            self._positions.append(position)
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._positions)

    def get_example(self, index: int) -> Any:
        """Reads one object.

        Args:
            index: Its index.
        """
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                after_fork = getattr(self._reader, "after_fork", None)
                if callable(after_fork):
                    after_fork()
            self._reader.seek(self._positions[index])
            return pickle.load(self._reader)  # noqa: S301 -- what the class is for, see above

    def close(self) -> None:
        """Closes the file object; after that no object can be read."""
        with self._lock:
            self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: all but the lock; the file object has to see to itself."""
        state = self.__dict__.copy()
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()


class _FileReader:
    """A file that can be pickled by its path, and opened again in a forked process.

    A file that was open at a fork is read by both processes from one position.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()

    def _open(self) -> None:
        self._file = pathlib.Path(self._path).open("rb")  # noqa: SIM115 -- open as long as the dataset is

    def after_fork(self) -> None:
        self._file.close()
        self._open()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._file, name)

    def __del__(self) -> None:
        file = self.__dict__.get("_file")
        if file is not None:
            file.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"_path": self._path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()


def open_pickle_dataset(path: Path) -> PickleDataset:
    """Opens a file of pickled objects as a dataset.

    **Reading an object runs what the file tells it to**: open only files that you trust.

    Args:
        path: The file.

    Returns:
        The dataset, which closes the file at the end of a ``with`` block.

    Example:
        >>> import os, tempfile
        >>> from chainer_compat import datasets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, 'data.pickle')
        ...     with datasets.open_pickle_dataset_writer(path) as writer:
        ...         writer.write(('first', 1))
        ...         writer.write(('second', 2))
        ...     with datasets.open_pickle_dataset(path) as dataset:
        ...         dataset[1]
        ('second', 2)
    """
    return PickleDataset(_FileReader(path))


def open_pickle_dataset_writer(
    path: Path, protocol: int = pickle.HIGHEST_PROTOCOL
) -> PickleDatasetWriter:
    """Opens a file to write objects to, for :func:`open_pickle_dataset`.

    Args:
        path: The file; what it holds is replaced.
        protocol: The pickle protocol.
    """
    return PickleDatasetWriter(pathlib.Path(path).open("wb"), protocol=protocol)
