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
from chainer_compat.training.extensions._snapshot_folder import Folder, folder_of
from chainer_compat.training.extensions._snapshot_names import NameTemplate
from chainer_compat.training.extensions._snapshot_ranks import Ranks
from chainer_compat.training.extensions._snapshot_retention import Retention
from chainer_compat.training.extensions._snapshot_state import serialize_in_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["snapshot", "snapshot_object"]

_DEFAULT_NAME = "snapshot_iter_{.updater.iteration}"
_ERRORS = ("raise", "warn")
_MODES = ("default", "distributed", "sharded")


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
            saver_rank: In a training on several processes, the rank that writes; all load what
                it finds, and a failure of it is raised on all.
            snapshot_mode: ``"default"``, ``"distributed"`` (needs ``saver_rank``), or
                ``"sharded"`` (likewise): every rank writes its part into one folder, by
                torch.distributed.checkpoint.

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
    mode = _mode_name(kwargs.pop("snapshot_mode", "default"))
    if mode != "default" and kwargs.get("saver_rank") is None:
        raise InvalidArgumentError(f"snapshot_mode={mode!r} needs saver_rank")
    kind = _ShardedSnapshot if mode == "sharded" else _Snapshot
    return kind(filename=filename, writer=writer, **kwargs)


def _mode_name(mode: Any) -> str:
    # pytorch-pfn-extras has an enumeration here.
    name = str(getattr(mode, "name", mode)).lower()
    if name not in _MODES:
        raise InvalidArgumentError(f"snapshot_mode must be one of {_MODES}, not {mode!r}")
    return name


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
        saver_rank: int | None = None,
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
        self._ranks = Ranks(saver_rank)
        # Where only one process calls extensions otherwise (in Lightning): this one needs all.
        self.all_ranks = saver_rank is not None

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
        if self._ranks.is_saver:
            folder.sweep()
        manifest, names = self._ranks.tell((folder.manifest(), self._candidates(folder, template)))
        for name in names:
            try:
                size = manifest.get(name, {}).get("size")
                if size is not None and size != folder.size(name):
                    raise FileFormatError(f"{name}: its size is not the one that was written")
                with folder.local(name) as path:
                    self._load(path, self._target_of(trainer))
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

    def _candidates(self, folder: Folder, template: NameTemplate) -> list[str]:
        found = [
            (number, modified, name)
            for name, modified in folder.files().items()
            if (number := template.number(name)) is not None
        ]
        return [name for _, _, name in sorted(found, reverse=True)]

    def _load(self, path: str, target: Any) -> None:
        load_file(path, target)

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
        takes_tensors = getattr(self.writer, "takes_tensors", False) is True
        serialized = (serialize_in_place if takes_tensors else serialize)(self._target_of(trainer))
        with _Warning(self._only_warns):
            self._ranks.agree(lambda: self.writer(self._name(trainer), trainer.out, serialized))

    def _name(self, trainer: Any) -> str:
        if callable(self.filename):
            return str(self.filename(trainer))
        return NameTemplate(self.filename).format(trainer)

    def finalize(self) -> None:
        """Waits until everything is written."""
        if hasattr(self.writer, "finalize"):
            with _Warning(self._only_warns):
                self.writer.finalize()  # on every rank: the training may have failed on this one

    def serialize(self, serializer: Any) -> None:
        """Saves or loads which run the files belong to.

        Args:
            serializer: A serializer or deserializer.
        """
        self._run = optional(serializer, "run", self._run)


class _ShardedSnapshot(_Snapshot):
    """Saves a folder to which every rank adds its part; made by :func:`snapshot`."""

    def _make_snapshot(self, trainer: Any) -> None:
        from chainer_compat.training.extensions._snapshot_sharded import (
            collect,
            write_shards,
            write_values,
        )

        name, target = self._name(trainer), self._target_of(trainer)
        folder = folder_of(trainer.out)
        temporary = self._ranks.tell(folder.temporary())
        with _Warning(self._only_warns):
            # Writing is a joint effort, which a rank that failed before would leave hanging.
            tensors, values = self._ranks.try_together(lambda: collect(target))
            self._ranks.try_together(lambda: write_shards(temporary, tensors))
            about = {"run": self._run, "iteration": None}
            self._ranks.agree(lambda: folder.adopt(write_values(temporary, values), name, about))
            if self._ranks.is_saver and self.n_retains > 0 and isinstance(self.filename, str):
                Retention(self.filename, trainer.out, self.n_retains, self._run)()

    def _load(self, path: str, target: Any) -> None:
        from chainer_compat.training.extensions._snapshot_sharded import load_sharded

        load_sharded(path, target)


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
