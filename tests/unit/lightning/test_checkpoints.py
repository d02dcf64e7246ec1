"""Lightning's own checkpoints, and snapshot files given by hand."""

from __future__ import annotations

import lightning
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loops.fit_loop import _FitLoop

from chainer_compat import serializers
from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions
from tests.unit.lightning._runs import QUIET, Module, Recorder, calls, fit, loader, recorded
from tests.unit.lightning.test_resume import Noisy, assert_the_same, log_of, noisy


def make_callback(out, events=()):
    callback = ChainerCallback(out, [extensions.LogReport(trigger=(2, "iteration"))])
    callback.extend(Recorder(events if events != () else []), trigger=(0.5, "epoch"))
    return callback


def run(out, max_epochs=3, *others, ckpt_path=None, **options):
    lightning.seed_everything(7, verbose=False)
    module, callback, events = Module(), None, []
    callback = make_callback(out, events)
    train, _ = noisy()()
    fit(
        [callback, *others], module, train, loader(4), max_epochs=max_epochs,
        enable_checkpointing=bool(others), ckpt_path=ckpt_path, **options,
    )  # fmt: skip
    return module, callback, calls(events)


@pytest.mark.parametrize(
    ("saving", "options"),
    [
        ({"every_n_train_steps": 3}, {}),
        ({"every_n_epochs": 1}, {}),
        ({"every_n_epochs": 1, "save_on_train_epoch_end": True}, {}),
        ({"every_n_epochs": 1}, {"val_check_interval": 2}),
    ],
    ids=["batch", "validation", "epoch", "validation within"],
)
def test_fit_from_a_checkpoint_continues_log_and_triggers(tmp_path, saving, options):
    def checkpoints():
        return ModelCheckpoint(tmp_path / "ckpt", save_top_k=-1, filename="{step}", **saving)

    whole = run(tmp_path / "whole", 3, checkpoints(), **options)
    paths = sorted((tmp_path / "ckpt").iterdir(), key=lambda path: path.stat().st_mtime)

    for path in paths[:-1]:
        resumed = run(tmp_path / "resumed", 3, checkpoints(), ckpt_path=path, **options)
        assert_the_same(whole, resumed)
        assert resumed[2] == whole[2][-len(resumed[2]) :]


def test_a_checkpoint_between_a_batch_and_its_validation_goes_on_as_lightning_does(tmp_path):
    # From 2.5 on, Lightning goes on without the validation; before, it starts with it.
    # The iteration's extensions are called when the run goes on.
    def checkpoints():
        return ModelCheckpoint(
            tmp_path / "ckpt", save_top_k=-1, filename="{step}", every_n_train_steps=4
        )

    whole, whole_callback, _ = run(tmp_path / "whole", 3, checkpoints(), val_check_interval=2)
    resumed, callback, _ = run(
        tmp_path / "resumed", 3, checkpoints(), val_check_interval=2,
        ckpt_path=tmp_path / "ckpt" / "step=4.ckpt",
    )  # fmt: skip

    assert torch.equal(whole.net[0].weight, resumed.net[0].weight)
    log, expected = log_of(callback), log_of(whole_callback)
    assert "val_loss" in expected[1]
    if hasattr(_FitLoop, "update_restart_stage"):
        del expected[1]["val_loss"]
    assert log == expected


def test_a_checkpoint_of_the_last_batch_before_the_epochs_end_has_its_iteration_due(tmp_path):
    def checkpoints():
        return ModelCheckpoint(tmp_path / "ckpt", save_top_k=-1, every_n_train_steps=5)

    _, whole, _ = run(tmp_path / "whole", 3, checkpoints())
    path = min((tmp_path / "ckpt").iterdir(), key=lambda path: path.stat().st_mtime)
    _, resumed, _ = run(tmp_path / "resumed", 3, checkpoints(), ckpt_path=path)

    iterations = [entry["iteration"] for entry in log_of(resumed)]
    assert iterations == [entry["iteration"] for entry in log_of(whole)] == [2, 4, 6, 8, 10, 12, 14]


def test_a_checkpoint_that_is_saved_after_the_run_has_the_state_too(tmp_path):
    callback = make_callback(tmp_path)
    trainer = fit(callback, train=loader(), max_epochs=1)
    trainer.save_checkpoint(tmp_path / "end.ckpt")
    other = make_callback(tmp_path)
    fit(other, train=loader(), max_epochs=2, ckpt_path=tmp_path / "end.ckpt")

    assert [entry["iteration"] for entry in log_of(other)] == [2, 4, 6, 8]


def test_a_checkpoint_serves_validate_without_a_warning(tmp_path):
    trainer = fit(make_callback(tmp_path), train=loader(), max_epochs=1)
    trainer.save_checkpoint(tmp_path / "end.ckpt")
    validating = lightning.Trainer(**QUIET, callbacks=[make_callback(tmp_path)])
    validating.validate(Module(), loader(3), ckpt_path=tmp_path / "end.ckpt", verbose=False)


