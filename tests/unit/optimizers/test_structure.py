"""A tree of links is walked again when it has changed, and only then."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat import Chain, ChainList, Link, Parameter
from chainer_compat.optimizers._structure import Structure


@pytest.fixture
def tree():
    return Chain(
        a=Link(w=(1,), v=(1,)), b=ChainList(Link(w=(1,)), Chain(c=Link(w=(1,)))), d=Link(w=(1,))
    )


def _add_parameter(tree):
    tree.a.add_param("new", (1,))


def _remove_parameter(tree):
    del tree.a.w


def _unregister_parameter(tree):
    tree.a.register_persistent("w")


def _replace_parameter(tree):
    with tree.a.init_scope():
        tree.a.w = Parameter(np.ones(1, np.float32))


def _replace_it_behind_the_links_back(tree):
    tree.a.__dict__["w"] = Parameter(np.ones(1, np.float32))


def _swap_names(tree):
    tree.a.register_persistent("w")
    tree.a.add_param("u", (1,))


def _add_child(tree):
    tree.add_link("e", Link(w=(1,)))


def _remove_child(tree):
    del tree.d


def _append_to_list(tree):
    tree.b.append(Link(w=(1,)))


def _replace_in_list(tree):
    tree.b[0] = Link(w=(1,))


def _reorder_list(tree):
    tree.b._children.reverse()


def _change_deep_inside(tree):
    tree.b[1].c.add_param("new", (1,))


CHANGES = [
    _add_parameter,
    _remove_parameter,
    _unregister_parameter,
    _replace_parameter,
    _replace_it_behind_the_links_back,
    _swap_names,
    _add_child,
    _remove_child,
    _append_to_list,
    _replace_in_list,
    _reorder_list,
    _change_deep_inside,
]


def ids(params):
    return [id(param) for param in params]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_noticed(tree, change):
    structure = Structure()
    before = structure.params(tree)
    assert structure.params(tree) is before
    change(tree)

    assert ids(structure.params(tree)) == ids(tree.params())
    assert structure.params(tree) is not before


def test_another_target_is_walked(tree):
    structure = Structure()
    structure.params(tree)

    assert ids(structure.params(tree.a)) == ids(tree.a.params())


class _ListsItself(Chain):
    hidden = False

    def params(self, include_uninit=True):
        return iter([] if self.hidden else super().params(include_uninit))


class _ChoosesChildren(Chain):
    hidden = False

    def children(self):
        return iter([] if self.hidden else super().children())


@pytest.mark.parametrize("kind", [_ListsItself, _ChoosesChildren])
def test_a_class_that_lists_its_parameters_is_asked_each_time(kind):
    inner = kind(a=Link(w=(1,)))
    tree = Chain(inner=inner)
    structure = Structure()
    assert len(structure.params(tree)) == 1
    inner.hidden = True

    assert structure.params(tree) == []


def test_so_is_an_object_with_a_method_of_its_own(tree):
    tree.params = lambda include_uninit=True: iter([tree.d.w])

    assert ids(chainer.optimizers.SGD().setup(tree)._current_plan()._params) == [id(tree.d.w)]
