"""Links that are losses: NegativeSampling, BlackOut, BinaryHierarchicalSoftmax and CRF1d."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import loss_links

COUNTS = [5, 1, 3, 2]
TREE = ((0, 1), (2, (5, 7)))
DEEP = (0, (1, (2, (3, (4, (5, 6))))))


@pytest.mark.parametrize(
    ("arguments", "options", "call"),
    [
        ((3, COUNTS, 2), {}, {}),
        ((3, COUNTS, 5, 1.0), {}, {"reduce": "no"}),
        ((3, np.array(COUNTS), 0), {"power": 0}, {"return_samples": True}),
        ((3, COUNTS, 2), {"dtype": "float64"}, {"reduce": "no", "return_samples": True}),
        ((3, COUNTS, 2), {}, {"reduce": "mean"}),
        ((3, COUNTS, 2), {}, {"colour": 1}),
        ((3, COUNTS[:2], 2), {}, {}),
        ((2, COUNTS, 2), {}, {}),
    ],
    ids=str,
)
def test_negative_sampling(both: Any, arguments: Any, options: Any, call: Any) -> None:
    both(loss_links.used, "NegativeSampling", arguments, options, call, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("arguments", [(3, COUNTS, 2), (3, COUNTS, 1), (3, COUNTS[:2], 2)])
def test_black_out(both: Any, arguments: Any) -> None:
    both(loss_links.used, "BlackOut", arguments, {}, {}, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["NegativeSampling", "BlackOut"])
@examples(ci=50, slow=5000)
@given(counts=st.lists(st.integers(1, 10**6), min_size=1, max_size=50))
def test_the_same_samples_are_drawn(both: Any, name: str, counts: list[int]) -> None:
    both(loss_links.drawn, name, counts, {}, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_of_the_counts(both: Any, dtype: str) -> None:
    options = {"dtype": dtype, "power": 0.5}
    both(loss_links.drawn, "NegativeSampling", COUNTS, options, rtol=1e-6)


def test_given_samples(both: Any) -> None:
    both(loss_links.with_samples, np.array([[0, 1], [3, 3], [1, 2]], np.int32), rtol=1e-5)


@examples(ci=100, slow=5000)
@given(counts=st.dictionaries(st.integers(0, 99), st.integers(0, 5), max_size=40))
def test_huffman_trees(both: Any, counts: dict[int, int]) -> None:
    both(loss_links.tree_of, counts)


trees = st.recursive(st.integers(0, 20), lambda inner: st.tuples(inner, inner), max_leaves=20)


@examples(ci=100, slow=5000)
@given(tree=trees)
def test_trees_are_read_the_same_way(both: Any, tree: Any) -> None:
    both(loss_links.parsed, tree, "float32")


@pytest.mark.parametrize("tree", [(1,), (1, 2, 3), (1, (2, (3, 4, 5))), (0, "a"), ()])
def test_trees_that_are_none_give_the_same_class_of_error(both: Any, tree: Any) -> None:
    assert both(loss_links.parsed, tree, "float32") is None  # both raised


@pytest.mark.parametrize("options", [{}, {"dtype": "float64"}, {"dtype": "float16"}], ids=str)
@pytest.mark.parametrize(
    ("tree", "t"),
    [
        (TREE, [0, 1, 2, 5]),
        (TREE, [7, 7, 7]),
        (TREE, [3, 6, 4]),
        (TREE, [-1, 2]),
        (DEEP, [6, 0, 3, 3]),
        ((0, 1), [1]),
        (0, [0, 0]),
    ],
    ids=str,
)
def test_losses_over_trees(both: Any, tree: Any, t: list[int], options: Any) -> None:
    both(loss_links.words_found, tree, np.array(t, np.int32), options, rtol=1e-5, atol=1e-6)


def test_no_words_cost_nothing(both: Any) -> None:
    both(loss_links.words_found, TREE, np.array([], np.int32), {})


@pytest.mark.parametrize(
    ("t", "dtype"),
    [
        (np.array([8], np.int32), "float32"),
        (np.array([0]), "float32"),
        (np.array([0.0], np.float32), "float32"),
        (np.array([[0]], np.int32), "float32"),
        (np.array([0], np.int32), "float64"),
        (np.array([0], np.int32), "int32"),
    ],
    ids=str,
)
def test_bad_words_give_the_same_class_of_error(both: Any, t: Any, dtype: str) -> None:
    assert both(loss_links.words_found, TREE, t, {}, dtype) is None  # both raised


@pytest.mark.parametrize("options", [{}, {"reduce": "no"}], ids=str)
@pytest.mark.parametrize("lengths", [(3,), (4, 3, 2), (3, 3), (2, 4, 3), (1, 5, 1, 5, 2)], ids=str)
def test_fields(both: Any, lengths: tuple[int, ...], options: Any) -> None:
    both(loss_links.field, lengths, options, rtol=1e-5, atol=1e-5)


def test_a_field_with_other_first_costs(both: Any) -> None:
    both(loss_links.field, (2,), {}, 2.0, rtol=1e-5, atol=1e-6)
    assert both(loss_links.field, (2,), {"reduce": "sum"}) is None  # both raised
