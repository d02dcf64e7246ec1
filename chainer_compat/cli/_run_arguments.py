"""Which arguments are the command's own, and which the script's."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["split"]


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Splits after the script's name, as Python does: what follows it is never looked at.

    >>> split(["run", "train.py", "--epoch", "5", "--help"])
    (['run', 'train.py'], ['--epoch', '5', '--help'])
    >>> split(["run", "-m", "package.train", "-m", "x"])
    (['run', '-m', 'package.train'], ['-m', 'x'])
    >>> split(["inspect", "model.npz", "--all"])
    (['inspect', 'model.npz', '--all'], [])
    """
    words = list(argv)
    if words[:1] != ["run"]:
        return words, []
    for position, word in enumerate(words[1:], 1):
        if word == "-m":
            return words[: position + 2], words[position + 2 :]
        if not word.startswith("-"):
            return words[: position + 1], words[position + 1 :]
    return words, []
