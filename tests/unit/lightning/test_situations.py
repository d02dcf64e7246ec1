"""Golden lists: Lightning's own hooks, of a real trainer, and the extensions' calls among them."""

from __future__ import annotations

import lightning
import pytest
import torch

from chainer_compat.lightning import ChainerCallback
from chainer_compat.training import extensions, triggers
from tests.unit.lightning._runs import Module, fit, loader

HOOKS = {
    "on_train_epoch_start": "epoch(",
    "on_train_batch_end": "batch",
    "on_validation_start": "val(",
    "on_validation_end": ")val",
    "on_train_epoch_end": ")epoch",
    "on_train_end": "end",
}


class Hooks(lightning.Callback):
    """Writes down Lightning's hooks, in short."""

    def __init__(self, events):
        for name, short in HOOKS.items():
            setattr(self, name, lambda *_, short=short: events.append(short))


def events_of(out, module=None, train=None, val=None, extend=(), stop_trigger=None, **options):
    """Hooks and calls of one run, as one text: a number is the iteration of a call."""
    events = []
    callback = ChainerCallback(out, stop_trigger=stop_trigger)
    callback.extend(
        lambda t: events.append(f"{t.updater.iteration}@{t.updater.epoch_detail:g}"), name="note"
    )
    for extension in extend:
        callback.extend(extension)
    # In both orders: the place in the list makes no difference.
    fit([Hooks(events), callback], module, train, val, **options)
    return " ".join(events)


def test_plain(tmp_path):
    assert events_of(tmp_path, train=loader(6)) == (
        "epoch( batch 1@0.5 batch )epoch 2@1 epoch( batch 3@1.5 batch )epoch 4@2 end"
    )


def test_validation_each_epoch(tmp_path):
    assert events_of(tmp_path, train=loader(6), val=loader(3), max_epochs=1) == (
        "epoch( batch 1@0.5 batch val( )val )epoch 2@1 end"
    )


def test_validation_within_the_epoch(tmp_path):
    assert (
        events_of(tmp_path, train=loader(9), val=loader(3), max_epochs=1, val_check_interval=2)
        == "epoch( batch 1@0.333333 batch val( )val 2@0.666667 batch )epoch 3@1 end"
    )


def test_validation_across_epochs(tmp_path):
    assert events_of(
        tmp_path, train=loader(6), val=loader(3), val_check_interval=3, check_val_every_n_epoch=None
    ) == (
        "epoch( batch 1@0.5 batch )epoch 2@1 epoch( batch val( )val 3@1.5 batch )epoch 4@2 end"
    )  # fmt: skip


def test_validation_every_second_epoch(tmp_path):
    assert (
        events_of(tmp_path, train=loader(3), val=loader(3), check_val_every_n_epoch=2)
        == "epoch( batch )epoch 1@1 epoch( batch val( )val )epoch 2@2 end"
    )


@pytest.mark.filterwarnings("ignore:Total length of `DataLoader` across ranks is zero")
def test_validation_without_batches_is_passed_over(tmp_path):
    assert (
        events_of(tmp_path, train=loader(6), val=loader(0), max_epochs=1, val_check_interval=1)
        == "epoch( batch 1@0.5 batch )epoch 2@1 end"
    )


def test_sanity_checking(tmp_path):
    assert (
        events_of(tmp_path, train=loader(3), val=loader(3), max_epochs=1, num_sanity_val_steps=1)
        == "val( )val epoch( batch val( )val )epoch 1@1 end"
    )


def test_gradient_accumulation(tmp_path):
    assert events_of(tmp_path, train=loader(15), max_epochs=1, accumulate_grad_batches=2) == (
        "epoch( batch batch 1@0.4 batch batch 2@0.8 batch )epoch 3@1 end"
    )


def test_max_steps_ends_in_the_middle_of_an_epoch(tmp_path):
    assert events_of(tmp_path, train=loader(12), max_steps=3) == (
        "epoch( batch 1@0.25 batch 2@0.5 batch )epoch 3@0.75 end"
    )


