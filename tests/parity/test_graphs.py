"""Graphs as text, and hooks of functions and links, are those of Chainer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity._examples import examples
from tests.parity.bodies import graphs as bodies
from tests.parity.bodies import networks

STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(bodies.STEPS)), st.integers(0, 20), st.integers(0, 20)),
    max_size=12,
)


@given(STEPS, st.integers(1, 3), st.booleans(), st.booleans())
def test_graphs_have_the_same_nodes_labels_and_edges(both, steps, n, remove_variable, show_name):
    options = {"remove_variable": remove_variable, "show_name": show_name}
    both(bodies.dump, steps, options, n)


@pytest.mark.parametrize(
    "options",
    [
        {"variable_style": None, "function_style": None},
        {"variable_style": {"shape": "circle"}, "function_style": {"color": "red"}},
        {"rankdir": "LR"},
        {"remove_variable": True, "function_style": None},
    ],
)
def test_styles_are_the_same(both, options):
    both(bodies.dump, [("add", 0, 1), ("tanh", 3, 0), ("mul", 4, 4)], options, 1)


def test_outputs_may_be_nodes(both):
    both(bodies.dump_of_nodes)


def test_functions_of_the_users_are_shown_alike(both):
    both(bodies.dump_of_functions)


@pytest.mark.parametrize("kind", sorted(bodies.GRADIENTS))
def test_gradients_have_graphs_over_the_same_variables(both, kind):
    both(bodies.gradient, kind, rtol=1e-5)


def test_single_nodes_are_shown_alike(both):
    both(bodies.dot_node)


@pytest.mark.parametrize(
    "what", ["output", "array", "rankdir", "remove_split", "format", "edge", "node"]
)
def test_the_same_is_refused(both, what):
    both(bodies.refused, what)


def test_timers_see_the_same_functions_and_links(both):
    both(bodies.timer)
    both(bodies.link_timer)


HISTORY = [("ReLU", 1.5e-6), ("LinearFunction", 0.25), ("ReLU", 2e-4), ("Sum", 12.0), ("A", 3e-9)]


@pytest.mark.parametrize("unit", ["auto", "auto_foreach", "sec", "ms", "us", "ns", "min"])
@pytest.mark.parametrize("n", [1, 3, 5])
def test_times_are_reported_alike(both, n, unit):
    both(bodies.report, HISTORY[:n], unit)


@pytest.mark.parametrize("end", ["\n", "|"])
def test_inputs_are_printed_alike(both, end):
    both(bodies.printed, end)


def test_gradients_are_printed_alike(both):
    both(bodies.printed_backward)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_power_iteration": 3, "eps": 1e-3},
        {"use_gamma": True},
        {"factor": 2.0},
        {"name": "Mine", "use_gamma": True, "factor": 0.5},
    ],
)
def test_weights_are_normalized_alike(both, options, train):
    both(bodies.spectral, options, train, 3, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("what", ["name", "context", "empty", None])
def test_uses_of_spectral_normalization_are_refused_alike(both, what):
    both(bodies.spectral_refused, what)


@pytest.mark.parametrize("n", [1, 4])
def test_singular_vectors_are_the_same(both, n):
    both(bodies.vectors, n, rtol=1e-9)


WHAT = ["add", "multiply", "sine", "mean", "split", "index", "old", "new", "unchain"]


@examples(ci=100, slow=5000)
@given(
    st.lists(st.tuples(st.sampled_from(WHAT), st.integers(0, 20), st.integers(0, 20)), max_size=8),
    st.lists(st.integers(0, 20), min_size=1, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_networks_have_the_same_gradients(both, steps, ends, retain, twice):
    both(networks.differentiate, steps, ends, retain, twice, rtol=1e-10, atol=1e-10)
