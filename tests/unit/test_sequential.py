"""`Sequential`: links and functions, called one after the other."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import chainer_compat.functions as F
import chainer_compat.links as L
from chainer_compat import Sequential


@pytest.fixture
def model() -> Sequential:
    return Sequential(L.Linear(3, 4), F.relu, L.Linear(4, 2))


def test_layers_are_called_one_after_the_other_and_tuples_are_spread(model: Sequential) -> None:
    assert model(np.ones((1, 3), np.float32)).shape == (1, 2)
    assert Sequential(lambda x: (x, x), lambda a, b: a + b)(3) == 6
    assert Sequential(lambda x: (x, x))(3) == (3, 3)


def test_only_links_have_parameters_and_are_numbered_among_themselves(model: Sequential) -> None:
    assert [name for name, _ in model.namedparams()] == ["/0/W", "/0/b", "/1/W", "/1/b"]
    assert [link.name for link in model.children()] == ["0", "1"]
    assert str(Sequential(L.Linear(2), F.relu)).startswith(
        "Sequential(\n  (0): Linear(in_size=None, out_size=2, nobias=False),\n  (1): <function relu"
    )


def test_a_link_that_is_added_is_numbered_right_after_the_first() -> None:
    """So do Chainer's files call them, whose arrays would go to other layers otherwise."""
    layers = [L.Linear(1, size) for size in (2, 3, 4, 5)]
    model = Sequential(*layers)
    assert [layer.name for layer in layers] == ["0", "3", "2", "1"]
    assert [p.shape for p in model.params() if p.ndim == 2] == [(2, 1), (5, 1), (4, 1), (3, 1)]


def test_several_layers_are_replaced_at_once(model: Sequential) -> None:
    model[1:] = [F.tanh, last := L.Linear(4, 3)]
    assert list(model.children()) == [model[0], last]
    model[0:1] = []
    assert (len(model), last.name) == (2, "0")


def test_it_is_a_list_of_layers(model: Sequential) -> None:
    assert len(model) == 3
    assert model[1] is F.relu
    assert model[0:2] == [model[0], F.relu]
    assert F.relu in model
    assert list(reversed(model))[1] is F.relu
    assert list(model)[1] is F.relu
    assert (model.index(F.relu), model.index(F.relu, 1, 2), model.count(F.relu)) == (1, 1, 1)
    model[1] = F.tanh
    model.insert(1, F.relu)
    model.append(F.sigmoid)
    model.add_link(L.Linear(1))
    assert model.pop().out_size == 1
    del model[-1]
    model.remove(F.tanh)
    assert [getattr(layer, "__name__", "") for layer in model] == ["", "relu", ""]
    model[0:1] = []
    assert [name for name, _ in model.namedparams()] == ["/0/W", "/0/b"]
    model.clear()
    assert len(model) == 0


def test_layers_are_counted_and_removed_by_type(model: Sequential) -> None:
    assert (model.count_by_layer_type("Linear"), model.count_by_layer_type("relu")) == (2, 1)
    model.remove_by_layer_type("Linear")
    assert model[:] == [F.relu]


def test_sequentials_are_added_extended_and_flattened(model: Sequential) -> None:
    longer = model + Sequential(F.tanh)
    assert (len(longer), len(model)) == (4, 3)
    model += Sequential(F.tanh)
    model.extend([F.relu])
    assert len(model) == 5
    nested = Sequential(Sequential(F.relu, L.Linear(1)), Sequential(Sequential(F.tanh)))
    assert len(nested.flatten()) == 3
    for bad in (lambda: model + 3, lambda: model.append(3), lambda: Sequential(3)):
        with pytest.raises(ValueError):
            bad()


def test_without_layers_it_cannot_be_called() -> None:
    with pytest.raises(RuntimeError, match="no layers"):
        Sequential()(3)


@pytest.mark.parametrize("mode", ["share", "copy", "init"])
def test_a_copy_has_its_own_links_in_the_same_places(model: Sequential, mode: str) -> None:
    fresh = model.copy(mode)
    assert fresh[0] is not model[0]
    assert fresh[1] is F.relu
    assert (fresh[0].W.array is model[0].W.array) == (mode == "share")
    assert next(fresh.children()) is fresh[0]


def test_parameters_are_copied_from_one_of_the_same_structure(model: Sequential) -> None:
    other = Sequential(L.Linear(3, 4), L.Linear(4, 2))
    model.copyparams(other)
    np.testing.assert_array_equal(model[2].W.array, other[1].W.array)
    with pytest.raises(IndexError, match="1 links into 2"):
        model.copyparams(Sequential(L.Linear(3, 4)))


def test_it_pickles_and_deep_copies_and_says_why_a_lambda_does_not_pickle(
    model: Sequential,
) -> None:
    x = np.ones((1, 3), np.float32)
    for fresh in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(fresh(x).array, model(x).array)
    with_lambda: Any = Sequential(lambda x: x)
    with pytest.raises(pickle.PicklingError, match="lambda"):
        pickle.dumps(with_lambda)
    assert len(copy.deepcopy(with_lambda)) == 1


def test_repeating_gives_a_sequential_of_sequentials(model: Sequential) -> None:
    assert [type(layer) for layer in model.repeat(2)] == [Sequential, Sequential]


def test_what_is_made_of_a_subclass_is_no_subclass_but_a_copy_is() -> None:
    class Net(Sequential):
        def __init__(self, size: int) -> None:
            super().__init__(L.Linear(size, 2))

    model = Net(3)
    assert type(model + model) is type(model.flatten()) is Sequential
    assert type(model.copy()) is Net


def test_a_negative_place_is_counted_before_anything_is_replaced(model: Sequential) -> None:
    """Chainer replaces the last layer first of all by none, and puts the new one before its."""
    model[-1] = F.tanh
    assert model[1:] == [F.relu, F.tanh]


def test_nothing_is_left_when_all_is_cleared(model: Sequential) -> None:
    model.clear()
    assert list(model.params()) == []
    model.extend([L.Linear(1, 2), L.Linear(2, 3)])
    model.clear()
    model.append(L.Linear(1, 1))
    assert [name for name, _ in model.namedparams()] == ["/0/W", "/0/b"]


def test_the_gradients_of_another_one_are_added(model: Sequential) -> None:
    other = model.copy("copy")
    for p in [*model.params(), *other.params()]:
        p.grad = np.ones_like(p.array)
    model.addgrads(other)
    assert all((p.grad == 2).all() for p in model.params())
