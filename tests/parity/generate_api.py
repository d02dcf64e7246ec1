"""Write `api.json`: every public name of the installed Chainer 7.8.1, with kinds and signatures.

Run it with the oracle's Python from the root of the repository:

    .oracle/bin/python -W ignore -m tests.parity.generate_api

`--check` compares with the file that is there, and exits with 1 if they differ. The ONNX exporter
that comes in the same archive (`onnx_chainer`) is a package of its own and not described.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
from typing import Any

from tests.parity import _inspect_chainer as look

API_FILE = pathlib.Path(__file__).with_name("api.json")


def describe_library() -> dict[str, Any]:
    """Describe all modules by their names, and each object once, where it was defined."""
    look.prepare()
    modules: dict[str, dict[str, str]] = {}
    objects: dict[str, Any] = {}
    for root in look.ROOTS:
        for module in look.walk_modules(root):
            entries = modules[module.__name__] = {}
            for name, value in look.names_of(module).items():
                key = look.home_of(value) or f"{module.__name__}.{name}"
                entries[name] = key
                objects.setdefault(key, look.describe(value))
    return {"modules": modules, "objects": objects}


def dump(described: dict[str, Any]) -> str:
    """JSON with one object a line, so that a change shows as a line of a diff."""
    sections = (f" {json.dumps(name)}: {_dump_section(part)}" for name, part in described.items())
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _dump_section(entries: dict[str, Any]) -> str:
    lines = (
        f"  {json.dumps(key)}: {json.dumps(entries[key], sort_keys=True)}"
        for key in sorted(entries)
    )
    return "{\n" + ",\n".join(lines) + "\n }"


def main() -> int:
    """Write the file, or compare with it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; 1 if they differ")
    check = parser.parse_args().check

    import chainer

    if chainer.__version__ != "7.8.1":
        sys.exit(f"this describes Chainer 7.8.1, but {chainer.__version__} is installed")
    text = dump(describe_library())
    if not check:
        API_FILE.write_text(text, encoding="utf-8")
        return 0
    if API_FILE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{API_FILE} is not what the installed Chainer says: write it again", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
