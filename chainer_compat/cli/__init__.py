"""The command ``chainer-compat``.

Each module of this package without a leading underscore is a sub-command. It defines
``add_parser(subparsers)``, which adds an :mod:`argparse` parser and sets its default ``command`` to
a function that takes the parsed arguments and returns the exit status. Such a module is imported
whenever the command starts, so it imports what is heavy inside that function.

A command that raises one of the package's errors, or an OSError, ends with the error's message and
exit status 1. Bad usage is argparse's exit status 2.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence

from chainer_compat._version import PACKAGE_VERSION, __version__
from chainer_compat.cli import _run_arguments
from chainer_compat.errors import ChainerCompatError

__all__ = ["main"]

PROGRAM = "chainer-compat"
_OUTPUT_CLOSED = 141  # as a shell shows it: 128 and the number of SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The arguments, without the program's name; by default those of the process.

    Returns:
        The exit status.
    """
    own, of_script = _run_arguments.split(sys.argv[1:] if argv is None else argv)
    arguments = make_parser().parse_args(own, argparse.Namespace(of_script=of_script))
    if arguments.runs_script:
        return int(arguments.command(arguments))
    try:
        status = int(arguments.command(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough, like head; nothing more is to be written there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _OUTPUT_CLOSED
    except (ChainerCompatError, OSError) as error:
        print(f"{PROGRAM} {arguments.command_name}: {_text(error)}", file=sys.stderr)
        return 1
    return status


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command, with a sub-parser from each public module here."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Chainer on torch: run old scripts, look into old files."
    )
    version = f"{PROGRAM} {PACKAGE_VERSION} (the API of Chainer {__version__})"
    parser.add_argument("--version", action="version", version=version)
    parser.set_defaults(runs_script=False)
    subparsers = parser.add_subparsers(dest="command_name", metavar="COMMAND", required=True)
    for found in pkgutil.iter_modules(__path__):
        if not found.name.startswith("_"):
            importlib.import_module(f"{__name__}.{found.name}").add_parser(subparsers)
    return parser
