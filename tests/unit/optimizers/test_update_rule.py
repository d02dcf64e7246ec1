"""`UpdateRule`: one parameter, its state, its file."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import Parameter, UpdateRule
from chainer_compat.errors import SnapshotMismatchError
from chainer_compat.serializers import DictionarySerializer, NpzDeserializer


@pytest.fixture
def param():
    made = Parameter(np.array([1, 2], np.float32), name="w")
    made.grad = np.array([1, -1], np.float32)
    return made


class Summing(UpdateRule):
    """A rule of the user's, over raw arrays, with a list in its state."""

    def init_state(self, param):
        self.state["sum"] = param.device.xp.zeros_like(param.array)
        self.state["norms"] = [0.0]

    def update_core_cpu(self, param):
        self.state["sum"] += param.grad
        self.state["norms"].append(float(abs(param.grad).sum()))
        param.array -= self.state["sum"]


def test_a_rule_of_the_users_works_on_raw_arrays(param):
    param.update_rule = rule = Summing()
    param.update()
    param.update()

    assert param.array.tolist() == [-2, 5]
    assert rule.state["sum"].tolist() == [2, -2]
    assert rule.state["norms"] == [0.0, 2.0, 2.0]
    assert rule.t == 2


def test_a_disabled_rule_does_nothing(param):
    param.update_rule = rule = Summing()
    rule.enabled = False
    param.update()

    assert (rule.t, rule.state, param.array.tolist()) == (0, None, [1, 2])


def test_a_parameter_without_a_rule_is_left_alone(param):
    param.update()

    assert param.array.tolist() == [1, 2]


def test_a_rule_that_defines_nothing_says_so(param):
    with pytest.raises(NotImplementedError, match="neither update_core nor update_core_cpu"):
        UpdateRule().update(param)
    with pytest.raises(NotImplementedError, match="neither update_core nor update_core_gpu"):
        UpdateRule().update_core_gpu(param)


def test_chainerx_parameters_are_plain_ones(param):
    rule = chainer.optimizers.SGDRule(lr=1)
    rule.update_core_chainerx(param)

    assert param.array.tolist() == [0, 3]


def test_hooks_are_called_around_the_update(param):
    rule = chainer.optimizers.SGDRule(lr=1)
    log = []
    rule.add_hook(lambda r, p: log.append((r is rule, p is param, p.array.tolist())), "before")
    rule.add_hook(lambda r, p: log.append((r.t, p.array.tolist())), "after", timing="post")
    rule.update(param)
    rule.remove_hook("before")
    rule.update(param)

    assert log == [(True, True, [1, 2]), (1, [0, 3]), (2, [-1, 4])]


def test_a_state_comes_back_from_a_file_with_its_types(param):
    rule = Summing()
    rule.update(param)
    saver = DictionarySerializer()
    saver.save(rule)
    loaded = Summing()
    NpzDeserializer(saver.target).load(loaded)

    assert loaded.t == 1
    assert loaded.state["sum"].tolist() == [1, -1]
    assert loaded.state["norms"] == [0, 2]
    loaded.update(param)
    assert loaded.state["norms"] == [0, 2, 2]


def test_a_state_that_is_there_is_filled_in_place(param):
    rule = chainer.optimizers.MomentumSGDRule()
    rule.update(param)
    array = rule.state["v"]
    NpzDeserializer({"t": np.array(8), "v": np.array([3, 4], np.float32)}).load(rule)

    assert rule.t == 8
    assert rule.state["v"] is array
    assert array.tolist() == [3, 4]


@pytest.mark.parametrize("value", [None, "missing"])
def test_a_state_that_was_not_saved_is_made_at_the_first_update(param, value):
    rule = chainer.optimizers.MomentumSGDRule(lr=1)
    rule.enabled = value is None
    file = {"t": np.array(8)}
    if value is None:
        file["v"] = np.array(None)
    NpzDeserializer(file).load(rule)

    assert (rule.t, rule.state) == (8, None)
    rule.enabled = True
    rule.update(param)
    assert rule.state["v"].tolist() == [-1, 1]


def test_a_state_that_is_missing_for_an_enabled_rule_is_a_key_error():
    with pytest.raises(SnapshotMismatchError):
        NpzDeserializer({"t": np.array(8)}).load(chainer.optimizers.AdamRule())


def test_a_file_of_chainer_1_has_no_count():
    rule = chainer.optimizers.SGDRule()
    rule.t = 5
    NpzDeserializer({}).load(rule)

    assert rule.t == 5


def test_float16_is_updated_through_float32():
    param = Parameter(np.array([1], np.float16))
    rule = chainer.optimizers.SGDRule(lr=1)
    rule.use_fp32_update()
    for _ in range(4):
        # Each step is lost in float16 by itself.
        param.grad = np.array([1e-4], np.float16)
        rule.update(param)

    assert param.dtype == np.float16
    assert param.array[0] < 1
    assert rule._fp32_param.array[0] == pytest.approx(1 - 4e-4, rel=1e-5)


def test_float16_without_an_array_counts_the_step():
    param = Parameter(chainer.initializers.Zero(dtype=np.float16))
    param.cleargrad()
    rule = chainer.optimizers.MomentumSGDRule(lr=1)
    rule.use_fp32_update()
    rule.update(param)
    assert (rule.t, rule.state) == (1, None)

    param.initialize((2,))
    param.grad = np.ones(2, np.float16)
    rule.update(param)
    assert param.array.tolist() == [-1, -1]
    assert rule.state["v"].dtype == np.float32
