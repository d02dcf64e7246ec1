"""Describe the public names of a Chainer-like library by looking at the objects themselves.

It needs the standard library only, so that the oracle's Python runs it as well as ours. Three
users: `generate_api.py` (writes `api.json`), `test_api.py` (looks at chainer_compat under the
alias) and whatever needs the table of deep module paths (`walk_modules`, `names_of`).

What counts as public:

* a module none of whose components starts with an underscore;
* in a package: every name whose object is the library's own (classes, functions, modules,
  constants);
* in a plain module: the same without modules, because a module that a module imports is its tool,
  not its interface;
* in a class: what the class body itself defines, and the operators that `object` lacks.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import pkgutil
import sys
import types
import warnings
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOTS = ("chainer", "chainermn", "chainerx")

# Chainer imports these for what needs a cluster or a test runner; a stand-in lets the modules be
# looked at without them.
STAND_INS = ("mpi4py", "mpi4py.MPI", "pytest")

_PLAIN = (bool, int, float, str, bytes, type(None))


def prepare() -> None:
    """Make every module of an installed Chainer importable in this process."""
    # protobuf's compiled parser refuses Chainer's old generated module; the one in Python takes it.
    os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
    warnings.simplefilter("ignore")
    for name in STAND_INS:
        if name not in sys.modules and importlib.util.find_spec(name) is None:
            sys.modules[name] = _stand_in(name)


def _stand_in(name: str) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__getattr__ = lambda attribute: mock.MagicMock(name=f"{name}.{attribute}")
    module.__path__ = []  # a package, so that `import mpi4py.MPI` finds the stand-in in sys.modules
    return module


def is_public(dotted: str) -> bool:
    """Whether no component of the dotted name starts with an underscore."""
    return not any(part.startswith("_") for part in dotted.split("."))


def walk_modules(root: str, private: bool = False) -> Iterator[types.ModuleType]:
    """Import and yield the package `root` and each public module below it, sorted by name.

    With `private`, modules whose name starts with an underscore are walked too.
    """
    package = importlib.import_module(root)
    yield package
    infos = pkgutil.iter_modules(package.__path__, root + ".")
    for info in sorted(infos, key=lambda info: info.name):
        if not (private or is_public(info.name)):
            continue
        if info.ispkg:
            yield from walk_modules(info.name, private)
        else:
            yield importlib.import_module(info.name)


def names_of(module: types.ModuleType, private: bool = False) -> dict[str, Any]:
    """Map the names that `module` offers as its own to their objects.

    With `private`, names with a single leading underscore count too.
    """
    is_package = hasattr(module, "__path__")
    return {
        name: value
        for name, value in sorted(vars(module).items())
        if (is_public(name) or (private and not name.startswith("__")))
        and _belongs(value, is_package)
    }


def _belongs(value: Any, is_package: bool) -> bool:
    if isinstance(value, types.ModuleType):
        return is_package and _is_ours(value.__name__) and value.__name__ not in ROOTS
    if isinstance(value, type) or callable(value):
        return _is_ours(getattr(value, "__module__", None) or type(value).__module__)
    # A constant has no module: plain values and the library's instances are interface.
    return isinstance(value, (*_PLAIN, tuple, list, dict)) or _is_ours(type(value).__module__)


def _is_ours(module_name: str) -> bool:
    root = module_name.partition(".")[0]
    return root in ROOTS or root == "chainer_compat"


def home_of(value: Any) -> str | None:
    """The dotted name under which a class or function was defined, None for anything else."""
    if not isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return None
    return f"{value.__module__}.{value.__qualname__}"


def describe(value: Any) -> dict[str, Any]:
    """Describe one object as plain data: kind and, if it has them, value, signature, members."""
    if isinstance(value, types.ModuleType):
        return {"kind": "module"}
    if isinstance(value, type):
        return _describe_class(value)
    if callable(value):
        return {"kind": "function", "signature": signature_of(value)}
    described: dict[str, Any] = {"kind": "data", "type": type(value).__name__}
    if isinstance(value, _PLAIN):
        described["value"] = repr(value)
    return described


def _describe_class(cls: type) -> dict[str, Any]:
    return {
        "kind": "class",
        "bases": [base for base in map(home_of, cls.__mro__[1:]) if base and _is_ours(base)],
        "signature": signature_of(cls.__init__, skip_self=True),
        "members": {
            name: described
            for name, raw in sorted(vars(cls).items())
            for described in [_describe_member(name, raw)]
            if described is not None
        },
    }


def _describe_member(name: str, raw: Any) -> dict[str, Any] | None:
    if name.startswith("_"):
        is_operator = name.startswith("__") and name.endswith("__") and callable(raw)
        if not is_operator or hasattr(object, name):
            return None
    if isinstance(raw, property):
        return {"kind": "property", "writable": raw.fset is not None}
    if isinstance(raw, (classmethod, staticmethod)):
        return {
            "kind": type(raw).__name__,
            "signature": signature_of(raw.__func__, skip_self=isinstance(raw, classmethod)),
        }
    if isinstance(raw, type):
        return {"kind": "class"}
    if callable(raw):
        return {"kind": "method", "signature": signature_of(raw, skip_self=True)}
    return {"kind": "data"}


def signature_of(
    function: Any, skip_self: bool = False
) -> list[tuple[str, str, str | None]] | None:
    """The parameters as (name, kind, default's repr or None); None where Python does not tell."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if skip_self and parameters and parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
        del parameters[0]  # `def add(*xs)` takes self as one of many
    return [_describe_parameter(parameter) for parameter in parameters]


def _describe_parameter(parameter: inspect.Parameter) -> tuple[str, str, str | None]:
    kind = parameter.kind.name.lower()
    if parameter.default is inspect.Parameter.empty:
        return (parameter.name, kind, None)
    return (parameter.name, kind, _stable_repr(parameter.default))


def _stable_repr(value: Any) -> str:
    """A repr with no memory address and no NumPy version in it."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, types.FunctionType):
        return f"<function {value.__name__}>"
    if isinstance(value, (*_PLAIN, tuple, list, dict)):
        return repr(value)
    return f"<{type(value).__name__}>"
