"""The helpers of Chainer's multiprocess_parallel_updater."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat.training.updaters import _flat_parameters as flat


class Model(chainer.Chain):
    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.b = chainer.links.Linear(2, 1, initial_bias=5)
            self.a = chainer.Parameter(np.array([1, 2], np.float16))
            self.none = chainer.Parameter(np.zeros((0, 3), np.float32))
        self.b.W.array[:] = [[3, 4]]


def test_parameters_come_in_the_order_of_their_names():
    gathered = flat.gather_params(Model())

    assert (gathered.dtype, gathered.tolist()) == (np.float32, [1, 2, 3, 4, 5])
    assert flat.size_num_grads(Model()) == (5, 3)


def test_parameters_are_written_in_place():
    model = Model()
    held = model.b.W.array
    flat.scatter_params(model, np.arange(5, dtype=np.float32))

    assert held.tolist() == [[2, 3]]
    assert (model.a.dtype, model.a.array.tolist()) == (np.float16, [0, 1])


def test_gradients_that_are_not_there_are_zeros_and_are_made():
    model = Model()
    model.b.W.grad = np.array([[7, 8]], np.float32)
    held = model.b.W.grad
    model.a.cleargrad()
    model.b.b.cleargrad()
    gathered = flat.gather_grads(model)
    flat.scatter_grads(model, gathered + 1)

    assert gathered.tolist() == [0, 0, 7, 8, 0]
    assert held.tolist() == [[8, 9]]
    assert (model.a.grad.dtype, model.a.grad.tolist()) == (np.float16, [1, 1])
    assert flat.gather_grads(model).tolist() == [1, 1, 8, 9, 1]


def test_modules_of_torch_and_models_without_parameters():
    net = torch.nn.Linear(1, 1)
    flat.scatter_params(net, np.array([2, 3], np.float32))
    flat.scatter_grads(net, flat.gather_params(net))

    assert (net.bias.item(), net.weight.item(), net.bias.grad.item()) == (2, 3, 2)
    assert flat.gather_params(chainer.Chain()).shape == (0,)


def test_an_array_of_another_model_is_refused():
    with pytest.raises(ValueError, match="6 elements, and the model has 5"):
        flat.scatter_params(Model(), np.zeros(6, np.float32))
