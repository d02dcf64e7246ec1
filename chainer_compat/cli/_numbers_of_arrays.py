"""Lets a script take an array of one element for a number, as NumPy up to 2.3 did.

Nothing can be put into NumPy for that, so it is the script that is changed while it is compiled:
ahead of ``int(x)``, ``float(x)`` and ``a[i] = x``, the element is taken out of ``x``. Files stay as
they are, and so do modules that have nothing to do with Chainer.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import importlib.machinery
import os
import re
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["code_of", "take_arrays"]

_NUMBERS = ("int", "float")
# Sources without any are left to Python, which has them compiled already.
_MAY_TAKE_NUMBERS = re.compile(rb"\b(?:int|float)\s*\(|\]\s*=[^=]")
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep  # noqa: PTH100, PTH120 (a prefix)
# Looked up by the changed code, in whatever module that is.
_NAME = "_chainer_compat_number_of"
_NAME_OF_ELEMENT = "_chainer_compat_element_for"
# What may be looked at twice.
_PLAIN = (
    *(ast.Name, ast.Constant, ast.Attribute, ast.Tuple, ast.Subscript, ast.BinOp, ast.UnaryOp),
    *(ast.operator, ast.unaryop, ast.expr_context),
)


def _is_refused() -> bool:
    try:
        float(np.ones(1))
    except TypeError:
        return True
    return False


def _number_of(value: Any) -> Any:
    """The element of an array that has one; anything else as it is.

    Args:
        value: What is to become a number.

    Example:
        >>> int(_number_of(np.array([[3.0]])))
        3
        >>> _number_of("3")
        '3'
    """
    if isinstance(value, np.ndarray) and value.ndim and value.size == 1:
        return value.flat[0]
    return value


def _element_for(value: Any, target: Any, index: Any) -> Any:
    """What an element of an array is to be: the element of another array, if it has one.

    Args:
        value: What ``target[index]`` is to be.
        target: An array, or anything else.
        index: One element of it, or several.

    Example:
        >>> _element_for(np.array([3.0]), np.zeros(2), 0)
        np.float64(3.0)
        >>> _element_for(np.array([3.0]), np.zeros((2, 2)), 0)
        array([3.])
    """
    number = _number_of(value)
    if number is not value and isinstance(target, np.ndarray) and target.dtype != object:
        with contextlib.suppress(IndexError):  # which the assignment raises
            if not np.ndim(target[index]):
                return number
    return value


class _Changes(ast.NodeTransformer):
    """Changes calls of ``int`` and ``float``, and assignments to elements."""

    def __init__(self) -> None:
        self.has_changed = False

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        function, arguments = node.func, node.args
        if not (isinstance(function, ast.Name) and function.id in _NUMBERS):
            return node
        if len(arguments) == 1 and not node.keywords and _may_be_array(arguments[0]):
            node.args = [self._call(_NAME, arguments)]
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, ast.Subscript):
            return node
        if _may_be_array(node.value) and all(map(_may_be_repeated, ast.walk(target))):
            looked_up = copy.deepcopy([target.value, target.slice])
            node.value = self._call(_NAME_OF_ELEMENT, [node.value, *looked_up])
        return node

    def _call(self, function: str, arguments: list[ast.expr]) -> ast.Call:
        name = ast.Name(function, ast.Load())
        call = ast.Call(name, arguments, [])
        for new in (name, call):
            ast.copy_location(new, arguments[0])
        self.has_changed = True
        return call


def _may_be_repeated(part: ast.AST) -> bool:
    if isinstance(part, ast.Call):
        return isinstance(part.func, ast.Name) and part.func.id in (*_NUMBERS, _NAME)
    return isinstance(part, _PLAIN)


def _may_be_array(argument: ast.expr) -> bool:
    return not isinstance(argument, (ast.Constant, ast.JoinedStr, ast.Starred))


def _given_names(node: ast.AST) -> set[str | None]:
    """The names that a node gives a meaning of its own."""
    if isinstance(node, ast.Name):
        return set() if isinstance(node.ctx, ast.Load) else {node.id}
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.arg):
        return {node.arg}
    if isinstance(node, ast.alias):
        return {node.asname or node.name}
    return set()


def _changed(source: bytes, path: str) -> ast.Module | None:
    """The tree of a source with its calls changed; None if there is nothing to change."""
    try:
        tree = ast.parse(source, path)
    except (SyntaxError, ValueError):
        return None  # Python says what is wrong with it
    if any(not _given_names(node).isdisjoint(_NUMBERS) for node in ast.walk(tree)):
        return None  # the names mean something else there
    changes = _Changes()
    changes.visit(tree)
    return tree if changes.has_changed else None


def code_of(source: bytes, path: str) -> types.CodeType:
    """Compiles a source, with its calls changed if NumPy refuses such arrays.

    Args:
        source: The source.
        path: Its file.

    Raises:
        SyntaxError: If Python cannot compile it.
    """
    changed = _changed(source, path) if hasattr(builtins, _NAME) else None
    what: Any = source if changed is None else changed
    code: types.CodeType = compile(what, path, "exec", dont_inherit=True)
    return code


class _Loader(importlib.machinery.SourceFileLoader):
    """Keeps nothing of what it compiles, so that Python finds nothing of it without us."""

    def get_code(self, fullname: str) -> types.CodeType:
        """Compiles the file.

        Args:
            fullname: The module's name.
        """
        path = self.get_filename(fullname)
        return code_of(self.get_data(path), path)


class _Finder:
    """Finds modules as Python does, with another loader for scripts' and Chainer's users' own."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Finds a module.

        Args:
            fullname: Its name.
            path: Where to look; None for ``sys.path``.
            target: The module that is loaded again, if one is.
        """
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader:
            return spec
        file = spec.loader.path
        if not file.startswith(_OURS) and _is_of_a_script(file):
            spec.loader = _Loader(fullname, file)
        return spec


def _is_of_a_script(file: str) -> bool:
    source = Path(file).read_bytes()
    # The search costs most, and most modules are none of a script's.
    is_one = b"chainer" in source or ("site-packages" not in file and _is_beside_the_script(file))
    return is_one and bool(_MAY_TAKE_NUMBERS.search(source))


def _is_beside_the_script(file: str) -> bool:
    # Many a script puts another folder first.
    folders = {sys.path[0]}
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script is not None:
        folders.add(os.path.dirname(os.path.realpath(script)))  # noqa: PTH120 (a str)
    return any(folder and file.startswith(folder + os.sep) for folder in folders)


def take_arrays() -> None:
    """Has what this process loads from now on make numbers of arrays of one element.

    Nothing happens with a NumPy that takes them.
    """
    if not _is_refused() or hasattr(builtins, _NAME):
        return
    setattr(builtins, _NAME, _number_of)
    setattr(builtins, _NAME_OF_ELEMENT, _element_for)
    finders: list[Any] = sys.meta_path
    finders.insert(finders.index(importlib.machinery.PathFinder), _Finder)
