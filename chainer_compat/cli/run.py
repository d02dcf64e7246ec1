"""``chainer-compat run``: runs a Chainer script that nobody has changed."""

from __future__ import annotations

import argparse
import sys

from chainer_compat import _alias
from chainer_compat.cli import _program, _workers
from chainer_compat.cli._legacy_names import keep_legacy_names
from chainer_compat.cli._numbers_of_arrays import take_arrays

__all__ = ["add_parser"]

_FABRIC = ("accelerator", "devices", "precision", "strategy")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the parser of ``run``."""
    parser = subparsers.add_parser(
        "run",
        help="run a Chainer script as `python script.py` would",
        description="Runs a script as `python` would, with the names chainer, chainermn and "
        "chainerx served by chainer_compat, and with the names that NumPy has removed since.",
        usage="chainer-compat run [options] script.py [args ...]\n"
        "       chainer-compat run [options] -m module [args ...]",
        epilog="Whatever stands after the script's name is the script's. With any of the options "
        "for devices, the script's updaters train through Lightning's Fabric: on several "
        "processes, each with its share of every batch.",
        allow_abbrev=False,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("script", nargs="?", help="the script's file")
    what.add_argument("-m", dest="module", help="run a module, as `python -m` would")
    fabric = parser.add_argument_group("devices", "as Lightning's Fabric takes them")
    fabric.add_argument("--devices", help="how many, or which: 2, 0,1 or auto; 1 by default")
    fabric.add_argument("--accelerator", help="cpu, cuda or auto, the default")
    fabric.add_argument("--strategy", help="auto, the default, or ddp")
    fabric.add_argument("--precision", help="32-true, 16-mixed or bf16-mixed")
    parser.set_defaults(command=run, runs_script=True)


def run(arguments: argparse.Namespace) -> int:
    """Runs the script; what it raises, `SystemExit` included, comes out as it is."""
    name = arguments.module or arguments.script
    options = {key: value for key in _FABRIC if (value := getattr(arguments, key)) is not None}
    if options:
        from chainer_compat.cli import _launcher

        if not _launcher.is_launched():
            status = _launcher.launch(options)
            if status is not None:
                return status
    sys.argv[:] = ["-m" if arguments.module else name, *arguments.of_script]
    # First of all, for to find a module is to import the packages above it.
    _alias.install()
    _workers.serve_alias()
    keep_legacy_names()
    take_arrays()
    try:
        program = (_program.find_module if arguments.module else _program.find_script)(name)
    except _program.CannotRunError as error:
        print(f"chainer-compat run: {error}", file=sys.stderr)
        return error.exit_status
    if options:
        from chainer_compat.cli import _on_fabric

        return _on_fabric.execute(program, options)
    _program.execute(program)
    return 0
