"""Runs a program in this process as Python itself would run it.

That is: a new ``__main__`` module, ``sys.path[0]`` and ``sys.argv`` as the program expects them,
and no frame of this package above the program's own in a traceback. Exit statuses and signals are
left to the interpreter, which sees the program's exceptions as they are.
"""

from __future__ import annotations

import builtins
import dataclasses
import importlib.machinery
import importlib.util
import io
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from chainer_compat.cli import _numpy_hints
from chainer_compat.cli._numbers_of_arrays import code_of

__all__ = ["CannotRunError", "Program", "execute", "find_module", "find_script"]


class CannotRunError(Exception):
    """There is no program of that name, or none that can be run.

    Attributes:
        exit_status: What Python exits with in such a case.
    """

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


@dataclasses.dataclass(frozen=True)
class Program:
    """A program that can be run.

    Attributes:
        compile: Gives the code; a separate step, because a syntax error is the program's own.
        attributes: What ``__main__`` starts with.
        search_path: The value of ``sys.path[0]``.
        argv0: The value of ``sys.argv[0]``.
    """

    compile: Callable[[], types.CodeType]
    attributes: dict[str, Any]
    search_path: str
    argv0: str


def find_script(name: str) -> Program:
    """Reads a script's file.

    Raises:
        CannotRunError: If there is no such file, or it cannot be read.
    """
    # As Python: neither ".." nor a symbolic link is resolved in __file__, both are in sys.path.
    path = os.path.join(os.getcwd(), name)  # noqa: PTH109, PTH118 (a str, never normalised)
    if os.path.isdir(path):  # noqa: PTH112 (a str)
        raise CannotRunError(f"{name!r} is a directory; name the script in it", 2)
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        raise CannotRunError(f"cannot open {name!r}: {error.strerror}", 2) from None
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    return Program(
        compile=lambda: code_of(source, path),
        attributes={"__file__": path, "__loader__": loader, "__package__": None, "__spec__": None},
        search_path=os.path.dirname(os.path.realpath(path)),  # noqa: PTH120 (a str)
        argv0=name,
    )


def find_module(name: str) -> Program:
    """Finds a module, or the ``__main__`` of a package.

    Raises:
        CannotRunError: If there is none, or it has no code to run.
    """
    # Set before the search, which imports the packages above.
    search_path = os.getcwd()  # noqa: PTH109 (sys.path has strings)
    _set_search_path(search_path)
    spec = _find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        package, spec = spec, _find_spec(f"{name}.__main__")
        if spec is None:
            raise CannotRunError(f"{package.name!r} is a package without a __main__ module", 1)
    if spec is None:
        raise CannotRunError(f"no module named {name!r}", 1)
    if not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
        raise CannotRunError(f"{name!r} has no source code to run", 1)
    loader = spec.loader
    return Program(
        compile=lambda: code_of(loader.get_data(loader.path), loader.path),
        attributes={
            "__cached__": spec.cached,
            "__file__": spec.origin,
            "__loader__": loader,
            "__package__": spec.parent,
            "__spec__": spec,
        },
        search_path=search_path,
        argv0=loader.path,
    )


def _find_spec(name: str) -> importlib.machinery.ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        # A package above it is missing; anything else is an error in a package that is there.
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            return None
        raise


def execute(program: Program) -> None:
    """Runs a program as ``__main__``; what it raises comes out, with its own frames only."""
    _set_search_path(program.search_path)
    sys.argv[0] = program.argv0
    main = types.ModuleType("__main__")
    vars(main).update(
        {"__annotations__": {}, "__builtins__": builtins, "__cached__": None},
    )
    vars(main).update(program.attributes)
    sys.modules["__main__"] = main
    try:
        code = program.compile()
    except SyntaxError:
        _show_errors(lambda _: None)
        raise
    try:
        exec(code, vars(main))  # noqa: S102 (to run a program is the purpose)
    except SystemExit:
        raise
    except BaseException:
        _show_errors(_below_execute)
        raise


def _set_search_path(first: str) -> None:
    # Python was told not to put the program's folder first (-P, -I): then it is not there.
    if not (getattr(sys.flags, "safe_path", False) or sys.flags.isolated):
        sys.path[0] = first


def _below_execute(traceback: types.TracebackType | None) -> types.TracebackType | None:
    """The part of a traceback that is the program's own."""
    while traceback is not None and traceback.tb_frame.f_code is not execute.__code__:
        traceback = traceback.tb_next
    return traceback and traceback.tb_next


def _show_errors(
    part: Callable[[types.TracebackType | None], types.TracebackType | None],
) -> None:
    """Has the error that is about to end the process shown with a part of its traceback only.

    It is the hook that shows it, the program's own if it has set one.
    """
    shown = sys.excepthook

    def show(
        kind: type[BaseException], error: BaseException, traceback: types.TracebackType | None
    ) -> None:
        own = part(traceback)
        shown(kind, error.with_traceback(own), own)
        advice = _numpy_hints.hint(error)
        if advice is not None:
            print(f"chainer-compat run: {advice}", file=sys.stderr)

    sys.excepthook = show
