"""Chainer's deep module paths, served from the public modules that have their names.

Scripts import ``chainer.functions.activation.relu`` as a module, or pickles name it. Here the
functions live in other files, so a module of that path is made up when it is imported: it looks
each name up, when asked for it, where the table of Chainer's names says that users find it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import threading
import types
from collections.abc import Sequence
from typing import Any

from chainer_compat import _chainer_names
from chainer_compat._unsupported import missing_name

__all__ = [
    "DeepModule",
    "DeepPathFinder",
    "chainer_name",
    "keep_names",
    "our_name",
    "release_names",
]

# Chainer's import names, with the modules that stand for them.
ROOTS = {
    "chainer": "chainer_compat",
    "chainermn": "chainer_compat.chainermn",
    "chainerx": "chainer_compat._chainerx",
}


# Where Chainer 7 has what versions 1 to 5 had in another module.
_MOVED = {
    "chainer.functions.basic_math": "chainer.functions.math.basic_math",
    "chainer.functions.math.squared_difference": "chainer.functions.loss.squared_error",
    "chainer.functions.pooling.max_pooling_2d": "chainer.functions.pooling.max_pooling_nd",
    "chainer.training.triggers.interval": "chainer.training.triggers.interval_trigger",
    **{
        f"chainer.{package}.{last}": f"chainer.{package.partition('.')[0]}.rnn.{last}"
        for package, names in {
            "functions.activation": ("lstm", "slstm", "tree_lstm"),
            "functions.connection": ("n_step_gru", "n_step_lstm", "n_step_rnn"),
            "links.connection": (
                *("gru", "lstm", "mgu", "n_step_gru", "n_step_lstm", "n_step_rnn", "peephole"),
                *("tree_lstm", "zoneoutlstm"),
            ),
        }.items()
        for last in names
    },
}


def _known(shown: str) -> _chainer_names.ChainerModule | None:
    """What is known of a module of Chainer's, by the name that any version had for it."""
    return _chainer_names.modules().get(_MOVED.get(shown, shown))


def our_name(name: str) -> str | None:
    """The name here of a module of Chainer's, None if the name is not one of Chainer's.

    >>> our_name("chainer.functions.math"), our_name("chainermn.links"), our_name("numpy")
    ('chainer_compat.functions.math', 'chainer_compat.chainermn.links', None)
    """
    root, dot, rest = name.partition(".")
    return ROOTS[root] + dot + rest if root in ROOTS else None


def chainer_name(name: str) -> str | None:
    """Chainer's name of a module of this package: :func:`our_name` the other way.

    >>> chainer_name("chainer_compat.functions"), chainer_name("chainer_compat.chainermn.links")
    ('chainer.functions', 'chainermn.links')
    """
    for root in ("chainermn", "chainerx", "chainer"):
        ours = ROOTS[root]
        if name == ours or name.startswith(ours + "."):
            return root + name[len(ours) :]
    return None


class DeepModule(types.ModuleType):
    """A module of Chainer's that has no file here."""

    def __init__(self, name: str, doc: str | None = None) -> None:
        super().__init__(name, doc)
        # The look-ups under way, each with its thread: where an owner in turn looks here for the
        # same name, nobody has it.
        vars(self)["__asking__"] = set()

    def __getattr__(self, name: str) -> Any:
        shown = chainer_name(self.__name__) or self.__name__
        known = _known(shown)
        if known is None:
            raise missing_name(shown, name)
        if name == "__all__":
            return [n for n in known.owners if not n.startswith("_") and hasattr(self, n)]
        if name.startswith("__"):
            raise AttributeError(f"module {shown!r} has no attribute {name!r}")
        if name in known.owners:
            value = self._ask_owner(known.owners[name], known.renamed.get(name, name))
        elif name in known.children:
            value = importlib.import_module(f"{self.__name__}.{name}")
        elif name in known.imports:
            imported = known.imports[name]
            value = importlib.import_module(our_name(imported) or imported)
        elif shown in _MOVED:
            # What a version had there that Chainer 7 has nowhere: functions.MaxPooling2D.
            value = self._ask_owner(".".join(shown.split(".")[:2]), name)
        else:
            raise missing_name(shown, name)
        vars(self)[name] = value
        return value

    def _ask_owner(self, owner: str, name: str) -> Any:
        shown = chainer_name(self.__name__) or self.__name__
        asking: set[tuple[str, int]] = vars(self)["__asking__"]
        question = (name, threading.get_ident())
        if question in asking:
            raise missing_name(shown, name)
        asking.add(question)
        try:
            module = importlib.import_module(our_name(owner) or owner)
            # A package may have something else under a name than its deep modules.
            find = vars(module).get("_find_deep_name")
            if find is not None:
                return find(name)
            where = vars(module).get("_DEEP_NAMES", {}).get(name)
            if where is not None:
                module = importlib.import_module(where, module.__name__)
            return getattr(module, name)
        except AttributeError:
            raise missing_name(shown, name) from None
        except ModuleNotFoundError as error:
            if error.name is None or our_name(error.name) is None:
                raise
            raise missing_name(shown, name) from error
        finally:
            asking.discard(question)

    def __dir__(self) -> list[str]:
        known = _known(chainer_name(self.__name__) or self.__name__)
        if known is None:
            return sorted(vars(self))
        return sorted({*vars(self), *known.owners, *known.children})


