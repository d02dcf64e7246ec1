from __future__ import annotations

import json
import warnings
import weakref

import lightning
import numpy as np
import pytest
import torch
import torchmetrics

import chainer_compat
from chainer_compat import training
from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions, triggers
from tests.unit.lightning._runs import QUIET, Module, Recorder, calls, fit, loader, recorded


def test_one_iteration_is_one_optimizer_step(tmp_path):
    callback, events = recorded(tmp_path)
    fit(callback)

    assert calls(events) == [
        [i, i / 4, ["loss", "main/batch"]] for i in range(1, 9)
    ]  # fmt: skip
    assert events[0] == ("call.initialize", 0)
    assert events[-1] == ("call.finalize",)


def test_validation_counts_for_the_iteration_after_which_it_ran(tmp_path):
    callback, events = recorded(tmp_path)
    fit(callback, val=loader(4), val_check_interval=2, max_epochs=1)

    both = ["loss", "main/batch", "val_loss"]
    assert calls(events) == [
        [1, 0.25, both[:2]], [2, 0.5, both], [3, 0.75, both[:2]], [4, 1.0, both],
    ]  # fmt: skip


def test_values_are_those_of_the_step_the_epoch_and_the_validation(tmp_path):
    class Logging(Module):
        def training_step(self, batch, batch_idx):
            value = float(batch_idx)
            self.log("step", value)
            self.log("epoch", value, on_step=False, on_epoch=True)
            self.log("both", value, on_step=True, on_epoch=True)
            if batch_idx == 1:
                self.log("sometimes", value)
            chainer_compat.report({"value": value}, self)
            chainer_compat.report({"part": value}, self.net[0])
            return self.loss(batch)

        def on_train_epoch_end(self):
            self.log("at_end", 5.0)

        def validation_step(self, batch, batch_idx):
            self.log("val", float(batch_idx), on_step=True, on_epoch=True)
            chainer_compat.report({"value": float(batch_idx)}, self)

    seen = []
    callback = ChainerCallback(tmp_path)
    callback.extend(
        lambda trainer: seen.append({k: float(v) for k, v in trainer.observation.items()}),
        name="see",
    )
    fit(callback, Logging(), loader(9), loader(6), max_epochs=1)

    first = {"step": 0, "both_step": 0, "main/value": 0, "main/net/0/part": 0}
    assert seen[0] == first
    assert seen[1] == {**dict.fromkeys(first, 1.0), "sometimes": 1}
    assert seen[2] == {
        **dict.fromkeys(first, 2.0),
        "epoch": 1,
        "both_epoch": 1,
        "at_end": 5,
        "val_epoch": 0.5,
        "validation/main/value": 0.5,
    }


def test_trigger_priority_and_registration_decide_the_order_over_all_callbacks(tmp_path):
    order = []
    one, two = ChainerCallback(tmp_path), ChainerCallback()
    for callback, name, priority in [
        (one, "a", 100),
        (two, "b", 300),
        (one, "c", -1),
        (two, "d", 100),
    ]:
        callback.extend(lambda _, name=name: order.append(name), name=name, priority=priority)
    fit([one, two], max_steps=1)

    assert order == ["b", "a", "d", "c"]
    assert two.trainer.out == tmp_path


def test_a_name_that_two_callbacks_have_gets_a_number(tmp_path):
    one, two = (ChainerCallback(tmp_path, [extensions.LogReport()]) for _ in range(2))
    fit([one, two], max_steps=1)

    assert list(one.trainer._extensions) == ["LogReport", "LogReport_1"]
    assert two.get_extension("LogReport") is one.trainer.get_extension("LogReport_1")


def test_callbacks_with_different_directories_are_refused(tmp_path):
    with pytest.raises(ValueError, match="share one out"):
        fit([ChainerCallback(tmp_path / "a"), ChainerCallback(tmp_path / "b")])


def test_the_trainer_has_everything_that_an_extension_may_ask(tmp_path):
    module, asked = Module(), {}

    def ask(trainer):
        updater = trainer.updater
        asked.update(
            optimizers=updater.get_all_optimizers(),
            lr=updater.get_optimizer("main").lr,
            t=updater.get_optimizer("main").t,
            target=updater.get_optimizer("main").target,
            batch_size=updater.get_iterator("main").batch_size,
            size=len(updater.get_iterator("main").dataset),
            epoch=updater.get_iterator("main").epoch,
            numbers=(
                updater.iteration, updater.epoch, updater.epoch_detail,
                updater.previous_epoch_detail, updater.is_new_epoch,
            ),
            before=trainer.is_before_training,
            elapsed=trainer.elapsed_time,
            length=trainer.stop_trigger.get_training_length(),
            out=trainer.out,
            extension=trainer.get_extension("ask"),
            lightning=trainer.lightning,
            module=trainer.lightning_module,
        )  # fmt: skip

    callback = ChainerCallback(tmp_path)
    callback.extend(ask, name="ask", trigger=(1, "epoch"))
    trainer = fit(callback, module, max_epochs=1)

    assert list(asked.pop("optimizers")) == ["main"]
    assert asked.pop("elapsed") > 0
    assert asked == {
        "lr": 0.05,
        "t": 4,
        "target": module,
        "batch_size": 3,
        "size": 12,
        "epoch": 1,
        "numbers": (4, 1, 1.0, 0.75, True),
        "before": False,
        "length": (1, "epoch"),
        "out": tmp_path,
        "extension": ask,
        "lightning": trainer,
        "module": module,
    }
    with pytest.raises(KeyError):
        callback.trainer.updater.get_iterator("other")
    with pytest.raises(AttributeError, match="no 'reset'"):
        callback.trainer.updater.get_iterator("main").reset()
    final = callback.trainer.elapsed_time
    assert callback.trainer.elapsed_time == final


