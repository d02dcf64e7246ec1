"""The extensions of a run: their names, their order, their calls and their state."""

from __future__ import annotations

import copy
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from operator import attrgetter, length_hint
from types import FunctionType, TracebackType
from typing import Any

from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.serializer import Serializer
from chainer_compat.training._extension import Extension
from chainer_compat.training._lull import Lull, find_lull, may_have_lulls
from chainer_compat.training._ranks import ALONE, Ranks
from chainer_compat.training._state import load_json, save_json
from chainer_compat.training.triggers._get import get_trigger
from chainer_compat.training.triggers._progress import ProgressTrigger

__all__ = ["ExtensionEntry", "ExtensionRunner", "show_exception"]


class ExtensionEntry:
    """An extension as it is registered.

    Attributes:
        name: Its name, unique in the run.
        extension: The callable.
        call: What is called in its place, the callable itself unless a profiler measures it.
        trigger: The callable that picks its iterations.
        asks: What is asked in the trigger's place.
        priority: Its place in the order.
        call_before_training: Whether it is also called at iteration 0.
        invoke_before_training: Whether it is also called whenever a run starts (Chainer 1).
    """

    __slots__ = (
        "_extension",
        "_trigger",
        "asks",
        "call",
        "call_before_training",
        "invoke_before_training",
        "name",
        "priority",
    )

    def __init__(
        self,
        name: str,
        extension: Any,
        trigger: Any,
        priority: int,
        *,
        call_before_training: bool = False,
        invoke_before_training: bool = False,
    ) -> None:
        self.name = name
        self.extension = extension
        self.trigger = trigger
        self.priority = priority
        self.call_before_training = call_before_training
        self.invoke_before_training = invoke_before_training

    @property
    def extension(self) -> Any:
        """The callable."""
        return self._extension

    @extension.setter
    def extension(self, extension: Any) -> None:
        self._end_lull()
        self._extension = extension
        self.call = _looked_up(extension)

    @property
    def trigger(self) -> Any:
        """The callable that picks its iterations."""
        return self._trigger

    @trigger.setter
    def trigger(self, trigger: Any) -> None:
        self._end_lull()
        self._trigger = trigger
        self.asks = _looked_up(trigger)

    def _end_lull(self) -> None:
        trigger = getattr(self, "_trigger", None)
        if isinstance(trigger, ProgressTrigger):
            trigger.end_lull()

    def with_trigger(self, trigger: Any) -> ExtensionEntry:
        """Returns the same with another trigger.

        Args:
            trigger: The trigger.
        """
        other = copy.copy(self)
        other.trigger = trigger
        return other

    def __repr__(self) -> str:
        return f"<ExtensionEntry {self.name!r} priority={self.priority} trigger={self.trigger!s}>"


