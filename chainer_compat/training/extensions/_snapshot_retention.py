"""Deletes the snapshots that n_retains leaves no room for: this run's own, and no others."""

from __future__ import annotations

from typing import Any

from chainer_compat.training.extensions._snapshot_folder import folder_of
from chainer_compat.training.extensions._snapshot_names import NameTemplate

__all__ = ["Retention"]


class Retention:
    """A hook that a writer calls when a snapshot is complete; it can be sent to a process.

    Args:
        filename: The template of the names.
        out: The folder.
        keep: How many to keep.
        run: The run whose files may be deleted.
    """

    def __init__(self, filename: str, out: Any, keep: int, run: str) -> None:
        self._filename = filename
        self._out = out
        self._keep = keep
        self._run = run

    def __call__(self) -> None:
        """Deletes the oldest of this run's snapshots, in the order in which they were written."""
        folder = folder_of(self._out)
        template = NameTemplate(self._filename)
        own = [
            name
            for name, entry in folder.manifest().items()
            if entry.get("run") == self._run and template.number(name) is not None
        ]
        for name in own[: -self._keep]:
            folder.remove(name)
