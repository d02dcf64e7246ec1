"""Saves objects in files and loads them: Chainer's formats, read safely and written fast."""

from __future__ import annotations

from chainer_compat.serializers import convert
from chainer_compat.serializers._archive import NpzArchive
from chainer_compat.serializers._dictionary import DictionarySerializer, serialize
from chainer_compat.serializers._hdf5 import (
    HDF5Deserializer,
    HDF5Serializer,
    load_hdf5,
    save_hdf5,
)
from chainer_compat.serializers._limits import Limits
from chainer_compat.serializers._npz import NpzDeserializer, load_npz, save_npz
from chainer_compat.serializers._safetensors import load_safetensors, save_safetensors
from chainer_compat.serializers._torch_file import load_torch, save_torch

__all__ = [
    "DictionarySerializer",
    "HDF5Deserializer",
    "HDF5Serializer",
    "Limits",
    "NpzArchive",
    "NpzDeserializer",
    "convert",
    "load_hdf5",
    "load_npz",
    "load_safetensors",
    "load_torch",
    "save_hdf5",
    "save_npz",
    "save_safetensors",
    "save_torch",
    "serialize",
]
