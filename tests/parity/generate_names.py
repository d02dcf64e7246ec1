"""Write `chainer_compat/_chainer_names.json`: which module of Chainer 7.8.1 has which names.

Run it with the oracle's Python from the root of the repository:

    .oracle/bin/python -W ignore -m tests.parity.generate_names

`--check` compares with the file that is there, and exits with 1 if they differ.

A public package is listed with its names. Every other module is a *deep* one: scripts import it,
and Chainer exposes its names elsewhere (`chainer.functions.activation.relu.relu` is
`chainer.functions.relu`). So each of its names, private ones included, stands under its owner: the
module above it that exposes it; the owner of a name that is exposed nowhere is the nearest public
package above. The package reads the table when a name is missing, and to serve deep modules.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import types
from typing import Any

from tests.parity import _inspect_chainer as look

NAMES_FILE = pathlib.Path(__file__).parents[2] / "chainer_compat" / "_chainer_names.json"

PUBLIC_PACKAGES = {
    "chainer",
    "chainer.backends",
    "chainer.dataset",
    "chainer.dataset.tabular",
    "chainer.datasets",
    "chainer.distributions",
    "chainer.exporters",
    "chainer.function_hooks",
    "chainer.functions",
    "chainer.graph_optimizations",
    "chainer.initializers",
    "chainer.iterators",
    "chainer.link_hooks",
    "chainer.links",
    "chainer.links.caffe",
    "chainer.optimizer_hooks",
    "chainer.optimizers",
    "chainer.serializers",
    "chainer.testing",
    "chainer.training",
    "chainer.training.extensions",
    "chainer.training.triggers",
    "chainer.training.updaters",
    "chainer.utils",
    "chainermn",
    "chainermn.datasets",
    "chainermn.extensions",
    "chainermn.functions",
    "chainermn.iterators",
    "chainermn.links",
    "chainerx",
}


class Table:
    """Which module of Chainer has which names, and which module exposes each."""

    def __init__(self) -> None:
        walked = (look.walk_modules(root, private=True) for root in look.ROOTS)
        self.modules = {module.__name__: module for modules in walked for module in modules}

    def entry(self, module: str) -> dict[str, Any]:
        """What the file says of one module."""
        names = {
            name: value
            for name, value in look.names_of(self.modules[module], private=True).items()
            if not isinstance(value, types.ModuleType)
        }
        if module in PUBLIC_PACKAGES:
            return {"names": " ".join(names)}
        by_owner: dict[str, list[str]] = {}
        for name, value in names.items():
            is_imported = look.home_of(value) and value.__module__ != module
            there = value.__name__ if is_imported else name
            owner = self._owner(module, there, value)
            by_owner.setdefault(owner, []).append(name if there == name else f"{name}={there}")
        owners = {owner: " ".join(found) for owner, found in sorted(by_owner.items())}
        return {"owners": owners, "modules": self._imported_modules(module)}

    def _owner(self, module: str, name: str, value: Any) -> str:
        home = value.__module__ if look.home_of(value) else module
        for above in _ancestors(home):
            if vars(self.modules[above]).get(name) is value:
                return above
        if home != module and home in self.modules:
            return home
        return next(above for above in _ancestors(module) if above in PUBLIC_PACKAGES)

    def _imported_modules(self, module: str) -> dict[str, str]:
        return {
            name: value.__name__
            for name, value in sorted(vars(self.modules[module]).items())
            if isinstance(value, types.ModuleType)
            and value.__name__ in {"numpy", *self.modules}
            and value.__name__ != f"{module}.{name}"
        }

    def dump(self) -> str:
        """JSON with one module a line, so that a change shows as a line of a diff."""
        rows = (f"{json.dumps(name)}: {json.dumps(self.entry(name))}" for name in self.modules)
        return "{\n" + ",\n".join(rows) + "\n}\n"


def _ancestors(module: str) -> list[str]:
    """The packages above a module, the nearest first."""
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]


def main() -> int:
    """Write the file, or compare with it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; 1 if they differ")
    check = parser.parse_args().check
    look.prepare()
    text = Table().dump()
    if check:
        same = NAMES_FILE.read_text(encoding="utf-8") == text
        print(f"{NAMES_FILE.name}: {'up to date' if same else 'differs from Chainer'}")
        return 0 if same else 1
    NAMES_FILE.write_text(text, encoding="utf-8")
    print(f"{NAMES_FILE.name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
