"""The order of names in which l2 comes before l10."""

from __future__ import annotations

import re

__all__ = ["natural_order"]


def natural_order(path: str) -> list[tuple[int, int | str]]:
    """A key that sorts ``l2`` before ``l10``: the order of the file itself is that of a hash.

    Args:
        path: A link's path.
    """
    return [(0, int(part)) if part.isdigit() else (1, part)
            for part in re.split(r"(\d+)", path) if part]  # fmt: skip
