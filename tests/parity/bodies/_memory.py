"""A serializer over a dictionary, on either library's protocol."""

from __future__ import annotations

import numpy as np


def save(chainer, obj):
    """What `obj.serialize` writes, by path."""
    return _saver(chainer, {}, "").run(obj)


def load(chainer, saved, obj):
    """Restores `obj` from what `save` gave."""
    _loader(chainer, saved, "").run(obj)


def _saver(chainer, stored, prefix):
    class Saver(chainer.Serializer):
        def __getitem__(self, key):
            return _saver(chainer, stored, f"{prefix}{key}/")

        def __call__(self, key, value):
            stored[prefix + key] = None if value is None else np.array(value)
            return value

        def run(self, obj):
            obj.serialize(self)
            return stored

    return Saver()


def _loader(chainer, stored, prefix):
    class Loader(chainer.Deserializer):
        def __getitem__(self, key):
            return _loader(chainer, stored, f"{prefix}{key}/")

        def __call__(self, key, value):
            found = stored[prefix + key]
            if isinstance(value, np.ndarray):
                value[...] = found
                return value
            return found if value is None or found is None else type(value)(found)

        def run(self, obj):
            obj.serialize(self)

    return Loader()
