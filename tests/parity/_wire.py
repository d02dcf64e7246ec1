"""Messages between a test and the oracle: a length, then a pickle of plain data.

The two processes have different NumPy versions, whose array pickles name different modules. So an
array crosses as (dtype, shape, bytes), and the reader refuses every class: what is not plain data
fails where it is sent.
"""

from __future__ import annotations

import io
import pickle
import struct
from typing import IO, Any

import numpy as np

_LENGTH = struct.Struct("<Q")


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        if not isinstance(obj, (np.ndarray, np.generic)):
            return None
        if obj.dtype.hasobject:
            raise pickle.PicklingError(f"an array of {obj.dtype} is not plain data: send a list")
        return isinstance(obj, np.generic), obj.dtype.str, obj.shape, obj.tobytes()


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> Any:
        is_scalar, dtype, shape, raw = pid
        array = np.frombuffer(raw, dtype).reshape(shape).copy()
        return array[()] if is_scalar else array

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) == ("builtins", "complex"):
            return complex
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is not plain data")


def dumps(value: Any) -> bytes:
    """Encode plain data: None, numbers, text, bytes, their containers, NumPy arrays, scalars."""
    stream = io.BytesIO()
    _Pickler(stream, protocol=4).dump(value)
    return stream.getvalue()


def loads(raw: bytes) -> Any:
    """Decode what `dumps` wrote; anything but plain data is an `UnpicklingError`."""
    return _Unpickler(io.BytesIO(raw)).load()


def write_message(stream: IO[bytes], raw: bytes) -> None:
    """Write one message and flush."""
    stream.write(_LENGTH.pack(len(raw)) + raw)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes:
    """Read one message, or raise `EOFError` if the other side is gone."""
    (length,) = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))
    return _read_exactly(stream, length)


def _read_exactly(stream: IO[bytes], length: int) -> bytes:
    raw = stream.read(length)
    if len(raw) < length:
        raise EOFError("the other side has closed the pipe")
    return raw
