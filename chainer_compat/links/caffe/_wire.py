"""Reads messages of protocol buffers, as far as Caffe's models need it.

A message is read by a :class:`Schema` of the fields that are wanted; all others are passed over.
Nothing of a file is believed before it was compared with the bytes that are there: the memory that
a message takes grows with the file, and arrays are views of it.

Source: the *Encoding* page of protocol buffers' documentation.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainer_compat.errors import FileFormatError

__all__ = ["Array", "Field", "Message", "Schema", "read"]

# The wire types: what a field's value looks like.
_VARINT, _EIGHT_BYTES, _CHUNK, _FOUR_BYTES = 0, 1, 2, 5


class Message:
    """The fields of a message; those that it lacks have their defaults.

    Args:
        schema: What it may have.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._values: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._values:
            return self._values[name]
        return self._schema.default(name)

    def has(self, name: str) -> bool:
        """Whether a field was in the file.

        Args:
            name: The field's name.
        """
        return name in self._values


class Array:
    """Numbers of a repeated field, in the pieces in which they came.

    Args:
        dtype: The dtype in the file.
    """

    def __init__(self, dtype: str) -> None:
        self._dtype = np.dtype(dtype)
        # The newest piece is a bytearray while numbers come one by one.
        self._pieces: list[bytearray | memoryview] = []

    def extend(self, piece: memoryview, single: bool) -> None:
        """Adds numbers.

        Args:
            piece: Their bytes.
            single: Whether it is one number by itself, which is copied.
        """
        if not single:
            self._pieces.append(piece)
        elif self._pieces and isinstance(self._pieces[-1], bytearray):
            self._pieces[-1] += piece
        else:
            self._pieces.append(bytearray(piece))

    def __len__(self) -> int:
        return sum(map(len, self._pieces)) // self._dtype.itemsize

    def numpy(self) -> np.ndarray[Any, Any]:
        """The numbers; a view of the file if they came in one piece."""
        arrays = [np.frombuffer(piece, self._dtype) for piece in self._pieces]
        if len(arrays) == 1:
            return arrays[0]
        return np.concatenate(arrays) if arrays else np.empty(0, self._dtype)


@dataclass(frozen=True)
class Field:
    """What is known of one field.

    Args:
        name: Its name.
        kind: ``"int"`` (of any size, or an enumeration), ``"uint"``, ``"bool"``, ``"float"``,
            ``"text"``, ``"floats"`` or ``"doubles"`` (an :class:`Array`), or the schema of a
            message.
        default: Its value if it is missing.
        repeated: Whether there may be several, which make a list.
    """

    name: str
    kind: str | Schema
    default: Any = None
    repeated: bool = False


class Schema:
    """The fields of a kind of message.

    Args:
        name: What errors call it.
        fields: Each field by its number.
    """

    def __init__(self, name: str, fields: Mapping[int, Field]) -> None:
        self.name = name
        self.fields = fields
        self._by_name = {field.name: field for field in fields.values()}

    def default(self, name: str) -> Any:
        """What a field is that is missing: no list or array is shared between messages.

        Args:
            name: The field's name.
        """
        field = self._by_name.get(name)
        if field is None:
            raise AttributeError(f"{self.name} has no field {name!r}")
        if field.repeated:
            return []
        if isinstance(field.kind, Schema):
            return Message(field.kind)
        if field.kind in _ARRAYS:
            return Array(_ARRAYS[field.kind])
        return field.default


_ARRAYS = {"floats": "<f4", "doubles": "<f8"}


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8")


# For each kind: the wire type of one value, and what makes a value of it.
_KINDS: dict[str, tuple[int, Callable[[Any], Any]]] = {
    "int": (_VARINT, _signed),
    "uint": (_VARINT, int),
    "bool": (_VARINT, bool),
    "float": (_FOUR_BYTES, lambda value: struct.unpack("<f", value)[0]),
    "text": (_CHUNK, _text),
}


