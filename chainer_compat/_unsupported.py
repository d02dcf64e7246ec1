"""What is not supported says so: objects that raise when used, and that can be listed.

The support table of the migration guide is written from :data:`registry`.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from chainer_compat.errors import MissingNameError, NotSupportedError

__all__ = [
    "Unsupported",
    "load_name",
    "missing_name",
    "refuse_arguments",
    "registry",
    "unsupported",
]

# Full name as Chainer spells it -> the object; filled at import by `unsupported`.
registry: dict[str, Unsupported] = {}


class Unsupported:
    """Stands in for a name of Chainer's that is refused, and raises when it is used.

    Args:
        name: The full name as Chainer spells it.
        instead: What to use instead, a sentence.
    """

    def __init__(self, name: str, instead: str) -> None:
        self.__name__ = name.rpartition(".")[2]
        self.name = name
        self.instead = instead

    def error(self) -> NotSupportedError:
        """The exception that a use of the name raises."""
        return NotSupportedError(f"{self.name} is not supported. {self.instead}")

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise self.error()

    def __getattr__(self, attribute: str) -> NoReturn:
        # Dunder look-ups are how inspect, copy and pickle probe an object.
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise self.error()

    def __repr__(self) -> str:
        return f"<not supported: {self.name}>"


def unsupported(name: str, instead: str) -> Any:
    """Returns an object that raises :class:`NotSupportedError` when called or looked into.

    Args:
        name: The full name as Chainer spells it, ``"chainer.links.TheanoFunction"``.
        instead: What to use instead, a sentence.
    """
    return registry.setdefault(name, Unsupported(name, instead))


def refuse_arguments(
    function: str, given: Mapping[str, Any], dead: Mapping[str, tuple[Any, str]]
) -> None:
    """Accepts arguments without a meaning at their default and refuses any other value, by name.

    Args:
        function: The name of the function, for the message.
        given: The keyword arguments that were left over.
        dead: For each argument that is known, its default and what to do instead.

    Raises:
        TypeError: If an argument is not known at all.
        NotSupportedError: If a known argument has another value than its default.
    """
    for key, value in given.items():
        if key not in dead:
            raise TypeError(f"{function}() got an unexpected keyword argument {key!r}")
        default, instead = dead[key]
        if value is not default and value != default:
            raise NotSupportedError(
                f"{function}(): {key}={value!r} is not supported (only {default!r}). {instead}"
            )


def load_name(
    namespace: dict[str, Any],
    name: str,
    names: Mapping[str, str],
    submodules: Collection[str] = (),
) -> Any:
    """Finds a name that a package loads when it is first used: the body of its ``__getattr__``.

    Args:
        namespace: The package's globals, which keep what was found.
        name: The attribute that was asked for.
        names: For each name, the module that defines it, relative to the package.
        submodules: The modules of the package that may be asked for.

    Raises:
        AttributeError: If the package has no such name.
    """
    package: str = namespace["__name__"]
    if name in names:
        value = getattr(importlib.import_module(f".{names[name]}", package), name)
    elif name in submodules:
        value = importlib.import_module(f".{name}", package)
    else:
        raise missing_name(package, name)
    namespace[name] = value
    return value


def missing_name(module: str, name: str) -> MissingNameError:
    """The error for a name that a public module of this package does not define.

    Args:
        module: The module's name, under either import name.
        name: The attribute that was asked for.
    """
    shown = module.replace("chainer_compat", "chainer", 1)
    if name.startswith("_"):
        # Probes of the import system and of inspect: they come often, and nobody reads the text.
        return MissingNameError(f"module {shown!r} has no attribute {name!r}", name=name)
    from chainer_compat import _chainer_names

    if _chainer_names.has(shown, name):
        text = (
            f"{shown}.{name} is a name of Chainer 7.8.1 that chainer_compat does not have yet; "
            "it is planned. See migration_guide/support_table.md for what is there, and use the "
            "torch operation of that kind meanwhile: a chainer_compat Variable goes into torch "
            "functions as it is."
        )
    else:
        text = f"module {shown!r} has no attribute {name!r}"
        near = _chainer_names.near(shown, name)
        if near:
            text += f"; did you mean {near!r}?"
    return MissingNameError(text, name=name)