def test_a_plain_checkpoint_says_how_far_the_run_has_come(tmp_path):
    trainer = fit([], train=loader(), max_epochs=1)
    trainer.save_checkpoint(tmp_path / "plain.ckpt")
    callback, events = recorded(tmp_path)
    fit(callback, train=loader(), max_epochs=2, ckpt_path=tmp_path / "plain.ckpt")

    assert [call[:2] for call in calls(events)] == [[i, i / 4] for i in (5, 6, 7, 8)]


def test_two_places_to_resume_from_are_refused(tmp_path):
    trainer = fit([], train=loader(), max_epochs=1)
    trainer.save_checkpoint(tmp_path / "plain.ckpt")
    autoload = ChainerCallback(tmp_path, [extensions.snapshot(autoload=True)])
    with pytest.raises(ValueError, match=r"_Snapshot.*autoload=True.*give one of them"):
        fit(autoload, ckpt_path=tmp_path / "plain.ckpt")
    resume = ChainerCallback(tmp_path, resume=tmp_path / "snapshot")
    with pytest.raises(ValueError, match="and resume= say where"):
        fit(resume, ckpt_path=tmp_path / "plain.ckpt")


def test_a_snapshot_is_given_by_hand(tmp_path):
    first = ChainerCallback(tmp_path, [extensions.snapshot(), extensions.LogReport()])
    fit(first, max_epochs=1)
    second = ChainerCallback(
        tmp_path,
        [extensions.snapshot(), extensions.LogReport()],
        resume=tmp_path / "snapshot_iter_4",
    )
    fit(second, max_epochs=2)

    assert [entry["iteration"] for entry in log_of(second)] == [4, 8]


def test_a_snapshot_that_is_not_there_or_of_another_model_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        fit(ChainerCallback(tmp_path, resume=tmp_path / "none"))
    fit(ChainerCallback(tmp_path, [extensions.snapshot()]), max_epochs=1)

    class Other(Module):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Linear(2, 1)

    module = Other()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    callback = ChainerCallback(
        tmp_path, [extensions.snapshot()], resume=tmp_path / "snapshot_iter_4"
    )
    with pytest.raises(KeyError, match="missing in the file"):
        fit(callback, module)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_the_snapshot_is_in_chainers_layout(tmp_path):
    module = Module()
    fit(ChainerCallback(tmp_path, [extensions.snapshot(), extensions.LogReport()]), module)
    with serializers.NpzArchive(tmp_path / "snapshot_iter_8") as archive:
        assert int(archive["updater/iteration"]) == 8
        weight = archive["updater/model:main/net/0/weight"]
        np.testing.assert_array_equal(weight, module.net[0].weight.detach().numpy())
        assert archive["updater/optimizer:main/net/0/weight/exp_avg"].shape == (4, 2)
        assert int(archive["updater/optimizer:main/t"]) == 8
        assert "extensions/LogReport/_log" in archive
        assert "extension_triggers/LogReport/previous_iteration" in archive
    # So that the weights alone can be had, as from any of Chainer's files.
    net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Dropout(), torch.nn.Linear(4, 1))
    from chainer_compat.interop import TorchModule

    serializers.load_npz(
        tmp_path / "snapshot_iter_8", TorchModule(net), path="updater/model:main/net/"
    )
    assert torch.equal(net[0].weight, module.net[0].weight)


def test_state_of_other_callbacks_and_of_the_datamodule_is_in_the_snapshot(tmp_path):
    class Counting(lightning.Callback):
        count = 0

        def on_train_batch_end(self, *_):
            self.count += 1

        def state_dict(self):
            return {"count": self.count, "kinds": [b"x", (1, None), np.float32(2), {3: "y"}]}

        def load_state_dict(self, state):
            self.count, self.kinds = state["count"], state["kinds"]

    class Data(lightning.LightningDataModule):
        seen = 0

        def train_dataloader(self):
            return loader()

        def state_dict(self):
            return {"seen": 5}

        def load_state_dict(self, state):
            self.seen = state["seen"]

    for max_epochs in (1, 2):
        callback = ChainerCallback(tmp_path, [extensions.snapshot(autoload=True)])
        counting, data = Counting(), Data()
        fit([counting, callback], datamodule=data, max_epochs=max_epochs)

    assert counting.count == 8
    assert counting.kinds == [b"x", (1, None), 2.0, {3: "y"}]
    assert data.seen == 5


def test_state_that_only_a_pickle_could_hold_is_refused(tmp_path):
    class Strange(lightning.Callback):
        def state_dict(self):
            return {"strange": object()}

    with pytest.raises(TypeError, match=r"callbacks/.*Strange/strange"):
        fit([Strange(), ChainerCallback(tmp_path, [extensions.snapshot()])])


def test_data_in_a_class_of_the_users_own_is_left_alone(tmp_path):
    class Own(lightning.pytorch.utilities.CombinedLoader):
        pass

    callback = ChainerCallback(tmp_path, [extensions.snapshot()])
    own = Own(torch.utils.data.DataLoader(Noisy(), 2), "max_size_cycle")
    trainer = fit(callback, train=own, max_epochs=1)

    assert trainer.train_dataloader is own.iterables
