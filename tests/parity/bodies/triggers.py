"""Bodies that ask one trigger through a generated schedule.

A schedule is a list with one word for each iteration:

* `ask`: the trigger is called;
* `twice`: it is called again in the same iteration, and must not change its mind;
* `skip`: it is not, as when the extension is busy elsewhere;
* `reload`: it is saved, and a new one loads that, and is called.

Given `ideal`, a body does what a trigger without Chainer's known faults amounts to: fractions
instead of floats, one question an iteration, and no reload where Chainer loses state in one. So
Chainer's own algorithm, run ideally, says what the right answers are.
"""

from __future__ import annotations

from fractions import Fraction

from tests.parity.bodies._doubles import FakeTrainer, Progress, memory_serializers


def interval(chainer, np, schedule, period, unit, size, batch, forget, ideal=False):
    """IntervalTrigger; `period` is a pair for a fraction, `forget` are keys that a file lacks."""
    value = _number(period, ideal)
    questions = _Questions(
        chainer,
        lambda: chainer.training.triggers.IntervalTrigger(value, unit),
        Progress(size, batch, exact=ideal),
        forget=forget,
        ideal=ideal,
    )
    return questions.ask(schedule)


def manual_schedule(chainer, np, schedule, points, unit, size, batch, forget, ideal=False):
    """ManualScheduleTrigger, and whether it says that it is finished."""
    values = [_number(point, ideal) for point in points]
    questions = _Questions(
        chainer,
        lambda: chainer.training.triggers.ManualScheduleTrigger(values, unit),
        Progress(size, batch, exact=ideal),
        attributes=("finished",),
        forget=forget,
        ideal=ideal,
    )
    return questions.ask(schedule)


def once(chainer, np, schedule, call_on_resume, forget):
    """OnceTrigger, and whether it says that it is finished."""
    questions = _Questions(
        chainer,
        lambda: chainer.training.triggers.OnceTrigger(call_on_resume),
        Progress(10, 1),
        attributes=("finished",),
        forget=forget,
    )
    return questions.ask(schedule)


def best_value(chainer, np, schedule, which, values, period, unit, size, batch, ideal=False):
    """Min- or MaxValueTrigger over values reported at each iteration (None: nothing reported)."""
    questions = _Questions(
        chainer,
        lambda: getattr(chainer.training.triggers, which)("loss", (period, unit)),
        Progress(size, batch),
        observations=[{} if value is None else {"loss": value} for value in values],
        ideal=ideal,
    )
    return questions.ask(schedule)


def early_stopping(
    chainer, np, schedule, monitor, mode, values, patience, check, maximum, size, batch, ideal=False
):
    """EarlyStoppingTrigger, with its counter and best value. Chainer loses both in a reload."""
    questions = _Questions(
        chainer,
        lambda: chainer.training.triggers.EarlyStoppingTrigger(
            tuple(check), monitor, patience, mode, max_trigger=tuple(maximum)
        ),
        Progress(size, batch),
        observations=[{} if value is None else {monitor: value} for value in values],
        attributes=("count", "best"),
        ideal=ideal,
        reloads=not ideal,
    )
    return questions.ask(schedule)


def time(chainer, np, schedule, period, seconds, ideal=False):
    """TimeTrigger; `seconds` is the length of each iteration, a number that floats hold exactly."""
    questions = _Questions(
        chainer,
        lambda: chainer.training.triggers.TimeTrigger(period),
        Progress(10, 1),
        seconds=seconds,
        ideal=ideal,
    )
    return questions.ask(schedule)


def _number(value, ideal):
    if isinstance(value, tuple):
        fraction = Fraction(*value)
        return fraction if ideal else float(fraction)
    return value


class _Questions:
    def __init__(
        self,
        chainer,
        make,
        progress,
        observations=None,
        seconds=None,
        attributes=(),
        forget=(),
        ideal=False,
        reloads=True,
    ):
        self.serializers = memory_serializers(chainer)
        self.make = make
        self.trainer = FakeTrainer(progress)
        self.observations = observations
        self.seconds = seconds
        self.attributes = attributes
        self.forget = forget
        self.ideal = ideal
        self.reloads = reloads

    def ask(self, schedule):
        trigger = self.make()
        answers = []
        for index, word in enumerate(schedule):
            self._advance(index)
            if word == "reload" and self.reloads:
                trigger = self._reload(trigger)
            if word == "skip":
                continue
            answers.append(bool(trigger(self.trainer)))
            if word == "twice" and not self.ideal:
                assert bool(trigger(self.trainer)) is answers[-1]
            answers += [_plain(getattr(trigger, name)) for name in self.attributes]
        return answers

    def _advance(self, index):
        self.trainer.updater.iteration += 1
        if self.observations is not None:
            self.trainer.observation = self.observations[index]
        if self.seconds is not None:
            self.trainer.elapsed_time += self.seconds[index]

    def _reload(self, old):
        save, load = self.serializers
        store = {}
        old.serialize(save(store))
        for key in self.forget:
            store.pop(key, None)
        new = self.make()
        new.serialize(load(store))
        return new


def _plain(value):
    return value if isinstance(value, bool) else float(value)
