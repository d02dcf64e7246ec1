"""Type checks by themselves."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat.errors import ChainerCompatError
from chainer_compat.utils import type_check


class Doubling:
    label = "Doubling"

    def __init__(self, check):
        self.runs = 0
        self.check = check

    def check_type_forward(self, in_types):
        self.runs += 1
        self.check(in_types)


def floats_only(in_types):
    type_check.expect(in_types.size() == 1, in_types[0].dtype.kind == "f")


def test_a_check_that_passes_runs_once_and_on_plain_values():
    function = Doubling(floats_only)
    type_check.check_forward(function, (np.zeros(2, "f"),))

    assert function.runs == 1
    assert not type_check.in_light_mode()


def test_a_check_that_fails_tells_the_function_what_was_expected_and_found():
    with pytest.raises(type_check.InvalidType) as caught:
        type_check.check_forward(Doubling(floats_only), (np.zeros(2, "i"),))

    assert str(caught.value) == (
        "\nInvalid operation is performed in: Doubling (Forward)\n\n"
        "Expect: in_types[0].dtype.kind == f\nActual: i != f"
    )
    assert isinstance(caught.value, ChainerCompatError)


def test_an_exception_of_another_kind_ends_light_mode():
    def broken(in_types):
        raise KeyError("broken")

    with pytest.raises(KeyError):
        type_check.check_forward(Doubling(broken), (np.zeros(2),))
    assert not type_check.in_light_mode()


def test_a_tensor_shows_the_dtype_of_numpy():
    type_check.check_forward(Doubling(floats_only), (torch.zeros(2),))
    with pytest.raises(type_check.InvalidType, match="Actual: i != f"):
        type_check.check_forward(Doubling(floats_only), (torch.zeros(2, dtype=torch.int64),))


def test_variables_of_version_1_work_in_light_mode():
    # Chainer 1's functions name values by type_check.Variable instead of make_variable.
    def check(in_types):
        n = type_check.Variable(2, "n")
        type_check.expect(in_types[0].shape[0] == n)
        assert type_check.eval(n) == 2

    type_check.check_forward(Doubling(check), (np.zeros(2),))
    with pytest.raises(type_check.InvalidType, match=r"Expect: in_types\[0\].shape\[0\] == n"):
        type_check.check_forward(Doubling(check), (np.zeros(3),))


def test_fail_gets_its_label_afterwards_and_only_once():
    with pytest.raises(type_check.InvalidType) as caught:
        type_check.fail("x.ndim == 2", "3 != 2")
    caught.value.add_label("Linear")
    caught.value.add_label("Wrapper")

    assert str(caught.value) == (
        "\nInvalid operation is performed in: Linear (Forward)\n\n"
        "Expect: x.ndim == 2\nActual: 3 != 2"
    )
    assert (caught.value.expect, caught.value.actual) == ("x.ndim == 2", "3 != 2")


def test_a_message_with_its_label_survives_pickling():
    with type_check.get_function_check_context(Doubling(floats_only)):
        error = type_check.InvalidType("a", "b")
    twin = pickle.loads(pickle.dumps(error))
    twin.add_label("Other")

    assert str(twin) == str(error)


def test_contexts_nest():
    inner, outer = Doubling(None), Doubling(None)
    inner.label = "Inner"
    with type_check.get_function_check_context(outer):
        with type_check.get_function_check_context(inner):
            assert "Inner" in str(type_check.InvalidType("a", "b"))
        assert "Doubling" in str(type_check.InvalidType("a", "b"))
    assert str(type_check.InvalidType("a", "b")) == "Expect: a\nActual: b"


def test_light_mode_is_of_one_thread():
    seen = []
    with type_check.light_mode:
        thread = threading.Thread(target=lambda: seen.append(type_check.in_light_mode()))
        thread.start()
        thread.join()

    assert seen == [False]


@pytest.mark.parametrize("accept", [True, False])
def test_none_stands_for_a_missing_gradient_where_it_may(accept):
    data = (np.zeros((2, 3)), None)
    if accept:
        types = type_check.get_types(data, "g", accept_none=True)
        assert [str(t) for t in types] == ["g[0]", "g[1]"]
        assert types[1].dtype.eval() is None
    else:
        with pytest.raises(AssertionError, match=r"g\[1\] is no array"):
            type_check.get_types(data, "g", accept_none=False)


def test_expressions_can_be_copied_and_pickled():
    x = type_check.Variable(3, "x")
    for twin in (copy.deepcopy(x + 1), pickle.loads(pickle.dumps(x + 1))):
        assert (str(twin), twin.eval()) == ("x + 1", 4)


def test_powers_are_powers():
    x = type_check.Variable(3, "x")

    assert (x**2).eval() == 9
    assert (2**x).eval() == 8


def test_an_array_is_told_from_what_is_none():
    assert type_check._make_variable_from_array(np.zeros(3), "x").shape.eval() == (3,)
    with type_check.light_mode:
        assert type_check._make_variable_from_array(np.zeros(3), "x").shape == (3,)
    with pytest.raises(type_check.InvalidType, match=r"isinstance\(x, ndarray\)"):
        type_check._make_variable_from_array([1], "x")


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ((np.zeros(1), np.ones(2)), True),
        ((torch.zeros(1), torch.ones(2)), True),
        ((torch.zeros(1), np.ones(2)), False),
        ((np.zeros(1), [1]), False),
    ],
)
def test_same_types_knows_the_libraries(arrays, expected):
    assert type_check.same_types(*arrays) is expected


@pytest.mark.parametrize("cls", [type_check.Expr, type_check.Testable])
def test_the_base_classes_do_nothing(cls):
    base = cls(0) if cls is type_check.Expr else cls()
    with pytest.raises(NotImplementedError):
        base.eval() if cls is type_check.Expr else base.expect()


@pytest.mark.parametrize("expected", [2, 3])
def test_checks_of_version_1_ask_expressions_for_their_values(expected):
    class Twice(chainer.Function):
        def check_type_forward(self, in_types):
            n_in = in_types.size()
            type_check.expect(n_in >= 1)
            x_type, *_ = in_types
            if n_in.eval() == 1:
                type_check.expect(x_type.ndim == expected)
            assert type_check.eval(x_type.ndim) == x_type.ndim.eval() == len(x_type.shape.eval())

        def forward(self, inputs):
            return (inputs[0] * 2,)

    x = np.ones((2, 3), np.float32)
    if expected == x.ndim:
        assert Twice()(x).array[0, 0] == 2
    else:
        with pytest.raises(type_check.InvalidType, match=r"in_types\[0\].ndim == 3"):
            Twice()(x)


def test_an_attribute_that_is_missing_is_told_as_it_is():
    class Wrong(chainer.Function):
        def check_type_forward(self, in_types):
            assert in_types[0].colour

    with pytest.raises(AttributeError, match="colour"):
        Wrong()(np.ones(2, np.float32))
