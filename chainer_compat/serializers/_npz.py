"""Chainer's npz format: save, load, and the deserializer between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.serializer import Deserializer
from chainer_compat.serializers._archive import NpzArchive
from chainer_compat.serializers._dictionary import is_plain_module, serialize
from chainer_compat.serializers._explain import load_all_or_nothing
from chainer_compat.serializers._mapping_store import MappingStore
from chainer_compat.serializers._session import DirectSession, Session, Store
from chainer_compat.serializers._zip_writer import write_npz

if TYPE_CHECKING:
    import numpy as np

    from chainer_compat.serializers._limits import Limits

__all__ = ["NpzDeserializer", "load_npz", "save_npz"]

IgnoreNames = str | Callable[[str], bool] | Iterable[str | Callable[[str], bool]] | None


def save_npz(file: Any, obj: Any, compression: bool = True) -> None:
    """Saves an object in an npz file that Chainer and NumPy can read.

    A file that is given by its path appears under its name only when it is complete.

    Args:
        file: A path, or a binary file object. No suffix is added to a path.
        obj: Anything with ``serialize(serializer)``, a dictionary from key to array, or a torch
            module, whose parameters and buffers are saved under their names (``a/b`` for ``a.b``).
        compression: Whether to compress (by isal, at about Chainer's ratio).

    Raises:
        TypeError: If a value could only be saved as a pickle.
        OSError: If the file cannot be written; what was there before is intact.

    Example:
        >>> import io
        >>> import numpy as np
        >>> from chainer_compat import serializers
        >>> file = io.BytesIO()
        >>> serializers.save_npz(file, {"W": np.zeros((2, 3), np.float32)})
        >>> with serializers.NpzArchive(file) as archive:
        ...     archive["W"].shape
        (2, 3)
    """
    arrays = obj if isinstance(obj, dict) else serialize(obj)
    write_npz(file, arrays, compression=compression)


def _as_predicate(ignore_names: IgnoreNames) -> Callable[[str], bool]:
    rules = [] if ignore_names is None else ignore_names
    listed = list(rules) if isinstance(rules, (list, tuple)) else [rules]
    names = {rule for rule in listed if isinstance(rule, str)}
    tests: list[Callable[[str], bool]] = []
    for rule in listed:
        if callable(rule):
            tests.append(rule)
        elif not isinstance(rule, str):
            raise InvalidArgumentError(
                f"ignore_names takes a name, a function of a name, or a list of these; got {rule!r}"
            )
    return lambda key: key in names or any(test(key) for test in tests)


class NpzDeserializer(Deserializer):
    """Loads the values of an object from an npz file.

    Source: Chainer's page *Serializers*.

    Args:
        npz: An :class:`NpzArchive`, NumPy's npz object, or any mapping from key to array.
        path: What every key begins with.
        strict: Whether a value that the file lacks is an error; else it stays as it is.
        ignore_names: Values to leave as they are: a full key, a function of it that returns True
            for such, or a list of these.

    Raises:
        ValueError: If ``ignore_names`` is anything else.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.serializers import NpzDeserializer
        >>> deserializer = NpzDeserializer({"l1/b": np.ones(2)})
        >>> deserializer["l1"]("b", np.zeros(2, np.float32))
        array([1., 1.], dtype=float32)
    """

    def __init__(
        self,
        npz: Mapping[str, np.ndarray] | Any,
        path: str = "",
        strict: bool = True,
        ignore_names: IgnoreNames = None,
    ) -> None:
        self.npz = npz
        self.path = path
        self.strict = strict
        self.ignore_names = [] if ignore_names is None else ignore_names
        self._ignored = _as_predicate(ignore_names)
        store: Store = npz if isinstance(npz, NpzArchive) else MappingStore(npz)
        self._store = store
        self._session: Session = DirectSession(store)

    def _part(self, path: str) -> NpzDeserializer:
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__)
        part.path = path
        return part

    def within(self, session: Session) -> NpzDeserializer:
        """Returns a deserializer of the same place that hands each value to a session.

        Args:
            session: What keeps count of one load.
        """
        part = self._part(self.path)
        part.__dict__["_session"] = session
        return part

    def __getitem__(self, key: str) -> NpzDeserializer:
        return self._part(f"{self.path}{key.strip('/')}/")

    def __call__(self, key: str, value: Any) -> Any:
        full = self.path + key.lstrip("/")
        if not self.strict and full not in self._store:
            return value
        if self._ignored(full):
            return value
        return self._session.assign(full, value)


def load_npz(
    file: Any,
    obj: Any,
    path: str = "",
    strict: bool | str = True,
    ignore_names: IgnoreNames = None,
    *,
    limits: Limits | None = None,
) -> Any:
    """Loads an object from an npz file, all of it or nothing, and never runs what is in the file.

    Args:
        file: A path or a binary file object.
        obj: Anything with ``serialize(serializer)``, or a torch module, which is filled as
            :func:`chainer_compat.serializers.convert.load_weights` does.
        path: Where in the file the object is: ``"updater/model:main/"`` loads the model out of a
            snapshot of a trainer.
        strict: True: the file must have every value of the object. False: what it lacks stays as
            it is. ``"exact"``: it must not have any others either.
        ignore_names: Values to leave as they are: a full key, a function of it that returns True
            for such, or a list of these.
        limits: Caps on how much the file may make this process allocate.

    Returns:
        None; for a torch module, the report of what went where.

    Raises:
        KeyError: If a value is missing (a :class:`SnapshotMismatchError`, with the whole list).
        ValueError: If a shape differs, or the file is damaged.
        TypeError: If a value cannot be cast safely.

    Example:
        >>> import io
        >>> from chainer_compat import serializers
        >>> class Counter:
        ...     count = 3
        ...     def serialize(self, serializer):
        ...         self.count = serializer("count", self.count)
        >>> file = io.BytesIO()
        >>> serializers.save_npz(file, Counter())
        >>> other = Counter(); other.count = 0
        >>> serializers.load_npz(file, other)
        >>> other.count
        3
    """
    if is_plain_module(obj):
        from chainer_compat.serializers.convert import load_weights

        ignored = _as_predicate(ignore_names)
        return load_weights(
            file, obj, path=path, strict=strict, ignore_names=ignored, limits=limits
        )
    with NpzArchive(file, limits) as archive:
        deserializer = NpzDeserializer(archive, path, bool(strict), ignore_names)
        load_all_or_nothing(
            archive,
            obj,
            deserializer.within,
            path=path,
            exact=strict == "exact",
            ignored=_as_predicate(ignore_names),
        )
    return None


# fmt: skip
