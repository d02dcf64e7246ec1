"""Bodies that ask one trigger through a generated schedule.

A schedule is a list with one word for each iteration:

* `ask`: the trigger is called;
* `skip`: it is not, as when the extension is busy elsewhere;
* `reload`: it is saved, and a new one loads that, and is called.
"""

from __future__ import annotations

from fractions import Fraction

from tests.parity.bodies._doubles import FakeTrainer, Progress, memory_serializers


def interval(chainer, np, schedule, period, unit, size, batch, exact=False, forget=()):
    """IntervalTrigger; `period` is a pair for a fraction, `forget` are keys that a file lacks."""
    make = chainer.training.triggers.IntervalTrigger
    value = _number(period, exact)
    return _ask(chainer, lambda: make(value, unit), schedule, Progress(size, batch, exact), forget)


def manual_schedule(chainer, np, schedule, points, unit, size, batch, exact=False, forget=()):
    """ManualScheduleTrigger, and whether it says that it is finished."""
    make = chainer.training.triggers.ManualScheduleTrigger
    values = [_number(point, exact) for point in points]
    return _ask(chainer, lambda: make(values, unit), schedule, Progress(size, batch, exact), forget)


def once(chainer, np, schedule, call_on_resume, forget=()):
    """OnceTrigger, and whether it says that it is finished."""
    make = chainer.training.triggers.OnceTrigger
    return _ask(chainer, lambda: make(call_on_resume), schedule, Progress(10, 1), forget)


def best_value(chainer, np, schedule, which, values, period, unit, size, batch):
    """Min- or MaxValueTrigger over values reported at each iteration (None: nothing reported)."""
    make = getattr(chainer.training.triggers, which)
    return _ask(
        chainer,
        lambda: make("loss", trigger=(period, unit)),
        schedule,
        Progress(size, batch),
        observations=[{} if value is None else {"loss": value} for value in values],
    )


def early_stopping(
    chainer, np, schedule, monitor, mode, values, patience, check, maximum, size, batch
):
    """EarlyStoppingTrigger, with its counter and best value."""
    make = chainer.training.triggers.EarlyStoppingTrigger
    return _ask(
        chainer,
        lambda: make(check, monitor, patience, mode, max_trigger=maximum),
        schedule,
        Progress(size, batch),
        observations=[{} if value is None else {monitor: value} for value in values],
        attributes=("count", "best"),
    )


def time(chainer, np, schedule, period, seconds):
    """TimeTrigger; `seconds` is the length of each iteration, a number that floats hold exactly."""
    make = chainer.training.triggers.TimeTrigger
    return _ask(chainer, lambda: make(period), schedule, Progress(10, 1), seconds=seconds)


def _number(value, exact):
    if isinstance(value, tuple):
        fraction = Fraction(*value)
        return fraction if exact else float(fraction)
    return value


def _ask(
    chainer,
    make,
    schedule,
    progress,
    forget=(),
    observations=None,
    seconds=None,
    attributes=("finished",),
):
    trigger = make()
    trainer = FakeTrainer(progress)
    answers = []
    for index, word in enumerate(schedule):
        progress.iteration += 1
        trainer.observation = observations[index] if observations else {}
        trainer.elapsed_time += seconds[index] if seconds else 0.0
        if word == "reload":
            trigger = _reload(chainer, trigger, make(), forget)
        if word != "skip":
            answers.append(bool(trigger(trainer)))
            answers.extend(_plain(getattr(trigger, name, None)) for name in attributes)
    return answers


def _plain(value):
    return float(value) if hasattr(value, "dtype") else value


def _reload(chainer, old, new, forget):
    saver, loader = memory_serializers(chainer)
    store = {}
    if hasattr(old, "serialize"):
        old.serialize(saver(store))
        for key in forget:
            store.pop(key, None)
        new.serialize(loader(store))
        return new
    return old
