"""``chainer-compat inspect``: shows what is in a file."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainer_compat.serializers._describe import ArrayInfo, Description

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the parser of ``inspect``."""
    parser = subparsers.add_parser(
        "inspect",
        help="show what is in a snapshot or a file of weights",
        description="Shows the kind of a file, who wrote it, how far the training was, and a tree "
        "of its arrays. Nothing in the file is run.",
    )
    parser.add_argument("file", help="an npz, hdf5, safetensors or torch file")
    parser.add_argument(
        "--path",
        default="",
        help="only what is under this path; `model` is the model of a trainer's snapshot",
    )
    parser.add_argument(
        "--statistics", action="store_true", help="read all arrays and tell their range"
    )
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Shows a file."""
    from chainer_compat.serializers._describe import describe

    found = describe(arguments.file, path=arguments.path, statistics=arguments.statistics)
    if arguments.json:
        print(json.dumps(found.to_dict(), indent=2, default=str))
    else:
        print("\n".join([*_summary(found), "", *_tree(found.arrays)]))
    return 0


def _summary(found: Description) -> list[str]:
    parameters = sum(_elements(info) for info in found.arrays if _is_parameter(info))
    facts = [
        ("file", f"{found.file} ({_bytes(found.size)}, {found.kind})"),
        ("content", found.content),
        ("written by", found.written_by),
        ("iteration", found.iteration),
        ("epoch", found.epoch),
        ("last log", _pairs(found.last_log)),
        ("arrays", f"{len(found.arrays)} ({parameters:,} numbers in arrays)"),
    ]
    return [f"{name + ':':<12}{value}" for name, value in facts if value is not None]


def _pairs(entry: dict[str, Any] | None) -> str | None:
    if entry is None:
        return None
    return ", ".join(f"{key}={_number(value)}" for key, value in entry.items())


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _is_parameter(info: ArrayInfo) -> bool:
    return bool(info.shape)


def _elements(info: ArrayInfo) -> int:
    count = 1
    for extent in info.shape:
        count *= extent
    return count


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"


def _tree(arrays: list[ArrayInfo]) -> list[str]:
    """One line for each part of a path, indented, and for each value what it is."""
    rows: list[tuple[str, str]] = []
    open_parts: list[str] = []
    for info in arrays:
        *parts, name = info.key.split("/")
        shared = 0
        while shared < min(len(parts), len(open_parts)) and parts[shared] == open_parts[shared]:
            shared += 1
        rows += [("  " * depth + parts[depth] + "/", "") for depth in range(shared, len(parts))]
        open_parts = parts
        rows.append(("  " * len(parts) + name, _value(info)))
    width = max((len(left) for left, _ in rows), default=0)
    return [f"{left:<{width}}  {right}".rstrip() for left, right in rows]


def _value(info: ArrayInfo) -> str:
    if info.dtype == "None":
        return "None"
    if not info.shape:
        return f"{info.value!r}"
    text = f"{info.dtype} {info.shape}  {_bytes(info.nbytes)}"
    if info.statistics:
        shown = {k: v for k, v in info.statistics.items() if k != "not finite" or v}
        text += "  " + " ".join(f"{k}={v:.4g}" for k, v in shown.items())
    return text