def read(data: memoryview, schema: Schema) -> Message:
    """Reads a message.

    Args:
        data: Its bytes.
        schema: The fields that are wanted.

    Returns:
        The message, whose arrays are views of ``data``.

    Raises:
        FileFormatError: If the bytes are no such message.
    """
    message = Message(schema)
    _read_into(message, data, schema)
    return message


def _read_into(message: Message, data: memoryview, schema: Schema) -> None:
    for number, wire, value in _fields(data, schema.name):
        field = schema.fields.get(number)
        if field is None:
            continue
        where = f"{schema.name}.{field.name}"
        try:
            _store(message._values, field, wire, value)
        except UnicodeDecodeError as error:
            raise FileFormatError(f"{where} is no text in UTF-8") from error
        except _WrongKindError as error:
            raise FileFormatError(f"{where} is of another kind than in Caffe's format") from error


class _WrongKindError(Exception):
    """A field has another wire type than its kind."""


def _store(values: dict[str, Any], field: Field, wire: int, value: Any) -> None:
    kind = field.kind
    if isinstance(kind, Schema):
        _store_message(values, field, kind, wire, value)
    elif kind in _ARRAYS:
        size = int(_ARRAYS[kind][-1])
        single = wire == (_FOUR_BYTES if size == 4 else _EIGHT_BYTES)
        if not single and (wire != _CHUNK or len(value) % size):
            raise _WrongKindError
        values.setdefault(field.name, Array(_ARRAYS[kind])).extend(value, single)
    else:
        expected, convert = _KINDS[kind]
        if field.repeated:
            found = values.setdefault(field.name, [])
            found.extend(map(convert, _repeated(wire, value, expected)))
        elif wire != expected:
            raise _WrongKindError
        else:
            values[field.name] = convert(value)


def _store_message(
    values: dict[str, Any], field: Field, schema: Schema, wire: int, value: Any
) -> None:
    if wire != _CHUNK:
        raise _WrongKindError
    if field.repeated:
        values.setdefault(field.name, []).append(read(value, schema))
    elif field.name in values:
        # A message that comes in pieces is one message.
        _read_into(values[field.name], value, schema)
    else:
        values[field.name] = read(value, schema)


def _repeated(wire: int, value: Any, expected: int) -> Iterator[Any]:
    """The values of a repeated field: one by itself, or several packed into a chunk."""
    if wire == expected:
        yield value
    elif wire != _CHUNK:
        raise _WrongKindError
    elif expected == _FOUR_BYTES:
        if len(value) % 4:
            raise _WrongKindError
        yield from (value[i : i + 4] for i in range(0, len(value), 4))
    else:
        position = 0
        while position < len(value):
            number, position = _varint(value, position, "a packed field")
            yield number


def _fields(data: memoryview, where: str) -> Iterator[tuple[int, int, Any]]:
    """The number, the wire type and the value of each field."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position, where)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise FileFormatError(f"{where} has a field without a number: the file is damaged")
        value: Any
        if wire == _VARINT:
            value, position = _varint(data, position, where)
            yield number, wire, value
            continue
        if wire == _CHUNK:
            size, position = _varint(data, position, where)
        elif wire in {_FOUR_BYTES, _EIGHT_BYTES}:
            size = 4 if wire == _FOUR_BYTES else 8
        else:
            raise FileFormatError(
                f"{where} has a field of an unknown kind ({wire}): the file is damaged, or is no "
                "binary model of Caffe"
            )
        if size > len(data) - position:
            raise FileFormatError(
                f"{where} ends in the middle of a field: {size:,} bytes were announced, "
                f"{len(data) - position:,} are left"
            )
        yield number, wire, data[position : position + size]
        position += size


def _varint(data: memoryview, position: int, where: str) -> tuple[int, int]:
    """A number of seven bits a byte, and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise FileFormatError(f"{where} ends in the middle of a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
    raise FileFormatError(f"{where} has a number of more than ten bytes: the file is damaged")
