"""Chainer's npz format: save, load, and the deserializer between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainer_compat.serializers._archive import NpzArchive
from chainer_compat.serializers._dictionary import is_plain_module, serialize
from chainer_compat.serializers._loading import IgnoreNames, StoreDeserializer, load_object
from chainer_compat.serializers._mapping_store import MappingStore
from chainer_compat.serializers._zip_writer import write_npz

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from chainer_compat.serializers._limits import Limits

__all__ = ["NpzDeserializer", "load_npz", "save_npz"]


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


class NpzDeserializer(StoreDeserializer):
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
        store = npz if isinstance(npz, NpzArchive) else MappingStore(npz)
        super().__init__(store, path, strict, ignore_names)


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

    Arrays beyond the first 8 MB are filled when ``obj.serialize`` has returned and every checksum
    has been verified; what an object computes from such arrays, it should compute later. Ctrl-C
    while they are filled is raised when all of them are.

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
    with NpzArchive(file, limits) as archive:
        if is_plain_module(obj):
            from chainer_compat.serializers.convert import load_from_store

            return load_from_store(archive, obj, path, strict, ignore_names)
        load_object(archive, obj, path, strict, ignore_names)
    return None
