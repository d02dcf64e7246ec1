"""Hyperparameters: a rule's values over those of its optimizer."""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat.errors import NotSupportedError
from chainer_compat.optimizer import Hyperparameter, HyperparameterProxy
from chainer_compat.optimizers import _revision
from chainer_compat.optimizers._hyperparameter import effective


@pytest.fixture
def parent():
    made = Hyperparameter()
    made.lr, made.momentum = 0.1, 0.9
    return made


def test_what_is_missing_is_looked_up_in_the_parent(parent):
    child = Hyperparameter(parent)
    child.lr = 0.5

    assert (child.lr, child.momentum, parent.lr) == (0.5, 0.9, 0.1)
    assert child.get_dict() == {"lr": 0.5, "momentum": 0.9}
    assert child.parent is parent
    assert repr(child) == "Hyperparameter(lr=0.5, momentum=0.9)"


def test_a_value_that_is_nowhere_is_an_attribute_error(parent):
    with pytest.raises(AttributeError, match="no hyperparameter 'eps'"):
        Hyperparameter(parent).eps  # noqa: B018 -- the look-up is the test


def test_a_deleted_value_is_the_parents_again(parent):
    child = Hyperparameter(parent)
    child.lr = 0.5
    del child.lr

    assert child.lr == 0.1


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_have_the_same_values(parent, copied):
    child = Hyperparameter(parent)
    child.lr = 0.5

    assert copied(child).get_dict() == child.get_dict()


def test_plans_are_void_when_a_value_begins_or_ceases_to_hide_another(parent):
    child = Hyperparameter(parent)
    counts = [_revision.number()]
    child.lr = 0.5
    counts.append(_revision.number())
    child.lr = 0.25
    parent.lr = 1.0
    counts.append(_revision.number())
    del child.lr
    counts.append(_revision.number())

    assert [b > a for a, b in itertools.pairwise(counts)] == [True, False, True]


def test_the_nearest_set_with_values_of_its_own_counts(parent):
    child = Hyperparameter(Hyperparameter(parent))

    assert effective(child) is parent
    child.lr = 0.5
    assert effective(child) is child


def test_a_proxy_stands_for_a_hyperparameter():
    class Optimizer(chainer.GradientMethod):
        rate = HyperparameterProxy("lr")

    optimizer = Optimizer()
    optimizer.rate = 3

    assert optimizer.hyperparam.lr == 3
    assert isinstance(Optimizer.rate, HyperparameterProxy)
    assert "hyperparam.lr" in Optimizer.rate.__doc__


@pytest.fixture
def link():
    made = chainer.Link(w=(2,))
    made.w.array[...] = 1
    made.w.grad = np.ones(2, np.float32)
    return made


@pytest.mark.parametrize("rate", [np.float32(0.5), np.float64(0.5), np.array(0.5), np.array([0.5])])
def test_numbers_may_come_as_numpys(link, rate):
    chainer.optimizers.MomentumSGD(lr=rate, momentum=rate).setup(link).update()

    assert link.w.array.tolist() == [0.5, 0.5]


def test_an_array_of_several_numbers_is_refused(link):
    optimizer = chainer.optimizers.SGD(lr=np.ones(2)).setup(link)

    with pytest.raises(NotSupportedError, match=r"'lr' is an array of shape \(2,\)"):
        optimizer.update()
