"""FabricUpdater on two processes does what one does on the same batches."""

from __future__ import annotations

import numpy as np
import pytest
from lightning.fabric import Fabric

import chainer_compat as chainer
import chainer_compat.links as L
from chainer_compat.errors import NotSupportedError
from chainer_compat.lightning import FabricUpdater
from chainer_compat.training import Trainer, Updater, _processes, updaters
from tests.unit.lightning._scripts import found_by, run_script

ALIKE = ("plain", "custom", "torch", "tiny", "noise", "scaled", "copies")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What one process found in each case."""
    return run(ALIKE, 1, tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What two processes found in each case."""
    cases = (*ALIKE, "seeds", "dropout", "iterators")
    return run(cases, 2, tmp_path_factory.mktemp("two"))


def run(cases, size, out):
    run_script("_fabric_script", ",".join(cases), size, out)
    return {case: found_by(out / case, size) for case in cases}


def assert_close(actual, expected, rtol=1e-4):
    assert len(actual) == len(expected) == 12
    for one, other in zip(actual, expected, strict=True):
        assert sorted(one) == sorted(other)
        for name in sorted(set(other) - {"elapsed_time"}):
            np.testing.assert_allclose(one[name], other[name], rtol=rtol, err_msg=name)


@pytest.mark.slow
class TestTwoProcesses:
    @pytest.mark.parametrize("case", ALIKE)
    def test_the_log_and_the_weights_are_those_of_one(self, alone, two, case):
        (single,) = alone[case]
        zero, one = two[case]

        assert zero["weights"] == one["weights"]
        np.testing.assert_allclose(zero["weights"], single["weights"], rtol=1e-4)
        assert zero["iteration"] == one["iteration"] == 12
        assert one["log"] == []
        assert zero["everywhere"] == one["everywhere"] == [4]
        assert zero["next"] == one["next"]
        if case != "copies":
            assert_close(zero["log"], single["log"])
        if case not in ("torch", "noise"):
            assert zero["next"] == single["next"]

    def test_rank_zeros_random_numbers_hold(self, two):
        zero, one = two["seeds"]

        assert zero["weights"] == one["weights"]
        assert zero["next"] == one["next"]

    def test_each_process_drops_out_for_itself(self, two):
        zero, one = two["dropout"]

        assert zero["weights"] == one["weights"]
        assert zero["next"] == one["next"]
        # Behind the first iteration, whose numbers are those of the parameters.
        pairs = list(zip(zero["masks"][1:], one["masks"][1:], strict=True))
        assert all(a[:2] != b[:2] for a, b in pairs)

    def test_an_iterator_for_each_process(self, two):
        zero, one = two["iterators"]

        assert zero["weights"] == one["weights"]
        assert zero["iteration"] == one["iteration"] == 12


def make(kind=chainer.optimizers.SGD):
    model = L.Classifier(L.Linear(2, 3))
    dataset = chainer.datasets.TupleDataset(np.ones((4, 2), np.float32), np.zeros(4, np.int32))
    return chainer.iterators.SerialIterator(dataset, 2), kind().setup(model)


class TestOneProcess:
    def test_it_trains(self):
        fabric = Fabric(accelerator="cpu", devices=1)
        iterator, optimizer = make()
        updater = FabricUpdater(iterator, optimizer, fabric=fabric)
        updater.update()
        assert (updater.iteration, optimizer.t) == (1, 1)
        assert updater.get_iterator("main") is iterator

    @pytest.mark.parametrize("precision", ["64-true", "bf16-true"])
    def test_a_precision_of_the_parameters_is_refused(self, precision):
        fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
        with pytest.raises(NotSupportedError, match=r"chainer\.config\.dtype"):
            FabricUpdater(*make(), fabric=fabric)

    def test_a_fabric_that_is_not_launched_is_refused(self):
        fabric = Fabric(accelerator="cpu", devices=2)
        with pytest.raises(RuntimeError, match=r"fabric\.launch"):
            FabricUpdater(*make(), fabric=fabric)

    def test_another_strategy_is_refused(self):
        fabric = Fabric(accelerator="cpu", devices=2, strategy="ddp_spawn")
        fabric._strategy.__class__ = type("Another", (type(fabric._strategy),), {})
        with pytest.raises(NotSupportedError, match="Another"):
            FabricUpdater(*make(), fabric=fabric)

    def test_the_precision_replaces_the_loss_scale(self):
        fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
        iterator, optimizer = make()
        optimizer.loss_scaling()
        updater = FabricUpdater(iterator, optimizer, fabric=fabric, loss_scale=128.0)
        updater.update()
        assert optimizer._loss_scale is None
        assert not optimizer._loss_scaling_is_dynamic

    def test_without_a_mixed_precision_the_loss_scale_stays(self):
        fabric = Fabric(accelerator="cpu", devices=1)
        iterator, optimizer = make()
        FabricUpdater(iterator, optimizer, fabric=fabric, loss_scale=128.0).update()
        assert optimizer._loss_scale == 128.0

    def test_float16_gets_a_factor_that_adapts_itself(self):
        _, optimizer = make()
        optimizer._leave_loss_scaling_to(dynamic=True)
        assert optimizer._loss_scale == optimizer._loss_scale_max
        assert optimizer._loss_scaling_is_dynamic

    def test_an_updater_of_ones_own_is_refused(self):
        class Own(Updater):
            def get_all_optimizers(self):
                return {}

        from chainer_compat.lightning._fabric_processes import FabricProcesses

        processes = FabricProcesses(Fabric(accelerator="cpu", devices=1))
        with (
            _processes.using(processes),
            pytest.raises(NotSupportedError, match="no StandardUpdater"),
        ):
            Trainer(Own())

    def test_several_iterators_need_as_many_processes(self):
        from chainer_compat.lightning._fabric_processes import FabricProcesses

        iterator, optimizer = make()
        processes = FabricProcesses(Fabric(accelerator="cpu", devices=1))
        with _processes.using(processes):
            assert updaters.MultiprocessParallelUpdater.available()
            with pytest.raises(NotSupportedError, match="--devices 2"):
                updaters.MultiprocessParallelUpdater([iterator] * 2, optimizer, devices=[0, 1])
            with pytest.raises(AssertionError, match="2 devices"):
                updaters.MultiprocessParallelUpdater([iterator], optimizer, devices=[0, 1])
            with pytest.raises(ValueError, match="None"):
                updaters.MultiprocessParallelUpdater([iterator], optimizer, devices=[None])
            with pytest.raises(ValueError, match="list"):
                updaters.MultiprocessParallelUpdater([iterator], optimizer, devices=0)
            updater = updaters.MultiprocessParallelUpdater([iterator], optimizer, devices=[0])
        updater.setup_workers()
        updater.update()
        assert optimizer.t == 1
