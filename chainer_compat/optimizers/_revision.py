"""A count of what changes rarely and decides how an update is done.

A plan (:mod:`chainer_compat.optimizers._plan`) is made once and used as long as the count stays:
one comparison stands for asking every rule for its hooks, its own hyperparameters and its flags.
"""

from __future__ import annotations

__all__ = ["bump", "number"]

_number = 0


def number() -> int:
    """The count."""
    return _number


def bump() -> None:
    """Makes every plan void."""
    global _number  # noqa: PLW0603 -- a count of the process
    _number += 1
