"""Saves objects in files and loads them: Chainer's formats, read safely and written fast."""

from __future__ import annotations

from chainer_compat.serializers._archive import NpzArchive
from chainer_compat.serializers._dictionary import DictionarySerializer, serialize
from chainer_compat.serializers._kinds import check_file, file_kind, load_file
from chainer_compat.serializers._limits import Limits
from chainer_compat.serializers._npz import NpzDeserializer, load_npz, save_npz
from chainer_compat.serializers._values import to_numpy

__all__ = [
    "DictionarySerializer",
    "Limits",
    "NpzArchive",
    "NpzDeserializer",
    "check_file",
    "file_kind",
    "load_file",
    "load_npz",
    "save_npz",
    "serialize",
    "to_numpy",
]
