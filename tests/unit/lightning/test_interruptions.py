"""Exceptions, Ctrl-C and SIGTERM: extensions are told, may save, and are finalized."""

from __future__ import annotations

import os
import signal

import lightning
import pytest
import torch

import chainer_compat
from chainer_compat import training
from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions
from tests.unit.lightning._runs import Module, Recorder, calls, fit, loader


class BrokenError(Exception):
    """What goes wrong in these tests."""


class Breaking(Module):
    """Raises in a hook, the first time that it is called after an iteration."""

    def __init__(self, hook, iteration=2, error=BrokenError):
        super().__init__()
        self.hook, self.iteration, self.error = hook, iteration, error

    def _maybe(self, hook):
        if hook == self.hook and self.global_step >= self.iteration:
            self.hook = None
            raise self.error

    def training_step(self, batch, batch_idx):
        self._maybe("training_step")
        return super().training_step(batch, batch_idx)

    def validation_step(self, batch, batch_idx):
        self._maybe("validation_step")
        return super().validation_step(batch, batch_idx)

    def on_train_epoch_end(self):
        self._maybe("on_train_epoch_end")


def current_reporters():
    from chainer_compat.configuration import _this_thread

    return len(_this_thread.mode.reporters)


@pytest.mark.parametrize("hook", ["training_step", "validation_step", "on_train_epoch_end"])
def test_an_exception_reaches_the_extensions_and_then_the_user(tmp_path, hook):
    events = []
    callback = ChainerCallback(tmp_path, [Recorder(events)])
    with pytest.raises(BrokenError):
        fit(callback, Breaking(hook), val=loader(3), val_check_interval=2)

    assert events[-2:] == [("call.on_error", "BrokenError"), ("call.finalize",)]
    assert [event for event, *_ in events].count("call.finalize") == 1
    assert current_reporters() == 0


def test_an_exception_of_an_extension_is_one_of_the_run(tmp_path):
    events = []
    callback = ChainerCallback(tmp_path)
    callback.extend(Recorder(events, "first"))
    callback.extend(Recorder(events, "second", fail_in="call"))
    callback.extend(Recorder(events, "third"))
    with pytest.raises(ValueError, match=r"second\.call"):
        fit(callback)

    assert [event for event, *_ in events if "initialize" not in event] == [
        "first.call", "second.call", "first.on_error", "second.on_error", "third.on_error",
        "first.finalize", "second.finalize", "third.finalize",
    ]  # fmt: skip


def test_what_finalizing_raises_behind_an_exception_is_only_shown(tmp_path, capsys):
    callback = ChainerCallback(tmp_path, [Recorder([], fail_in="finalize")])
    with pytest.raises(BrokenError):
        fit(callback, Breaking("training_step"))

    assert "Exception in finalize: call.finalize" in capsys.readouterr().err


def test_what_finalizing_raises_otherwise_is_raised(tmp_path):
    callback = ChainerCallback(tmp_path, [Recorder([], fail_in="finalize")])
    with pytest.raises(ValueError, match=r"call\.finalize"):
        fit(callback, max_epochs=1)
    assert current_reporters() == 0


def test_an_exception_before_the_first_batch_leaves_everything_in_place(tmp_path):
    class BreakingEarly(Module):
        def on_fit_start(self):
            raise BrokenError

    events = []
    callback = ChainerCallback(tmp_path, [Recorder(events)])
    trainer = lightning.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[callback], max_epochs=1,
    )  # fmt: skip
    with pytest.raises(BrokenError):
        trainer.fit(BreakingEarly(), loader())

    assert events == []
    assert trainer.callbacks == [callback]
    trainer.fit(Module(), loader())
    assert calls(events)[-1][:2] == [4, 1.0]


def test_ctrl_c_reaches_on_error(tmp_path):
    events = []
    callback = ChainerCallback(tmp_path, [Recorder(events)])
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit):
            fit(callback, Breaking("training_step", error=KeyboardInterrupt))
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning leaves it ignored

    assert ("call.on_error", "KeyboardInterrupt") in events


def test_sigterm_ends_the_run_behind_its_iteration(tmp_path):
    class Signalled(Module):
        def training_step(self, batch, batch_idx):
            if self.global_step == 2:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().training_step(batch, batch_idx)

    events = []
    callback = ChainerCallback(
        tmp_path, [Recorder(events), extensions.snapshot(snapshot_on_error=True)]
    )
    with pytest.raises(SystemExit):
        fit(callback, Signalled())

    assert [call[0] for call in calls(events)] == [1, 2, 3]
    assert ("call.on_error", "SIGTERMException") in events
    assert (tmp_path / "snapshot_iter_3").exists()


def make_run(out, hook=None, iteration=2, max_epochs=2, **options):
    """A run whose snapshot is taken on an error only; dropout is off in this module."""
    lightning.seed_everything(3, verbose=False)
    module = Breaking(hook, iteration)
    module.net[1].p = 0.0
    callback = ChainerCallback(out, [extensions.LogReport(trigger=(1, "iteration"))])
    callback.extend(
        extensions.snapshot(snapshot_on_error=True, autoload=True), trigger=(99, "epoch")
    )
    try:
        fit(callback, module, loader(shuffle=True), loader(6), max_epochs=max_epochs, **options)
    except BrokenError:
        assert hook is not None
    log = [
        {name: value for name, value in entry.items() if name != "elapsed_time"}
        for entry in callback.get_extension("LogReport").log
    ]
    return module, log


@pytest.mark.parametrize("hook", ["training_step", "validation_step", "on_train_epoch_end"])
@pytest.mark.parametrize("iteration", [2, 4, 6])
def test_a_run_goes_on_from_the_snapshot_of_its_error(tmp_path, hook, iteration):
    whole, expected = make_run(tmp_path / "whole", val_check_interval=2)
    make_run(tmp_path / "broken", hook, iteration, val_check_interval=2)
    resumed, log = make_run(tmp_path / "broken", val_check_interval=2)

    assert log == expected
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name])


def test_an_error_behind_the_end_is_no_business_of_the_extensions(tmp_path):
    class BreakingLate(Module):
        def on_fit_end(self):
            raise BrokenError

    events = []
    callback = ChainerCallback(tmp_path, [Recorder(events)])
    with pytest.raises(BrokenError):
        fit(callback, BreakingLate(), max_epochs=1)

    assert [event for event, *_ in events][-1] == "call.finalize"
    assert "call.on_error" not in [event for event, *_ in events]
    assert isinstance(callback.trainer.elapsed_time, float)


def test_an_extension_sees_the_trainer_of_the_run_in_on_error(tmp_path):
    class Look(training.Extension):
        seen = None

        def __call__(self, trainer):
            chainer_compat.report({"looked": 1})

        def on_error(self, trainer, exc, tb):
            self.seen = trainer.updater.iteration, dict(trainer.observation)["looked"]

    look = Look()
    with pytest.raises(BrokenError):
        fit(ChainerCallback(tmp_path, [look]), Breaking("training_step"))

    assert look.seen == (2, 1)
