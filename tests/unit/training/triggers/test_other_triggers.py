from __future__ import annotations

import os
import pickle
import signal
import threading

import numpy as np
import pytest

from chainer_compat.training import get_trigger, triggers
from tests.unit.training._doubles import ask, load, numbers_trainer, saved


class TestGetTrigger:
    def test_none_never_fires_and_always_always_does(self):
        assert ask(get_trigger(None), range(3)) == []
        assert ask(triggers.always, range(3)) == [0, 1, 2]

    def test_a_callable_is_taken_as_it_is(self):
        assert get_trigger(print) is print

    @pytest.mark.parametrize("pair", [(2, "epoch"), [2, "epoch"]])
    def test_a_pair_is_an_interval(self, pair):
        assert str(get_trigger(pair)) == "IntervalTrigger(2, 'epoch')"

    def test_is_found_in_all_its_places(self):
        from chainer_compat.training import trigger, util

        assert get_trigger is trigger.get_trigger is util.get_trigger is triggers.get_trigger
        assert trigger.IntervalTrigger is triggers.IntervalTrigger


class TestOnce:
    def test_fires_at_the_first_question_also_before_training(self):
        trigger = triggers.OnceTrigger()

        assert not trigger.finished
        assert ask(trigger, [0, 0, 1]) == [0, 0]
        assert trigger.finished

    @pytest.mark.parametrize(("call_on_resume", "fired"), [(False, []), (True, [4])])
    def test_fires_again_after_a_resume_if_asked_to(self, call_on_resume, fired):
        first = triggers.OnceTrigger()
        ask(first, [3])
        again = load(triggers.OnceTrigger(call_on_resume), saved(first))

        assert again.finished is not call_on_resume
        assert ask(again, [4, 5]) == fired

    def test_an_older_file_is_taken_to_be_behind_the_first_time(self):
        trigger = triggers.OnceTrigger()
        with pytest.warns(UserWarning, match="OnceTrigger"):
            load(trigger, {})

        assert ask(trigger, [1]) == []


class Clock:
    """All that a TimeTrigger needs."""

    def __init__(self):
        self.elapsed_time = 0.0

    def ask(self, trigger, times):
        answers = []
        for self.elapsed_time in times:
            answers.append(trigger(self))
        return answers


class TestTime:
    def test_fires_after_each_period(self):
        times = [0, 9, 10, 10.5, 12, 20, 20.1, 35]

        assert Clock().ask(triggers.TimeTrigger(10), times) == [
            *(False, False, False, True),
            *(False, False, True, True),
        ]

    def test_fires_once_after_a_stall_and_then_on_the_grid_again(self):
        times = [61, 62, 63, 69, 70, 70.5, 79, 80.5]

        assert Clock().ask(triggers.TimeTrigger(10), times) == [
            *(True, False, False, False),
            *(False, True, False, True),
        ]

    def test_next_time_can_be_set(self):
        trigger = triggers.TimeTrigger(10)
        trigger._next_time = 100

        assert Clock().ask(trigger, [50, 101, 105, 110.5]) == [False, True, False, True]

    def test_a_period_of_0_always_fires(self):
        assert Clock().ask(triggers.TimeTrigger(0), [1, 2, 2]) == [True, True, True]

    def test_answers_again_in_the_same_iteration(self, tmp_path, monkeypatch):
        now = iter(range(1000))
        monkeypatch.setattr("chainer_compat.training._trainer._now", lambda: next(now))
        trainer = numbers_trainer(tmp_path, stop=(30, "iteration"))
        shared, events = triggers.TimeTrigger(10), {"a": [], "b": []}
        for name, seen in events.items():
            trainer.extend(
                lambda t, seen=seen: seen.append(t.updater.iteration), name=name, trigger=shared
            )
        trainer.run()

        assert len(events["a"]) >= 5
        assert events["a"] == events["b"]

    def test_survives_a_resume(self):
        trigger = triggers.TimeTrigger(10)
        Clock().ask(trigger, [15])
        content = saved(trigger)

        assert content["next_time"] == 20
        assert Clock().ask(load(triggers.TimeTrigger(10), content), [16, 21]) == [False, True]

    def test_is_not_silent_if_the_clock_starts_anew(self):
        trigger = triggers.TimeTrigger(10)
        Clock().ask(trigger, [1000])

        again = load(triggers.TimeTrigger(10), saved(trigger))
        assert Clock().ask(again, [1, 10, 12]) == [False, False, True]

    def test_a_file_of_chainers_is_loaded(self):
        assert load(triggers.TimeTrigger(10), {"next_time": np.array(30)})._next_time == 30


