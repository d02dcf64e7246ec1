"""The helpers for tests do what Chainer's do."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.bodies import testing as bodies


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("product", ({"a": [1, 2], "b": [3, 4], "c": [5]},)),
        ("product", ({"a,b": [(1, 2), (3, 4)], "c": [(5, 6), 7]},)),
        ("product", ([[{"a": 1}, {"a": 2}], [{"b": 3, "c": 4}]],)),
        ("product", ({},)),
        ("product", ([[1]],)),
        ("product", ([{"a": 1}],)),
        ("product", ("a",)),
        ("product", ({"a": 1},)),
        ("product", ({"a,b": [(1, 2, 3)]},)),
        ("product_dict", ([{"a": 1}, {"a": 2}], [{"a": 3}, {"b": 4}])),
        ("product_dict", ()),
        ("from_pytest_parameterize", ("a,b", [(1, 2)])),
        ("from_pytest_parameterize", ("a", [1, (2, 3)])),
        ("from_pytest_parameterize", (["a"], [1])),
    ],
)
def test_parameters_are_combined_alike(both, name, args):
    both(bodies.combine, name, args)


@pytest.mark.parametrize("params", [[{"n": 1}], [{"n": 1}, {"n": 2, "m": "text"}, {"n": 3}]])
def test_classes_of_parameters_have_the_same_names_and_outcomes(both, params):
    both(bodies.parameterize, params)


def test_decorators_of_classes_follow_each_other_alike(both):
    both(bodies.parameterize_twice)


def test_functions_as_parameters(both):
    both(bodies.function_as_parameter)


def test_long_parameters_are_shortened_alike(both):
    both(bodies.long_parameters)


@pytest.mark.parametrize("decorator", ["repeat", "retry"])
@pytest.mark.parametrize(
    "outcomes",
    [
        ["pass", "pass", "pass"],
        ["fail", "pass", "pass"],
        ["fail", "fail", "fail"],
        ["pass", "fail", "fail"],
    ],
)
def test_flaky_tests_run_as_often(both, decorator, outcomes):
    both(bodies.repeat, decorator, (3,), outcomes)
    both(bodies.repeat, "repeat_with_success_at_least", (3, 2), outcomes)


def test_impossible_conditions_are_refused_alike(both):
    both(bodies.impossible)


@pytest.mark.parametrize(
    ("shape", "dtype", "kwargs"),
    [
        ((3, 2), "d", {"singular_values": [2.0, 1.0]}),
        ((4, 2, 3), "f", {"singular_values": 1}),
        ((2, 2, 2), "F", {"singular_values": [[1, 2], [3, 4]]}),
        ((2, 0), "d", {"singular_values": []}),
        ((2, 0), "d", {"singular_values": [1, 2]}),
        ((3,), "d", {"singular_values": 1}),
        ((3, 3), "i", {"singular_values": 1}),
        ((3, 3), "d", {}),
        ((3, 3), "d", {"singular_values": -1}),
        ((3, 3), "d", {"singular_values": 1j}),
        ((3, 3), "d", {"singular_values": [1, 2]}),
        ((3, 3), "d", {"values": [1, 2]}),
    ],
)
def test_matrices_have_the_same_elements(both, shape, dtype, kwargs):
    both(bodies.generate_matrix, shape, dtype, kwargs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("environment", [{}, {"CHAINER_TEST_RANDOM_NONDETERMINISTIC": "1"}])
def test_fixed_random_numbers_are_the_same(both, environment):
    both(bodies.fixed, environment)
    both(bodies.seed_outside)


@pytest.mark.parametrize("given", [None, "user", "future"])
def test_warnings_are_asserted_alike(both, given):
    both(bodies.assert_warns, given, "future")


@pytest.mark.parametrize(
    "requirements", [["numpy>=1.10"], ["numpy<1.0"], ["no-such-package"], ["numpy", "numpy>99"]]
)
def test_requirements_skip_alike(both, requirements):
    both(bodies.requires, requirements)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"use_cudnn": "always", "autotune": True, "cudnn_deterministic": True},
        {"no_such": 1},
        {"use_chainerx": True},
        [],
    ],
)
def test_devices_to_test_on_are_the_same(both, params):
    both(bodies.backend_config, params)


@pytest.mark.parametrize(
    ("names", "params"), [("test", [{}]), (None, {}), (None, [1]), (None, [{"no_such": 1}])]
)
def test_wrong_injections_are_refused_alike(both, names, params):
    both(bodies.inject, names, params)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (1, 4, 1)])
def test_noncontiguous_copies_have_the_same_strides(both, shape):
    both(bodies.noncontiguous, shape)


def test_links_are_saved_and_loaded_alike(both):
    both(bodies.save_and_load)


@pytest.mark.parametrize("value", [None, 0, np.ones(2), [1]])
def test_initializer_arguments_are_taken_alike(both, value):
    both(bodies.initializer_argument, value)


def test_mock_updaters_count_alike(both):
    both(bodies.mock_updater, 7)
