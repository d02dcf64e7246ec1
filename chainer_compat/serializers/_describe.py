"""What a file holds, told from its keys: kind, content, who wrote it, and how far training was."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from chainer_compat.errors import FileFormatError, SnapshotMismatchError
from chainer_compat.serializers._kinds import file_kind, other_kind
from chainer_compat.serializers._limits import Limits
from chainer_compat.serializers._natural_order import natural_order
from chainer_compat.serializers._progress import Progress
from chainer_compat.serializers._session import Store
from chainer_compat.serializers._stores import open_store

__all__ = ["MODEL", "ArrayInfo", "Description", "describe", "keys_under"]

MODEL = "updater/model:main/"
_LOG = "extensions/LogReport/_log"


@dataclass(frozen=True)
class ArrayInfo:
    """One value of a file.

    Attributes:
        key: Its full name.
        dtype: Its dtype, ``"None"`` for None.
        shape: Its shape.
        nbytes: Its size in memory.
        value: A number or text of no dimension, shortened; None for an array.
        statistics: Smallest, largest, mean, deviation and the number of values that are not
            finite, if they were asked for.
    """

    key: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    value: Any = None
    statistics: dict[str, float] | None = None


@dataclass
class Description:
    """What a file holds.

    Attributes:
        file: Its name.
        size: Its size in bytes.
        kind: ``"npz"``, ``"hdf5"``, ``"safetensors"`` or ``"torch"``.
        content: ``"trainer snapshot"``, ``"updater"``, ``"optimizer"`` or ``"model"``.
        written_by: The library and version that likely wrote it.
        iteration: The iteration of a snapshot.
        epoch: Its epoch.
        last_log: The last entry of its LogReport.
        arrays: Its values.
    """

    file: str
    size: int
    kind: str
    content: str
    written_by: str
    iteration: int | None = None
    epoch: int | None = None
    last_log: dict[str, Any] | None = None
    arrays: list[ArrayInfo] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The description as plain data, for JSON."""
        return asdict(self)


def describe(
    file: str | os.PathLike[str],
    *,
    path: str = "",
    statistics: bool = False,
    limits: Limits | None = None,
) -> Description:
    """Looks into a file without loading it.

    Args:
        file: The file's path.
        path: Only what is under this path; ``"model"`` is the model of a trainer's snapshot.
        statistics: Whether to read all numbers and tell their range.
        limits: Caps on what may be allocated.

    Raises:
        FileFormatError: If the file is damaged, or of no known kind.
        KeyError: If there is nothing under the path.
    """
    name = os.fspath(file)
    kind = file_kind(name)
    if kind == "unknown":
        with Path(name).open("rb") as opened:
            what = other_kind(opened.read(8))
        if what is not None:
            raise FileFormatError(f"{name}: is {what}")
        raise FileFormatError(
            f"{name}: is neither npz, hdf5, safetensors nor a file of torch.save, or is cut short"
        )
    with open_store(name, limits) as store:
        keys = set(store)
        return Description(
            file=name,
            size=os.stat(name).st_size,  # noqa: PTH116 - a str
            kind=kind,
            content=_content(keys),
            written_by=_written_by(keys),
            iteration=_number(store, "updater/iteration", "iteration"),
            epoch=_number(store, "updater/iterator:main/epoch", "updater/optimizer:main/epoch"),
            last_log=_last_log(store),
            arrays=_infos(store, keys_under(store, path)[1], statistics),
        )


def keys_under(store: Store, path: str) -> tuple[str, list[str]]:
    """Returns what a user's path stands for, and the keys under it in the file's order.

    Args:
        store: The file.
        path: A path with or without its last slash; ``"model"`` is the model of a trainer's
            snapshot, unless the file has something of that name.

    Raises:
        KeyError: If there is nothing under the path (a :class:`SnapshotMismatchError`).
    """
    prefix = f"{path}/" if path and not path.endswith("/") else path
    if path == "model" and not any(key.startswith(prefix) for key in store):
        prefix = MODEL
    found = [key for key in store if key.startswith(prefix) or key == path]
    if not found and path:
        tops = sorted({key.partition("/")[0] for key in store}, key=natural_order)
        raise SnapshotMismatchError(
            f"{store.name}: there is nothing under {prefix!r}; there are {', '.join(tops[:20])}"
        )
    return prefix, found


def _infos(store: Store, keys: list[str], statistics: bool) -> list[ArrayInfo]:
    ordered = sorted(keys, key=lambda key: [natural_order(part) for part in key.split("/")])
    total = sum(store.member(key).header.nbytes for key in keys) if statistics else 0
    infos = []
    with Progress(f"reading {store.name}", total) as progress:
        for key in ordered:
            infos.append(_info(store, key, statistics))
            progress.advance(infos[-1].nbytes)
    return infos


def _content(keys: set[str]) -> str:
    if "updater/iteration" in keys:
        return "trainer snapshot"
    if "iteration" in keys and any(key.startswith(("model:", "optimizer:")) for key in keys):
        return "updater"
    if {"t", "epoch"} <= keys:
        return "optimizer"
    return "model"


def _written_by(keys: set[str]) -> str:
    if any(key.startswith("_resume/") for key in keys):
        return "chainer_compat"
    if "updater/iteration" not in keys:
        return "unknown (only a trainer's snapshot tells)"
    if any(key.startswith("extension_triggers/_Snapshot/") for key in keys):
        return "Chainer 5 to 7"
    if any(key.startswith("extension_triggers/snapshot/") for key in keys):
        return "Chainer 3 or 4"
    # Since Chainer 3 each parameter counts its updates, and triggers save where they are.
    if any(key.startswith("extension_triggers/") or _counts(key) for key in keys):
        return "Chainer 3 to 7"
    return (
        "Chainer 2" if any(key.endswith("Shift/_last_value") for key in keys) else "Chainer 1 or 2"
    )


def _counts(key: str) -> bool:
    return key.startswith("updater/optimizer:") and key.endswith("/t") and key.count("/") > 2


def _number(store: Store, *keys: str) -> int | None:
    for key in keys:
        if key in store:
            value = store.member(key).read()
            if value.shape == () and value.dtype.kind in "iu":
                return int(value)
    return None


def _last_log(store: Store) -> dict[str, Any] | None:
    if _LOG not in store:
        return None
    try:
        entries = json.loads(str(store.member(_LOG).read()))
        entry = entries[-1] if entries else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _info(store: Store, key: str, statistics: bool) -> ArrayInfo:
    member = store.member(key)
    header = member.header
    if header.is_object:
        member.read()  # refuses everything but None
        return ArrayInfo(key, "None", (), 0)
    value, numbers = None, None
    if not header.shape:
        found = member.read()
        value = _short(found[()].item() if found.dtype.kind != "U" else str(found))
    elif statistics and header.dtype.kind in "biuf":
        numbers = _statistics(member.read())
    store.release(key)
    return ArrayInfo(key, str(header.dtype), tuple(header.shape), header.nbytes, value, numbers)


def _short(value: Any) -> Any:
    if isinstance(value, (str, bytes)) and len(value) > 60:
        return f"{value[:57]!s}..."
    return value


def _statistics(array: np.ndarray) -> dict[str, float]:
    numbers = array.astype(np.float64).ravel()
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return {"not finite": float(numbers.size)}
    return {
        "min": float(finite.min()),
        "max": float(finite.max()),
        "mean": float(finite.mean()),
        "std": float(finite.std()),
        "not finite": float(numbers.size - finite.size),
    }
