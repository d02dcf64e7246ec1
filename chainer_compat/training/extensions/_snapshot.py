"""The snapshot extensions: save the training, or a part of it, and take it up again."""

from __future__ import annotations

import secrets
import warnings
from typing import TYPE_CHECKING, Any

from chainer_compat.configuration import is_debug
from chainer_compat.errors import (
    ChainerCompatWarning,
    DamagedFileWarning,
    FileFormatError,
    InvalidArgumentError,
    InvalidArgumentTypeError,
    SnapshotWriteError,
)
from chainer_compat.serializers import save_npz, serialize
from chainer_compat.serializers._stores import load_file
from chainer_compat.training._extension import Extension
from chainer_compat.training._state import optional
from chainer_compat.training.extensions import snapshot_writers
from chainer_compat.training.extensions._snapshot_folder import folder_of
from chainer_compat.training.extensions._snapshot_names import NameTemplate
from chainer_compat.training.extensions._snapshot_retention import Retention

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["snapshot", "snapshot_object"]

_DEFAULT_NAME = "snapshot_iter_{.updater.iteration}"
_ERRORS = ("raise", "warn")


def snapshot_object(
    target: Any, filename: Any, savefun: Callable[..., Any] | None = None, **kwargs: Any
) -> _Snapshot:
    """Returns an extension that saves an object in the trainer's output folder.

    Args:
        target: Anything with ``serialize(serializer)``.
        filename: The file's name: a format string that gets the trainer, or a function of it.
        savefun: Called with a path and the serialized object; ``save_npz`` by default.
        **kwargs: As for :func:`snapshot`.

    Source: Chainer's page *chainer.training.extensions.snapshot_object*.
    """
    return snapshot(savefun=savefun, filename=filename, target=target, **kwargs)


def snapshot(
    savefun: Callable[..., Any] | None = None, filename: Any = _DEFAULT_NAME, **kwargs: Any
) -> _Snapshot:
    """Returns an extension that saves the whole training, so that it can be resumed.

    It is called once per epoch and after the other extensions (its priority is -100). The file
    appears under its name only when it is complete and on the disk. What was written is noted in
    ``.snapshots.jsonl`` beside it.

    Args:
        savefun: Called with a path and the serialized trainer; ``save_npz`` by default.
        filename: The file's name: a format string that gets the trainer, or a function of it.
        **kwargs: The others, by name:

            target: What to save in place of the trainer.
            condition: Called without arguments; if it returns False, nothing is saved.
            writer: Writes in place of ``SimpleWriter(savefun)``; see ``snapshot_writers``.
            snapshot_on_error: Whether to save when the training fails or is interrupted.
            n_retains: How many files to keep; all by default. Only files that this run wrote
                are ever deleted.
            num_retain: The old name of ``n_retains``.
            autoload: Whether to load the newest valid file, by iteration and then by time,
                before any extension is initialized. A damaged file is passed over with a warning.
            on_error: ``"raise"``, or ``"warn"`` to go on training when a file cannot be written.
            trigger: When to save, as in Chainer 1; ``trainer.extend(..., trigger=)`` overrides it.

    Returns:
        The extension.

    Raises:
        TypeError: If both ``savefun`` and ``writer`` are given, or an argument is unknown.

    Source: Chainer's page *chainer.training.extensions.snapshot*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> extension = extensions.snapshot(n_retains=3, autoload=True)
        >>> extension.filename, extension.priority
        ('snapshot_iter_{.updater.iteration}', -100)
    """
    if "num_retain" in kwargs:
        warnings.warn("num_retain is an old name; use n_retains", DeprecationWarning, stacklevel=2)
        kwargs["n_retains"] = kwargs.pop("num_retain")
    writer = kwargs.pop("writer", None)
    if savefun is not None and writer is not None:
        raise InvalidArgumentTypeError(
            "give savefun or writer, not both; a writer takes its own: ThreadWriter(savefun=...)"
        )
    if writer is None:
        writer = snapshot_writers.SimpleWriter(savefun=save_npz if savefun is None else savefun)
    return _Snapshot(filename=filename, writer=writer, **kwargs)


def _always_true() -> bool:
    return True