class _DeepLoader(importlib.abc.Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return DeepModule(
            spec.name, "A deep module path of Chainer's: see chainer_compat._deep_paths."
        )

    def exec_module(self, module: types.ModuleType) -> None:
        # On a reload, forget what was looked up before.
        for name in [name for name in vars(module) if not name.startswith("__")]:
            delattr(module, name)


class DeepPathFinder(importlib.abc.MetaPathFinder):
    """Finds what no file of this package serves; it is to be asked last."""

    _loader = _DeepLoader()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Finds a deep module, or says what is missing.

        Raises:
            ImportError: If the name is one of Chainer's and there is nothing here for it.
        """
        shown = chainer_name(fullname)
        if shown is None:
            return None
        known = _known(shown)
        if known is None:
            _explain_missing_name(fullname, shown)
            return None
        if not known.is_deep:
            # Not called `fullname`: `from … import` passes over an error of the very name it tries.
            raise ModuleNotFoundError(
                f"{shown} is a package of Chainer 7.8.1 that chainer_compat does not have yet; it "
                "is planned. See migration_guide/support_table.md for what is there.",
                name=shown,
            )
        keep_names(fullname)
        # A package, though nothing is in it, so that `from … import` asks this finder for a name
        # that is missing.
        return importlib.machinery.ModuleSpec(
            fullname, self._loader, origin="a deep path of Chainer", is_package=True
        )


def _explain_missing_name(fullname: str, shown: str) -> None:
    """Raises the error for ``from chainer.functions import name`` where the name is missing here.

    Python asks for a submodule of that name, and otherwise hides why the name is not there.
    """
    parent, _, name = fullname.rpartition(".")
    above = shown.rpartition(".")[0]
    known = _chainer_names.modules().get(above)
    if known is None or name not in known.owners or name in vars(sys.modules[parent]):
        return
    try:
        getattr(sys.modules[parent], name)
    except AttributeError as error:
        raise ImportError(str(error), name=shown) from None


class _KeepsNames(types.ModuleType):
    """A module that keeps its functions when a submodule of the same name is imported.

    Python binds an imported submodule in its parent; ``chainer.utils.experimental`` is both.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, types.ModuleType) and hasattr(self, name):
            return
        super().__setattr__(name, value)


def keep_names(fullname: str) -> None:
    """Keeps the import of a submodule from overwriting its parent's function of that name."""
    parent, _, name = fullname.rpartition(".")
    module = sys.modules.get(parent)
    here = vars(module).get(name) if module is not None else None
    is_plain = type(module) is types.ModuleType
    if module is not None and is_plain and not isinstance(here, types.ModuleType | None):
        module.__class__ = _KeepsNames


def release_names() -> None:
    """Forgets the deep modules, and makes modules that kept their names plain ones again."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, _KeepsNames):
            module.__class__ = types.ModuleType  # type: ignore[assignment] # the way back
        elif isinstance(module, DeepModule):
            parent, _, last = name.rpartition(".")
            if vars(sys.modules.get(parent, module)).get(last) is module:
                delattr(sys.modules[parent], last)
            del sys.modules[name]