def test_limit_train_batches_shortens_the_epoch(tmp_path):
    assert events_of(tmp_path, train=loader(12), limit_train_batches=2) == (
        "epoch( batch 1@0.5 batch )epoch 2@1 epoch( batch 3@1.5 batch )epoch 4@2 end"
    )


class Endless(torch.utils.data.IterableDataset):
    """Data of a length that nobody knows."""

    def __iter__(self):
        return iter([(torch.ones(2), torch.ones(1))] * 6)


def test_an_unknown_length_has_no_fractions(tmp_path):
    train = torch.utils.data.DataLoader(Endless(), 2)
    assert events_of(tmp_path, train=train, max_epochs=2) == (
        "epoch( batch 1@0 batch 2@0 batch )epoch 3@1 "
        "epoch( batch 4@1 batch 5@1 batch )epoch 6@2 end"
    )


@pytest.mark.parametrize(
    "trigger",
    [
        (0.5, "epoch"),
        triggers.ManualScheduleTrigger([0.5, 1], "epoch"),
        triggers.IntervalTrigger(1, "iteration") & triggers.IntervalTrigger(0.5, "epoch"),
        triggers.MinValueTrigger("loss", (0.5, "epoch")),
    ],
)
def test_a_fraction_of_an_unknown_length_is_refused(tmp_path, trigger):
    train = torch.utils.data.DataLoader(Endless(), 2)
    callback = ChainerCallback(tmp_path)
    callback.extend(lambda _: None, name="often", trigger=trigger)
    with pytest.raises(ValueError, match="of extension 'often' fires within an epoch"):
        fit(callback, train=train)
    report = ChainerCallback(tmp_path, [extensions.LogReport(trigger=trigger)])
    with pytest.raises(ValueError, match="of extension 'LogReport'"):
        fit(report, train=train)


def test_whole_epochs_of_an_unknown_length_are_fine(tmp_path):
    called = []
    callback = ChainerCallback(tmp_path)
    callback.extend(lambda t: called.append(t.updater.iteration), name="each", trigger=(1, "epoch"))
    fit(callback, train=torch.utils.data.DataLoader(Endless(), 2))

    assert called == [3, 6]


def test_dataloaders_that_are_made_anew(tmp_path):
    class Reloading(Module):
        def train_dataloader(self):
            return loader(3 * (1 + self.trainer.current_epoch))

    callback = ChainerCallback(tmp_path)
    seen = []
    callback.extend(lambda t: seen.append(t.updater.epoch_detail), name="note")
    trainer = lightning.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, reload_dataloaders_every_n_epochs=1, max_epochs=3,
        callbacks=[callback],
    )  # fmt: skip
    trainer.fit(Reloading())

    assert seen == [1, 1.5, 2, 2 + 1 / 3, 2 + 2 / 3, 3]


def test_several_dataloaders(tmp_path):
    class Several(Module):
        def training_step(self, batch, batch_idx):
            return super().training_step(batch["a"], batch_idx)

        def validation_step(self, batch, batch_idx, dataloader_idx):
            self.log("val", float(dataloader_idx))

    names = []
    callback = ChainerCallback(tmp_path)
    callback.extend(lambda t: names.append(sorted(t.observation)), name="n", trigger=(1, "epoch"))
    train = {"a": loader(6), "b": loader(9)}
    fit(callback, Several(), train, [loader(3), loader(3)], max_epochs=1)

    assert names == [["loss", "main/batch", "val/dataloader_idx_0", "val/dataloader_idx_1"]]
    assert callback.trainer.updater.iteration == 3


def test_values_reported_in_the_second_validation_set_have_its_number(tmp_path):
    import chainer_compat

    class Reporting(Module):
        def validation_step(self, batch, batch_idx, dataloader_idx):
            chainer_compat.report({"value": dataloader_idx}, self)

    seen = []
    callback = ChainerCallback(tmp_path)
    callback.extend(lambda t: seen.append(t.observation), name="n", trigger=(1, "epoch"))
    fit(callback, Reporting(), loader(3), [loader(3), loader(3)], max_epochs=1)

    assert seen[0]["validation/main/value"] == 0
    assert seen[0]["validation_1/main/value"] == 1


