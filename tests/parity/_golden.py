"""Read a golden file as plain values, and compare two of them.

Archives are compared by what is in them: compressed bytes depend on the zlib at hand, and the last
bits of a float on the processor that multiplied.
"""

from __future__ import annotations

import io
import json
import pathlib
import zipfile
from typing import Any

import numpy as np

FOLDER = pathlib.Path(__file__).with_name("golden")
RTOL = 1e-5
ATOL = 1e-6


def read(path: pathlib.Path) -> dict[str, Any]:
    """The values of a golden file by name: arrays for npz and hdf5, whatever JSON holds."""
    if path.suffix == ".json":
        return {"": json.loads(path.read_text(encoding="utf-8"))}
    if path.suffix == ".h5":
        return _read_hdf5(path)
    return _read_npz(path)


def _read_npz(path: pathlib.Path) -> dict[str, Any]:
    values = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            raw = archive.read(name)
            stream = io.BytesIO(raw)
            np.lib.format.read_magic(stream)
            _, _, dtype = np.lib.format.read_array_header_1_0(stream)
            # Chainer pickles a None; its bytes are compared, never loaded.
            values[name] = raw if dtype.hasobject else np.load(io.BytesIO(raw))
    return values


def _read_hdf5(path: pathlib.Path) -> dict[str, Any]:
    import h5py

    values: dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            value = item[()]
            values[name] = None if isinstance(value, h5py.Empty) else np.asarray(value)

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return values


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The names under which two files differ, floats up to rounding."""
    if set(old) != set(new):
        return [f"names: {sorted(set(old) ^ set(new))}"]
    return [name or "content" for name in old if not _close(old[name], new[name])]


def _close(old: Any, new: Any) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return list(old) == list(new) and all(_close(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_close, old, new))
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
        return _close_arrays(old, new)
    if isinstance(old, float) and isinstance(new, float):
        return bool(np.isclose(old, new, rtol=RTOL, atol=ATOL, equal_nan=True))
    return type(old) is type(new) and old == new


def _close_arrays(old: np.ndarray, new: np.ndarray) -> bool:
    if old.dtype.kind == new.dtype.kind == "U":  # a log, as JSON
        return _close(json.loads(str(old)), json.loads(str(new)))
    if old.shape != new.shape or old.dtype != new.dtype:
        return False
    if old.dtype.kind == "f":
        return np.allclose(old, new, rtol=RTOL, atol=ATOL, equal_nan=True)
    return np.array_equal(old, new)
