from __future__ import annotations

import functools

import pytest

from chainer_compat import training
from chainer_compat.training import PRIORITY_EDITOR, PRIORITY_WRITER, make_extension
from tests.unit.training._doubles import load, numbers_trainer, saved


class Recorder(training.Extension):
    def __init__(self, events, label, fail_in=()):
        self.events, self.label, self.fail_in = events, label, fail_in

    def _record(self, event):
        self.events.append(f"{self.label}.{event}")
        if event in self.fail_in:
            raise ValueError(f"{self.label}.{event}")

    def restore(self, trainer):
        self._record("restore")

    def initialize(self, trainer):
        self._record("initialize")

    def __call__(self, trainer):
        self._record(f"call{trainer.updater.iteration}")

    def on_error(self, trainer, exc, tb):
        self._record(f"on_error({exc})")

    def finalize(self):
        self._record("finalize")


@pytest.fixture
def events():
    return []


@pytest.fixture
def trainer(tmp_path):
    return numbers_trainer(tmp_path)


def test_extensions_run_by_priority_then_by_registration(trainer):
    order = []
    for name, priority in [("a", 100), ("b", 0), ("c", 300), ("d", 0), ("e", -1), ("f", 100)]:
        trainer.extend(lambda _, name=name: order.append(name), name=name, priority=priority)
    trainer.stop_trigger = training.get_trigger((1, "iteration"))
    trainer.run()

    assert "".join(order) == "cafbde"


def test_every_extension_is_restored_before_any_is_initialized(trainer, events):
    trainer.extend(Recorder(events, "late"), priority=-100)
    trainer.extend(Recorder(events, "early"), priority=300)
    trainer.run()

    assert events[:4] == ["early.restore", "late.restore", "early.initialize", "late.initialize"]


def test_trigger_and_call_take_turns(trainer):
    def observe(trainer):
        trainer.observation["value"] = trainer.updater.iteration

    picked = []
    trainer.extend(observe, priority=PRIORITY_WRITER)
    trainer.extend(
        lambda trainer: picked.append(trainer.observation["value"]),
        trigger=lambda trainer: trainer.observation["value"] == 2,
    )
    trainer.run()

    assert picked == [2]


def test_what_is_put_in_place_of_a_trigger_or_an_extension_takes_over(trainer, events):
    trainer.extend(Recorder(events, "old"), name="one", trigger=(1, "iteration"))
    entry = trainer._extensions["one"]
    trainer.extend(
        lambda trainer: setattr(entry, "trigger", training.get_trigger((3, "iteration"))),
        name="other trigger",
        trigger=(1, "iteration"),
    )
    entry.extension = Recorder(events, "new")
    trainer.stop_trigger = training.get_trigger((3, "iteration"))
    trainer.run()

    assert [event for event in events if "call" in event] == ["new.call1", "new.call3"]


def test_a_trigger_need_only_be_callable(trainer):
    class Odd:
        def __call__(self, trainer):
            return trainer.updater.iteration % 2

        def always(self, trainer):
            return True

    class Known:
        @classmethod
        def __call__(cls, trainer):
            return trainer.updater.iteration == 2

    called = {}
    triggers = {
        "object": Odd(),
        "method": Odd().always,
        "class method": Known(),
        "function": lambda trainer: trainer.updater.iteration == 3,
        "partial": functools.partial(lambda at, trainer: trainer.updater.iteration > at, 1),
    }
    for name, trigger in triggers.items():
        trainer.extend(
            lambda trainer, name=name: called.setdefault(name, []).append(
                trainer.updater.iteration
            ),
            name=name,
            trigger=trigger,
        )
    trainer.stop_trigger = training.get_trigger((3, "iteration"))
    trainer.run()

    assert called == {
        "object": [1, 3],
        "method": [1, 2, 3],
        "class method": [2],
        "function": [3],
        "partial": [2, 3],
    }


