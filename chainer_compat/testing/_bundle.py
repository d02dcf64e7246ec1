"""Test classes made from a test class, and put into its module in its place."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

__all__ = ["Bundle", "GeneratedClass", "decorator"]

# From a test method to what stands for it; None takes it away.
MethodWrapper = Callable[[Any], Any]
# From a test class to the names, members and method wrappers of what is made from it.
Generator = Callable[[type], Iterable[tuple[str, dict[str, Any], MethodWrapper]]]


class GeneratedClass(NamedTuple):
    """A test class, and under which name it was put into which module (None: not yet)."""

    klass: type
    module_name: str | None
    class_name: str | None


class Bundle:
    """What a decorator leaves in place of a test class; decorators may be applied to it again.

    Args:
        cases: The classes that were made.
    """

    def __init__(self, cases: list[GeneratedClass]) -> None:
        self.cases = cases


def decorator(generate: Generator) -> Callable[[Any], Bundle]:
    """Returns a decorator of test classes, which may follow others of its kind.

    Args:
        generate: What to make from a class.
    """

    def decorate(target: Any) -> Bundle:
        made: list[GeneratedClass] = []
        for klass, module_name, class_name in opened(target).cases:
            if module_name is None or class_name is None:
                module_name = klass.__module__
            else:
                delattr(sys.modules[module_name], class_name)
            made += [_make(klass, module_name, *parts) for parts in generate(klass)]
        return Bundle(made)

    return decorate


def opened(target: Any) -> Bundle:
    """Returns a bundle for a test class, and a bundle as it is.

    Args:
        target: What is being decorated.
    """
    return target if isinstance(target, Bundle) else Bundle([GeneratedClass(target, None, None)])


def _make(
    base: type, module_name: str, name: str, members: dict[str, Any], wrap: MethodWrapper
) -> GeneratedClass:
    methods = {
        method_name: wrap(method)
        for method_name, method in inspect.getmembers(base, inspect.isfunction)
        if method_name.startswith("test_")
    }
    made = type(name, (base,), {**members, **methods, "__module__": module_name})
    setattr(sys.modules[module_name], name, made)
    return GeneratedClass(made, module_name, name)
