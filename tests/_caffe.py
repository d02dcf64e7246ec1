"""Writes models of Caffe, byte by byte, by the field numbers of its `caffe.proto`."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import numpy as np

# Type -> (its number in the old format, its parameters' field in the new one and in the old one).
TYPES: dict[str, tuple[int | None, int, int]] = {
    "BatchNorm": (None, 139, 0),
    "Concat": (3, 104, 9),
    "Convolution": (4, 106, 10),
    "Data": (5, 107, 11),
    "Deconvolution": (39, 106, 10),
    "Dropout": (6, 108, 12),
    "Eltwise": (25, 110, 24),
    "InnerProduct": (14, 117, 17),
    "LRN": (15, 118, 18),
    "Pooling": (17, 121, 19),
    "Power": (26, 122, 21),
    "ReLU": (18, 123, 30),
    "Reshape": (None, 133, 0),
    "Scale": (None, 142, 0),
    "Sigmoid": (19, 124, 38),
    "Slice": (33, 126, 31),
    "Softmax": (20, 125, 39),
    "SoftmaxWithLoss": (21, 125, 39),
    "Split": (22, 0, 0),
}


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: Any) -> bytes:
    """One field: an int or bool, a float, text, or the bytes of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(number: int, values: Iterable[Any]) -> bytes:
    return b"".join(field(number, value) for value in values)


def message(values: dict[int, Any]) -> bytes:
    """Fields by their numbers; those that are repeated have lists."""
    return b"".join(
        fields(number, value if isinstance(value, list) else [value])
        for number, value in values.items()
    )


def blob(array: Any, old: bool = False) -> bytes:
    array = np.asarray(array, np.float32)
    if old:
        sizes = (*[1] * (4 - array.ndim), *array.shape)
        shape = message(dict(enumerate(sizes, 1)))
    else:
        shape = field(7, field(1, b"".join(map(varint, array.shape))))
    return shape + field(5, array.astype("<f4").tobytes())


def layer(
    kind: str,
    name: str,
    bottom: list[str],
    top: list[str],
    parameters: dict[int, Any] | None = None,
    blobs: Iterable[Any] = (),
    old: bool = False,
) -> bytes:
    """A layer, as a field of the net: in the format of today, or in the old one."""
    number, new_field, old_field = TYPES[kind]
    own = b""
    if parameters is not None:
        own = field(old_field if old else new_field, message(parameters))
    if old:
        assert number is not None
        parts = fields(2, bottom) + fields(3, top) + field(4, name) + field(5, number)
        return field(2, parts + fields(6, (blob(b, old=True) for b in blobs)) + own)
    parts = field(1, name) + field(2, kind) + fields(3, bottom) + fields(4, top)
    return field(100, parts + fields(7, (blob(b) for b in blobs)) + own)