def test_extension_registered_during_the_run_waits_for_the_next(trainer):
    called = []
    trainer.extend(lambda t: t.extend(called.append, name="late"), name="early")
    trainer.run()

    assert called == []
    assert list(trainer._extensions) == ["early", "late", "late_1", "late_2"]


def test_finished_trigger_skips_initialize_only(trainer, events):
    trigger = training.triggers.ManualScheduleTrigger(1, "iteration")
    trigger.finished = True
    trainer.extend(Recorder(events, "x"), trigger=trigger)
    trainer.run()

    assert events == ["x.restore", "x.call1", "x.finalize"]


def test_call_before_training_runs_at_iteration_0_with_a_reporter(tmp_path):
    import chainer_compat as chainer

    trainer = numbers_trainer(tmp_path)
    seen = []

    def observe(trainer):
        chainer.report({"x": trainer.updater.iteration})
        seen.append(dict(trainer.observation))

    trainer.extend(observe, trigger=(2, "iteration"), call_before_training=True)
    trainer.run()

    assert seen == [{"x": 0}, {"x": 2}]


def test_call_before_training_is_skipped_after_a_resume(tmp_path):
    first = numbers_trainer(tmp_path)
    first.run()
    again = load(numbers_trainer(tmp_path, stop=(5, "iteration")), saved(first))
    called = []
    again.extend(lambda t: called.append(t.updater.iteration), name="x", call_before_training=True)
    again.run()

    assert called == [4, 5]


@pytest.mark.parametrize("how", ["argument", "decorator", "attribute"])
def test_chainer_1_flag_calls_whenever_a_run_starts(tmp_path, how):
    first = numbers_trainer(tmp_path)
    first.run()
    trainer = load(numbers_trainer(tmp_path, stop=(4, "iteration")), saved(first))
    called = []

    def extension(trainer):
        called.append(trainer.updater.iteration)

    if how == "argument":
        trainer.extend(extension, invoke_before_training=True)
    elif how == "decorator":
        trainer.extend(make_extension(invoke_before_training=True)(extension))
    else:

        class Old(training.Extension):
            invoke_before_training = True

            def __call__(self, trainer):
                extension(trainer)

        trainer.extend(Old())
    trainer.run()

    assert called == [3, 4]


class TestNames:
    def test_argument_then_name_then_default_name_then_dunder_name(self, trainer):
        @make_extension(default_name="default")
        def function(trainer):
            pass

        class Named(training.Extension):
            name = "own"

        for extension in (function, Named(), training.Extension(), lambda trainer: None, print):
            trainer.extend(extension)
        trainer.extend(training.Extension(), name="given")

        assert list(trainer._extensions) == [
            "default",
            "own",
            "Extension",
            "<lambda>",
            "print",
            "given",
        ]

    def test_twins_are_numbered_and_told_their_name(self, trainer):
        twins = [training.Extension() for _ in range(3)]
        for twin in twins:
            trainer.extend(twin)

        assert [twin.name for twin in twins] == ["Extension", "Extension_1", "Extension_2"]
        assert trainer.get_extension("Extension_1") is twins[1]

    def test_the_same_object_again_is_named_after_its_final_name(self, trainer):
        twin = training.Extension()
        trainer.extend(twin)
        trainer.extend(twin)

        assert list(trainer._extensions) == ["Extension", "Extension_1"]

    def test_reserved_name_is_refused(self, trainer):
        with pytest.raises(ValueError, match="training"):
            trainer.extend(print, name="training")

    def test_nameless_callable_is_refused_with_the_way_out(self, trainer):
        with pytest.raises(TypeError, match=r"trainer\.extend\(extension, name=\.\.\.\)"):
            trainer.extend(functools.partial(print))

    @pytest.mark.parametrize("extension", [None, "LogReport", object(), (1, "epoch")])
    def test_what_cannot_be_called_is_refused(self, trainer, extension):
        with pytest.raises(TypeError, match=r"called with the trainer, which .* cannot be"):
            trainer.extend(extension, name="x")

    def test_class_of_extensions_is_refused_with_the_way_out(self, trainer):
        with pytest.raises(TypeError, match=r"is a class; .*extend\(Extension\(\.\.\.\)\)"):
            trainer.extend(training.Extension)

    def test_bound_method_is_an_extension(self, trainer):
        called = []
        trainer.extend(called.append)
        trainer.run()

        assert called == [trainer] * 3

    def test_unknown_extension_is_an_error_that_lists_the_known(self, trainer):
        trainer.extend(print)

        with pytest.raises(ValueError, match=r"extension x not found \(registered: print\)"):
            trainer.get_extension("x")

    def test_unknown_keyword_is_refused(self, trainer):
        with pytest.raises(TypeError, match="invoke_after_training"):
            trainer.extend(print, invoke_after_training=True)


