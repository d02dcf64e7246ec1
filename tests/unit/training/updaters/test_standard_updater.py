from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat
from chainer_compat import backend, training
from chainer_compat.iterators import SerialIterator
from chainer_compat.training import updaters
from tests.unit.training._doubles import load, saved


class Target:
    def __init__(self):
        self.devices = []

    def namedlinks(self, skipself=False):
        yield from ()

    def to_device(self, device):
        self.devices.append(device)

    def serialize(self, serializer):
        serializer("weight", 1.0)

    def __call__(self, *args):
        raise AssertionError


class Optimizer:
    use_auto_new_epoch = False
    loss_scale = None

    def __init__(self, target=None):
        self.target = Target() if target is None else target
        self.calls = []
        self.epochs = 0
        self.t = 0

    def update(self, lossfun=None, *args, **kwargs):
        self.calls.append((lossfun, args, kwargs))
        self.t += 1

    def new_epoch(self, auto=False):
        assert auto
        self.epochs += 1

    def set_loss_scale(self, loss_scale):
        self.loss_scale = loss_scale

    def serialize(self, serializer):
        self.t = serializer("t", self.t)


def make(data=((1, 2), (3, 4)), batch_size=1, optimizer=None, **kwargs):
    iterator = SerialIterator(list(data), batch_size, shuffle=False)
    return updaters.StandardUpdater(iterator, optimizer or Optimizer(), **kwargs)


def plain(call):
    function, args, kwargs = call
    return function, [a.tolist() for a in args], {k: v.tolist() for k, v in kwargs.items()}


@pytest.mark.parametrize(
    ("example", "args", "kwargs"),
    [((1, 2), [[1], [2]], {}), ({"x": 1, "t": 2}, [], {"x": [1], "t": [2]}), (5, [[5]], {})],
)
def test_loss_function_gets_the_arrays_as_they_are_converted(example, args, kwargs):
    updater = make([example])
    updater.update()
    optimizer = updater.get_optimizer("main")

    assert plain(optimizer.calls[0]) == (optimizer.target, args, kwargs)


def test_own_loss_function_is_used():
    updater = make(loss_func=print)
    updater.update()

    assert updater.get_optimizer("main").calls[0][0] is print


def test_numbers_are_those_of_the_iterator():
    updater = make([1, 2, 3], batch_size=2)
    seen = []
    for _ in range(3):
        updater.update()
        seen.append(
            (
                updater.iteration,
                updater.epoch,
                updater.epoch_detail,
                updater.previous_epoch_detail,
                updater.is_new_epoch,
            )
        )

    assert seen == [
        (1, 0, 2 / 3, 0.0, False),
        (2, 1, 1 + 1 / 3, 2 / 3, True),
        (3, 2, 2.0, 1 + 1 / 3, True),
    ]


def test_iteration_inside_the_update_is_the_count_before_it():
    class Own(updaters.StandardUpdater):
        seen = ()

        def update_core(self):
            self.seen += (self.iteration,)

    updater = Own(SerialIterator([1], 1), Optimizer())
    updater.update()
    updater.update()

    assert (updater.seen, updater.iteration) == ((0, 1), 2)


def test_optimizer_is_told_of_new_epochs_unless_one_does_not_want_it():
    updater, other = make(), make(auto_new_epoch=False)
    for _ in range(4):
        updater.update()
        other.update()

    main = updater.get_optimizer("main")
    assert (main.epochs, main.use_auto_new_epoch) == (2, True)
    assert (other.get_optimizer("main").epochs, other.auto_new_epoch) == (0, False)
    assert other.get_optimizer("main").use_auto_new_epoch is False


def test_several_iterators_and_optimizers_have_names():
    iterators = {"main": SerialIterator([1], 1), "other": SerialIterator([2], 1)}
    optimizers = {"main": Optimizer(), "dis": Optimizer()}
    updater = updaters.StandardUpdater(iterators, optimizers, loss_scale=8.0)

    assert updater._iterators is iterators
    assert updater._optimizers is optimizers
    assert updater.get_iterator("other") is iterators["other"]
    assert updater.get_all_optimizers() == optimizers
    assert updater.get_all_optimizers() is not optimizers
    assert {o.loss_scale for o in optimizers.values()} == {8.0}


class TestDevices:
    def converter(self, batch, device):
        self.given = device
        return np.array(batch)

    @pytest.mark.parametrize(
        ("kwargs", "model", "data"),
        [
            ({}, [], None),
            ({"device": -1}, ["@numpy"], -1),
            ({"device": "@numpy"}, ["@numpy"], -1),
            ({"input_device": -1}, [], -1),
        ],
    )
    def test_models_and_data_are_sent(self, kwargs, model, data):
        updater = make([1], converter=self.converter, **kwargs)
        updater.update()

        assert [d.name for d in updater.get_optimizer("main").target.devices] == model
        assert self.given == data
        assert (updater.device is None) == ("device" not in kwargs)

    def test_input_device_wins(self):
        updater = make(device="@numpy", input_device=-1)

        assert isinstance(updater.input_device, backend.CpuDevice)

    def test_torch_modules_are_sent_torchs_way(self):
        net = torch.nn.Linear(1, 1)
        weight = net.weight
        make(optimizer=Optimizer(net), device=-1)

        assert net.weight is weight


