"""``chainer-compat convert``: writes the arrays of a file in another format."""

from __future__ import annotations

import argparse
import dataclasses
import json

__all__ = ["add_parser"]

_FORMATS = ("npz", "hdf5", "safetensors", "torch", "lightning")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the parser of ``convert``."""
    parser = subparsers.add_parser(
        "convert",
        help="write a file in another format: npz, h5, safetensors, pt, ckpt",
        description="Writes the arrays of a file in another format, by the suffix of OUT: .npz, "
        ".h5, .safetensors, .pt (a state dictionary with torch's names) or .ckpt (the same for "
        "Lightning). Nothing in the file is run.",
    )
    parser.add_argument("file", help="an npz, hdf5, safetensors or torch file")
    parser.add_argument("out", help="the file to write")
    parser.add_argument(
        "--path",
        default="",
        help="only what is under this path; `model` is the model of a trainer's snapshot",
    )
    parser.add_argument("--format", choices=_FORMATS, help="in place of the suffix of OUT")
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Converts a file and tells what became of each array."""
    from chainer_compat.serializers._rewrite import rewrite

    done = rewrite(arguments.file, arguments.out, path=arguments.path, format=arguments.format)
    if arguments.json:
        print(json.dumps(dataclasses.asdict(done), indent=2))
        return 0
    width = max((len(key) for key in done.names), default=0)
    for key, name in done.names.items():
        print(f"{key:<{width}}  -> {name}" if key != name else key)
    for key in done.left_out:
        print(f"{key}  left out: the format holds numbers only")
    print(f"{len(done.names)} arrays written to {done.file} ({done.format})")
    if done.whole_trainer and done.format in {"safetensors", "torch", "lightning"}:
        print("These are all values of a trainer's snapshot; --path model takes the model alone.")
    return 0
