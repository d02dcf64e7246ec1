from __future__ import annotations

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat.utils.type_check import InvalidType


def uniform(*shape):
    return np.random.RandomState(0).uniform(-1, 1, shape).astype("f")


def test_cells_of_trees_may_have_more_axes():
    cells, x = uniform(2, 2, 3, 4), uniform(2, 15, 4)
    c, h = F.tree_lstm(*cells, x)
    for place in range(4):
        flat_c, flat_h = F.tree_lstm(*cells[..., place], x[..., place])
        np.testing.assert_allclose(c.array[..., place], flat_c.array, rtol=1e-6)
        np.testing.assert_allclose(h.array[..., place], flat_h.array, rtol=1e-6)


def test_cells_of_trees_can_be_differentiated_twice():
    c = chainer.Variable(uniform(1, 2))
    _, h = F.tree_lstm(c, uniform(1, 8))
    (g,) = chainer.grad([F.sum(h)], [c], enable_double_backprop=True)
    (gg,) = chainer.grad([F.sum(g)], [c])
    assert gg.array.any()


@pytest.mark.parametrize("each", [False, True])
def test_the_shape_of_a_mask_is_its_own(each):
    x, W = uniform(2, 4), uniform(3, 4)
    mask = np.arange(24).reshape(2, 3, 4) % 3 > 0 if each else np.arange(12).reshape(3, 4) % 3 > 0
    y = F.simplified_dropconnect(x, W, mask=mask, use_batchwise_mask=not each)
    expected = [2 * (W * (mask[i] if each else mask)) @ row for i, row in enumerate(x)]
    np.testing.assert_allclose(y.array, expected, rtol=1e-5)
    as_variable = F.simplified_dropconnect(x, W, mask=chainer.Variable(mask))
    np.testing.assert_array_equal(as_variable.array, y.array)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(0,), (5, 7), ()])
def test_each_element_is_the_last_one_or_the_new_one(dtype, shape):
    h, x = (chainer.Variable(np.random.randn(1, *shape).astype(dtype)[0, ...]) for _ in range(2))
    y = F.zoneout(h, x, 0.5)
    flags = np.asarray(y.creator.flag_x)
    np.testing.assert_array_equal(y.array, np.where(flags, x.array, h.array))
    y.grad = np.full(shape, 3, dtype)
    y.backward()
    np.testing.assert_array_equal(x.grad, np.where(flags, 3, 0))
    np.testing.assert_array_equal(h.grad, np.where(flags, 0, 3))


def test_what_is_not_taken_does_not_count():
    infinite = np.full(4, np.inf, "f")
    assert F.zoneout(infinite, np.ones(4, "f"), 0.0).array.tolist() == [1.0] * 4
    assert F.zoneout(np.ones(4, "f"), infinite, 1.0).array.tolist() == [1.0] * 4


def test_zoneout_passes_on_what_is_new_in_testing():
    x = np.ones(3, "f")
    with chainer.using_config("train", False):
        assert F.zoneout(np.zeros(3, "f"), x) is x
    assert F.zoneout(np.zeros(3, "f"), x, train=False) is x


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("slstm", [(2,), (2,), (8,), (8,)]),
        ("slstm", [(2, 1), (2, 2), (2, 4), (2, 8)]),
        ("simplified_dropconnect", [(2, 2), (2,)]),
        ("linear", [(2, 2), (1, 2)]),
    ],
)
def test_inputs_that_do_not_fit_are_an_invalid_type(name, shapes):
    arrays = [np.ones(shape, "f") for shape in shapes]
    if name == "linear":
        arrays.append(np.ones(1, "d"))
    with pytest.raises(InvalidType):
        getattr(F, name)(*arrays)


@pytest.mark.parametrize(
    "make",
    [
        lambda: L.StatefulMGU(3, 2),
        lambda: L.StatefulPeepholeLSTM(3, 2),
        lambda: L.StatefulZoneoutLSTM(3, 2),
    ],
)
def test_state_goes_with_the_link_and_can_be_forgotten(make):
    link = make()
    first = link(uniform(2, 3)).array
    copied = link.copy("copy")
    np.testing.assert_array_equal(copied.h.array, link.h.array)
    second = link(uniform(2, 3)).array
    np.testing.assert_array_equal(copied.h.array, first)
    assert not np.array_equal(first, second)
    link.reset_state()
    assert link.h is None
    assert getattr(link, "c", None) is None