class ExtensionRunner:
    """Registers extensions and drives them; the loop itself is someone else's.

    Whoever has the loop (the Trainer, the Lightning callback) calls, in this order:
    :meth:`start` (or its halves, :meth:`restore` and :meth:`initialize`),
    :meth:`before_training`, :meth:`resume`, then :meth:`run` once per iteration, :meth:`on_error`
    if the loop raised, :meth:`finalize`.

    Attributes:
        entries: Name to :class:`ExtensionEntry`, in the order of registration.
        ranks: The processes that train together, of which the first calls the extensions.
    """

    ranks: Ranks = ALONE

    def __init__(self) -> None:
        self.entries: dict[str, ExtensionEntry] = {}
        # Those that this process calls.
        # Invariant: descending priority, equal ones as registered; fixed from `start` on, so that
        # an extension registered by an extension waits for the next run.
        self._order: list[ExtensionEntry] = []
        # The list being walked and the place in it, so that a snapshot taken by an extension knows
        # which ones of its iteration are still to come. None between iterations.
        self._walked: list[ExtensionEntry] = []
        self._cursor: Iterator[ExtensionEntry] | None = None
        self._failed = False
        # What a loaded snapshot says is still to come: the phase, and names.
        self._pending: tuple[str, list[str]] | None = None
        self._phase = ""
        # The iterations in which nobody need be asked, if there are any now.
        self._lull: Lull | None = None
        self._looks_for_lulls = False

    def extend(
        self,
        extension: Any,
        name: str | None = None,
        trigger: Any = None,
        priority: int | None = None,
        *,
        call_before_training: bool = False,
        **kwargs: Any,
    ) -> None:
        """Registers an extension; see ``Trainer.extend`` for the arguments.

        Raises:
            TypeError: If the extension cannot be called, or has no name and none is given, or an
                argument is unknown.
            ValueError: If the name is ``training``, which is reserved.
        """
        invoke = kwargs.pop("invoke_before_training", None)
        if kwargs:
            raise InvalidArgumentTypeError(
                f"extend() got an unexpected keyword argument {next(iter(kwargs))!r}"
            )
        _check_callable(extension)
        if trigger is None:
            trigger = getattr(extension, "trigger", Extension.trigger)
        if priority is None:
            priority = getattr(extension, "priority", Extension.priority)
        if invoke is None:
            invoke = getattr(extension, "invoke_before_training", False)

        unique = self._unique_name(_name_of(extension) if name is None else name)
        entry = ExtensionEntry(
            unique,
            extension,
            get_trigger(trigger),
            priority,
            call_before_training=call_before_training,
            invoke_before_training=bool(invoke),
        )
        with suppress(AttributeError):  # a bound method, a builtin: the entry alone has the name
            extension.name = unique
        self.entries[unique] = entry

    def _unique_name(self, name: str) -> str:
        if name == "training":
            raise InvalidArgumentError('the name "training" is reserved; give another name=')
        unique, ordinal = name, 0
        while unique in self.entries:
            ordinal += 1
            unique = f"{name}_{ordinal}"
        return unique

    def get_extension(self, name: str) -> Any:
        """Returns the extension of a name.

        Raises:
            ValueError: If there is none, with the names that there are.
        """
        if name not in self.entries:
            known = ", ".join(self.entries) or "none"
            raise InvalidArgumentError(f"extension {name} not found (registered: {known})")
        return self.entries[name].extension

    def start(self, trainer: Any) -> None:
        """Fixes the order, lets extensions load a saved state, then initializes them."""
        self.restore(trainer)
        self.initialize(trainer)

    def restore(self, trainer: Any) -> None:
        """Fixes the order, and lets extensions load a saved state."""
        order = sorted(self.entries.values(), key=attrgetter("priority"), reverse=True)
        self._order = self.ranks.own(order)
        self._cursor, self._failed = None, False
        self._end_lull()
        for entry in self._order:
            restore = getattr(entry.extension, "restore", None)
            if restore:
                restore(trainer)

    def initialize(self, trainer: Any) -> None:
        """Initializes the extensions, but not one whose trigger is ``finished``."""
        for entry in self._order:
            initialize = getattr(entry.extension, "initialize", None)
            if initialize and not getattr(entry.trigger, "finished", False):
                initialize(trainer)
        self._looks_for_lulls = may_have_lulls(self._order)

    def before_training(self, trainer: Any) -> None:
        """Calls the extensions that asked to be called before the first update."""
        fresh = trainer.updater.iteration == 0
        called = [
            entry
            for entry in self._taken_up("before_training", self._order)
            if (entry.call_before_training and fresh) or entry.invoke_before_training
        ]
        self._phase, self._walked = "before_training", called
        self._cursor = iter(called)
        for entry in self._cursor:
            entry.call(trainer)
        self._cursor = None

    def run(
        self,
        trainer: Any,
        entries: list[ExtensionEntry] | None = None,
        *,
        may_keep: bool = False,
    ) -> None:
        """Calls the extensions of one iteration whose triggers pick it.

        Trigger and call take turns: a trigger reads what the extensions before it observed.

        Args:
            trainer: The trainer that is handed to them.
            entries: Those that are still to come, if not all of them.
            may_keep: Whether the observation may be added up later, as :meth:`Lull.passes` says.
        """
        lull = self._lull
        if lull is not None:
            try:
                if entries is None and lull.passes(trainer, may_keep=may_keep):
                    return
            except BaseException:
                self._stop_walk_behind(lull.failed_at)
                raise
            self._end_lull()
        self._phase = "iteration"
        self._walked = self._order if entries is None else entries
        # The hot loop: two attribute look-ups and one call for an extension that does not fire.
        cursor = self._cursor = iter(self._walked)
        for entry in cursor:
            if entry.asks(trainer):
                entry.call(trainer)
        self._cursor = None
        if self._looks_for_lulls and entries is None:
            self._lull = find_lull(self._order, trainer)

    def _end_lull(self) -> None:
        lull, self._lull = self._lull, None
        if lull is not None:
            lull.end()

    def _stop_walk_behind(self, place: int) -> None:
        self._phase, self._walked = "iteration", self._order
        self._cursor = iter(self._order)
        for _ in range(place + 1):
            next(self._cursor)

    def resume(self, trainer: Any) -> None:
        """Calls what was still to come in the iteration in which the loaded snapshot was taken."""
        self.run(trainer, self._taken_up("iteration", []))

    @property
    def is_walking(self) -> bool:
        """Whether it is in the middle of the extensions of an iteration."""
        return self._cursor is not None

    def _taken_up(self, phase: str, otherwise: list[ExtensionEntry]) -> list[ExtensionEntry]:
        if self._pending is None or self._pending[0] != phase:
            return otherwise
        names = set(self._pending[1])
        self._pending = None
        return [entry for entry in self._order if entry.name in names]

    def on_error(self, trainer: Any, exc: BaseException, tb: TracebackType | None) -> None:
        """Tells every extension, in order, that the loop raised; what they raise is only shown."""
        self._failed = True
        for entry in self._order:
            handler = getattr(entry.extension, "on_error", None)
            if handler:
                try:
                    handler(trainer, exc, tb)
                except Exception as error:  # noqa: BLE001 - every handler is to be called
                    show_exception("Exception in error handler", error)

    def finalize(self) -> None:
        """Finalizes every extension, in order.

        Raises:
            Exception: The first that one of them raised, after all were finalized.
        """
        self._cursor = None
        self._end_lull()
        errors: list[Exception] = []
        for entry in self._order:
            finalize = getattr(entry.extension, "finalize", None)
            if finalize:
                try:
                    finalize()
                except Exception as error:  # noqa: BLE001 - every extension is to be finalized
                    errors.append(error)
        for later in errors[1:]:
            show_exception("Exception in finalize", later)
        if errors:
            raise errors[0]

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the extensions and triggers, and the place within the iteration.

        Args:
            serializer: A serializer or deserializer; what Chainer has goes under ``extensions``
                and ``extension_triggers``, the place under ``_resume``.
        """
        self._end_lull()
        extensions = serializer["extensions"]
        triggers = serializer["extension_triggers"]
        for name, entry in self.entries.items():
            if hasattr(entry.extension, "serialize"):
                entry.extension.serialize(extensions[name])
            if hasattr(entry.trigger, "serialize"):
                entry.trigger.serialize(triggers[name])
        place = serializer["_resume"]
        if isinstance(serializer, Serializer):
            if self._cursor is not None:
                save_json(place, "pending", [self._phase, self._names_to_come()])
        elif not self.is_walking:
            self._pending = load_json(place, "pending")

    def _names_to_come(self) -> list[str]:
        to_come = length_hint(self._cursor)
        if self._failed:
            to_come += 1  # the one that raised did not do its work
        return [entry.name for entry in self._walked[len(self._walked) - to_come :]]


def _looked_up(function: Any) -> Any:
    # The method of an object with `__call__`, found once: a quarter of the cost of a trigger that
    # says no.
    method = getattr(type(function), "__call__", None)  # noqa: B004 - the method, not whether
    return method.__get__(function) if isinstance(method, FunctionType) else function


def _check_callable(extension: Any) -> None:
    if isinstance(extension, type) and issubclass(extension, Extension):
        name = extension.__name__
        raise InvalidArgumentTypeError(
            f"{name} is a class; register an extension made of it: trainer.extend({name}(...))"
        )
    if not callable(extension):
        raise InvalidArgumentTypeError(
            f"an extension is called with the trainer, which {extension!r} cannot be"
        )


def _name_of(extension: Any) -> str:
    for attribute in ("name", "default_name", "__name__"):
        name: str | None = getattr(extension, attribute, None)
        if name is not None:
            return name
    raise InvalidArgumentTypeError(
        f"the extension {extension!r} has no name; give one: trainer.extend(extension, name=...)"
    )


def show_exception(title: str, error: BaseException) -> None:
    """Writes an exception that goes no further to the standard error.

    Args:
        title: What happened.
        error: The exception.
    """
    sys.stderr.write(f"{title}: {error}\nTraceback (most recent call last):\n")
    traceback.print_tb(error.__traceback__)
