"""Serves the import names ``chainer``, ``chainermn`` and ``chainerx``.

Both names of a module give the same object: ``sys.modules['chainer.functions'] is
sys.modules['chainer_compat.functions']``. So a class, a patch or a registration made under one name
is there under the other, and the module keeps its own ``__name__`` and ``__spec__``.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
import types
import warnings
from collections.abc import Sequence

from chainer_compat import _chainer_names
from chainer_compat._deep_paths import (
    ROOTS,
    DeepPathFinder,
    chainer_name,
    keep_names,
    our_name,
    release_names,
)
from chainer_compat.errors import AliasError, ChainerCompatWarning

__all__ = ["install", "uninstall"]


class _AliasLoader(importlib.abc.Loader):
    """Puts the real module in the place of the one that Python made for the alias."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        # Python's default, a placeholder: given the real module, it would overwrite its __spec__.
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        alias = module.__name__
        real = importlib.import_module(our_name(alias) or alias)
        if alias in ROOTS:
            # What was loaded before the alias was there; the rest follows with `_PackageLoader`.
            for name, loaded in list(sys.modules.items()):
                if chainer_name(name) is not None and loaded is not None:
                    _bind_submodules(loaded)
        sys.modules[alias] = real


class _PackageLoader(importlib.machinery.SourceFileLoader):
    """Loads a package of ours with Chainer's deep modules in it, whoever imports it."""

    def exec_module(self, module: types.ModuleType) -> None:
        super().exec_module(module)
        _bind_submodules(module)


class _AliasFinder(importlib.abc.MetaPathFinder):
    """Finds the alias of each module that can be imported under its own name.

    It is to be asked first: Python's own finder would load a file a second time, as another module.
    """

    _loader = _AliasLoader()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        real = our_name(fullname)
        if real is None:
            return None if chainer_name(fullname) is None else _package_spec(fullname, path)
        if importlib.util.find_spec(real) is None:
            return None
        keep_names(fullname)
        # The placeholder is a package: another thread may look for submodules while it is there.
        return importlib.machinery.ModuleSpec(fullname, self._loader, is_package=True)


def _package_spec(name: str, path: Sequence[str] | None) -> importlib.machinery.ModuleSpec | None:
    spec = importlib.machinery.PathFinder.find_spec(name, path)
    if spec is None or spec.submodule_search_locations is None:
        return None
    if isinstance(spec.loader, importlib.machinery.SourceFileLoader):
        spec.loader = _PackageLoader(spec.loader.name, spec.loader.path)
    return spec


def _bind_submodules(module: types.ModuleType) -> None:
    """Makes a package's deep submodules attributes: Chainer imports all of its modules at once."""
    known = _chainer_names.modules().get(chainer_name(module.__name__) or "")
    if known is None or not hasattr(module, "__path__"):
        return
    for child in known.children:
        name = f"{module.__name__}.{child}"
        has_file = importlib.machinery.PathFinder.find_spec(name, module.__path__)
        below = _chainer_names.modules()[chainer_name(name) or name]
        if below.is_deep and has_file is None and child not in vars(module):
            importlib.import_module(name)


_finders = (_AliasFinder(), DeepPathFinder())
_lock = threading.Lock()
_warned = False


def install() -> None:
    """Makes ``import chainer`` (``chainermn``, ``chainerx``) import this package.

    Call it before anything imports Chainer. ``chainer-compat run script.py`` does so for a script
    that is not to be changed. A second call does nothing.

    Raises:
        ImportError: If a real Chainer has been imported already.

    Example:
        >>> import chainer_compat
        >>> chainer_compat.install()
        >>> import chainer.functions
        >>> chainer.functions is chainer_compat.functions
        True
        >>> chainer_compat.uninstall()
    """
    with _lock:
        if _finders[0] in sys.meta_path:
            return
        _refuse_imported_chainer()
        _warn_of_installed_chainer()
        sys.meta_path.insert(0, _finders[0])
        sys.meta_path.append(_finders[1])


def uninstall() -> None:
    """Undoes :func:`install`: the names mean an installed Chainer again, or nothing.

    Modules that were imported stay usable. Without :func:`install` it does nothing.
    """
    with _lock:
        for finder in _finders:
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)
        release_names()
        for name in [name for name in sys.modules if _is_alias(name)]:
            del sys.modules[name]


def _is_alias(name: str) -> bool:
    real = our_name(name)
    return real is not None and (sys.modules.get(real) is sys.modules[name])


def _refuse_imported_chainer() -> None:
    for root in ROOTS:
        module = sys.modules.get(root)
        if module is not None and not _is_alias(root):
            raise AliasError(
                f"{root} has been imported from {getattr(module, '__file__', 'elsewhere')}: call "
                "chainer_compat.install() before the first import of it, or run the script by "
                "`chainer-compat run`.",
                name=root,
            )


def _warn_of_installed_chainer() -> None:
    global _warned  # noqa: PLW0603 (once in a process, however often the alias is switched on)
    spec = importlib.machinery.PathFinder.find_spec("chainer")
    if spec is None or spec.origin is None or _warned:
        return
    _warned = True
    warnings.warn(
        f"Chainer is installed in {spec.origin}; `import chainer` gives chainer_compat instead.",
        ChainerCompatWarning,
        stacklevel=3,
    )
