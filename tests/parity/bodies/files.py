"""Saves and loads plain values, and links, in Chainer's formats."""

from __future__ import annotations

import io
import pathlib
import tempfile


class Values:
    """An object whose values are given; a key with slashes goes through child serializers."""

    def __init__(self, values):
        self.values = dict(values)

    def serialize(self, serializer):
        for key, value in self.values.items():
            *parts, name = key.split("/")
            child = serializer
            for part in parts:
                child = child[part]
            self.values[key] = child(name, value)


def _plain(np, value):
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        return ["object", value[()] is None]
    return value


def save(chainer, np, kind, values):
    """The bytes of a file."""
    target = Values(values)
    if kind.startswith("npz"):
        file = io.BytesIO()
        chainer.serializers.save_npz(file, target, compression=kind == "npz")
        return file.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "file.h5"
        chainer.serializers.save_hdf5(str(path), target)
        return path.read_bytes()


def load(chainer, np, kind, data, values):
    """What an object holds after it was loaded."""
    target = Values(values)
    if kind.startswith("npz"):
        chainer.serializers.load_npz(io.BytesIO(data), target)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "file.h5"
            path.write_bytes(data)
            chainer.serializers.load_hdf5(str(path), target)
    return {key: _plain(np, value) for key, value in target.values.items()}


def assign(chainer, np, stored, value):
    """One value through the deserializer: what comes back, and of which type."""
    stored = np.asarray(stored)
    loaded = chainer.serializers.NpzDeserializer({"key": stored})("key", value)
    return type(loaded).__name__, _plain(np, loaded)


def ignored(chainer, np, values, path, strict, names):
    """Which values a load leaves alone."""
    deserializer = chainer.serializers.NpzDeserializer(
        {key: np.asarray(value) for key, value in values.items()}, path, strict, names
    )
    target = Values({"a": 0, "b/c": 0, "d": 0})
    target.serialize(deserializer)
    return target.values


def dictionary(chainer, np, path, values):
    """The keys and arrays of a DictionarySerializer."""
    serializer = chainer.serializers.DictionarySerializer(path=path)
    Values(values).serialize(serializer)
    return {key: (array.dtype.str, _plain(np, array)) for key, array in serializer.target.items()}
