from __future__ import annotations

import numpy as np
import pytest
import torch

from chainer_compat.serializers import DictionarySerializer, serialize
from chainer_compat.serializers._values import to_numpy
from tests.unit.serializers._targets import Part, Whole


def test_keys_are_paths_without_a_leading_slash():
    assert list(serialize(Whole(1))) == [
        "part/array", "part/tensor", "part/late", "count", "rate", "flag", "text", "nothing",
    ]  # fmt: skip


def test_children_begin_with_the_base_path():
    serializer = DictionarySerializer(path="model/")
    serializer["/l1/"]("/W", 1)
    assert serializer.target == {"model/l1/W": 1}


def test_a_given_target_is_filled():
    target = {"a": 1}
    DictionarySerializer(target)("b", 2)
    assert list(target) == ["a", "b"]


def test_arrays_of_numpy_are_not_copied():
    part = Part(1)
    assert serialize(part)["array"] is part.array


def test_a_tensor_shares_its_memory():
    part = Part(1)
    assert serialize(part)["tensor"].ctypes.data == part.tensor.data_ptr()


def test_the_value_comes_back():
    value = np.zeros(2)
    assert DictionarySerializer()("x", value) is value


def test_none_is_an_object_array_of_no_dimension():
    found = serialize(Part())["late"]
    assert (found.dtype, found.shape, found[()]) == (np.dtype("O"), (), None)


def test_bfloat16_becomes_float32():
    found = to_numpy(torch.tensor([1.5], dtype=torch.bfloat16))
    assert (found.dtype, found.tolist()) == (np.dtype(np.float32), [1.5])


def test_a_tensor_with_a_gradient_is_detached():
    assert to_numpy(torch.ones(2, requires_grad=True)).tolist() == [1, 1]


def test_lists_of_tensors_become_arrays():
    assert to_numpy([torch.ones(2), torch.zeros(2)]).tolist() == [[1, 1], [0, 0]]


def test_an_array_with_cupys_interface_is_fetched():
    class OnGpu:
        __cuda_array_interface__: dict[str, int] = {}

        def get(self):
            return np.ones(3)

    assert to_numpy(OnGpu()).tolist() == [1, 1, 1]


@pytest.mark.parametrize("value", [{"a": 1}, np.array([{}, {}]), object(), np.zeros(1, "V4")])
def test_what_only_a_pickle_could_hold_is_refused_by_name(value):
    with pytest.raises(TypeError, match="bad/key: a value of"):
        DictionarySerializer(path="bad/")("key", value)
