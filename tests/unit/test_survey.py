"""What public repositories that use Chainer lean on: one test each.

How many do what was counted in 123 repositories, from version 1 to version 7.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import iterators, optimizers, training
from chainer_compat.dataset import concat_examples
from chainer_compat.training import extensions

X = np.arange(6, dtype=np.float32).reshape(2, 3) / 10
LABELS = np.array([0, 1], np.int32)


@pytest.fixture
def alias() -> Iterator[None]:
    chainer.install()
    yield
    chainer.uninstall()


def _loss(model: Any, x: Any = X) -> Any:
    return F.sum(model(x) ** 2)


def test_a_graph_is_shared_by_several_updates_with_the_weights_changed_between() -> None:
    generator, critic = L.Linear(3, 3), L.Linear(3, 1)
    first, second = optimizers.SGD(0.1).setup(critic), optimizers.SGD(0.1).setup(generator)
    fake = generator(X)
    loss = F.sum(critic(fake) ** 2)
    for optimizer, model in ((first, critic), (second, generator)):
        before = model.W.array.copy()
        model.cleargrads()
        loss.backward()
        optimizer.update()
        assert np.abs(model.W.array - before).max() > 0
    fake.unchain_backward()
    assert fake.creator is None


def test_weights_and_gradients_are_live_buffers() -> None:
    layer = L.Linear(3, 2)
    layer.W.data[...] = 2
    layer.W.data *= 0.5
    layer.b.data = np.full(2, 7, np.float32)
    np.testing.assert_array_equal(layer(X).array, X @ np.ones((3, 2), "f") + 7)
    layer.W.grad = np.ones((2, 3), np.float32)
    layer.W.grad[...] = 3
    optimizers.SGD(1.0).setup(layer).update()
    np.testing.assert_array_equal(layer.W.array, np.full((2, 3), -2, "f"))


def test_a_buffer_is_written_in_the_forward_pass() -> None:
    class Norm(chainer.Chain):
        def __init__(self) -> None:
            super().__init__()
            self.add_persistent("u", np.zeros((1, 2), np.float32))

        def forward(self, x: Any) -> Any:
            self.u[:] = self.u + 1
            return x

    model = Norm()
    u = model.u
    model(X)
    assert u[0, 0] == model.u[0, 0] == 1


def test_attributes_are_set_before_the_constructor_of_the_base_class() -> None:
    class Model(chainer.Chain):
        def __init__(self, n: int) -> None:
            self.n = n
            self.train = True
            super().__init__(l1=L.Linear(3, n), **{f"conv{i}": L.Linear(n, n) for i in range(2)})

        def __call__(self, x: Any) -> Any:
            return self["conv1"](self[f"conv{0}"](self.l1(x)))

    model = Model(4)
    model.train = False
    assert (model.n, model.train) == (4, False)
    assert model(X).shape == (2, 4)
    assert min(name for name, _ in model.namedparams()) == "/conv0/W"


def test_forward_is_assigned_and_call_is_overridden_beside_it() -> None:
    class Model(chainer.Chain):
        def __init__(self) -> None:
            super().__init__(l=L.Linear(3, 2))
            self.forward = self.other

        def other(self, x: Any) -> Any:
            return self.l(x) * 0

    class Layer(L.Linear):
        def __call__(self, x: Any) -> Any:
            return super().__call__(x) + 1

        def forward(self, x: Any) -> Any:
            return super().forward(x) * 0

    assert not Model()(X).array.any()
    assert (Layer(3, 2)(X).array == 1).all()


def test_a_child_is_deleted_and_a_parameter_replaced_by_a_variable() -> None:
    class Model(chainer.Chain):
        def __init__(self) -> None:
            super().__init__()
            with self.init_scope():
                self.a = L.Linear(3, 2)
                self.b = L.Linear(3, 2)
            with self.init_scope():
                del self.b

    class Scaled(L.Linear):
        def forward(self, x: Any) -> Any:
            weights = self.W
            super().__setattr__("W", weights * 2)
            try:
                return super().forward(x)
            finally:
                super().__setattr__("W", weights)

    assert [name for name, _ in Model().namedparams()] == ["/a/W", "/a/b"]
    layer = Scaled(3, 2)
    np.testing.assert_allclose(layer(X).array, 2 * (X @ layer.W.array.T), rtol=1e-6)


def test_raw_arrays_go_in_and_stand_on_the_left() -> None:
    v = chainer.Variable(X)
    assert isinstance(X * v, chainer.Variable)
    assert isinstance(np.float32(2) * v, chainer.Variable)
    assert F.concat((LABELS, LABELS), axis=0).dtype == np.int32
    assert isinstance(v.array, v.xp.ndarray)
    assert v.xp is np


def test_pooling_covers_all_by_default() -> None:
    assert F.max_pooling_2d(np.ones((1, 1, 5, 5), "f"), 2).shape == (1, 1, 3, 3)
    assert F.average_pooling_2d(np.ones((1, 1, 5, 5), "f"), 2).shape == (1, 1, 2, 2)


def test_private_names_that_scripts_read(alias: None) -> None:
    iterator = iterators.SerialIterator([X], 1)
    optimizer = optimizers.SGD().setup(L.Linear(3, 2))
    updater = training.updaters.StandardUpdater(iterator, optimizer, device=-1)
    assert updater._iterators == {"main": iterator}
    assert updater._optimizers == {"main": optimizer}
    assert L.Linear(3, 2)._device_id is None
    assert chainer.Chain(a=L.Linear(3, 2))._children == {"a"}
    assert isinstance(chainer.initializers._get_initializer(3), chainer.initializers.Constant)
    module = importlib.import_module("chainer.functions.activation.log_softmax")
    np.testing.assert_allclose(module._log_softmax(X), F.log_softmax(X).array, rtol=1e-6)
    util = importlib.import_module("chainer.training.util")
    assert util.get_trigger((1, "epoch")).period == 1
    extension = extensions.Evaluator(iterator, L.Linear(3, 2))
    assert set(extension._iterators) == set(extension._targets) == {"main"}
    assert iterators.ShuffleOrderSampler
    assert importlib.import_module("chainer.iterators._statemachine").iterator_statemachine


def test_modules_of_old_versions(alias: None) -> None:
    for old, new in {
        "chainer.functions.activation.lstm": ("lstm", "LSTM"),
        "chainer.functions.connection.n_step_lstm": ("n_step_lstm",),
        "chainer.functions.pooling.max_pooling_2d": ("MaxPooling2D", "max_pooling_2d"),
        "chainer.links.connection.gru": ("GRU",),
        "chainer.links.connection.lstm": ("LSTM", "LSTMBase"),
        "chainer.training.triggers.interval": ("IntervalTrigger",),
    }.items():
        module = importlib.import_module(old)
        for name in new:
            assert getattr(module, name).__name__ == name
            assert name in dir(module) or name == "MaxPooling2D"
        with pytest.raises(AttributeError, match="nonsense"):
            _ = module.nonsense


def test_the_iteration_inside_update_core_is_the_count_before_it() -> None:
    seen = []

    class Updater(training.StandardUpdater):
        def update_core(self) -> None:
            seen.append(self.iteration)

    updater = Updater(iterators.SerialIterator([1, 2], 1), optimizers.SGD().setup(L.Linear(1, 1)))
    updater.update()
    updater.update()
    assert seen == [0, 1]


def test_an_iterator_may_have_next_only() -> None:
    class Endless(chainer.dataset.Iterator):
        epoch, is_new_epoch, epoch_detail = 0, False, 0.0

        def __next__(self) -> Any:
            return [X[0]]

    model = L.Linear(3, 1)
    optimizer = optimizers.SGD(0.0).setup(model)
    updater = training.StandardUpdater(Endless(), optimizer, loss_func=lambda x: _loss(model, x))
    training.Trainer(updater, (2, "iteration")).run()
    assert updater.iteration == 2


def test_an_evaluator_needs_no_trainer_and_no_reset() -> None:
    class Once:
        def __init__(self) -> None:
            self.batches = [[(X[0], LABELS[0])]]

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            if not self.batches:
                raise StopIteration
            return self.batches.pop()

        next = __next__

        def __copy__(self) -> Any:
            return Once()

    model = L.Classifier(L.Linear(3, 2))
    with pytest.warns(DeprecationWarning, match="reset"):
        found = extensions.Evaluator(Once(), model)()
    assert set(found) == {"main/loss", "main/accuracy"}
    named = extensions.Evaluator(Once(), model)
    named.default_name = "test"
    trainer = training.Trainer(
        training.StandardUpdater(
            iterators.SerialIterator([(X[0], LABELS[0])], 1), optimizers.SGD().setup(model)
        ),
        (1, "iteration"),
    )
    trainer.extend(named)
    trainer.extend(extensions.Evaluator(Once(), model), name="val")
    with pytest.warns(DeprecationWarning, match="reset"):
        trainer.run()
    assert {"test/main/loss", "val/main/loss"} <= set(trainer.observation)


def test_rules_of_parameters_are_changed_and_read() -> None:
    model = L.Linear(3, 2)
    optimizer = optimizers.Adam().setup(model)
    model.W.update_rule = optimizers.MomentumSGDRule(lr=0.1)
    model.b.update_rule.add_hook(chainer.optimizer_hooks.WeightDecay(0.1))
    optimizer.add_hook(chainer.optimizer_hooks.GradientClipping(1.0), "clip")
    optimizer.update(_loss, model)
    assert set(model.W.update_rule.state) == {"v"}
    assert set(model.b.update_rule.state) == {"m", "v"}
    assert optimizer.hyperparam.get_dict()["beta1"] == 0.9


def test_a_rule_of_a_users_keeps_lists_in_its_state() -> None:
    class Rule(chainer.UpdateRule):
        def init_state(self, param: Any) -> None:
            self.state["seen"] = []

        def update_core(self, param: Any) -> None:
            self.state["seen"].append(float(param.grad.sum()))

    class Mine(chainer.GradientMethod):
        def create_update_rule(self) -> Any:
            return Rule()

    model = L.Linear(3, 2)
    Mine().setup(model).update(_loss, model)
    assert len(model.W.update_rule.state["seen"]) == 1


def test_the_configuration_takes_any_attribute() -> None:
    chainer.config.user_flag = 3
    try:
        assert chainer.config.user_flag == 3
        with chainer.using_config("cv_resize_backend", "cv2"):
            assert chainer.config.cv_resize_backend == "cv2"
    finally:
        del chainer.config.user_flag


def test_cupy_is_a_name_without_a_gpu_too() -> None:
    assert chainer.cuda.cupy is not None
    chainer.cuda.Stream.null.synchronize()
    with chainer.cuda.get_device_from_array(X):
        assert chainer.cuda.get_array_module(X) is np
    if not chainer.cuda.available:
        with pytest.raises((ImportError, RuntimeError)):
            chainer.cuda.cupy.zeros(3)


def test_batches_may_be_arrays() -> None:
    np.testing.assert_array_equal(concat_examples(X), X)


def test_extensions_change_the_trainer_and_the_optimizer() -> None:
    class Proxy:
        def __init__(self, trigger: Any) -> None:
            self.trigger = trigger

        def __call__(self, trainer: Any) -> bool:
            return trainer.updater.iteration >= 1 or self.trigger(trainer)

        def get_training_length(self) -> Any:
            return self.trigger.get_training_length()

    class Stop(training.Extension):
        def initialize(self, trainer: Any) -> None:
            trainer.stop_trigger = Proxy(trainer.stop_trigger)

        def __call__(self, trainer: Any) -> None:
            trainer.updater.get_optimizer("main").alpha *= 0.5
            chainer.report({"mine": 3})

    model = L.Linear(3, 1)
    optimizer = optimizers.Adam(0.2).setup(model)
    iterator = iterators.SerialIterator(X, 1)
    updater = training.StandardUpdater(iterator, optimizer, loss_func=lambda x: _loss(model, x))
    trainer = training.Trainer(updater, (9, "iteration"))
    trainer.extend(Stop(), trigger=(1, "iteration"))
    trainer.run()
    assert updater.iteration == 1
    assert optimizer.alpha == 0.1
    assert trainer.observation["mine"] == 3
    assert copy.copy(iterator).epoch == iterator.epoch
