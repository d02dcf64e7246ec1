"""What scripts that were written for Chainer do to trainers, one test each."""

from __future__ import annotations

import copy
import functools

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import training
from chainer_compat.iterators import SerialIterator
from chainer_compat.training import extensions, triggers
from tests.unit.training._doubles import numbers_trainer


class Link:
    def namedlinks(self, skipself=False):
        yield from ()

    def serialize(self, serializer):
        pass

    def __call__(self, x):
        chainer.report({"loss": float(np.sum(x))}, self)


class Optimizer:
    use_auto_new_epoch = False
    alpha = 0.5

    def __init__(self):
        self.target = Link()

    def update(self, lossfun=None, *args):
        lossfun(*args)

    def new_epoch(self, auto=False):
        pass

    def serialize(self, serializer):
        pass


def make_updater(data=(1, 2, 3, 4), cls=training.StandardUpdater):
    return cls(SerialIterator(list(data), 2, shuffle=False), Optimizer())


def test_stop_trigger_is_replaced_by_a_proxy_in_initialize(tmp_path):
    class Proxy:
        def __init__(self, trigger):
            self.trigger = trigger

        def __getattr__(self, name):
            return getattr(self.trigger, name)

        def __call__(self, trainer):
            return trainer.observation.get("main/loss") == 7 or self.trigger(trainer)

    class Stopper(training.Extension):
        def initialize(self, trainer):
            trainer.stop_trigger = Proxy(trainer.stop_trigger)

        def __call__(self, trainer):
            pass

    trainer = training.Trainer(make_updater(), (5, "epoch"), out=tmp_path)
    trainer.extend(Stopper())
    trainer.extend(extensions.ProgressBar(update_interval=1, out=_Null()))
    trainer.run()

    assert trainer.updater.iteration == 2


def test_update_core_of_ones_own_reads_private_names(tmp_path):
    class Updater(training.StandardUpdater):
        def __init__(self, *args, **kwargs):
            self.gen, self.dis = kwargs.pop("models")
            super().__init__(*args, **kwargs)

        def update_core(self):
            batch = self._iterators["main"].next()
            x = self.converter(batch, self.device)
            self._optimizers["dis"].update(self.dis, x)
            chainer.report({"n": self.iteration})

    optimizers = {"gen": Optimizer(), "dis": Optimizer()}
    models = [optimizer.target for optimizer in optimizers.values()]
    updater = Updater(SerialIterator([1, 2], 1, shuffle=False), optimizers, models=models)
    trainer = training.Trainer(updater, (2, "iteration"), out=tmp_path)
    trainer.run()

    assert trainer.observation == {"dis/loss": 2.0, "n": 1}


def test_evaluator_of_ones_own_copies_private_iterators(tmp_path):
    class Evaluator(extensions.Evaluator):
        default_name = "dev"

        def evaluate(self):
            summary = chainer.DictSummary()
            for batch in copy.copy(self._iterators["main"]):
                observation = {}
                with chainer.reporter.report_scope(observation):
                    self._targets["main"](self.converter(batch, self.device))
                summary.add(observation)
            return summary.compute_mean()

    evaluator = Evaluator(SerialIterator([1, 2, 3], 1, repeat=False, shuffle=False), Link())
    trainer = training.Trainer(make_updater(), (2, "iteration"), out=tmp_path)
    trainer.extend(evaluator, trigger=(1, "iteration"))
    results = []
    trainer.extend(lambda t: results.append(t.observation["dev/main/loss"]), name="look")
    trainer.run()

    assert results == [2.0, 2.0]


def test_name_of_an_evaluator_changes_the_prefix(tmp_path):
    trainer = training.Trainer(make_updater(), (1, "iteration"), out=tmp_path)
    for name in ("val", "test"):
        evaluator = extensions.Evaluator(SerialIterator([1], 1, repeat=False), Link())
        evaluator.name = name
        trainer.extend(evaluator, trigger=(1, "iteration"))
    trainer.run()

    assert {"val/main/loss", "test/main/loss"} <= set(trainer.observation)


def test_config_takes_any_attribute(tmp_path):
    trainer = numbers_trainer(tmp_path)
    chainer.config.my_flag = True
    try:
        trainer.extend(lambda t: t.observation.update(flag=chainer.config.my_flag), name="x")
        trainer.run()
    finally:
        del chainer.config.my_flag

    assert trainer.observation["flag"] is True


def test_learning_rate_is_halved_by_hand_at_a_schedule(tmp_path):
    trainer = training.Trainer(make_updater(), (4, "iteration"), out=tmp_path)

    @training.make_extension(trigger=triggers.ManualScheduleTrigger([2, 3], "iteration"))
    def halve(trainer):
        trainer.updater.get_optimizer("main").alpha *= 0.5

    trainer.extend(halve)
    trainer.extend(
        extensions.observe_value("alpha", lambda t: t.updater.get_optimizer("main").alpha)
    )
    trainer.run()

    assert trainer.observation["alpha"] == 0.125


def test_evaluator_is_made_of_a_function_and_a_partial(tmp_path):
    def evaluate(trainer, scale):
        chainer.report({"score": scale * trainer.updater.iteration})

    trainer = numbers_trainer(tmp_path)
    trainer.extend(functools.partial(evaluate, scale=2), name="evaluate", priority=300)
    trainer.run()

    assert trainer.observation == {"score": 6}


def test_private_parts_of_a_trainer_are_read(tmp_path):
    trainer = numbers_trainer(tmp_path)
    trainer.extend(extensions.LogReport(filename=None))

    assert trainer._done is False
    entry = trainer._extensions["LogReport"]
    assert entry.extension is trainer.get_extension("LogReport")
    entry.trigger = triggers.IntervalTrigger(2, "iteration")
    trainer.run()
    assert (trainer._done, entry.priority) == (True, 100)


def test_trigger_of_an_entry_is_changed_while_it_runs(tmp_path):
    trainer = numbers_trainer(tmp_path, stop=(4, "iteration"))
    called = []
    trainer.extend(lambda t: called.append(t.updater.iteration), name="x")

    def change(trainer):
        if trainer.updater.iteration == 2:
            trainer._extensions["x"].trigger = triggers.never

    trainer.extend(change, priority=0)
    trainer.run()

    assert called == [1, 2]


def test_trainer_is_extended_by_a_method_of_the_model(tmp_path):
    class Model:
        calls = 0

        def on_iteration(self, trainer):
            self.calls += 1

    model = Model()
    trainer = numbers_trainer(tmp_path)
    trainer.extend(model.on_iteration, trigger=(1, "iteration"))
    trainer.run()

    assert model.calls == 3


def test_trainer_of_the_testing_module_works(tmp_path):
    from chainer_compat import testing

    trainer = testing.get_trainer_with_mock_updater((4, "iteration"), iter_per_epoch=2)
    trainer.out = tmp_path
    trainer.extend(extensions.LogReport(filename=None))
    trainer.run()

    assert [entry["epoch"] for entry in trainer.get_extension("LogReport").log] == [1, 2]


def test_loop_is_written_by_hand_around_an_updater():
    updater = make_updater()
    seen = []
    while updater.epoch < 2:
        updater.update()
        seen.append((updater.epoch, updater.is_new_epoch))
    updater.finalize()

    assert seen == [(0, False), (1, True), (1, False), (2, True)]


def test_iterator_of_a_dictionary_has_no_main():
    updater = training.StandardUpdater({"other": SerialIterator([1], 1)}, Optimizer())

    with pytest.raises(KeyError, match="main"):
        _ = updater.epoch


class _Null:
    def write(self, text):
        pass