class _Snapshot(Extension):
    """Saves the trainer or another target; made by :func:`snapshot`."""

    trigger: Any = (1, "epoch")
    priority = -100

    def __init__(
        self,
        target: Any = None,
        condition: Callable[[], bool] | None = None,
        writer: Any = None,
        filename: Any = _DEFAULT_NAME,
        snapshot_on_error: bool = False,
        n_retains: int = -1,
        autoload: bool = False,
        on_error: str = "raise",
        trigger: Any = None,
    ) -> None:
        if on_error not in _ERRORS:
            raise InvalidArgumentError(f"on_error must be one of {_ERRORS}, not {on_error!r}")
        self._target = target
        self.filename = filename
        self.condition = _always_true if condition is None else condition
        self.writer = snapshot_writers.SimpleWriter() if writer is None else writer
        self._snapshot_on_error = snapshot_on_error
        self.n_retains = n_retains
        self.autoload = autoload
        self._only_warns = on_error == "warn"
        if trigger is not None:
            self.trigger = trigger
        # Which files are this run's own: kept in the snapshot, so that it lasts over a resume.
        self._run = secrets.token_hex(8)
        self._restored = False

    def _target_of(self, trainer: Any) -> Any:
        return trainer if self._target is None else self._target

    def restore(self, trainer: Any) -> None:
        """Loads the newest valid snapshot, if the extension was told to.

        Args:
            trainer: The trainer that is about to run.
        """
        self._restored = True
        if self.autoload and isinstance(self.filename, str):
            self._load_newest(trainer, NameTemplate(self.filename))

    def _load_newest(self, trainer: Any, template: NameTemplate) -> None:
        folder = folder_of(trainer.out)
        folder.sweep()
        manifest = folder.manifest()
        candidates = [
            (number, modified, name)
            for name, modified in folder.files().items()
            if (number := template.number(name)) is not None
        ]
        for _, _, name in sorted(candidates, reverse=True):
            try:
                size = manifest.get(name, {}).get("size")
                if size is not None and size != folder.size(name):
                    raise FileFormatError(f"{name}: its size is not the one that was written")
                with folder.local(name) as path:
                    load_file(path, self._target_of(trainer))
            except FileFormatError as error:
                warnings.warn(
                    f"autoload passes over a damaged snapshot: {error}",
                    DamagedFileWarning,
                    stacklevel=2,
                )
                continue
            self._run = manifest.get(name, {}).get("run") or self._run
            if is_debug():
                print("Snapshot loaded from", name)  # noqa: T201 - as Chainer does in debug mode
            return
        if is_debug():
            print(f"No snapshot file that matches {self.filename} was found")  # noqa: T201

    def initialize(self, trainer: Any) -> None:
        """Tells the writer which old files to delete.

        Args:
            trainer: The trainer that is about to run.
        """
        if not self._restored:
            self.restore(trainer)  # driven by hand, without the phase before
        if not hasattr(self.writer, "_add_cleanup_hook"):
            return
        self.writer.snapshot_run = self._run
        if self.n_retains > 0 and isinstance(self.filename, str):
            hook = Retention(self.filename, trainer.out, self.n_retains, self._run)
            self.writer._add_cleanup_hook(hook)

    def on_error(self, trainer: Any, exc: BaseException, tb: TracebackType | None) -> None:
        """Saves, if the extension was told to.

        Args:
            trainer: The trainer that failed.
            exc: What it raised.
            tb: Its traceback.
        """
        super().on_error(trainer, exc, tb)
        if self._snapshot_on_error:
            self._make_snapshot(trainer)

    def __call__(self, trainer: Any) -> None:
        """Saves, if the condition holds.

        Args:
            trainer: The trainer.
        """
        if self.condition():
            self._make_snapshot(trainer)

    def _make_snapshot(self, trainer: Any) -> None:
        serialized = serialize(self._target_of(trainer))
        if callable(self.filename):
            filename = self.filename(trainer)
        else:
            filename = NameTemplate(self.filename).format(trainer)
        with _Warning(self._only_warns):
            self.writer(filename, trainer.out, serialized)

    def finalize(self) -> None:
        """Waits until everything is written."""
        if hasattr(self.writer, "finalize"):
            with _Warning(self._only_warns):
                self.writer.finalize()

    def serialize(self, serializer: Any) -> None:
        """Saves or loads which run the files belong to.

        Args:
            serializer: A serializer or deserializer.
        """
        self._run = optional(serializer, "run", self._run)


class _Warning:
    """Turns a write that failed into a warning, if told to."""

    def __init__(self, only_warns: bool) -> None:
        self._only_warns = only_warns

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not self._only_warns or not isinstance(error, (SnapshotWriteError, OSError)):
            return False
        warnings.warn(
            f"training goes on without a snapshot: {error}", ChainerCompatWarning, stacklevel=3
        )
        return True
