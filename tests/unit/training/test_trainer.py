from __future__ import annotations

import random
import sys

import numpy as np
import pytest
import torch

from chainer_compat import training
from chainer_compat.errors import OutputDirectoryError
from tests.unit.training._doubles import NumbersUpdater, load, numbers_trainer, saved


class TargetUpdater(NumbersUpdater):
    def __init__(self, *targets):
        super().__init__()
        self.targets = targets

    def get_all_optimizers(self):
        class Optimizer:
            def __init__(self, target):
                self.target = target

        return {f"opt{i}": Optimizer(target) for i, target in enumerate(self.targets)}


class TestLoop:
    def test_stop_trigger_is_asked_before_every_iteration_the_first_included(self, tmp_path):
        asked = []

        def stop(trainer):
            asked.append(trainer.updater.iteration)
            return trainer.updater.iteration == 2

        training.Trainer(NumbersUpdater(), stop, out=tmp_path).run()

        assert asked == [0, 1, 2]

    def test_each_iteration_has_a_fresh_observation_into_which_updates_report(self, tmp_path):
        import chainer_compat as chainer

        trainer = numbers_trainer(tmp_path, report=lambda i: chainer.report({f"x{i}": i}))
        seen = []
        trainer.extend(lambda t: seen.append(t.observation), name="x")
        trainer.run()

        assert seen == [{"x1": 1}, {"x2": 2}, {"x3": 3}]
        assert trainer.observation is seen[-1]

    def test_extensions_may_be_given_at_once(self, tmp_path):
        trainer = training.Trainer(NumbersUpdater(), out=tmp_path, extensions=[print, print])

        assert list(trainer._extensions) == ["print", "print_1"]

    def test_stop_trigger_replaced_in_initialize_counts(self, tmp_path):
        class Shorten(training.Extension):
            def initialize(self, trainer):
                inner = trainer.stop_trigger
                assert inner.get_training_length() == (3, "iteration")
                trainer.stop_trigger = lambda t: inner(t) or t.updater.iteration >= 2

            def __call__(self, trainer):
                pass

        trainer = numbers_trainer(tmp_path)
        trainer.extend(Shorten())
        trainer.run()

        assert trainer.updater.iteration == 2

    def test_a_second_run_is_refused(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        trainer.run()

        assert trainer._done
        with pytest.raises(RuntimeError, match="runs once"):
            trainer.run()

    def test_a_run_that_failed_can_go_on(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        failures = iter([ValueError("once")])

        def fail_once(trainer):
            for error in failures:
                raise error

        trainer.extend(fail_once)
        with pytest.raises(ValueError, match="once"):
            trainer.run(show_loop_exception_msg=False)
        trainer.run()

        assert trainer.updater.iteration == 3

    def test_is_before_training(self, tmp_path):
        trainer = numbers_trainer(tmp_path)

        assert trainer.is_before_training
        trainer.run()
        assert not trainer.is_before_training


class TestElapsedTime:
    @pytest.fixture
    def clock(self, monkeypatch):
        now = [100.0]
        monkeypatch.setattr("chainer_compat.training._trainer._now", lambda: now[0])
        return now

    def test_unknown_before_the_start(self, tmp_path):
        with pytest.raises(RuntimeError, match="not been started"):
            _ = numbers_trainer(tmp_path).elapsed_time

    def test_includes_the_time_before_a_resume_and_stops_with_the_run(self, tmp_path, clock):
        seen = []

        def tick(trainer):
            clock[0] += 1.5
            seen.append(trainer.elapsed_time)

        first = numbers_trainer(tmp_path)
        first.extend(tick)
        first.run()
        clock[0] += 1000
        content = saved(first)
        second = load(numbers_trainer(tmp_path, stop=(4, "iteration")), content)
        second.extend(tick)
        second.run()
        clock[0] += 1000

        assert content["_snapshot_elapsed_time"] == 4.5
        assert seen == [1.5, 3.0, 4.5, 6.0]
        assert second.elapsed_time == 6.0

    def test_a_trainer_that_has_not_started_can_be_saved(self, tmp_path):
        assert saved(numbers_trainer(tmp_path))["_snapshot_elapsed_time"] == 0.0


class TestObservers:
    def test_parts_of_a_torch_module_are_named_by_their_path(self):
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sequential(torch.nn.ReLU()))
        trainer = training.Trainer(TargetUpdater(net))
        observation = {}
        with trainer.reporter.scope(observation):
            trainer.reporter.report({"x": 0}, net)
            trainer.reporter.report({"x": 1}, net[0])
            trainer.reporter.report({"x": 2}, net[1][0])

        assert observation == {"opt0/x": 0, "opt0/0/x": 1, "opt0/1/0/x": 2}

    def test_parts_of_a_link_are_those_it_names(self):
        class Link:
            part = object()

            def namedlinks(self, skipself=False):
                return [("/part", self.part)] if skipself else [("/", self), ("/part", self.part)]

        link = Link()
        trainer = training.Trainer(TargetUpdater(link))
        observation = {}
        with trainer.reporter.scope(observation):
            trainer.reporter.report({"x": 0}, link)
            trainer.reporter.report({"x": 1}, link.part)

        assert observation == {"opt0/x": 0, "opt0/part/x": 1}

    def test_an_optimizer_that_was_not_set_up_is_an_error(self):
        with pytest.raises(AttributeError, match="setup"):
            training.Trainer(TargetUpdater(None))

    def test_a_target_of_another_kind_is_an_error(self):
        with pytest.raises(TypeError, match="Link or a torch module"):
            training.Trainer(TargetUpdater(42))


class TestOutputDirectory:
    def test_is_made_with_its_parents(self, tmp_path):
        numbers_trainer(tmp_path / "a" / "b").run()

        assert (tmp_path / "a" / "b").is_dir()

    def test_empty_means_the_present_one(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        numbers_trainer("").run()

        assert list(tmp_path.iterdir()) == []

    def test_that_cannot_be_made_is_an_error_before_anything_runs(self, tmp_path):
        (tmp_path / "file").write_text("")
        trainer = numbers_trainer(tmp_path / "file" / "result")

        with pytest.raises(OutputDirectoryError, match=r"file/result.*Trainer\(\.\.\., out="):
            trainer.run()
        assert trainer.updater.iteration == 0


class TestExceptionMessage:
    def fail(self, trainer):
        raise ValueError("boom")

    def test_is_shown_at_once_unless_told_not_to(self, tmp_path, capsys):
        for show in (True, False):
            trainer = numbers_trainer(tmp_path)
            trainer.extend(self.fail, name="x")
            with pytest.raises(ValueError, match="boom"):
                trainer.run(show_loop_exception_msg=show)
            shown = capsys.readouterr().err.splitlines()
            if show:
                assert shown[:2] == [
                    "Exception in main training loop: boom",
                    "Traceback (most recent call last):",
                ]
                assert shown[-1] == (
                    "Will finalize trainer extensions and updater before reraising the exception."
                )
            else:
                assert shown == []

    def test_finalizers_may_fail_inside_somebody_elses_handler(self, tmp_path):
        class Bad(training.Extension):
            def __call__(self, trainer):
                pass

            def finalize(self):
                raise ValueError("finalize")

        trainer = numbers_trainer(tmp_path)
        trainer.extend(Bad())
        try:
            raise KeyError
        except KeyError:
            with pytest.raises(ValueError, match="finalize"):
                trainer.run()


def test_exit_called_by_an_extension_finalizes_and_is_no_error(tmp_path):
    events = []

    class Leave(training.Extension):
        def __call__(self, trainer):
            sys.exit(0)

        def on_error(self, trainer, exc, tb):
            events.append("on_error")

        def finalize(self):
            events.append("finalize")

    trainer = numbers_trainer(tmp_path)
    trainer.extend(Leave())
    with pytest.raises(SystemExit) as caught:
        trainer.run()

    assert caught.value.code == 0
    assert events == ["finalize"]


class TestLayout:
    def test_is_chainers_with_what_is_new_apart(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        trainer.extend(training.extensions.LogReport())
        trainer.run()

        content = saved(trainer)
        assert {key for key in content if not key.startswith("_resume/")} == {
            "updater/iteration",
            "stop_trigger/previous_iteration",
            "stop_trigger/previous_epoch_detail",
            "stop_trigger/before_iteration",
            "extensions/LogReport/_log",
            "extensions/LogReport/_summary/_names",
            "extensions/LogReport/_trigger/previous_iteration",
            "extensions/LogReport/_trigger/previous_epoch_detail",
            "extensions/LogReport/_trigger/before_epoch",
            "extension_triggers/LogReport/previous_iteration",
            "extension_triggers/LogReport/previous_epoch_detail",
            "extension_triggers/LogReport/before_iteration",
            "_snapshot_elapsed_time",
        }

    def test_a_file_of_chainers_has_nothing_of_it_and_is_loaded(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        trainer.run()
        content = {
            key: value
            for key, value in saved(trainer).items()
            if "before_" not in key and "_resume" not in key
        }
        again = load(numbers_trainer(tmp_path, stop=(5, "iteration")), content)
        again.run()

        assert (again.updater.iteration, again.observation) == (5, {})

    def test_a_file_without_positions_of_triggers_is_warned_about_once(self, tmp_path):
        trainer = numbers_trainer(tmp_path)
        trainer.extend(lambda _: None, "own", (2, "epoch"))
        trainer.run()
        content = {key: value for key, value in saved(trainer).items() if "previous_" not in key}
        again = numbers_trainer(tmp_path, stop=(5, "iteration"))
        again.extend(lambda _: None, "own", (2, "epoch"))
        with pytest.warns(UserWarning, match="previous values") as caught:
            load(again, content)

        (message,) = [str(warning.message) for warning in caught]
        assert "IntervalTrigger(5, 'iteration'), IntervalTrigger(2, 'epoch')" in message


class TestRandomNumbers:
    def draw(self):
        return random.random(), np.random.random(), torch.rand(()).item()

    def test_go_on_where_the_snapshot_was_taken(self, tmp_path):
        drawn, content = [], {}
        trainer = numbers_trainer(tmp_path, stop=(4, "iteration"))
        np.random.standard_normal()  # leaves a second one in the cache of the generator
        trainer.extend(lambda t: content.update(saved(t)), name="save", trigger=(2, "iteration"))
        trainer.extend(lambda t: drawn.append(self.draw()), name="draw")
        trainer.stop_trigger = training.get_trigger((2, "iteration"))
        trainer.run()
        expected = [self.draw() for _ in range(2)]

        again = load(numbers_trainer(tmp_path, stop=(4, "iteration")), _without_rest(content))
        self.draw()  # what a script does between loading and running
        again.extend(lambda t: drawn.append(self.draw()), name="draw")
        again.run()

        assert drawn[2:] == [drawn[1], *expected[:1]]

    def test_another_kind_of_generator_is_saved_too(self, tmp_path):
        before = np.random.get_bit_generator()
        try:
            np.random.set_bit_generator(np.random.PCG64(1))
            trainer = numbers_trainer(tmp_path)
            content = saved(trainer)
            expected = np.random.random()
            load(trainer, content).run()
            assert np.random.random() == expected
        finally:
            np.random.set_bit_generator(before)


def _without_rest(content):
    return {key: value for key, value in content.items() if not key.endswith("pending")}
