"""Compare chainer_compat's public names with Chainer's (`api.json`), both ways.

    python -m tests.parity.compare_api            what is not listed, what is listed in vain
    python -m tests.parity.compare_api --shrink   take out of missing.txt what is there now

Three sets, each with a file of what is known:

* `missing.txt`: names of Chainer's that are not here. It may only shrink.
* `spurious.txt`: public names in modules of Chainer's that Chainer lacks, each with a reason.
* `signatures.txt`: signatures that do not take each call that Chainer's take, each with a reason.

A name that is here as an object which says that it is not supported counts as here.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import pathlib
import sys
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import chainer_compat
from chainer_compat import FunctionNode
from chainer_compat._unsupported import Unsupported
from chainer_compat.errors import MissingDependencyError
from tests.parity import _inspect_chainer as look

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = pathlib.Path(__file__).parent
REASON = "  # "

# What a function's node is asked for, by position.
_OF_A_NODE = (
    "backward backward_accumulate check_layout_forward check_type_forward forward forward_chainerx "
    "forward_cpu forward_gpu"
)

# What `inspect` says of `object.__init__`: nothing that could be held against a class.
_ANYTHING = [["args", "var_positional", None], ["kwargs", "var_keyword", None]]


@dataclass
class Comparison:
    """What differs from Chainer, by full public name."""

    missing: set[str] = field(default_factory=set)
    spurious: set[str] = field(default_factory=set)
    signatures: dict[str, str] = field(default_factory=dict)


def listed(name: str) -> dict[str, str]:
    """The names in one of the files, with their reasons."""
    lines = (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    entries = (line.partition(REASON) for line in lines if line and not line.startswith("#"))
    return {entry.strip(): reason for entry, _, reason in entries}


def compare() -> Comparison:
    """Compare this package, under the name `chainer`, with the table."""

    api = json.loads((HERE / "api.json").read_text(encoding="utf-8"))
    found = Comparison()
    chainer_compat.install()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            comparer = _Comparer(api, found)
            for module in sorted(api["modules"]):
                comparer.compare_module(module)
    finally:
        chainer_compat.uninstall()
    return found


class _Comparer:
    def __init__(self, api: dict[str, Any], found: Comparison) -> None:
        self._api = api
        self._found = found
        self._done: set[str] = set()

    def compare_module(self, name: str) -> None:
        """Compare one module; if it is missing as a whole, it is one missing name."""
        if any(name.startswith(above + ".") for above in self._found.missing):
            return
        try:
            module = importlib.import_module(name)
        except ImportError:
            self._found.missing.add(name)
            return
        entries = self._api["modules"][name]
        for entry, key in entries.items():
            self._compare_name(module, f"{name}.{entry}", entry, key)
        submodules = {other.rpartition(".")[2] for other in self._api["modules"]}
        for entry in _public_names(module):
            if entry not in entries and entry not in submodules:
                self._found.spurious.add(f"{name}.{entry}")

    def _compare_name(self, module: Any, shown: str, entry: str, key: str) -> None:
        try:
            value = getattr(module, entry)
        except MissingDependencyError:
            return  # here, and it says which package it needs
        except (AttributeError, ImportError):
            self._found.missing.add(shown)
            return
        theirs = self._api["objects"][key]
        # An object is judged once, under the shortest name that has it; modules come in order.
        if key in self._done or isinstance(value, Unsupported):
            return
        self._done.add(key)
        if theirs["kind"] == "class" and isinstance(value, type):
            self._compare_signature(shown, theirs["signature"], value.__init__, skip_self=True)
            self._compare_members(shown, theirs, value)
        elif theirs["kind"] in {"class", "function"}:
            if callable(value):
                self._compare_signature(shown, theirs["signature"], value)
            else:
                self._found.signatures[shown] = "not callable"

    def _compare_members(self, shown: str, theirs: dict[str, Any], cls: type) -> None:
        """Inherited members have to be there; their signatures are judged with the base class."""
        bases = (self._api["objects"].get(base, {}) for base in theirs["bases"])
        inherited = {name for base in bases for name in base.get("members", ())}
        own = theirs["members"]
        for name in sorted(inherited.union(own)):
            if not hasattr(cls, name):
                self._found.missing.add(f"{shown}.{name}")
            elif "signature" in own.get(name, ()):
                self._compare_method(f"{shown}.{name}", own[name]["signature"], cls, name)

    def _compare_method(self, shown: str, theirs: list[Any] | None, cls: type, name: str) -> None:
        ours = inspect.getattr_static(cls, name)
        function = getattr(ours, "__func__", ours)
        if isinstance(ours, Unsupported) or not callable(function):
            return
        skip_self = not isinstance(ours, staticmethod)
        # Python calls an operator by position, and the machinery a function's node: what their
        # arguments are called is nobody's business.
        is_operator = name.startswith("__") and name != "__call__"
        by_position = is_operator or (name in _OF_A_NODE.split() and issubclass(cls, FunctionNode))
        self._compare_signature(
            shown, theirs, function, skip_self=skip_self, by_position=by_position
        )

    def _compare_signature(
        self,
        shown: str,
        theirs: list[Any] | None,
        function: Any,
        *,
        skip_self: bool = False,
        by_position: bool = False,
    ) -> None:
        ours = look.signature_of(function, skip_self=skip_self)
        if theirs is None or ours is None:
            return
        if by_position:
            theirs, ours = _numbered(theirs), _numbered(ours)
        if theirs == _ANYTHING or (by_position and ours == _ANYTHING):
            return
        problems = list(_refused_calls([tuple(parameter) for parameter in theirs], ours))
        if problems:
            self._found.signatures[shown] = "; ".join(problems)


def _numbered(signature: list[Any]) -> list[Any]:
    """The same parameters under numbers; one that takes the rest takes what is left."""
    if any(kind == "var_positional" for _, kind, _ in signature):
        return _ANYTHING
    return [(f"argument {number}", *rest) for number, (_, *rest) in enumerate(signature)]


def _public_names(module: Any) -> list[str]:
    names = getattr(module, "__all__", None)
    offered = sorted(look.names_of(module)) if names is None else names
    return [name for name in offered if look.is_public(name)]


_POSITIONAL = ("positional_only", "positional_or_keyword")


def _refused_calls(theirs: list[Any], ours: list[Any]) -> Iterator[str]:
    """Why a call that Chainer's signature takes would fail, or mean something else, here."""
    kinds = {kind for _, kind, _ in ours}
    by_name = {name: (kind, default) for name, kind, default in ours}
    positional = [name for name, kind, _ in ours if kind in _POSITIONAL]
    for index, (name, kind, default) in enumerate(theirs):
        if kind.startswith("var_"):
            takes_some = kind in kinds or (kind == "var_keyword" and "keyword_only" in kinds)
            if not takes_some:
                yield f"takes no {'*' if kind == 'var_positional' else '**'}{name}"
            continue
        if name not in by_name:
            yield f"no argument {name}"
        elif kind in _POSITIONAL and (index >= len(positional) or positional[index] != name):
            yield f"argument {name} at another place"
        elif not _same_default(by_name[name][1], default):
            yield f"{name}={by_name[name][1]}, Chainer's {default}"
    known = {name for name, _, _ in theirs}
    for name, kind, default in ours:
        if name not in known and default is None and not kind.startswith("var_"):
            yield f"needs {name}"


