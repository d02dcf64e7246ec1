"""Datasets in columns give what Chainer's give."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.bodies import tables

NAMES = ("a", "b", "c")
# Chainer goes wrong on negative steps over concatenated datasets; see the unit tests.
STEPS = [None, 1, 2, 3, -1]


@st.composite
def described(draw, depth=2, size=None, names=None):
    """A description with its length, its names and whether its examples are single values."""
    if size is None:
        size = draw(st.integers(1, 5))
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return leaf(draw, size, names or NAMES[: draw(st.integers(1, 3))])
    view = draw(st.sampled_from(sorted(VIEWS)))
    return VIEWS[view](draw, *draw(described(depth - 1, size, names)), depth)


def leaf(draw, size, names):
    kinds = ["lists", "arrays", *(["function"] if len(names) > 1 else ["single"])]
    kind = draw(st.sampled_from(kinds))
    base = draw(st.integers(0, 9)) * 1000
    return ("leaf", kind, names, size, base), size, names


def turned(name):
    def make(draw, inner, size, names, depth):
        return (name, inner), size, names

    return make


def sliced(draw, inner, size, names, depth):
    rows, size = draw_rows(draw, size)
    keys = draw(st.none() | st.permutations(names).map(lambda order: tuple(order[:2])))
    if keys is not None and len(keys) == 1 and draw(st.booleans()):
        return ("slice", inner, rows, keys[0]), size, keys
    return ("slice", inner, rows, keys), size, keys or names


def draw_rows(draw, size):
    """Rows, and how many they are: not none, for a dataset without rows cannot tell its mode."""
    index = st.integers(-size, size - 1)
    choice = draw(st.sampled_from(["slice", "list", "booleans"]))
    if choice == "list":
        rows = draw(st.lists(index, min_size=1, max_size=6))
        return rows, len(rows)
    if choice == "booleans":
        rows = draw(st.lists(st.booleans(), min_size=size, max_size=size).filter(any))
        return rows, sum(rows)
    rows = draw(st.tuples(st.none() | index, st.none() | index, st.sampled_from(STEPS)))
    length = len(range(*slice(*rows).indices(size)))
    return (rows, length) if length else ((None, None, None), size)


def concatenated(draw, inner, size, names, depth):
    parts = [draw(described(depth - 1, names=names)) for _ in range(draw(st.integers(1, 2)))]
    return (
        ("concat", inner, *(part for part, _, _ in parts)),
        size + sum(n for _, n, _ in parts),
        names,
    )


def joined(draw, inner, size, names, depth):
    others = tuple("xyz"[: draw(st.integers(1, 3))])
    if set(others) & set(names):
        return inner, size, names
    other, *_ = leaf(draw, size, others)
    return ("join", inner, other), size, (*names, *others)


def transformed(name):
    def make(draw, inner, size, names, depth):
        out = draw(st.sampled_from(["tuple", "dict", "value"]))
        keys = "t" if out == "value" else ("t", "u")
        return (name, inner, keys, out), size, (keys,) if out == "value" else keys

    return make


VIEWS = {
    "astuple": turned("astuple"),
    "asdict": turned("asdict"),
    "delegate": turned("delegate"),
    "slice": sliced,
    "concat": concatenated,
    "join": joined,
    "transform": transformed("transform"),
    "transform_batch": transformed("transform_batch"),
}


@settings(max_examples=400)
@given(st.data(), described(depth=3))
def test_any_view_of_a_view(both, draw, table):
    description, size, names = table
    rows = st.integers(0, size - 1)
    indices = draw.draw(
        st.none()
        | st.lists(rows, max_size=5)
        | st.tuples(st.none() | rows, st.none() | rows, st.sampled_from(STEPS))
    )
    columns = st.lists(st.integers(0, len(names) - 1), min_size=1, max_size=4).map(tuple)
    both(tables.table, description, indices, draw.draw(st.none() | columns))


A = ("leaf", "lists", ("a", "b"), 3, 0)
B = ("leaf", "arrays", ("a", "b"), 2, 500)
C = ("leaf", "single", ("c",), 3, 0)


@pytest.mark.parametrize(
    "description",
    [
        ("concat", A, C),
        ("join", A, B),
        ("join", A, A),
        ("slice", A, [3], None),
        ("slice", A, [True, False], None),
        ("slice", A, [0], "z"),
        ("slice", A, [0], 2),
        ("leaf", "lists", ("a",), 3, 0),
    ],
    ids=repr,
)
def test_what_does_not_go_together(both, description):
    both(tables.table, description, None, None)
