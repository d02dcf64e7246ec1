"""Writes down Lightning's hooks, with what happens to extensions and triggers between them."""

from __future__ import annotations

import lightning

from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions, get_trigger, triggers

_NO_HOOKS = {"state_key", "state_dict", "load_state_dict"}
HOOKS = [
    name
    for name, member in vars(lightning.Callback).items()
    if callable(member) and not name.startswith("_") and name not in _NO_HOOKS
]


class Hooks(lightning.Callback):
    """Writes down every hook that Lightning has, with its numbers, stage or exception."""

    def __init__(self, lines):
        for hook in HOOKS:
            setattr(self, hook, self._noting(hook, lines))

    @staticmethod
    def _noting(hook, lines):
        def note(trainer, module, *arguments, **named):
            shown = filter(None, map(_shown, (*arguments, *named.values())))
            lines.append(" ".join([hook, *shown]))

        return note


def _shown(value):
    if isinstance(value, BaseException):
        return type(value).__name__
    # The stage is an enumeration's member that is text.
    return (
        str.__str__(value) if isinstance(value, str) else str(value) if type(value) is int else ""
    )


class _Noted:
    """Stands for an extension or a trigger: notes its calls and passes everything on."""

    def __init__(self, name, inner, lines):
        self._name, self._inner, self._lines = name, inner, lines

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def _note(self, event):
        self._lines.append(f"  {self._name}{event}")


class NotedTrigger(_Noted):
    def __call__(self, trainer):
        fired = self._inner(trainer)
        self._note(f"? {'yes' if fired else 'no'}")
        return fired


class NotedExtension(_Noted):
    def __call__(self, trainer):
        updater, seen = trainer.updater, ", ".join(sorted(trainer.observation))
        epoch = f"{updater.epoch_detail:g}{', new' if updater.is_new_epoch else ''}"
        self._note(f"! iteration {updater.iteration}, epoch {epoch}: {seen}")
        return self._inner(trainer)

    def __getattr__(self, name):
        member = super().__getattr__(name)
        if name not in {"restore", "initialize", "on_error", "finalize"}:
            return member

        def noting(*arguments):
            errors = [type(a).__name__ for a in arguments if isinstance(a, BaseException)]
            self._note("." + " ".join([name, *errors]))
            return member(*arguments)

        return noting


class Plain:
    """An extension that has every method and does nothing."""

    name = "plain"
    trigger = 1, "iteration"
    priority = 200

    def __call__(self, trainer):
        pass

    def initialize(self, trainer):
        pass

    def on_error(self, trainer, exc, tb):
        pass

    def finalize(self):
        pass


def recorded(out, lines, *others, part=0.5, best=True, autoload=False, **options):
    """A callback whose extensions and triggers are noted.

    Args:
        out: The folder.
        lines: Where they are noted.
        *others: More extensions.
        part: How often to take a snapshot, in epochs.
        best: Whether there is a trigger that looks at `val_loss`.
        autoload: Whether to go on from the last one.
        **options: As for ChainerCallback.
    """
    callback = ChainerCallback(out, **options)

    def extend(name, extension, trigger=None, **kwargs):
        trigger = get_trigger(extension.trigger if trigger is None else trigger)
        callback.extend(
            NotedExtension(name, extension, lines),
            name=name,
            trigger=NotedTrigger(name, trigger, lines),
            **kwargs,
        )

    extend("plain", Plain(), call_before_training=True)
    extend("LogReport", extensions.LogReport(filename=None))
    if best:
        lowest = triggers.MinValueTrigger("val_loss", (1, "epoch"))
        extend("best", Plain(), lowest, priority=-300)
    saving = extensions.snapshot(autoload=autoload, snapshot_on_error=True)
    extend("snapshot", saving, (part, "epoch"))
    for extension in others:
        extend(extension.name, extension)
    return callback