def test_the_length_of_the_run_is_lightnings(tmp_path):
    callback = ChainerCallback(tmp_path)
    fit(callback, max_epochs=-1, max_steps=3)
    assert callback.trainer.stop_trigger.get_training_length() == (3, "iteration")
    assert callback.trainer.stop_trigger(callback.trainer)
    assert "max_steps=3" in str(callback.trainer.stop_trigger)
    endless = ChainerCallback(tmp_path, stop_trigger=(2, "iteration"))
    fit(endless, max_epochs=-1)
    assert endless.trainer.limits.get_training_length() is None
    assert not endless.trainer.limits(endless.trainer)


def test_a_stop_trigger_ends_the_run(tmp_path):
    callback, events = recorded(tmp_path, stop_trigger=(3, "iteration"))
    fit(callback)

    assert [call[0] for call in calls(events)] == [1, 2, 3]


def test_a_stop_trigger_sees_what_validation_observed(tmp_path):
    class Worse(Module):
        def validation_step(self, batch, batch_idx):
            self.log("val_loss", float(self.trainer.current_epoch))

    stop = triggers.EarlyStoppingTrigger(
        monitor="val_loss", check_trigger=(1, "epoch"), patience=2, max_trigger=(9, "epoch")
    )
    callback, events = recorded(tmp_path, stop_trigger=stop)
    fit(callback, Worse(), val=loader(3), max_epochs=9)

    assert calls(events)[-1][:2] == [12, 3.0]


def test_an_extension_may_put_another_stop_trigger_in_place(tmp_path):
    class Replace(training.Extension):
        def initialize(self, trainer):
            inner = trainer.stop_trigger
            trainer.stop_trigger = lambda t: inner(t) or t.updater.iteration == 2

        def __call__(self, trainer):
            pass

    callback, events = recorded(tmp_path, Replace())
    fit(callback)

    assert [call[0] for call in calls(events)] == [1, 2]


def test_best_values_of_a_validation_metric(tmp_path):
    class Scripted(Module):
        values = (3.0, 1.0, 2.0, 0.5)

        def validation_step(self, batch, batch_idx):
            self.log("val_loss", self.values[self.trainer.current_epoch])

    best = []
    callback = ChainerCallback(tmp_path)
    callback.extend(
        lambda trainer: best.append(trainer.updater.epoch),
        name="best",
        trigger=triggers.MinValueTrigger("val_loss", (1, "epoch")),
    )
    fit(callback, Scripted(), val=loader(3), max_epochs=4)

    assert best == [1, 2, 4]


def test_extensions_before_training(tmp_path):
    events = []
    callback = ChainerCallback(tmp_path)
    callback.extend(Recorder(events, "early"), trigger=(9, "epoch"), call_before_training=True)
    callback.extend(
        Recorder(events, "v1"), name="v1", trigger=(9, "epoch"), invoke_before_training=True
    )
    fit(callback, max_steps=1)

    assert [event[:2] for event in events] == [
        ("early.initialize", 0), ("v1.initialize", 0), ("early.call", 0), ("v1.call", 0),
        ("early.finalize",), ("v1.finalize",),
    ]  # fmt: skip


def test_an_extension_registered_while_running_waits_for_the_next_run(tmp_path):
    called = []
    callback = ChainerCallback(tmp_path)
    callback.extend(
        lambda trainer: trainer.extend(lambda _: called.append(1), name="late"),
        name="register",
        trigger=(1, "epoch"),
    )
    fit(callback, max_epochs=1)

    assert called == []
    assert "late" in callback.trainer._extensions


def test_log_report_print_report_and_snapshot(tmp_path, capsys):
    callback = ChainerCallback(
        tmp_path,
        [
            extensions.LogReport(),
            extensions.PrintReport(["epoch", "loss", "val_loss"]),
            extensions.snapshot(n_retains=1),
        ],
    )
    fit(callback, val=loader(3))

    log = json.loads((tmp_path / "log").read_text())
    assert [(e["epoch"], e["iteration"]) for e in log] == [(1, 4), (2, 8)]
    assert all("val_loss" in entry for entry in log)
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert (tmp_path / "snapshot_iter_8").exists()
    assert not (tmp_path / "snapshot_iter_4").exists()


