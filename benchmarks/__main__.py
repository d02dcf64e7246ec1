"""Measure this package beside its alternatives: `python -m benchmarks [section …]`."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import sys

from benchmarks import _measuring, _report
from benchmarks._sections import SECTIONS


def main() -> int:
    """Print a table for each section that was asked for."""
    parser = _parser()
    options = parser.parse_args()
    names = options.sections or list(SECTIONS)
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    settings = {
        "repeats": options.repeats,
        "iterations": options.iterations,
        "epochs": options.epochs,
        "size": int(options.size * 1e6),
    }
    results, tables = {}, []
    if not options.markdown:
        print(_machine(), f"medians of {options.repeats} interleaved repeats", sep=", ")
    for name in names:
        section = SECTIONS[name]
        try:
            results[name] = _measuring.measure(section, settings)
        except _measuring.ContenderError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        title = section.title.format(size=f"{options.size:g}")
        tables.append(_report.table(section, title, results[name]))
        print(f"\n{tables[-1]}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if options.update_readme:
        _report.update_readme(tables)
    return 0


def _machine() -> str:
    processor = platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"{', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--markdown", action="store_true", help="print the tables only")
    parser.add_argument("--repeats", type=int, default=5, help="turns for each contender")
    parser.add_argument("--iterations", type=int, default=200, help="iterations of an epoch")
    parser.add_argument("--epochs", type=int, default=6, help="epochs of a turn, one to warm up")
    parser.add_argument("--size", type=float, default=4.0, help="millions of weights in a file")
    parser.add_argument("--json", type=pathlib.Path, help="write the medians there")
    parser.add_argument("--update-readme", action="store_true", help="write the tables to README")
    return parser


if __name__ == "__main__":
    sys.exit(main())
