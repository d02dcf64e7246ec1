from __future__ import annotations

import io
import math
import pickle
import threading
from fractions import Fraction

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import reporter as reporter_module
from chainer_compat.configuration import _this_thread
from chainer_compat.serializers import DictionarySerializer, NpzDeserializer, load_npz, save_npz


class FakeVariable:
    """What the reporter knows of a Variable: it has a tensor, and can be copied off its graph."""

    def __init__(self, tensor, on_graph=True):
        self.tensor = tensor
        self.on_graph = on_graph

    def __copy__(self):
        return FakeVariable(self.tensor.detach(), on_graph=False)


@pytest.fixture
def reporter():
    made = chainer.Reporter()
    with made:
        yield made


def test_a_torch_module_is_an_observer_by_identity(reporter):
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Linear(1, 1))
    reporter.add_observers("main/", net.named_children())

    chainer.report({"norm": 1.5}, net[1])

    assert reporter.observation == {"main/1/norm": 1.5}


def test_observers_that_are_equal_or_unhashable_are_told_apart(reporter):
    first, second = [], []
    reporter.add_observer("first", first)
    reporter.add_observer("second", second)

    chainer.report({"x": 1}, second)

    assert reporter.observation == {"second/x": 1}


def test_an_unknown_observer_is_named_with_the_known_ones(reporter):
    reporter.add_observer("main", object())

    with pytest.raises(KeyError) as caught:
        chainer.report({"x": 1}, torch.nn.Linear(1, 1))

    message = str(caught.value)
    assert "Given observer is not registered to the reporter" in message
    assert "Linear" in message
    assert "'main'" in message


def test_without_a_reporter_report_does_nothing_and_asking_for_one_is_an_index_error():
    chainer.report({"x": 1})

    with pytest.raises(IndexError, match="no reporter is current"):
        chainer.get_current_reporter()
    with pytest.raises(IndexError):
        chainer.report_scope({})


def test_reporters_are_current_in_their_own_thread_only(reporter):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(_this_thread.mode.reporters[:]))
    thread.start()
    thread.join()

    assert seen == [[]]
    assert chainer.get_current_reporter() is reporter


@pytest.mark.parametrize(
    "scope", [chainer.Reporter.scope, lambda _, seen: chainer.report_scope(seen)]
)
def test_a_scope_is_left_also_by_an_exception(reporter, scope):
    outside = reporter.observation

    with pytest.raises(RuntimeError), scope(reporter, {}):
        raise RuntimeError

    assert reporter.observation is outside
    assert chainer.get_current_reporter() is reporter


def test_with_gives_the_reporter():
    with chainer.Reporter() as made:
        assert chainer.get_current_reporter() is made


class TestGraph:
    def test_a_tensor_is_reported_without_its_graph(self, reporter):
        loss = torch.ones((), requires_grad=True) * 2

        chainer.report({"loss": loss})

        assert reporter.observation["loss"].grad_fn is None
        assert reporter.observation["loss"].item() == 2.0

    def test_a_tensor_without_a_graph_is_reported_as_it_is(self, reporter):
        loss = torch.ones(())

        chainer.report({"loss": loss})

        assert reporter.observation["loss"] is loss

    def test_a_variable_is_reported_as_a_copy(self, reporter):
        loss = FakeVariable(torch.ones(()))

        chainer.report({"loss": loss})

        assert not reporter.observation["loss"].on_graph

    def test_the_parts_of_a_weighted_value_are_freed_of_their_graph_too(self, reporter):
        loss = torch.ones((), requires_grad=True) * 2

        chainer.report({"loss": (loss, 3)})

        value, weight = reporter.observation["loss"]
        assert (value.grad_fn, weight) == (None, 3)

    @pytest.mark.parametrize("kind", ["tensor", "variable"])
    def test_keep_graph_on_report_keeps_it(self, reporter, kind):
        loss = torch.ones((), requires_grad=True) * 2
        loss = FakeVariable(loss) if kind == "variable" else loss

        with chainer.using_config("keep_graph_on_report", True):
            chainer.report({"loss": loss})

        assert reporter.observation["loss"] is loss


