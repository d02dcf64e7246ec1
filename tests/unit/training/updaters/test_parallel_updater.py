from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat.iterators import SerialIterator
from chainer_compat.training import Trainer, updaters

DATA = [(np.full(2, i, np.float32), np.int32(i % 3)) for i in range(6)]


class Model(chainer.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.layer = chainer.links.Linear(2, 3)

    def forward(self, x, t):
        loss = chainer.functions.softmax_cross_entropy(self.layer(x), t)
        chainer.report({"loss": loss}, self)
        chainer.report({"size": len(x)}, self.layer)
        return loss


def make(model=None, batch_size=4, **kwargs):
    model = model or Model()
    optimizer = chainer.optimizers.SGD(0.5).setup(model)
    iterator = SerialIterator(DATA, batch_size, shuffle=False)
    return model, updaters.ParallelUpdater(iterator, optimizer, **kwargs)


CPUS = {"main": -1, "second": -1}


def test_update_is_that_of_the_sum_of_the_parts_losses(tmp_path):
    model, updater = make(devices=CPUS)
    alone = model.copy("copy")
    trainer = Trainer(updater, (1, "iteration"), out=tmp_path)
    trainer.run()
    parts = DATA[:4][0::2], DATA[:4][1::2]
    losses = [alone(*chainer.dataset.concat_examples(part)) for part in parts]
    alone.cleargrads()
    for loss in losses:
        loss.backward()
    expected = alone.layer.W.array - 0.5 * alone.layer.W.grad

    assert model.layer.W.array == pytest.approx(expected, rel=1e-6)
    assert [float(trainer.observation[f"{name}/loss"].array) for name in CPUS] == pytest.approx(
        [float(loss.array) for loss in losses]
    )
    assert trainer.observation["second/layer/size"] == 2


def test_copies_follow_the_main_model():
    model, updater = make(devices=CPUS)
    for _ in range(3):
        updater.update()
    second = updater._models["second"]

    assert second is not model
    assert np.array_equal(second.layer.W.array, model.layer.W.array)
    assert (updater.epoch, updater.get_optimizer("main").epoch) == (2, 2)


def test_models_may_be_given():
    model, other = Model(), Model()
    _, updater = make(
        model, models={"main": model, "other": other}, devices={"main": -1, "other": -1}
    )
    updater.update()

    assert np.array_equal(other.layer.W.array, model.layer.W.array)


def test_models_that_are_given_need_no_devices():
    model, other = Model(), Model()
    _, updater = make(model, models={"main": model, "other": other})
    updater.update()

    assert updater._devices is None
    assert np.array_equal(other.layer.W.array, model.layer.W.array)


def test_loss_function_and_dictionaries_as_in_the_standard_updater():
    seen = []
    model = Model()

    def loss_func(x, t):
        seen.append(len(x))
        return model(x, t)

    make(
        model,
        batch_size=3,
        devices=CPUS,
        loss_func=loss_func,
        loss_scale=2.0,
        auto_new_epoch=False,
        converter=lambda batch, device: dict(
            zip("xt", chainer.dataset.concat_examples(batch, device), strict=True)
        ),
    )[1].update()

    assert seen == [2, 1]


@pytest.mark.parametrize(
    ("kwargs", "error", "match"),
    [
        ({}, ValueError, "either models or devices"),
        ({"devices": {"gpu": 0}}, KeyError, "must have a 'main'"),
    ],
)
def test_devices_are_needed(kwargs, error, match):
    with pytest.raises(error, match=match):
        make(**kwargs)


def test_torch_modules_are_refused():
    class Optimizer:
        target = torch.nn.Linear(1, 1)

    with pytest.raises(TypeError, match="DistributedDataParallel"):
        updaters.ParallelUpdater(SerialIterator(DATA, 1), Optimizer(), devices=CPUS)
