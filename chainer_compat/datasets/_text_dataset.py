"""Lines of text files."""

from __future__ import annotations

import os
import pathlib
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any

from chainer_compat.dataset import DatasetMixin
from chainer_compat.errors import InvalidArgumentError

__all__ = ["TextDataset"]

Path = str | os.PathLike[str]
PerFile = str | None | Sequence[str | None]


class TextDataset(DatasetMixin):
    r"""Lines of text files, each read when it is asked for.

    Where lines begin is found out once, when the dataset is made, and pickled with it: the files
    must not change afterwards. Processes that are forked open the files for themselves.

    Args:
        paths: The path of a text file, whose lines are then the examples, with their line ends;
            or paths of several files of as many lines, whose examples are tuples of a line each.
        encoding: The encoding of the files, or of each one; Python's default if None.
        errors: What ``open`` takes, for all or for each one.
        newline: Likewise.
        filter_func: Called with the lines of an example, one of each file; those for which it
            returns False are left out.

    Raises:
        ValueError: If no file is given, the files differ in their number of lines, or an option
            is given for another number of files.

    Source: Chainer's reference, *chainer.datasets.TextDataset*.

    Example:
        >>> import os, tempfile
        >>> from chainer_compat.datasets import TextDataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, 'words.txt')
        ...     with open(path, 'w') as file:
        ...         _ = file.write('one\ntwo\nthree\n')
        ...     dataset = TextDataset(path, filter_func=lambda line: 't' in line)
        ...     dataset[:]
        ['two\n', 'three\n']
    """

    def __init__(
        self,
        paths: Path | Sequence[Path],
        encoding: PerFile = None,
        errors: PerFile = None,
        newline: PerFile = None,
        filter_func: Callable[..., Any] | None = None,
    ) -> None:
        self._paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        if not self._paths:
            raise InvalidArgumentError("at least one text file must be specified")
        options = {"encoding": encoding, "errors": errors, "newline": newline}
        per_file = {name: _for_each(option, len(self._paths)) for name, option in options.items()}
        for name, given in per_file.items():
            if len(given) != len(self._paths):
                raise InvalidArgumentError(
                    "length of each option must match with the number of text files to read: "
                    f"{len(given)} of `{name}` for {len(self._paths)} files"
                )
        self._options = [
            dict(zip(per_file, given, strict=True))
            for given in zip(*per_file.values(), strict=True)
        ]
        self._open()
        self._lock = threading.Lock()
        try:
            # `_bounds[k][i]` is where line i of file k begins; `_lines` are those not filtered.
            self._bounds, self._lines = self._find_lines(filter_func)
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._pid = os.getpid()
        self._fps: list[IO[str]] = []
        for path, options in zip(self._paths, self._options, strict=True):
            self._fps.append(pathlib.Path(path).open(**options))  # noqa: SIM115 -- open as long as the dataset is

    def _find_lines(
        self, filter_func: Callable[..., Any] | None
    ) -> tuple[list[list[int]], Sequence[int]]:
        bounds: list[list[int]] = [[0] for _ in self._fps]
        accepted = []
        number = 0
        while any(lines := [file.readline() for file in self._fps]):
            if not all(lines):
                raise InvalidArgumentError(
                    "number of lines in files does not match: "
                    f"{[os.fspath(path) for path in self._paths]} part at line {number}"
                )
            for file_bounds, file in zip(bounds, self._fps, strict=True):
                file_bounds.append(file.tell())
            if filter_func is not None and filter_func(*lines):
                accepted.append(number)
            number += 1
        return bounds, range(number) if filter_func is None else accepted

    def __len__(self) -> int:
        return len(self._lines)

    def get_example(self, idx: int) -> str | tuple[str, ...]:
        """Reads one line of each file.

        Args:
            idx: Its index.

        Raises:
            IndexError: If there is no such line; negative indices are not counted back.
        """
        if not 0 <= idx < len(self._lines):
            raise IndexError(f"dataset index {idx} is out of range for {len(self)} examples")
        number = self._lines[idx]
        with self._lock:
            # A file that was open at a fork is read by both processes from one position.
            if self._pid != os.getpid():
                self._open()
            lines = []
            for file, bounds in zip(self._fps, self._bounds, strict=True):
                file.seek(bounds[number])
                lines.append(file.readline())
        return lines[0] if len(lines) == 1 else tuple(lines)

    def close(self) -> None:
        """Closes the files; after that no line can be read."""
        for file in self._fps:
            file.close()

    def __del__(self) -> None:
        for file in self.__dict__.get("_fps", ()):
            file.close()

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: all but the open files."""
        state = self.__dict__.copy()
        del state["_fps"], state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()
        self._lock = threading.Lock()


def _for_each(option: PerFile, number: int) -> Sequence[str | None]:
    return [option] * number if option is None or isinstance(option, str) else option
