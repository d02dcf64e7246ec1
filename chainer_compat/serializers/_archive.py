"""An npz file as a mapping from key to array, opened safely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from typing_extensions import Self

from chainer_compat.errors import FileFormatError
from chainer_compat.serializers._kinds import is_of_torch, other_kind
from chainer_compat.serializers._limits import Limits
from chainer_compat.serializers._members import Member
from chainer_compat.serializers._source import ByteSource, open_source
from chainer_compat.serializers._zip_reader import ZipEntry, is_zip, read_directory

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["NpzArchive"]


def _entry_keys(entries: list[ZipEntry]) -> dict[str, ZipEntry]:
    return {
        entry.name.removesuffix(".npy"): entry for entry in entries if not entry.name.endswith("/")
    }


class NpzArchive(Mapping[str, np.ndarray]):
    """Reads arrays out of an npz file and never runs what is in it.

    Sizes are compared with the caps before anything is allocated, an array's CRC is checked when
    it is read, and pickled objects are refused, all but ``None``.

    Args:
        file: A path or a binary file object.
        limits: The caps; :class:`Limits` has generous defaults.

    Raises:
        FileFormatError: If the file is no npz file, or damaged.
        UnsafeFileError: If it is refused.

    Example:
        >>> import io
        >>> from chainer_compat.serializers import NpzArchive, save_npz
        >>> file = io.BytesIO()
        >>> save_npz(file, {"x": [1, 2]})
        >>> with NpzArchive(file) as archive:
        ...     print(list(archive), archive["x"])
        ['x'] [1 2]
    """

    def __init__(self, file: Any, limits: Limits | None = None) -> None:
        self._source: ByteSource = open_source(file)
        self.name = self._source.name
        try:
            self._check_kind()
            entries = read_directory(self._source)
            if is_of_torch(entry.name for entry in entries):
                raise FileFormatError(
                    f"{self.name}: is no npz file but one of torch.save: use torch.load"
                )
            plain = sum(entry.plain for entry in entries)
            (limits or Limits()).check(self.name, stored=self._source.size, plain=plain)
        except BaseException:
            self.close()
            raise
        self._entries = _entry_keys(entries)
        # Chainer's first versions put a slash before every key.
        self._slashed = {key.lstrip("/"): key for key in self._entries if key.startswith("/")}
        self._members: dict[str, Member] = {}

    def _check_kind(self) -> None:
        head = self._source.read(0, min(8, self._source.size))
        if is_zip(head):
            return
        what = other_kind(head)
        if what is not None:
            raise FileFormatError(f"{self.name}: is no npz file but {what}")
        raise FileFormatError(f"{self.name}: is no npz file (it begins with {head!r})")

    @property
    def files(self) -> list[str]:
        """The keys, as NumPy's own npz object calls them."""
        return list(self)

    def member(self, key: str) -> Member:
        """Returns an array's header and the way to its data.

        Args:
            key: The array's name.

        Raises:
            KeyError: If there is none.
        """
        found = self._members.get(key)
        if found is None:
            entry = self._entries.get(key) or self._entries[self._slashed[key.lstrip("/")]]
            found = self._members[key] = Member(self._source, entry)
        return found

    def release(self, key: str) -> None:
        """Forgets what is held of an array.

        Args:
            key: The array's name.
        """
        self._members.pop(key, None)

    def __getitem__(self, key: str) -> np.ndarray:
        array = self.member(key).read()
        self.release(key)
        return array

    def __contains__(self, key: object) -> bool:
        return key in self._entries or (isinstance(key, str) and key.lstrip("/") in self._slashed)

    def __iter__(self) -> Iterator[str]:
        return (key.lstrip("/") for key in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def close(self) -> None:
        """Closes the file."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