class TestMinimalIterators:
    class Next:
        is_new_epoch = False

        def __next__(self):
            return [1]

    class OldNext:
        is_new_epoch = False

        def next(self):
            return [1]

    @pytest.mark.parametrize("iterator", [Next(), OldNext()])
    def test_next_alone_will_do(self, iterator):
        updater = updaters.StandardUpdater(iterator, Optimizer())
        updater.update()
        updater.finalize()
        load(updater, saved(updater))

        assert updater._iterators == {"main": iterator}
        assert plain(updater.get_optimizer("main").calls[0])[1] == [[1]]


def test_iterators_are_finalized():
    finalized = []

    class Iterator(SerialIterator):
        def finalize(self):
            finalized.append(self.batch_size)

    updater = updaters.StandardUpdater(
        {"main": Iterator([1], 1), "other": Iterator([1], 2)}, Optimizer()
    )
    updater.finalize()

    assert finalized == [1, 2]


class TestState:
    def test_layout_is_chainers(self):
        updater = make()
        updater.update()

        assert set(saved(updater)) >= {
            "iteration",
            "iterator:main/current_position",
            "optimizer:main/t",
            "model:main/weight",
        }
        assert load(make(), saved(updater)).iteration == 1

    def test_torch_modules_are_saved_under_their_own_names(self):
        class Net(torch.nn.Module):
            def __init__(self, value):
                super().__init__()
                self.layers = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False))
                self.register_buffer("seen", torch.tensor(value))
                torch.nn.init.constant_(self.layers[0].weight, value)

        content = saved(make(optimizer=Optimizer(Net(1.0))))
        second = make(optimizer=Optimizer(Net(2.0)))
        load(second, content)
        assert {k for k in content if k.startswith("model")} == {
            "model:main/layers/0/weight",
            "model:main/seen",
        }
        net = second.get_optimizer("main").target
        assert (net.layers[0].weight.item(), net.seen.item()) == (1.0, 1.0)


def test_torch_model_trains_under_a_torch_optimizer(tmp_path):
    from chainer_compat.interop import TorchOptimizer

    net = torch.nn.Sequential(torch.nn.Linear(2, 1))
    before = net[0].weight.clone()
    optimizer = TorchOptimizer(torch.optim.SGD(net.parameters(), lr=0.5), net)

    def loss_func(x, t):
        loss = torch.nn.functional.mse_loss(net(x)[:, 0], t)
        chainer_compat.report({"loss": loss}, net[0])
        return loss

    data = [(np.ones(2, np.float32), np.float32(3))]
    updater = make(data, optimizer=optimizer, loss_func=loss_func, device=-1)
    trainer = training.Trainer(updater, (2, "epoch"), out=tmp_path)
    trainer.extend(training.extensions.LogReport())
    trainer.extend(training.extensions.observe_lr())
    trainer.run()
    log = trainer.get_extension("LogReport").log

    assert not torch.equal(net[0].weight, before)
    assert [entry["lr"] for entry in log] == [0.5, 0.5]
    assert log[1]["main/0/loss"] != log[0]["main/0/loss"]
    assert (optimizer.t, optimizer.epoch) == (2, 2)


class TestDataLoader:
    def make(self, iterator=None):
        torch.manual_seed(0)
        examples = torch.utils.data.TensorDataset(torch.arange(6.0)[:, None])
        loader = torch.utils.data.DataLoader(examples, 2, shuffle=True)
        return updaters.StandardUpdater(
            loader if iterator is None else iterator(loader), Optimizer()
        )

    def batches(self, updater):
        return [args[0].flatten().tolist() for _, args, _ in updater.get_optimizer("main").calls]

    def test_is_an_iterator_that_repeats(self):
        updater = self.make()
        for _ in range(4):
            updater.update()

        assert sorted(x for batch in self.batches(updater)[:3] for x in batch) == list(range(6))
        assert (updater.epoch, updater.epoch_detail, updater.is_new_epoch) == (1, 4 / 3, False)
        assert updater.get_optimizer("main").epochs == 1

    def test_goes_on_with_the_batch_that_would_have_come(self):
        first, again = self.make(), self.make()
        for _ in range(2):
            first.update()
        load(again, saved(first))
        for updater in (first, again):
            updater.update()

        assert self.batches(again) == self.batches(first)[2:]

    def test_may_have_a_name(self):
        updater = self.make(lambda loader: {"main": SerialIterator([(1,)], 1), "second": loader})
        updater.update()

        assert len(next(updater.get_iterator("second"))[0]) == 2


def test_is_found_in_all_its_places():
    assert training.StandardUpdater is updaters.StandardUpdater
    assert training.ParallelUpdater is updaters.ParallelUpdater


def test_base_class_asks_to_be_overridden():
    updater = training.Updater()
    updater.connect_trainer(None)
    for call in (
        updater.finalize,
        updater.update,
        updater.get_all_optimizers,
        lambda: updater.get_optimizer("main"),
        lambda: updater.serialize(None),
    ):
        with pytest.raises(NotImplementedError, match="Updater must override"):
            call()


def test_multiprocess_updater_says_what_to_use_instead():
    assert not updaters.MultiprocessParallelUpdater.available()
    with pytest.raises(NotImplementedError, match="ParallelUpdater"):
        updaters.MultiprocessParallelUpdater([], None, devices=[])
