"""Makes files that no accident makes: damaged, with checksums of packed bytes that are right."""

from __future__ import annotations

import io
import struct
import zlib

from chainer_compat import serializers
from chainer_compat.serializers._zip_reader import PACKED_CRC_ID


def packed_members(data):
    """The names of the members that have such a checksum."""
    with serializers.NpzArchive(io.BytesIO(data)) as archive:
        return [name for name, entry in archive._entries.items() if entry.packed_crc is not None]


def forged(data, key, change):
    """Changes the compressed bytes of a member; the checksum follows them."""
    with serializers.NpzArchive(io.BytesIO(data)) as archive:
        entry = archive._entries[key]
    start, end = entry.data_offset, entry.data_offset + entry.stored
    packed = change(bytearray(data[start:end]))
    field = struct.pack("<2HL", PACKED_CRC_ID, 4, entry.packed_crc)
    right = struct.pack("<2HL", PACKED_CRC_ID, 4, zlib.crc32(packed, entry.crc))
    return data[:start] + packed + data[end:].replace(field, right)
