"""The names of Chainer 7.8.1 by module; `tests/parity/generate_names.py` writes the table.

The table is read at the first question, for most programs never ask one. Modules are named as
Chainer names them (``chainer.functions``), never by the name of this package.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import importlib.resources
import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["ChainerModule", "has", "modules", "near"]


@dataclasses.dataclass(frozen=True)
class ChainerModule:
    """What is known of one module of Chainer.

    Attributes:
        owners: Each name of the module, with the module that exposes it to users.
        imports: Each module that the module imported, by the name it has for it.
        is_deep: Whether the module's names are meant to be used from their owners.
        children: The last components of the modules below it.
        renamed: What the owner calls it, for each name that it has under another one.
    """

    owners: Mapping[str, str]
    imports: Mapping[str, str]
    is_deep: bool
    children: tuple[str, ...]
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)


@functools.cache
def modules() -> Mapping[str, ChainerModule]:
    """All modules of Chainer 7.8.1 by their names, private ones included."""
    file = importlib.resources.files("chainer_compat").joinpath("_chainer_names.json")
    table = json.loads(file.read_text(encoding="utf-8"))
    children: dict[str, list[str]] = {}
    for name in table:
        parent, _, last = name.rpartition(".")
        children.setdefault(parent, []).append(last)
    return {name: _read(name, entry, children.get(name, ())) for name, entry in table.items()}


def _read(name: str, entry: Mapping[str, Any], children: Sequence[str]) -> ChainerModule:
    """One module, of its row in the table; ``here=there`` says what the owner calls a name."""
    owners, renamed = {}, {}
    for owner, words in entry.get("owners", {name: entry.get("names", "")}).items():
        for word in words.split():
            here, _, there = word.partition("=")
            owners[here] = owner
            if there:
                renamed[here] = there
    imports = entry.get("modules", {})
    return ChainerModule(owners, imports, "owners" in entry, tuple(children), renamed)


def has(module: str, name: str) -> bool:
    """Whether a module of Chainer 7.8.1 has a name, or a module below it of that name.

    >>> has("chainer.functions", "relu"), has("chainer.functions", "rleu")
    (True, False)
    """
    found = modules().get(module)
    return found is not None and (name in found.owners or name in found.children)


def near(module: str, name: str) -> str | None:
    """The name of a module of Chainer's that is most like a misspelt one, if any is.

    >>> near("chainer.functions", "rleu")
    'relu'
    """
    found = modules().get(module)
    if found is None:
        return None
    public = [known for known in (*found.owners, *found.children) if not known.startswith("_")]
    return next(iter(difflib.get_close_matches(name, public, n=1)), None)
