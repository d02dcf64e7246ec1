"""Hooks of links; tests/parity compares them with Chainer's."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat.link_hooks import SpectralNormalization, TimerHook, WeightStandardization


class Scale(chainer.Link):
    def __init__(self, W=None):
        super().__init__()
        with self.init_scope():
            self.W = chainer.Parameter(chainer.initializers.LeCunNormal() if W is None else W)

    def _initialize_params(self, in_size):
        self.W.initialize((in_size, 2))

    def forward(self, x):
        if self.W.array is None:
            self._initialize_params(x.shape[1])
        return chainer.functions.matmul(x, self.W)


def norm(W):
    return np.linalg.svd(W, compute_uv=False)[0]


def test_the_norm_comes_to_one():
    link = Scale(np.random.normal(size=(4, 3))).add_hook(SpectralNormalization(50))

    assert norm(link(np.eye(4)).array) == pytest.approx(1)
    assert type(link.W) is chainer.Parameter


def test_the_norm_may_be_learnt():
    W = np.random.normal(size=(4, 3))
    link = Scale(W).add_hook(SpectralNormalization(50, use_gamma=True))

    np.testing.assert_allclose(link(np.eye(4)).array, W, rtol=1e-6)
    assert [name for name, _ in link.namedparams()] == ["/W", "/gamma"]


def test_a_weight_without_a_shape_gets_it_from_the_first_input():
    hook = SpectralNormalization(50)
    link = Scale().add_hook(hook)
    assert not hasattr(link, "W_u")

    assert norm(link(np.eye(4, dtype="f")).array) == pytest.approx(1, rel=1e-3)
    assert link.W_u.shape == (4,)


def test_the_vector_is_saved_with_the_link():
    link = Scale(np.ones((2, 2))).add_hook(SpectralNormalization())
    state = {}
    link.serialize(Recorder(state))

    assert sorted(state) == ["W", "W_u"]


class Recorder:
    is_writer = True

    def __init__(self, state):
        self.state = state

    def __call__(self, key, value):
        self.state[key] = value
        return value


def test_a_recomputed_call_uses_the_vectors_of_the_first():
    link = Scale(np.random.normal(size=(4, 3))).add_hook(SpectralNormalization())
    link(np.eye(4))
    with chainer.using_config("in_recomputing", True):
        before = link.W_u.copy()
        first, second = link(np.eye(4)).array, link(np.eye(4)).array

    assert link.W_u.tolist() == before.tolist()
    assert first.tolist() == second.tolist()


def test_the_vector_stays_in_evaluation():
    link = Scale(np.random.normal(size=(4, 3))).add_hook(SpectralNormalization())
    before = link.W_u.copy()
    with chainer.using_config("train", False):
        link(np.eye(4))
    assert link.W_u.tolist() == before.tolist()
    link(np.eye(4))
    assert link.W_u.tolist() != before.tolist()


def test_deconvolutions_have_their_outputs_along_the_second_axis():
    class Deconvolution2D(Scale):
        pass

    hook = SpectralNormalization()
    link = Deconvolution2D(np.ones((4, 3))).add_hook(hook)

    assert (hook.axis, link.W_u.shape) == (1, (3,))
    assert hook.reshape_W(chainer.Variable(np.ones((4, 3, 2, 2)))).shape == (3, 16)


@pytest.mark.parametrize("cls", [SpectralNormalization, WeightStandardization])
def test_hooks_of_weights_are_for_single_links(cls):
    with pytest.raises(NotImplementedError, match="add_hook"), cls():
        pass
    with pytest.raises(ValueError, match="no weight 'V'"):
        Scale(np.ones((2, 2))).add_hook(cls(weight_name="V"))
    assert cls(name="mine").name == "mine"


def test_wrong_arguments_are_told():
    with pytest.raises(ValueError, match="n_power_iteration"):
        SpectralNormalization(0)
    with pytest.raises(ValueError, match="no outputs"):
        Scale(np.ones((0, 3))).add_hook(SpectralNormalization())
    with pytest.raises(ValueError, match="needs an input"):
        Scale().add_hook(SpectralNormalization())(None)


def test_the_timer_may_be_added_to_one_link():
    hook = TimerHook()
    one, other = Scale(np.ones((2, 2))), Scale(np.ones((2, 2)))
    one.add_hook(hook)
    other(np.eye(2))
    one(np.eye(2))

    assert [name for name, _ in hook.call_history] == ["Scale"]
    assert hook.total_time() > 0
