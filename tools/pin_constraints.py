"""Writes constraints.txt: the versions in the environment that runs this.

    .venv/bin/python tools/pin_constraints.py

A release that is not for Python 3.10 gets a marker, so that pip chooses an older one there.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet

CONSTRAINTS = Path(__file__).parent.parent / "constraints.txt"
HEADER = """\
# The set of versions that the tests run with; used by demo.sh, test.sh, tox and CI.
# Written by tools/pin_constraints.py. A marker: no release at that version for Python 3.10.
"""


def line_of(distribution: metadata.Distribution) -> str:
    """One pin, without a local version such as torch's +cpu."""
    supported = SpecifierSet(distribution.metadata["Requires-Python"] or "")
    marker = "" if supported.contains("3.10.99") else '; python_version >= "3.11"'
    return f"{distribution.metadata['Name']}=={distribution.version.partition('+')[0]}{marker}"


def main() -> None:
    """Writes the file."""
    lines = {
        line_of(distribution)
        for distribution in metadata.distributions()
        if distribution.metadata["Name"] not in {"pip", "chainer-compat"}
    }
    text = "\n".join(sorted(lines, key=str.lower))
    CONSTRAINTS.write_text(f"{HEADER}{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
