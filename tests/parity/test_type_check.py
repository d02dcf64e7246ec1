"""Type checks take, refuse and tell the same as Chainer's."""

from __future__ import annotations

import pytest

from tests.parity.bodies import type_check as bodies


# Chainer evaluates ** as %: see migration_guide/deviations.md.
@pytest.mark.parametrize("name", sorted(set(bodies.SHOWN) - {"power", "power_right"}))
def test_expressions_show_and_evaluate_alike(both, name):
    both(bodies.show, name)


@pytest.mark.parametrize(("name", "expected"), [("power", 4096), ("power_right", 262144)])
def test_powers_show_alike_but_are_powers_here(both, name, expected):
    ours, theirs = both.outcomes(bodies.show, name)

    assert [text for text, _ in ours.value] == [text for text, _ in theirs.value]
    assert ours.value[0][1] == expected


def test_parts_of_expressions_show_and_evaluate_alike(both):
    both(bodies.show_parts)


@pytest.mark.parametrize("body", [bodies.bool_of_an_expression, bodies.hash_of_an_expression])
def test_expressions_refuse_the_same_uses(both, body):
    both(body)


@pytest.mark.parametrize("dtypes", ["ff", "fi", "if"])
@pytest.mark.parametrize(
    "shapes", [((2, 3), (2, 3)), ((2, 3), (3, 2)), ((4, 2, 1), (2,)), ((2,), (5, 2))]
)
@pytest.mark.parametrize("name", sorted(set(bodies.CHECKS) - {"argname_count", "no_comparison"}))
def test_checks_pass_and_fail_with_the_same_message(both, name, shapes, dtypes):
    both(bodies.check, name, shapes, dtypes)


def test_a_wrong_number_of_names_is_refused_alike(both):
    ours, theirs = both.outcomes(bodies.check, "argname_count", ((1,), (1,)), "ff")

    # Ours adds the numbers to the message.
    assert ours.value[2:] == theirs.value[2:]
    assert ours.value[1].startswith("Invalid number of arguments")


def test_only_comparisons_can_be_expected(both):
    both(bodies.check, "no_comparison", ((1,), (1,)), "ff")


@pytest.mark.parametrize("args", [("a", "b"), ("a", "b", "whole")])
def test_the_exception_is_the_same(both, args):
    both(bodies.invalid_type, args)


def test_same_types_is_the_same(both):
    both(bodies.same_types)


def test_shapes_can_be_given_apart(both):
    both(bodies.types_with_shapes)
