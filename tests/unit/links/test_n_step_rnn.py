from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat.function_hooks import TimerHook
from chainer_compat.utils.type_check import InvalidType

on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def sequences(*lengths, width=3, dtype="f"):
    random = np.random.RandomState(0)
    return [random.uniform(-1, 1, (n, width)).astype(dtype) for n in lengths]


def states_and_outputs(found):
    *ends, ys = found
    return [h.array for h in ends], [y.array for y in ys]


@pytest.mark.parametrize("kind", [L.NStepLSTM, L.NStepBiLSTM, L.NStepGRU, L.NStepBiRNNReLU])
def test_a_sequence_without_elements_keeps_its_state(kind):
    link = kind(2, 3, 4, 0.5)
    states = [
        np.random.RandomState(i).uniform(-1, 1, (2 * link.direction, 3, 4)).astype("f")
        for i in range(link.n_cells)
    ]
    with chainer.using_config("train", False):
        ends, ys = states_and_outputs(link(*states, sequences(2, 0, 3)))
        others = [h[:, [0, 2]] for h in states]
        two_ends, two_ys = states_and_outputs(
            link(*others, [sequences(2, 0, 3)[i] for i in (0, 2)])
        )

    assert [y.shape for y in ys] == [(2, 4 * link.direction), (0, 4 * link.direction), ys[2].shape]
    for before, end, two in zip(states, ends, two_ends, strict=True):
        np.testing.assert_array_equal(end[:, 1], before[:, 1])
        np.testing.assert_allclose(end[:, [0, 2]], two, rtol=1e-6)
    for y, two in zip((ys[0], ys[2]), two_ys, strict=True):
        np.testing.assert_allclose(y, two, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "kind",
    [L.NStepLSTM, L.NStepBiLSTM, L.NStepGRU, L.NStepBiGRU, L.NStepRNNTanh, L.NStepBiRNNReLU],
)
@pytest.mark.parametrize("lengths", [(3, 1, 2), (3, 3), (9, 9)])
def test_hooks_that_scale_gradients_in_place_scale_each_once(kind, lengths):
    link = kind(2, 3, 4, 0.0)
    optimizer = chainer.optimizers.SGD().setup(link)

    def apart(optimizer):
        gradients = [parameter.grad for parameter in optimizer.target.params()]
        for i, gradient in enumerate(gradients):
            assert not any(np.shares_memory(gradient, other) for other in gradients[:i])

    optimizer.add_hook(apart)

    def loss(*xs):
        *_, ys = link(*[None] * link.n_cells, list(xs))
        return F.sum(F.concat(ys, axis=0))

    optimizer.update(loss, *sequences(*lengths))


def test_sequences_that_are_all_empty_give_empty_outputs():
    link = L.NStepBiGRU(2, 3, 4, 0.5)
    hy, ys = link(None, sequences(0, 0))
    assert not hy.array.any()
    assert [y.shape for y in ys] == [(0, 8), (0, 8)]