def _same_default(ours: str | None, theirs: str | None) -> bool:
    # Chainer takes hold of `sys.stdout` on import; None means the one at the time of the call.
    return theirs is None or ours == theirs or (ours, theirs) == ("None", "<TextIOWrapper>")


def complaints(found: Comparison) -> list[str]:
    """What the files do not say, and what they say in vain."""
    names = {
        "missing": found.missing,
        "spurious": found.spurious,
        "signatures": set(found.signatures),
    }
    lines = []
    for file, actual in names.items():
        known = set(listed(file))
        for name in sorted(actual - known):
            problem = found.signatures.get(name, "") if file == "signatures" else ""
            lines.append(f"{file}: {name} {problem}".rstrip())
        lines += [f"{file}: {name} is listed in vain" for name in sorted(known - actual)]
    return lines


def shrink(found: Comparison) -> None:
    """Take the names that are here now out of `missing.txt`.

    Where a class or module has come without some of its names, these take its place: they were
    missing with it.
    """
    path = HERE / "missing.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    known = {line for line in lines if not line.startswith("#")}
    kept = sorted(name for name in found.missing if not known.isdisjoint(_with_owners(name)))
    comments = [line for line in lines if line.startswith("#")]
    path.write_text("\n".join([*comments, *kept]) + "\n", encoding="utf-8")


def _with_owners(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def main() -> int:
    """Print what differs, or shrink the list."""
    parser = argparse.ArgumentParser(description="Compare our names with Chainer's.")
    parser.add_argument("--shrink", action="store_true", help="shrink missing.txt")
    options = parser.parse_args()
    found = compare()
    if options.shrink:
        shrink(found)
    lines = complaints(found)
    print("\n".join(lines))
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
