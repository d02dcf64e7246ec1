"""The directory of a zip archive, read strictly: anything odd is refused before it is used."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainer_compat.errors import FileFormatError, UnsafeFileError
from chainer_compat.serializers._limits import check_deflated

if TYPE_CHECKING:
    from chainer_compat.serializers._source import ByteSource

__all__ = [
    "DEFLATED",
    "STORED",
    "ZipEntry",
    "is_zip",
    "read_directory",
]

STORED, DEFLATED = 0, 8
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_NAME = 256
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED, _UTF8 = 0x1, 0x800
# Bits that change how the data is to be read: encryption, patches, strong encryption, masked names.
_REFUSED_FLAGS = _ENCRYPTED | 0x20 | 0x40 | 0x2000


@dataclass
class ZipEntry:
    """One member of an archive.

    Attributes:
        name: Its name as stored.
        deflated: Whether it is compressed.
        crc: The CRC-32 of its plain bytes.
        stored: Its size in the file, in bytes.
        plain: Its size when read, in bytes.
        header_offset: Where its local header is.
        data_offset: Where its data is.
    """

    name: str
    deflated: bool
    crc: int
    stored: int
    plain: int
    header_offset: int
    data_offset: int = 0


@dataclass(frozen=True)
class _Directory:
    offset: int
    size: int
    count: int


def is_zip(head: bytes) -> bool:
    """Whether a file that begins so can be a zip archive.

    Args:
        head: At least the first four bytes.
    """
    return head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}


def _find_end(source: ByteSource) -> _Directory:
    start = max(0, source.size - _END.size - _FULL16)
    tail = source.read(start, source.size - start)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise FileFormatError(
            f"{source.name}: is not a whole npz file (no zip directory at its end). "
            "It is cut short, or of another format"
        )
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(tail, at)
    if at + _END.size + comment != len(tail):
        raise FileFormatError(f"{source.name}: there are bytes after the end of the zip directory")
    if disk or first_disk or here != count:
        raise UnsafeFileError(f"{source.name}: an archive in several volumes is refused")
    end = start + at
    # torch writes a zip64 directory whether it is needed or not.
    located = end >= _LOCATOR.size and source.read(end - _LOCATOR.size, 4) == b"PK\x06\x07"
    if located or _FULL32 in {size, offset} or count == _FULL16:
        return _find_end64(source, end)
    return _checked(source, _Directory(offset, size, count), end)


def _find_end64(source: ByteSource, end: int) -> _Directory:
    if end < _LOCATOR.size + _END64.size:
        raise FileFormatError(f"{source.name}: the zip64 directory is missing")
    magic, disk, at, disks = _LOCATOR.unpack(source.read(end - _LOCATOR.size, _LOCATOR.size))
    if magic != b"PK\x06\x07" or disk or disks > 1 or at + _END64.size > end - _LOCATOR.size:
        raise FileFormatError(f"{source.name}: the zip64 directory is damaged")
    found = _END64.unpack(source.read(at, _END64.size))
    if found[0] != b"PK\x06\x06" or found[4] or found[5] or found[6] != found[7]:
        raise FileFormatError(f"{source.name}: the zip64 directory is damaged")
    return _checked(source, _Directory(found[9], found[8], found[7]), at)


def _checked(source: ByteSource, directory: _Directory, end: int) -> _Directory:
    if directory.offset + directory.size != end or directory.count * _CENTRAL.size > directory.size:
        raise FileFormatError(f"{source.name}: the zip directory is not where it says it is")
    return directory


def _zip64_sizes(extra: bytes, fields: list[int], where: str) -> list[int]:
    """Replaces the sizes that did not fit 32 bits by those of the extra field."""
    at = 0
    while _FULL32 in fields and at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        body = extra[at + 4 : at + 4 + length]
        if kind == 1:
            wanted = [i for i, field in enumerate(fields) if field == _FULL32]
            if len(body) < 8 * len(wanted):
                break
            for i, value in zip(wanted, struct.unpack_from(f"<{len(wanted)}Q", body), strict=True):
                fields[i] = value
            return fields
        at += 4 + length
    if _FULL32 in fields:
        raise FileFormatError(f"{where}: its zip64 sizes are missing")
    return fields


def _decode_name(raw: bytes, flags: int, source: ByteSource) -> str:
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError:
        raise FileFormatError(f"{source.name}: a member's name is not valid text") from None
    if "\0" in name:
        raise UnsafeFileError(f"{source.name}: the name {name!r} is refused")
    return name


def _central_entries(source: ByteSource, directory: _Directory) -> list[ZipEntry]:
    data = source.read(directory.offset, directory.size)
    entries = []
    at = 0
    for _ in range(directory.count):
        if at + _CENTRAL.size > len(data):
            raise FileFormatError(f"{source.name}: the zip directory is cut short")
        fields = _CENTRAL.unpack_from(data, at)
        magic, flags, method, crc, stored, plain = fields[0], *fields[3:5], *fields[7:10]
        name_length, extra_length, comment_length, disk = fields[10:14]
        offset = fields[16]
        extra_at = at + _CENTRAL.size + name_length
        if magic != b"PK\x01\x02" or extra_at + extra_length + comment_length > len(data):
            raise FileFormatError(f"{source.name}: the zip directory is damaged")
        name = _decode_name(data[at + _CENTRAL.size : extra_at], flags, source)
        where = f"{source.name}: {name!r}"
        if flags & _REFUSED_FLAGS or disk or method not in {STORED, DEFLATED}:
            raise UnsafeFileError(f"{where}: encrypted, or packed by unknown method {method}")
        extra = data[extra_at : extra_at + extra_length]
        plain, stored, offset = _zip64_sizes(extra, [plain, stored, offset], where)
        entries.append(ZipEntry(name, method == DEFLATED, crc, stored, plain, offset))
        at = extra_at + extra_length + comment_length
    if at != len(data):
        raise FileFormatError(f"{source.name}: the zip directory is longer than its entries")
    return entries


def _located(source: ByteSource, entry: ZipEntry, limit: int) -> ZipEntry:
    """The entry with the place of its data, once its local header agrees."""
    where = f"{source.name}: {entry.name!r}"
    if entry.header_offset + _LOCAL.size > limit:
        raise FileFormatError(f"{where}: lies outside of the file")
    # With the name, which is hardly ever longer.
    head = source.read(entry.header_offset, min(_LOCAL.size + _NAME, limit - entry.header_offset))
    local = _LOCAL.unpack_from(head)
    magic, flags, method, name_length, extra_length = local[0], local[2], local[3], *local[9:11]
    name_end = _LOCAL.size + name_length
    data_offset = entry.header_offset + name_end + extra_length
    if magic != b"PK\x03\x04" or data_offset + entry.stored > limit:
        raise FileFormatError(f"{where}: its header is damaged")
    if name_end > len(head):
        head = source.read(entry.header_offset, name_end)
    name = _decode_name(head[_LOCAL.size : name_end], flags, source)
    if name != entry.name or method != (DEFLATED if entry.deflated else STORED):
        raise UnsafeFileError(f"{where}: its two headers do not agree")
    if flags & _REFUSED_FLAGS:
        raise UnsafeFileError(f"{where}: encrypted members are refused")
    if entry.deflated:
        check_deflated(source.name, entry.name, stored=entry.stored, plain=entry.plain)
    elif entry.stored != entry.plain:
        raise FileFormatError(f"{where}: stored without compression, yet its two sizes differ")
    entry.data_offset = data_offset
    return entry


def read_directory(source: ByteSource) -> list[ZipEntry]:
    """Returns the members of an archive, in the order of the file.

    Args:
        source: The file.

    Raises:
        FileFormatError: If the archive is damaged.
        UnsafeFileError: If two members have one name or share bytes, or are encrypted, or are
            compressed by another method than deflate.
    """
    directory = _find_end(source)
    entries = [_located(source, entry, directory.offset)
               for entry in _central_entries(source, directory)]  # fmt: skip
    entries.sort(key=lambda entry: entry.header_offset)
    end = 0
    names: set[str] = set()
    for entry in entries:
        if entry.name in names:
            raise UnsafeFileError(f"{source.name}: the name {entry.name!r} is there twice")
        if entry.header_offset < end:
            raise UnsafeFileError(f"{source.name}: {entry.name!r} overlaps another member")
        names.add(entry.name)
        end = entry.data_offset + entry.stored
    return entries
