"""Writes migration_guide/support_table.md: which public names of Chainer 7.8.1 are here.

    .venv/bin/python tools/write_support_table.py [--check]

With `--check` it only compares, and exits with 1 if the file is out of date.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import sys
from pathlib import Path

from chainer_compat import _chainer_names, _deep_paths
from chainer_compat._unsupported import Unsupported
from chainer_compat.functions import _refused

TABLE = Path(__file__).parent.parent / "migration_guide" / "support_table.md"
HEADER = """\
# Support table

The names in the public packages of Chainer 7.8.1, and what there is here for them. Written by
`tools/write_support_table.py`, never by hand. A name that is *not yet* here raises an
`AttributeError` that says so; one that is *refused* raises a `NotImplementedError` that says what
to use instead. That a name is here means that it is tested, not that each of its arguments is
taken: what is not taken is refused by name.

"""


@dataclasses.dataclass
class Support:
    """What one package has: names that are here, not yet here, and refused with the reason."""

    here: list[str] = dataclasses.field(default_factory=list)
    planned: list[str] = dataclasses.field(default_factory=list)
    refused: dict[str, str] = dataclasses.field(default_factory=dict)


def support_of(package: str, names: list[str]) -> Support:
    """Asks this package for each name of one of Chainer's packages."""
    support = Support()
    try:
        module = importlib.import_module(_deep_paths.our_name(package) or package)
    except ImportError:
        support.planned = names
        return support
    for name in names:
        try:
            value = getattr(module, name)
        except (AttributeError, ImportError):
            support.planned.append(name)
            continue
        if isinstance(value, Unsupported):
            support.refused[name] = value.instead
        else:
            support.here.append(name)
    return support


def make_table() -> str:
    """The text of the file."""
    table = {}
    for package, known in sorted(_chainer_names.modules().items()):
        names = sorted(name for name in known.owners if not name.startswith("_"))
        if names and not known.is_deep:
            table[package] = support_of(package, names)
    rows = [
        f"| `{package}` | {len(found.here)} | {len(found.planned)} | {len(found.refused)} |"
        for package, found in table.items()
    ]
    summary = "\n".join(["| package | here | not yet | refused |", "|---|---|---|---|", *rows])
    sections = "\n".join(_section(package, found) for package, found in table.items())
    return f"{HEADER}{summary}\n\n{sections}\n{_internals()}"


def _internals() -> str:
    """What is refused of the names that Chainer's modules of functions have for themselves."""
    parts = ["## Modules below `chainer.functions`\n", "| refused | instead |\n|---|---|"]
    for reason, names in _refused.REASONS.items():
        parts.append(f"| {', '.join(f'`{name}`' for name in names)} | {reason} |")
    return "\n".join([*parts, ""])


def _section(package: str, found: Support) -> str:
    parts = [f"## `{package}`\n"]
    for title, names in (("Here", found.here), ("Not yet", found.planned)):
        if names:
            parts.append(f"{title}: {', '.join(f'`{name}`' for name in names)}.\n")
    if found.refused:
        parts.append("| refused | instead |\n|---|---|")
        parts += [f"| `{name}` | {instead} |" for name, instead in found.refused.items()]
        parts.append("")
    return "\n".join(parts)


def main() -> int:
    """Writes the file, or compares with it."""
    parser = argparse.ArgumentParser(description="Write the support table.")
    parser.add_argument("--check", action="store_true", help="compare only; 1 if they differ")
    text = make_table()
    if parser.parse_args().check:
        same = TABLE.read_text(encoding="utf-8") == text
        print(f"{TABLE.name}: {'up to date' if same else 'out of date, write it anew'}")
        return 0 if same else 1
    TABLE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
