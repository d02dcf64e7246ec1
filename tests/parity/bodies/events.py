"""Bodies that write down everything a trainer does, in order."""

from __future__ import annotations

import contextlib
import io
import tempfile

from tests.parity.bodies._doubles import Updater, builtin_name


def run_trainer(chainer, np, plan):
    """Run a trainer over an updater that learns nothing, with the extensions of `plan`.

    The plan is a dict: `size`, `batch`, `stop` (a trigger's pair), `update_fails_at`, and
    `extensions`, each a dict as `_make_extension` and `_extend` read it.
    """
    log = []
    with tempfile.TemporaryDirectory() as out:
        updater = Updater(plan["size"], plan["batch"], log, plan.get("update_fails_at"))
        trainer = chainer.training.Trainer(updater, tuple(plan["stop"]), out)
        made = []
        for described in plan["extensions"]:
            twin_of = described.get("same_as")
            if twin_of is not None and made:
                extension = made[twin_of % len(made)]
            else:
                extension = _make_extension(chainer, log, described)
            made.append(extension)
            _extend(chainer, log, trainer, extension, described)
        ended = _run(trainer)
    return {
        "registered": list(trainer._extensions),
        "names": [getattr(extension, "name", None) for extension in made],
        "log": log,
        "ended": ended,
        "runs again": _run(trainer) if ended == "well" else None,
    }


def _run(trainer):
    try:
        # Told not to show it, Chainer itself fails when a handler raises; told to, it does not.
        with contextlib.redirect_stderr(io.StringIO()):
            trainer.run()
    except Exception as error:  # noqa: BLE001 (what comes out is the result)
        return f"{builtin_name(error)} {error}" if _is_mine(error) else builtin_name(error)
    return "well"


def _is_mine(error):
    return getattr(error, "mine", False)


class _Recorder:
    """The behaviour of one described extension, whatever its kind."""

    def __init__(self, log, described):
        self.log = log
        self.label = described["label"]
        self.reports = described.get("reports")
        self.fails = described.get("fails", {})
        self.calls = 0

    def call(self, trainer):
        self.calls += 1
        seen = " ".join(sorted(trainer.observation))
        self.log.append(f"call {self.label} at {trainer.updater.iteration} sees [{seen}]")
        if self.reports is not None:
            trainer.observation[self.reports] = float(trainer.updater.iteration)
        self._fail_if(self.fails.get("call") == self.calls, "call")

    def initialize(self, trainer):
        self.log.append(f"initialize {self.label} at {trainer.updater.iteration}")
        self._fail_if(self.fails.get("initialize"), "initialize")

    def finalize(self):
        self.log.append(f"finalize {self.label}")
        self._fail_if(self.fails.get("finalize"), "finalize")

    def on_error(self, trainer, error, traceback):
        has_traceback = traceback is not None
        self.log.append(f"on_error {self.label}: {builtin_name(error)}, {has_traceback}")
        self._fail_if(self.fails.get("on_error"), "on_error")

    def _fail_if(self, condition, where):
        if condition:
            error = RuntimeError(f"{where} of {self.label}")
            error.mine = True
            raise error


class _Asked:
    """A trigger that writes down when it is asked."""

    def __init__(self, log, label, period, finished):
        self.log = log
        self.label = label
        self.period = period
        self.finished = finished

    def __call__(self, trainer):
        answer = trainer.updater.iteration % self.period == 0
        self.log.append(f"trigger of {self.label} at {trainer.updater.iteration}: {answer}")
        return answer


def _make_extension(chainer, log, described):
    recorder = _Recorder(log, described)
    return _KINDS[described["kind"]](chainer, recorder, described)


def _make_function(chainer, recorder, described):
    def call(trainer):
        recorder.call(trainer)

    call.__name__ = recorder.label
    return call


def _make_lambda(chainer, recorder, described):
    return lambda trainer: recorder.call(trainer)  # noqa: PLW0108 (its name is the point)


def _make_decorated(chainer, recorder, described):
    options = {
        "trigger": _trigger(chainer, recorder.log, described["own_trigger"], recorder.label),
        "priority": described["own_priority"],
        "initializer": recorder.initialize,
        "finalizer": recorder.finalize,
        "on_error": recorder.on_error,
    }
    if described.get("default_name"):
        options["default_name"] = described["default_name"]
    return chainer.training.make_extension(**options)(_make_function(chainer, recorder, described))


def _make_class(chainer, recorder, described):
    attributes = {
        "__call__": lambda self, trainer: recorder.call(trainer),
        "initialize": lambda self, trainer: recorder.initialize(trainer),
        "finalize": lambda self: recorder.finalize(),
        "on_error": lambda self, *args: recorder.on_error(*args),
        "trigger": _trigger(chainer, recorder.log, described["own_trigger"], recorder.label),
        "priority": described["own_priority"],
    }
    if described.get("default_name"):
        attributes["default_name"] = described["default_name"]
    return type(recorder.label, (chainer.training.Extension,), attributes)()


def _make_plain(chainer, recorder, described):
    """Nothing of the library's: an object that has only what it needs."""
    attributes = {
        "__call__": lambda self, trainer: recorder.call(trainer),
        "finalize": lambda self: recorder.finalize(),
    }
    return type(recorder.label, (), attributes)()


_KINDS = {
    "function": _make_function,
    "lambda": _make_lambda,
    "decorated": _make_decorated,
    "extension": _make_class,
    "plain": _make_plain,
}


def _extend(chainer, log, trainer, extension, described):
    options = {
        key: described[key]
        for key in ("name", "priority", "call_before_training")
        if described.get(key) is not None
    }
    if described.get("trigger") is not None:
        options["trigger"] = _trigger(chainer, log, described["trigger"], described["label"])
    try:
        trainer.extend(extension, **options)
    except Exception as error:  # noqa: BLE001 (a refusal is a result)
        log.append(f"extend {described['label']}: {builtin_name(error)}")


def _trigger(chainer, log, described, label):
    """A trigger from its description: its kind, and what that needs."""
    if described is None or described[0] == "interval":
        return None if described is None else tuple(described[1:])
    triggers = chainer.training.triggers
    if described[0] == "once":
        return triggers.OnceTrigger()
    if described[0] == "points":
        return triggers.ManualScheduleTrigger(list(described[1]), "iteration")
    if described[0] == "max":
        return triggers.MaxValueTrigger(described[1], (1, "iteration"))

    return _Asked(log, label, described[1], finished=described[0] == "finished")
