from __future__ import annotations

import copy
import functools
import pickle

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import backend
from chainer_compat.dataset import _call_converter, concat_examples, converter, to_device


@converter()
def describe(batch, device, extra=None):
    """Tells what it was given."""
    return batch, device, extra


CPU = backend.CpuDevice()


@pytest.mark.parametrize("device", [-1, "@numpy", CPU], ids=repr)
def test_a_decorated_function_gets_a_device_however_it_was_named(device):
    assert describe([1], device) == ([1], CPU, None)
    assert describe([1], device=device, extra=2) == ([1], CPU, 2)
    assert describe([1], None) == ([1], None, None)


def test_a_decorated_function_keeps_its_name_and_docstring():
    assert describe.__name__ == "describe"
    assert describe.__doc__ == "Tells what it was given."
    assert describe.base_callable([1], 2) == ([1], 2, None)


@pytest.mark.parametrize("made", [describe, concat_examples], ids=["decorated", "wrapped"])
def test_converters_can_be_pickled_and_copied(made):
    assert pickle.loads(pickle.dumps(made))([1], -1) is not None
    assert copy.deepcopy(made)([1], -1) is not None


def test_a_converter_over_a_callable_object_can_be_pickled():
    made = pickle.loads(pickle.dumps(converter()(functools.partial(describe, extra=3))))

    assert made([1], -1) == ([1], CPU, 3)


def test_only_callables_are_wrapped():
    with pytest.raises(TypeError, match="Can only wrap a callable"):
        converter()(1)


class TestCall:
    def test_a_new_converter_gets_the_device(self):
        assert _call_converter(describe, [1], CPU) == ([1], CPU, None)

    def test_an_old_converter_gets_minus_one_for_the_cpu(self):
        assert _call_converter(lambda batch, device: device, [1], CPU) == -1

    def test_any_converter_gets_none_for_none(self):
        assert _call_converter(lambda batch, device: device, [1], None) is None
        assert _call_converter(describe, [1], None) == ([1], None, None)


def test_the_base_class_asks_for_a_call():
    with pytest.raises(NotImplementedError, match="__call__"):
        chainer.dataset.Converter()([1], None)


class TestToDevice:
    def test_none_leaves_it_where_it_is(self):
        x = object()
        assert to_device(None, x) is x

    def test_an_array_that_is_there_already_is_not_copied(self):
        x = np.zeros(2)
        assert to_device(-1, x) is x

    def test_a_tensor_stays_a_tensor(self):
        x = torch.zeros(2)
        assert to_device("@numpy", x) is x

    def test_what_is_no_array_is_refused(self):
        with pytest.raises(TypeError):
            to_device(-1, object())


def test_the_identity_converter_gives_the_batch():
    batch = [object()]
    assert chainer.dataset.identity_converter(batch, -1) is batch
