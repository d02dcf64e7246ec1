"""Which arguments are the command's own, and which the script's."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["WITH_VALUE", "split"]

# The command's own options that are followed by a value.
WITH_VALUE = ("--accelerator", "--devices", "--precision", "--strategy")


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Splits after the script's name, as Python does: what follows it is never looked at.

    >>> split(["run", "train.py", "--epoch", "5", "--help"])
    (['run', 'train.py'], ['--epoch', '5', '--help'])
    >>> split(["run", "-m", "package.train", "-m", "x"])
    (['run', '-m', 'package.train'], ['-m', 'x'])
    >>> split(["run", "--devices", "2", "train.py", "--devices", "5"])
    (['run', '--devices', '2', 'train.py'], ['--devices', '5'])
    >>> split(["inspect", "model.npz", "--all"])
    (['inspect', 'model.npz', '--all'], [])
    """
    words = list(argv)
    if words[:1] != ["run"]:
        return words, []
    is_value = False
    for position, word in enumerate(words[1:], 1):
        if is_value or word in WITH_VALUE:
            is_value = not is_value
        elif word == "-m":
            return words[: position + 2], words[position + 2 :]
        elif not word.startswith("-"):
            return words[: position + 1], words[position + 1 :]
    return words, []
