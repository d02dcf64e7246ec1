"""Every snippet of README and of the guide runs, in the order in which it stands.

* ```` ```python ```` is run as a script of its own; with `import chainer` in it, by
  `chainer-compat run`.
* In ```` ```console ````, the commands `$ chainer-compat …` and `$ python …` are run, and what they
  print is compared with the lines below them, where there are any; `...` stands for anything.

All snippets of a file are run in one folder, which has the examples in it, and the files that real
Chainer 7.8.1 wrote for the legacy example: `model.npz` and `snapshot_iter_90`.
"""

from __future__ import annotations

import dataclasses
import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "README.md", *sorted((ROOT / "migration_guide").rglob("*.md"))]
WRITTEN_BY_CHAINER = ROOT / "tests" / "parity" / "golden" / "digits"

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Snippet:
    language: str
    text: str
    line: int


def snippets(file: Path) -> list[Snippet]:
    text = file.read_text(encoding="utf-8")
    return [
        Snippet(found[1], found[2], text.count("\n", 0, found.start()) + 2)
        for found in _FENCE.finditer(text)
        if found[1] in {"python", "console"}
    ]


def commands(snippet: Snippet) -> Iterator[tuple[str, str]]:
    """Each command of a console snippet, with what it is said to print."""
    for part in re.split(r"^\$ ", snippet.text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        if command.startswith(("chainer-compat ", "python ")):
            yield command, printed


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def run_python(file: Path, snippet: Snippet, folder: Path) -> None:
    # The lines of a traceback are then the lines of the file.
    script = folder / f"{file.stem}_line_{snippet.line}.py"
    script.write_text("\n" * (snippet.line - 1) + snippet.text, encoding="utf-8")
    imports_chainer = re.search(r"^(import|from) chainer\b", snippet.text, re.MULTILINE)
    by_command = ["-m", "chainer_compat", "run"] if imports_chainer else []
    run([sys.executable, *by_command, script.name], folder)


def run_console(snippet: Snippet, folder: Path) -> None:
    for command, expected in commands(snippet):
        words = shlex.split(command)
        start = ["-m", "chainer_compat"] if words[0] == "chainer-compat" else []
        printed = run([sys.executable, *start, *words[1:]], folder)
        if expected:
            flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
            checker = doctest.OutputChecker()
            assert checker.check_output(expected, printed, flags), printed


@pytest.mark.timeout(0)  # each snippet has a limit of its own
@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_snippets_run(file: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for name in ("model.npz", "snapshot_iter_90"):
        shutil.copy(WRITTEN_BY_CHAINER / name, tmp_path / name)
    for snippet in snippets(file):
        if snippet.language == "python":
            run_python(file, snippet, tmp_path)
        else:
            run_console(snippet, tmp_path)


def test_links_lead_somewhere() -> None:
    files = [*FILES, *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md"))]
    links = [
        (file, target)
        for file in files
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8"))
    ]
    missing = [(file.name, target) for file, target in links if not (file.parent / target).exists()]
    assert missing == []
