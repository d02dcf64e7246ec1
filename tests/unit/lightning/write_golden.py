"""Write down, in each situation, Lightning's hooks and what happens to the extensions among them:

    python -m tests.unit.lightning.write_golden [--check]

`golden/SITUATION.json` has the lines of the Lightning that constraints.txt pins. With another one,
this writes `golden/SITUATION.lightning-X.Y.json` where that version's lines differ, for which
`_golden_situations.DIFFERENT` has to have a reason. `--check` writes nothing, and fails where the
lines are not those of the files.
"""

from __future__ import annotations

import argparse
import difflib
import json
import pathlib
import re
import sys
import tempfile

import lightning

from tests.unit.lightning._golden_situations import SITUATIONS

FOLDER = pathlib.Path(__file__).with_name("golden")
VERSION = ".".join(lightning.__version__.split(".")[:2])
CONSTRAINTS = pathlib.Path(__file__).parents[3] / "constraints.txt"


def lines_of(name: str) -> list[str]:
    """Runs a situation, and returns its lines."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        SITUATIONS[name](pathlib.Path(folder), lines)
    return lines


def golden_of(name: str) -> list[str]:
    """The lines that a situation has to have with the Lightning at hand."""
    own = FOLDER / f"{name}.lightning-{VERSION}.json"
    path = own if own.exists() else FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def write(name: str, lines: list[str]) -> None:
    """Writes the lines of a situation to the file that is for the Lightning at hand."""
    pinned = re.search(r"^lightning==(\d+\.\d+)", CONSTRAINTS.read_text(), re.MULTILINE)
    of_pinned = pinned is not None and pinned[1] == VERSION
    own = FOLDER / f"{name}{'' if of_pinned else f'.lightning-{VERSION}'}.json"
    if not of_pinned:
        own.unlink(missing_ok=True)
    if of_pinned or golden_of(name) != lines:
        own.write_text(json.dumps(lines, indent=0) + "\n", encoding="utf-8")


def main() -> int:
    """Write the files, or compare with them."""
    parser = argparse.ArgumentParser(description="Write golden lists of hooks and calls.")
    parser.add_argument("--check", action="store_true", help="only say where they differ")
    check = parser.parse_args().check
    differ = False
    for name in SITUATIONS:
        lines, golden = lines_of(name), golden_of(name)
        if check and lines != golden:
            differ = True
            print(*difflib.unified_diff(golden, lines, name, "now", lineterm=""), sep="\n")
        elif not check:
            write(name, lines)
    return int(differ)


if __name__ == "__main__":
    sys.exit(main())