def test_extensions_find_the_module_in_training_mode_behind_a_validation_too(tmp_path):
    modes = []
    module = Module()
    module.net[1].eval()
    callback = ChainerCallback(tmp_path)
    callback.extend(
        lambda _: modes.append(
            (
                torch.is_grad_enabled(),
                module.training,
                module.net[1].training,
                module.net[0].training,
            )
        ),
        name="see",
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*eval mode")  # from Lightning 2.6 on
        fit(callback, module, val=loader(3), val_check_interval=2, max_epochs=1)

    assert modes == [(True, True, False, True)] * 4
    assert module.training


def test_nothing_happens_in_validate_and_test(tmp_path):
    callback, events = recorded(tmp_path / "result")
    trainer = lightning.Trainer(**QUIET, callbacks=[callback])
    module = Module()
    trainer.validate(module, loader(3), verbose=False)

    assert events == []
    assert not (tmp_path / "result").exists()


def test_the_callbacks_are_back_after_the_run(tmp_path):
    callback = ChainerCallback(tmp_path)
    checkpoint = lightning.pytorch.callbacks.ModelCheckpoint(tmp_path)
    trainer = fit([callback, checkpoint], enable_checkpointing=True)
    source = trainer.fit_loop._data_source

    assert trainer.callbacks == [callback, checkpoint]
    assert type(source).__module__.startswith("lightning.")
    assert trainer.checkpoint_callback is checkpoint


def test_a_second_fit_goes_on(tmp_path):
    callback, events = recorded(tmp_path)
    trainer = fit(callback, max_epochs=1)
    trainer.fit_loop.max_epochs = 2
    trainer.fit(trainer.lightning_module, loader())

    assert [call[:2] for call in calls(events)] == [[i, i / 4] for i in range(1, 9)]


def test_fast_dev_run_calls_extensions_and_leaves_no_files(tmp_path):
    callback, events = recorded(tmp_path / "result", extensions.LogReport(), extensions.snapshot())
    fit(callback, fast_dev_run=True)

    assert [call[0] for call in calls(events)] == [1]
    assert not (tmp_path / "result").exists()


def test_sanity_checking_is_no_observation(tmp_path):
    callback, events = recorded(tmp_path)
    fit(callback, val=loader(3), num_sanity_val_steps=2, max_epochs=1)

    assert ["val_loss" in call[2] for call in calls(events)] == [False, False, False, True]


def test_an_output_directory_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot make the output directory"):
        fit(ChainerCallback(tmp_path / "file" / "result"))


def test_arguments_that_extend_does_not_know_are_refused(tmp_path):
    with pytest.raises(TypeError, match="triger"):
        ChainerCallback(tmp_path).extend(extensions.LogReport(), triger=(1, "epoch"))


def test_values_that_may_change_are_taken_as_they_are_in_their_step(tmp_path):
    reported = np.zeros(())

    class Changing(Module):
        def __init__(self):
            super().__init__()
            self.counts = CountsUpInPlace()

        def training_step(self, batch, batch_idx):
            nonlocal reported
            reported += 1
            if self.trainer.current_epoch == 0:
                chainer_compat.report({"reported": reported}, self)
            elif batch_idx % 2 == 0:
                self.counts(1.0)
                self.log("counted", self.counts, on_step=True, on_epoch=False)
            return super().training_step(batch, batch_idx)

    report = extensions.LogReport()
    fit(ChainerCallback(tmp_path, [report]), Changing(), loader(60, 3))

    assert report.log[0]["main/reported"] == np.mean(range(1, 21))
    assert report.log[1]["counted"] == np.mean(range(1, 11))


class CountsUpInPlace(torchmetrics.Metric):
    """Its value in a step is the state itself, which the next step changes."""

    full_state_update = True

    def __init__(self):
        super().__init__()
        self.add_state("count", torch.zeros(()), dist_reduce_fx="sum")

    def update(self, by):
        self.count += by

    def compute(self):
        return self.count

    def forward(self, by):
        self.update(by)
        self._forward_cache = self.count
        return self.count


def test_what_is_logged_with_its_graph_lets_go_of_it_after_the_step(tmp_path):
    alive, graphs = [], []

    class WithGraph(Module):
        def training_step(self, batch, batch_idx):
            loss = super().training_step(batch, batch_idx)
            self.log("with_graph", loss, on_step=True, on_epoch=False, enable_graph=True)
            graphs.append(weakref.ref(loss))
            alive.append(sum(graph() is not None for graph in graphs))
            return loss

    fit(ChainerCallback(tmp_path, [extensions.LogReport()]), WithGraph(), loader(60, 3))

    assert max(alive) <= 2
