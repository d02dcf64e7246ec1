"""Errors that come of NumPy's version, made by NumPy itself, are explained; others are not."""

from __future__ import annotations

import numpy as np
import pytest

import chainer_compat as chainer
import chainer_compat.functions as F
from chainer_compat.cli._numpy_hints import hint

NUMPY = tuple(map(int, np.__version__.split(".")[:2]))


def raised(function):
    with pytest.raises(Exception) as info:
        function()
    return info.value


@pytest.mark.skipif(NUMPY < (2, 4), reason="still a warning")
def test_a_number_of_an_array_of_one_element():
    assert "numpy<2.4" in hint(raised(lambda: float(np.ones(1))))
    assert "numpy<2.4" in hint(raised(lambda: np.zeros(3).__setitem__(0, np.ones(1))))


@pytest.mark.skipif(NUMPY < (2, 0), reason="the old rules")
def test_a_number_out_of_an_integer_types_range():
    assert "astype" in hint(raised(lambda: np.array([3, -1], np.uint8)))


@pytest.mark.skipif(NUMPY < (2, 0), reason="the old rules")
def test_an_array_that_a_numpy_number_has_made_double():
    x = np.ones((2, 3), np.float32) * np.sqrt(2)
    weight = np.ones((4, 3), np.float32)
    assert "numpy<2" in hint(raised(lambda: F.linear(x, weight, weight[:, 0])))


@pytest.mark.parametrize(
    "other",
    [
        lambda: float("x"),
        lambda: float([]),
        lambda: 10.0**1000,
        lambda: F.linear(np.ones((2, 3), np.float32), np.ones((4, 2), np.float32)),
        lambda: chainer.Variable("text"),
    ],
)
def test_anything_else_is_not_explained(other):
    assert hint(raised(other)) is None


def test_old_numpy_needs_no_hint(monkeypatch):
    error = TypeError("only 0-dimensional arrays can be converted to Python scalars")
    monkeypatch.setattr(np, "__version__", "1.26.4")
    assert hint(error) is None