def test_version_1_switches_keep_their_meaning():
    link = L.NStepLSTM(2, 3, 4, 0.5, use_cudnn=False)
    xs = sequences(3, 2)
    with chainer.using_config("train", False):
        expected = states_and_outputs(link(None, None, xs))
    found = states_and_outputs(link(None, None, xs, train=False))
    np.testing.assert_array_equal(found[1][0], expected[1][0])
    batches = [x.array for x in F.transpose_sequence(xs)]
    zeros = np.zeros((2, 2, 4), "f")
    ys = F.n_step_lstm(
        2, 0.5, zeros, zeros, link.ws, link.bs, batches, train=False, use_cudnn=True
    )[2]
    np.testing.assert_allclose(ys[0].array[0], expected[1][0][0], rtol=1e-6)
    both_ways = L.NStepBiRNNTanh(2, 3, 4, 0.5)
    zeros = np.zeros((4, 2, 4), "f")
    first, second = (
        F.n_step_birnn(2, 0.5, zeros, both_ways.ws, both_ways.bs, batches, train=False)[0].array
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("hx", [np.ones((2, 2), "f"), np.ones((1, 2, 2), "i")])
def test_states_of_a_wrong_type_are_an_invalid_type(hx):
    ws, bs = [[np.ones((2, 3), "f")] * 3 + [np.ones((2, 2), "f")] * 3], [[np.ones(2, "f")] * 6]
    with pytest.raises(InvalidType):
        F.n_step_gru(1, 0.0, hx, ws, bs, [np.ones((2, 3), "f")])


def test_whole_sequences_are_one_function_in_the_graph():
    hook = TimerHook()
    with hook:
        _, _, ys = L.NStepBiLSTM(2, 3, 4, 0.0)(None, None, sequences(2, 5))
    assert [name for name, _ in hook.call_history] == ["NStepBiLSTM"]
    assert ys[0].creator is ys[1].creator


def test_a_base_class_says_what_a_subclass_has_to_define():
    class Half(L.NStepGRUBase):
        use_bi_direction = False

    link = Half(1, 3, 2, 0.0)
    with pytest.raises(NotImplementedError, match="`rnn`"):
        link(None, sequences(2))
    with pytest.raises(NotImplementedError, match="`n_cells`"):
        _ = link.n_cells


def test_no_graph_is_kept_where_none_is_wanted():
    link = L.NStepLSTM(1, 3, 2, 0.0)
    with chainer.no_backprop_mode():
        hy, _, ys = link(None, None, sequences(2, 1))
    assert hy.creator is None
    assert ys[0].creator is None


@pytest.mark.gpu
@on_a_gpu
@pytest.mark.parametrize("dtype", ["f", "d", "e"])
@pytest.mark.parametrize("kind", [L.NStepLSTM, L.NStepBiLSTM, L.NStepGRU, L.NStepBiRNNReLU])
@pytest.mark.parametrize("use_cudnn", ["auto", "never"])
def test_a_gpu_gives_the_same(kind, dtype, use_cudnn):
    with chainer.using_config("dtype", np.dtype(dtype)):
        link = kind(2, 3, 4, 0.0)
    xs = [torch.from_numpy(x) for x in sequences(2, 0, 5, dtype=dtype)]

    def run(link, xs):
        variables = [chainer.Variable(x) for x in xs]
        link.cleargrads()
        *ends, ys = link(*[None] * link.n_cells, variables)
        loss = sum(F.sum(y * y) for y in [*ends, *ys])
        loss.backward()
        found = [*ends, *ys, *(p for _, p in sorted(link.namedparams()))]
        return [v.tensor.detach().cpu() for v in found] + [
            p.grad_var.tensor.cpu() for _, p in sorted(link.namedparams())
        ]

    expected = run(link, xs)
    link.to_device("@cupy:0")
    with chainer.using_config("use_cudnn", use_cudnn):
        found = run(link, [x.cuda() for x in xs])
    tolerance = {"f": 2e-3, "d": 1e-9, "e": 3e-2}[dtype]
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.gpu
@on_a_gpu
def test_second_derivatives_on_a_gpu_are_there_without_cudnn():
    link = L.NStepBiLSTM(2, 3, 4, 0.0)
    link.to_device("@cupy:0")
    xs = [chainer.Variable(torch.ones(n, 3, device="cuda")) for n in (2, 3)]

    def twice():
        _, _, ys = link(None, None, xs)
        loss = sum(F.sum(y * y) for y in ys)
        grads = chainer.grad([loss], xs, enable_double_backprop=True)
        return chainer.grad([sum(F.sum(g * g) for g in grads)], xs)

    with chainer.using_config("use_cudnn", "never"):
        assert all(g.tensor.isfinite().all() for g in twice())
    with pytest.raises(RuntimeError, match="cudnn"):
        twice()


@pytest.mark.gpu
@on_a_gpu
def test_dropout_on_a_gpu_drops_in_training_only():
    link = L.NStepGRU(2, 3, 4, 0.5)
    link.to_device("@cupy:0")
    xs = [torch.ones(5, 3, device="cuda")]
    first, second = (link(None, xs)[1][0].tensor for _ in range(2))
    assert not torch.equal(first, second)
    with chainer.using_config("train", False):
        first, second = (link(None, xs)[1][0].tensor for _ in range(2))
        assert torch.equal(first, second)