class TestExplicitSettingsWin:
    def test_over_the_extensions_own(self, trainer):
        @make_extension(trigger=(5, "epoch"), priority=PRIORITY_EDITOR)
        def extension(trainer):
            pass

        trainer.extend(extension)
        trainer.extend(extension, trigger=(2, "iteration"), priority=0)
        own, given = trainer._extensions.values()

        assert (str(own.trigger), own.priority) == ("IntervalTrigger(5, 'epoch')", 200)
        assert (str(given.trigger), given.priority) == ("IntervalTrigger(2, 'iteration')", 0)

    def test_and_are_shown(self, trainer):
        trainer.extend(print, trigger=(2, "iteration"), priority=0)

        assert repr(trainer._extensions["print"]) == (
            "<ExtensionEntry 'print' priority=0 trigger=IntervalTrigger(2, 'iteration')>"
        )


class TestErrors:
    def test_all_handlers_then_all_finalizers_whatever_they_raise(self, tmp_path, events, capsys):
        trainer = numbers_trainer(tmp_path)
        trainer.extend(Recorder(events, "a", {"on_error(b.call1)", "finalize"}))
        trainer.extend(Recorder(events, "b", {"call1", "finalize"}))
        trainer.extend(Recorder(events, "c"))

        with pytest.raises(ValueError, match=r"^b\.call1$"):
            trainer.run(show_loop_exception_msg=False)

        assert events[6:] == [
            "a.call1",
            "b.call1",
            "a.on_error(b.call1)",
            "b.on_error(b.call1)",
            "c.on_error(b.call1)",
            "a.finalize",
            "b.finalize",
            "c.finalize",
        ]
        assert trainer.updater.events == ["connect", "finalize"]
        shown = capsys.readouterr().err
        assert "Exception in error handler: a.on_error(b.call1)" in shown
        assert "Exception in finalize: a.finalize" in shown
        assert "Exception in finalize: b.finalize" in shown

    def test_first_error_in_finalize_is_raised_after_all_are_finalized(
        self, tmp_path, events, capsys
    ):
        trainer = numbers_trainer(tmp_path)
        for label in "ab":
            trainer.extend(Recorder(events, label, {"finalize"}))

        with pytest.raises(ValueError, match=r"^a\.finalize$"):
            trainer.run()

        assert events[-2:] == ["a.finalize", "b.finalize"]
        assert trainer.updater.events == ["connect", "finalize"]
        assert "Exception in finalize: b.finalize" in capsys.readouterr().err

    def test_handlers_get_the_exception_and_its_traceback(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        error = ValueError("x")
        seen = []

        def fail(trainer):
            raise error

        trainer.extend(make_extension(on_error=lambda *args: seen.append(args))(fail))
        with pytest.raises(ValueError, match="x") as caught:
            trainer.run(show_loop_exception_msg=False)

        assert caught.value is error
        assert seen == [(trainer, error, seen[0][2])]
        assert seen[0][2].tb_frame.f_code.co_name == "run"
