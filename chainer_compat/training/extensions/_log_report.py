"""The log of a run: means over intervals, in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any

from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.reporter import DictSummary
from chainer_compat.serializer import Serializer
from chainer_compat.training._extension import Extension
from chainer_compat.training._lull import Idle, is_foreseen
from chainer_compat.training.extensions import _log_json
from chainer_compat.training.triggers._get import get_trigger

__all__ = ["LogReport"]


class LogReport(Extension):
    """Sums up what is observed, and writes the means to a log file at intervals.

    It is called in every iteration to add up the observation; its own ``trigger`` argument says
    when an entry is complete. An entry is a dictionary of means, with ``epoch``, ``iteration``
    and ``elapsed_time`` (seconds) added.

    The file is replaced in one step, so that a reader never sees half of it. On a resume the log
    goes on behind the entries of the snapshot, and entries written after the snapshot are gone.

    Args:
        keys: Names to sum up; everything if None.
        trigger: When to complete an entry, as for :func:`~chainer_compat.training.get_trigger`.
        postprocess: Called with each entry, to change it before it is kept.
        filename: Name of the file in the output directory, ``'log'`` by default; a format string
            gets the entry's values (``'log_{iteration}'``). With None nothing is written.
        **kwargs: ``log_name``, the older name of ``filename``. ``format``: ``'json'`` (one list,
            Chainer's format) or ``'jsonl'`` (an entry per line, only ever appended to); None goes
            by the file name's ending, ``.jsonl``. ``allow_nan``: whether NaN and infinities are
            written as ``NaN`` and ``Infinity``, which Python reads and JSON does not have, as
            Chainer did; otherwise they are ``null``. ``loggers``: one of Lightning's loggers, or a
            list of them, to which the numbers of each entry go too, by ``log_metrics`` at the
            iteration; True for those of the Lightning trainer in which the extension is hosted.

    Attributes:
        log: The list of entries.

    Source: Chainer's page *chainer.training.extensions.LogReport*.

    Example:
        >>> from chainer_compat.training import extensions
        >>> report = extensions.LogReport(trigger=(100, 'iteration'), filename='log.jsonl')
        >>> report.log
        []
    """

    def __init__(
        self,
        keys: Iterable[str] | None = None,
        trigger: Any = (1, "epoch"),
        postprocess: Callable[[dict[str, Any]], Any] | None = None,
        filename: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._keys = keys
        self._trigger = get_trigger(trigger)
        self._postprocess = postprocess
        self._log: list[dict[str, Any]] = []
        log_name: str | None = kwargs.pop("log_name", "log")
        self._log_name = log_name if filename is None else filename
        self._format = _format_of(kwargs.pop("format", None), self._log_name)
        self._allow_nan = bool(kwargs.pop("allow_nan", False))
        self._loggers: Any = kwargs.pop("loggers", None)
        if kwargs:
            raise InvalidArgumentTypeError(
                f"LogReport got an unexpected keyword argument {next(iter(kwargs))!r}"
            )
        # The file that holds the whole log but its last entry, so that a line can be appended.
        self._appendable: str | None = None
        self._init_summary()

    def _init_summary(self) -> None:
        self._summary = DictSummary()

    def __call__(self, trainer: Any) -> None:
        """Adds up the observation, and completes an entry if it is time.

        Args:
            trainer: The trainer that calls it.
        """
        if self._keys is None:
            self._summary.add(trainer.observation)
        else:
            self._add_chosen(trainer.observation)
        # That is `trainer.is_before_training`, which a host may have to work out.
        if trainer.updater.iteration == 0 or self._trigger(trainer):
            self._complete_entry(trainer)

    def _add_chosen(self, observation: dict[str, Any]) -> None:
        keys: Any = self._keys
        self._summary.add({key: observation[key] for key in keys if key in observation})

    # The runner asks these two; see `training/_lull.py`.
    @property
    def _may_idle(self) -> bool:
        return type(self).__call__ is LogReport.__call__ and is_foreseen(self._trigger)

    def _idle(self, trainer: Any) -> Idle | None:
        trigger: Any = self._trigger
        if trigger.fires_always:
            return None
        return Idle(self._summary.add if self._keys is None else self._add_chosen, trigger)

    def _complete_entry(self, trainer: Any) -> None:
        entry: dict[str, Any] = {
            name: float(mean) for name, mean in self._summary.compute_mean().items()
        }
        updater = trainer.updater
        entry["epoch"] = updater.epoch
        entry["iteration"] = updater.iteration
        entry["elapsed_time"] = trainer.elapsed_time
        if self._postprocess is not None:
            self._postprocess(entry)
        self._log.append(entry)
        if self._loggers is not None:
            self._hand_over(entry, trainer)
        if self._log_name is not None:
            self._write(os.path.join(trainer.out, self._log_name.format(**entry)))  # noqa: PTH118 - see `_replace`
        self._init_summary()

    def _hand_over(self, entry: dict[str, Any], trainer: Any) -> None:
        numbers = {
            name: value
            for name, value in entry.items()
            if name != "iteration" and isinstance(value, (int, float))
        }
        for logger in self._loggers_of(trainer):
            logger.log_metrics(numbers, step=trainer.updater.iteration)
            logger.save()

    def _loggers_of(self, trainer: Any) -> Any:
        if self._loggers is not True:
            return self._loggers if isinstance(self._loggers, (list, tuple)) else [self._loggers]
        host = getattr(trainer, "lightning", None)
        if host is None:
            raise InvalidArgumentError(
                "LogReport(loggers=True) takes the loggers of a Lightning trainer, and this is "
                "none; give the loggers themselves"
            )
        return host.loggers

    def _write(self, path: str) -> None:
        if self._format == "json":
            _replace(path, _log_json.encode(self._log, allow_nan=self._allow_nan))
        elif path == self._appendable:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(self._line(self._log[-1]))
        else:
            _replace(path, "".join(map(self._line, self._log)))
            self._appendable = path

    def _line(self, entry: dict[str, Any]) -> str:
        return _log_json.encode_line(entry, allow_nan=self._allow_nan) + "\n"

    # Without a function of Python's: other extensions look at it in every iteration.
    log = property(attrgetter("_log"), doc="The entries so far.")

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the trigger, the sums and the entries.

        Args:
            serializer: A serializer or deserializer.
        """
        if hasattr(self._trigger, "serialize"):
            self._trigger.serialize(serializer["_trigger"])
        self._summary.serialize(serializer["_summary"])
        if isinstance(serializer, Serializer):
            serializer("_log", json.dumps(self._log))
        else:
            text = serializer("_log", "")
            self._log = json.loads(text) if text else self._log
            self._appendable = None


def _format_of(format: str | None, filename: str | None) -> str:
    if format is None:
        return "jsonl" if str(filename).endswith(".jsonl") else "json"
    if format not in ("json", "jsonl"):
        raise InvalidArgumentError(f"LogReport's format is 'json' or 'jsonl', not {format!r}")
    return format


def _replace(path: str, text: str) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb", buffering=0) as file:  # noqa: PTH123 - a Path costs a tenth of all this
            data = memoryview(text.encode())
            while data:
                data = data[file.write(data) :]
        os.replace(temporary, path)  # noqa: PTH105 - as above
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