class Manual(Module):
    """Two optimizers, as a GAN has them, of which one steps every second batch."""

    automatic_optimization = False

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def configure_optimizers(self):
        return (
            torch.optim.SGD(self.net[0].parameters(), lr=0.1),
            torch.optim.SGD(self.net[2].parameters(), lr=0.2),
        )

    def training_step(self, batch, batch_idx):
        for number, optimizer in enumerate(self.optimizers()):
            if number == 0 or batch_idx % 2:
                optimizer.zero_grad()
                self.manual_backward(self.loss(batch))
                optimizer.step()


def test_manual_optimization_with_several_optimizers(tmp_path):
    rates = []
    callback = ChainerCallback(tmp_path)
    callback.extend(
        lambda t: rates.append({n: o.lr for n, o in t.updater.get_all_optimizers().items()}),
        name="rates",
    )
    fit(callback, Manual(), loader(12), max_epochs=1)

    assert rates == [{"main": 0.1, "main_1": 0.2}] * 4


def test_optimizers_can_have_names(tmp_path):
    callback = ChainerCallback(tmp_path, optimizer_names=["gen", "dis"])
    fit(callback, Manual(), loader(3), max_epochs=1)

    assert callback.trainer.updater.get_optimizer("dis").lr == 0.2


def test_an_optimizer_that_steps_now_and_then(tmp_path):
    class Seldom(Manual):
        def training_step(self, batch, batch_idx):
            self.log("batch", float(batch_idx))
            if batch_idx % 3 == 2:
                super().training_step(batch, batch_idx)

    seen = []
    callback = ChainerCallback(tmp_path)
    callback.extend(
        lambda t: seen.append((t.updater.iteration, float(t.observation["batch"]))), name="s"
    )
    fit(callback, Seldom(), loader(15), max_epochs=2)

    # The mean over the batches of an iteration, those left over from the epoch before included.
    assert seen == [(1, 1.0), (2, pytest.approx((3 + 4 + 0 + 1 + 2) / 5))]


def test_a_module_that_skips_the_rest_of_an_epoch(tmp_path):
    class Skipping(Module):
        def on_train_batch_start(self, batch, batch_idx):
            return -1 if batch_idx == 2 else None

    assert events_of(tmp_path, Skipping(), loader(12), max_epochs=2).replace("@", ":") == (
        "epoch( batch 1:0.25 batch 2:0.5 )epoch epoch( batch 3:1.25 batch 4:1.5 )epoch end"
    )


def test_a_training_step_that_gives_no_loss_is_no_iteration(tmp_path):
    class Skipping(Module):
        def training_step(self, batch, batch_idx):
            return None if batch_idx == 1 else super().training_step(batch, batch_idx)

    with pytest.warns(UserWarning, match="returned `None`"):
        events = events_of(tmp_path, Skipping(), loader(9), max_epochs=1)
    assert events.count("@") == 3  # Lightning counts the step of the optimizer all the same


def test_early_stopping_of_lightnings_own(tmp_path):
    class Constant(Module):
        def validation_step(self, batch, batch_idx):
            self.log("val_loss", 1.0)

    events = []
    callback = ChainerCallback(tmp_path)
    callback.extend(lambda t: events.append(sorted(t.observation)), name="note")
    stop = lightning.pytorch.callbacks.EarlyStopping("val_loss", patience=0)
    fit([callback, stop], Constant(), loader(12), loader(3), val_check_interval=2)

    # It stops behind the second validation; all that was observed is with its iteration.
    both = ["loss", "main/batch"]
    assert events == [both, [*both, "val_loss"], both, [*both, "val_loss"]]


def test_a_stop_in_the_middle_of_an_epoch(tmp_path):
    assert (
        events_of(tmp_path, train=loader(12), val=loader(3), stop_trigger=(2, "iteration"))
        == "epoch( batch 1@0.25 batch 2@0.5 val( )val )epoch end"
    )
