"""Which files a snapshot extension calls its own, and in which order they were written."""

from __future__ import annotations

import re
import string
from typing import Any

__all__ = ["NameTemplate"]

_NUMBER = r"(?P<number{0}>[-+]?[0-9][0-9_,]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)"
_NUMERIC_FIELDS = ("iteration", "epoch", "epoch_detail", "elapsed_time", "t")


class NameTemplate:
    """A file name with fields, and the files that it can have made.

    Chainer compares only what stands before the first field and after the last one, so that
    ``snapshot_iter_best`` counts as one of ``snapshot_iter_{.updater.iteration}``. Here a field
    that is a number matches a number only.

    Args:
        template: The ``filename`` of a snapshot extension.

    Example:
        >>> names = NameTemplate("snapshot_iter_{.updater.iteration}")
        >>> names.number("snapshot_iter_120"), names.number("snapshot_iter_best")
        (120.0, None)
    """

    def __init__(self, template: str) -> None:
        self.template = template
        pattern, numbers = "", 0
        for literal, field, spec, _ in string.Formatter().parse(template):
            pattern += re.escape(literal)
            if field is None:
                continue
            if field.rpartition(".")[2] in _NUMERIC_FIELDS or (spec and spec[-1] in "dfgeEGn"):
                pattern += _NUMBER.format(numbers)
                numbers += 1
            else:
                pattern += r"[^/]+?"
        self._pattern = re.compile(pattern)
        self._numbers = numbers

    def number(self, name: str) -> float | None:
        """The first number in a file's name, 0 if the template has none, None if it is not ours.

        Args:
            name: The file's name.
        """
        match = self._pattern.fullmatch(name)
        if match is None:
            return None
        if not self._numbers:
            return 0.0
        return float(re.sub("[_,]", "", match["number0"]))

    def format(self, trainer: Any) -> str:
        """The name of the file to write now.

        Args:
            trainer: The trainer.
        """
        name = self.template.format(trainer)
        # Chainer 1 formatted twice, so its scripts write {{.updater.iteration}}.
        return name.format(trainer) if "{" in name else name
