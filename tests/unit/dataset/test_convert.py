from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat.dataset import CollatedBatch, concat_examples


def test_a_batch_may_be_an_array():
    batch = np.arange(6).reshape(3, 2)
    result = concat_examples(batch)

    assert result.tolist() == batch.tolist()
    assert not np.shares_memory(result, batch)


def test_a_batch_may_be_a_tensor():
    batch = torch.arange(6).reshape(3, 2)

    assert concat_examples(batch, device=-1) is batch


def test_the_result_is_in_c_order_whatever_the_examples_are():
    images = [np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1) for _ in range(2)]
    result = concat_examples(images)

    assert result.flags.c_contiguous
    assert result[1].tolist() == images[1].tolist()


@pytest.mark.parametrize(
    "examples",
    [
        [np.zeros((2, 3)), np.zeros((3, 2))],
        [np.zeros((0, 3)), np.zeros((0, 2))],
        [np.zeros(3), np.zeros((3, 1))],
        [np.zeros(3), 1.0],
    ],
)
def test_shapes_that_differ_are_named(examples):
    with pytest.raises(ValueError, match=r"different shapes.*at 1.*padding"):
        concat_examples([(0, example) for example in examples])


def test_padding_needs_one_number_of_axes():
    with pytest.raises(ValueError, match=r"number of axes.*\[1, 2\]"):
        concat_examples([np.zeros((2, 2)), np.zeros(2)], padding=0)


def test_lists_of_different_lengths_are_told_what_to_do():
    with pytest.raises(ValueError, match="Make each an array"):
        concat_examples([[1, 2], [3]])


def test_text_becomes_an_array():
    assert concat_examples([("a", 1), ("bc", 2)])[0].tolist() == ["a", "bc"]


def test_what_no_array_is_made_of_asks_for_a_converter():
    with pytest.raises(TypeError, match="converter of your own"):
        concat_examples([object(), object()])


class TestTensors:
    def test_they_stay_tensors_on_any_device(self):
        x, t = concat_examples([(torch.ones(2), 1), (torch.zeros(2), 2)], device=-1)

        assert x.tolist() == [[1, 1], [0, 0]]
        assert isinstance(x, torch.Tensor)
        assert t.tolist() == [1, 2]

    def test_they_are_padded(self):
        result = concat_examples([torch.ones(2), torch.ones(1)], padding=9)

        assert result.tolist() == [[1, 1], [1, 9]]

    def test_shapes_that_differ_are_refused(self):
        with pytest.raises(ValueError, match="padding"):
            concat_examples([torch.ones(2), torch.ones(1)])

    def test_the_graph_is_kept(self):
        weight = torch.ones(2, requires_grad=True)

        assert concat_examples([weight * 2]).requires_grad


class TestCollated:
    def test_its_arrays_are_sent_as_they_are(self):
        x, name = torch.ones(2), ["a", "b"]
        result = concat_examples(CollatedBatch([x, {"y": x}, name]), device=-1)

        assert result == (x, {"y": x}, ("a", "b"))

    def test_a_dictionary_is_taken_as_one(self):
        x = np.ones(2)

        assert concat_examples({"x": x}, device=-1) == {"x": x}

    def test_it_cannot_be_padded(self):
        with pytest.raises(ValueError, match="collate_fn"):
            concat_examples(CollatedBatch([torch.ones(2)]), padding=0)


def test_private_names_that_scripts_import():
    arrays = [np.zeros(2), np.ones(2)]

    assert chainer.dataset._concat_arrays(arrays, None).tolist() == [[0, 0], [1, 1]]
    assert chainer.dataset._concat_arrays_with_padding(arrays, 0).tolist() == [[0, 0], [1, 1]]