class TestCombinations:
    def test_any_all_not(self):
        two, three = (2, "iteration"), (3, "iteration")

        assert ask(triggers.AnyTrigger(two, three), range(7)) == [2, 3, 4, 6]
        assert ask(triggers.AllTrigger(two, three), range(13)) == [6, 12]
        assert ask(triggers.NotTrigger(two), range(5)) == [0, 1, 3]

    def test_operators(self):
        two = triggers.IntervalTrigger(2, "iteration")

        assert ask(two | (3, "iteration"), range(4)) == [2, 3]
        assert ask(two & (lambda trainer: trainer.updater.iteration > 2), range(5)) == [4]
        assert str(~(two & triggers.never)).startswith("NotTrigger(AllTrigger(IntervalTrigger")

    def test_every_part_is_asked_every_time(self):
        asked = []
        parts = [lambda trainer, i=i: asked.append(i) or i == 0 for i in range(3)]
        ask(triggers.AnyTrigger(*parts), [1, 1])

        assert asked == [0, 1, 2]

    def test_state_of_the_parts_is_saved(self):
        first = triggers.AnyTrigger((5, "iteration"), triggers.always, triggers.OnceTrigger())
        ask(first, range(4))
        again = load(
            triggers.AnyTrigger((5, "iteration"), triggers.never, triggers.OnceTrigger()),
            saved(first),
        )

        assert ask(again, range(4, 7)) == [5]
        assert ask(load(triggers.AnyTrigger((5, "iteration")), {}), range(6)) == [5]

    def test_finished(self):
        done, open_ = triggers.OnceTrigger(), triggers.OnceTrigger()
        ask(done, [1])
        every = triggers.always

        assert triggers.AnyTrigger(done, done).finished
        assert not triggers.AnyTrigger(done, every).finished
        assert triggers.AllTrigger(done, open_).finished
        assert not triggers.AllTrigger(open_, every).finished
        assert not getattr(triggers.NotTrigger(done), "finished", False)

    def test_training_length_is_that_of_the_first_part_with_one(self):
        both = triggers.AnyTrigger(triggers.TimeTrigger(60), (5, "epoch"))

        assert both.get_training_length() == (5, "epoch")
        assert triggers.AnyTrigger((5, "epoch"), triggers.never).get_training_length() == (
            5,
            "epoch",
        )
        with pytest.raises(AttributeError):
            triggers.AnyTrigger(triggers.never).get_training_length()


def test_function_is_asked_once_an_iteration():
    asked = []
    trigger = triggers.FunctionTrigger(lambda t: asked.append(t.updater.iteration) or 1, "mine")

    assert ask(trigger, [1, 1, 2]) == [1, 1, 2]
    assert asked == [1, 2]
    assert str(trigger) == "FunctionTrigger(mine)"


def test_base_class_asks_to_be_overridden():
    with pytest.raises(NotImplementedError, match="Mine must override __call__"):
        type("Mine", (triggers.Trigger,), {})()(None)
    assert repr(type("Mine", (triggers.Trigger,), {})()) == "<Mine()>"


class TestSignal:
    def test_fires_once_for_each_signal_and_calls_the_former_handler(self):
        called = []
        before = signal.signal(signal.SIGUSR1, lambda *args: called.append(args[0]))
        try:
            with triggers.SignalTrigger("SIGUSR1") as trigger:
                quiet = ask(trigger, [1])
                os.kill(os.getpid(), signal.SIGUSR1)
                assert (quiet, ask(trigger, [2, 2, 3])) == ([], [2, 2])
            assert called == [signal.SIGUSR1]
            os.kill(os.getpid(), signal.SIGUSR1)
            assert called == [signal.SIGUSR1] * 2
            trigger.close()
        finally:
            signal.signal(signal.SIGUSR1, before)

    def test_takes_a_number(self):
        with triggers.SignalTrigger(signal.SIGUSR2) as trigger:
            assert str(trigger) == "SignalTrigger(SIGUSR2)"
            with pickle.loads(pickle.dumps(trigger)) as again:
                assert str(again) == str(trigger)

    @pytest.mark.parametrize("wrong", ["SIGNONE", 1000])
    def test_unknown_signal_is_an_error(self, wrong):
        with pytest.raises(ValueError, match="there is no signal"):
            triggers.SignalTrigger(wrong)

    def test_is_refused_outside_the_main_thread(self):
        errors = []

        def make():
            try:
                triggers.SignalTrigger()
            except ValueError as error:
                errors.append(str(error))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()

        assert errors == ["a SignalTrigger can be made in the main thread only"]