class TestSummary:
    @pytest.mark.parametrize(
        "value",
        [
            2.5,
            np.float16(2.5),
            np.array(2.5, np.float32),
            torch.tensor(2.5),
            torch.tensor(2.5, requires_grad=True),
            torch.tensor(2.5, dtype=torch.bfloat16),
            FakeVariable(torch.tensor(2.5)),
            Fraction(5, 2),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_anything_scalar_is_summed(self, value):
        summary = chainer.Summary()
        summary.add(value)
        summary.add(value, weight=3)

        assert summary.compute_mean() == 2.5

    @pytest.mark.parametrize(
        "make", [np.array, torch.tensor, lambda x: chainer.Variable(np.array(x))]
    )
    def test_arrays_of_one_shape_are_summed_element_by_element(self, make):
        summary = chainer.Summary()
        summary.add(make([1.0, 2.0]))
        summary.add(make([4.0, 2.0]), weight=2)
        mean, deviation = summary.make_statistics()

        assert mean.tolist() == summary.compute_mean().tolist() == [3, 2]
        assert deviation.tolist() == pytest.approx([2**0.5, 0])

    @pytest.mark.parametrize("value", [np.array(["a", "b"]), "1", None, [1.0]], ids=repr)
    def test_what_is_no_number_is_refused(self, value):
        with pytest.raises(TypeError, match="a Summary takes numbers and arrays of numbers"):
            chainer.Summary().add(value)

    def test_the_sum_is_in_double_precision(self):
        summary = chainer.Summary()
        for _ in range(1000):
            summary.add(np.float32(0.1))

        assert summary.compute_mean() == pytest.approx(float(np.float32(0.1)), abs=1e-14)

    def test_numpy_in_numpy_out(self):
        summary = chainer.Summary()
        summary.add(np.float32(1))
        assert type(summary.compute_mean()) is np.float64

        summary = chainer.Summary()
        summary.add(1.0)
        assert type(summary.compute_mean()) is float

    def test_the_deviation_of_equal_values_is_zero_and_no_nan(self):
        summary = chainer.Summary()
        for _ in range(3):
            summary.add(0.1)

        assert summary.make_statistics() == (pytest.approx(0.1), 0.0)

    def test_nan_stays_nan(self):
        summary = chainer.Summary()
        summary.add(math.nan)

        assert all(map(math.isnan, summary.make_statistics()))

    def test_nothing_has_no_mean(self):
        with pytest.raises(ZeroDivisionError):
            chainer.Summary().compute_mean()

    def test_a_complex_mean(self):
        summary = chainer.Summary()
        summary.add(1j)
        summary.add(np.complex64(1))

        assert summary.compute_mean() == 0.5 + 0.5j

    def test_a_file_without_the_sums_is_warned_about_and_changes_nothing(self):
        summary = chainer.Summary()
        summary.add(3.0)

        with pytest.warns(UserWarning, match="statistics are not saved"):
            summary.serialize(NpzDeserializer({}))

        assert summary.compute_mean() == 3.0

    @pytest.mark.parametrize("weight", [2, 0.5, 3.0])
    def test_whole_and_fractional_weights_survive_a_file(self, weight):
        summary = chainer.Summary()
        summary.add(1.0, weight)
        file = io.BytesIO()
        save_npz(file, summary)
        file.seek(0)
        other = chainer.Summary()
        load_npz(file, other)
        other.add(4.0, weight)

        assert other.compute_mean() == 2.5

    def test_it_can_be_pickled(self):
        summary = chainer.Summary()
        summary.add(np.float32(2))

        assert pickle.loads(pickle.dumps(summary)).compute_mean() == 2.0


class OnGpu(torch.Tensor):
    """A tensor that says that it is on a GPU, and minds being waited for."""

    is_cuda = True

    def item(self):
        raise AssertionError("this would wait for the GPU")

    __float__ = __bool__ = __int__ = item


class TestSummaryOnGpu:
    def test_adding_does_not_wait_for_the_gpu(self):
        value = torch.tensor(1.5).as_subclass(OnGpu)
        weight = torch.tensor(2).as_subclass(OnGpu)
        summary = chainer.DictSummary()
        for by in (1, weight, 2):
            summary.add({"x": (value, by), "y": value, "z": 1.5})
        summary.add({"y": 1.5, "z": value})

        means = summary.compute_mean()
        assert {k: v.as_subclass(torch.Tensor).item() for k, v in means.items()} == {
            "x": 1.5,
            "y": 1.5,
            "z": 1.5,
        }
        deviation = summary.make_statistics()["x.std"]
        assert deviation.as_subclass(torch.Tensor).item() == 0.0

    def test_the_sum_is_in_double_precision_and_the_value_stays_as_it_is(self):
        value = torch.tensor(0.1).as_subclass(OnGpu)
        summary = chainer.Summary()
        for _ in range(1000):
            summary.add(value)

        mean = summary.compute_mean().as_subclass(torch.Tensor).item()
        assert mean == pytest.approx(float(np.float32(0.1)), abs=1e-14)
        assert value.as_subclass(torch.Tensor).item() == np.float32(0.1)

    def test_an_array_of_cupy_is_summed_as_a_tensor(self, monkeypatch):
        class CupyLike:
            __cuda_array_interface__ = {}

        value = torch.tensor(2.0).as_subclass(OnGpu)
        monkeypatch.setattr(reporter_module, "as_tensor", lambda array: value)
        summary = chainer.DictSummary()
        summary.add({"x": CupyLike()})

        assert summary.compute_mean()["x"].as_subclass(torch.Tensor).item() == 2.0


class TestDictSummary:
    def test_what_is_no_scalar_is_ignored(self):
        summary = chainer.DictSummary()
        summary.add(
            {
                "x": 1,
                "text": "a",
                "list": [1],
                "array": np.zeros(2),
                "none": None,
                "np": np.str_("a"),
            }
        )

        assert summary.compute_mean() == {"x": 1.0}

    def test_a_name_may_come_late(self):
        summary = chainer.DictSummary()
        summary.add({"x": 1.0})
        summary.add({"x": 3.0, "y": True})

        assert summary.compute_mean() == {"x": 2.0, "y": 1.0}

    @pytest.mark.parametrize("pair", [(), (1.0,), (1.0, [2]), (1.0, None)], ids=repr)
    def test_a_weight_that_is_no_scalar_is_refused_by_name(self, pair):
        with pytest.raises(ValueError, match="loss"):
            chainer.DictSummary().add({"loss": pair})

    def test_a_weighted_value_that_is_no_scalar_is_ignored(self):
        summary = chainer.DictSummary()
        summary.add({"x": ([1, 2], 3)})

        assert summary.compute_mean() == {}

    def test_weights_may_be_tensors(self):
        summary = chainer.DictSummary()
        summary.add({"x": (torch.tensor(1.0), torch.tensor(1))})
        summary.add({"x": (FakeVariable(torch.tensor(4.0)), np.float32(2))})

        assert summary.compute_mean() == {"x": 3.0}

    def test_names_are_saved_as_json_and_fractional_weights_load(self):
        summary = chainer.DictSummary()
        summary.add({"main/損失": (1.0, 0.5), "b": 2.0})
        stored = DictionarySerializer()
        summary.serialize(stored)
        assert str(stored.target["_names"]) == '["main/\\u640d\\u5931", "b"]'

        other = chainer.DictSummary()
        other.add({"gone": 1.0})
        other.serialize(NpzDeserializer(stored.target))

        assert other.compute_mean() == {"main/損失": 1.0, "b": 2.0}

    def test_a_file_without_names_is_warned_about_and_leaves_nothing(self):
        summary = chainer.DictSummary()
        summary.add({"x": 1.0})

        with pytest.warns(UserWarning, match="names of statistics"):
            summary.serialize(NpzDeserializer({}))

        assert summary.compute_mean() == {}

    def test_it_can_be_pickled(self):
        summary = chainer.DictSummary()
        summary.add({"x": 1.0})

        assert pickle.loads(pickle.dumps(summary)).compute_mean() == {"x": 1.0}


def test_the_device_of_a_scalar_as_old_extensions_ask_for_it():
    with reporter_module._get_device(1.0), reporter_module._get_device(np.zeros(())):
        pass
