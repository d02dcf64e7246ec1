"""Names of Chainer's modules that are small: each does what it says."""

from __future__ import annotations

import importlib
import io
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainer_compat
from chainer_compat import link_hooks, memory_layouts, testing, training, variable
from chainer_compat import types as chainer_types
from chainer_compat import warnings as chainer_warnings
from chainer_compat.backend import ChainerxDevice
from chainer_compat.training import extensions

X = np.arange(1, 7, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def chainer() -> Iterator[Any]:
    chainer_compat.install()
    try:
        yield importlib.import_module("chainer")
    finally:
        chainer_compat.uninstall()


def test_operators_are_functions_too(chainer: Any) -> None:
    basic_math = importlib.import_module("chainer.functions.math.basic_math")
    assert chainer.basic_math is basic_math
    assert chainer.array.__name__.endswith("functions.array")
    for name, expected in {
        "mul": X * 2,
        "sub": X - 2,
        "rsub": 2 - X,
        "div": X / 2,
        "rdiv": 2 / X,
        "pow": X**2,
        "rpow": 2**X,
        "floordiv": X // 2,
        "rfloordiv": 2 // X,
    }.items():
        np.testing.assert_allclose(getattr(basic_math, name)(X, 2).array, expected, rtol=1e-6)
    np.testing.assert_array_equal(basic_math.neg(X).array, -X)
    np.testing.assert_allclose(basic_math.rmatmul(X, X.T).array, X.T @ X)


def test_modules_below_chainer_need_its_name() -> None:
    with pytest.raises(AttributeError, match="basic_math"):
        _ = chainer_compat.basic_math


def test_python_2s_operators() -> None:
    v = chainer_compat.Variable(X)
    np.testing.assert_array_equal(v.__div__(2).array, X / 2)
    np.testing.assert_allclose(v.__rdiv__(2).array, 2 / X, rtol=1e-6)
    with pytest.raises(TypeError):
        v.__nonzero__()


def test_texts_of_variables() -> None:
    v = chainer_compat.Variable(X[0], name="x")
    assert variable.variable_repr(v) == repr(v) == "variable x([1., 2., 3.])"
    assert variable.variable_str(v) == str(v)


def test_shapes_of_layouts() -> None:
    last = memory_layouts.CUDNN_CHANNEL_LAST_W
    assert memory_layouts.get_raw_shape(X) == (2, 3)
    assert memory_layouts.get_semantic_shape(chainer_compat.Variable(X)) == (2, 3)
    assert memory_layouts.get_semantic_shape(X, assumed_layout=None) == (2, 3)
    assert memory_layouts.get_semantic_shape(np.ones((1, 2, 3)), assumed_layout=last) == (1, 3, 2)
    for bad in (X, "NCHW"), (chainer_compat.Variable(X), last):
        with pytest.raises(ValueError, match="has layout"):
            memory_layouts.get_semantic_shape(bad[0], assumed_layout=bad[1])
    with pytest.raises(NotImplementedError, match="channels_last"):
        memory_layouts.AsLayout(last)


def test_an_initializer_of_a_users_is_one() -> None:
    class Mine(chainer_types.AbstractInitializer):
        def __call__(self, array: Any) -> None:
            array[...] = 3

    assert not chainer_types.TYPE_CHECKING
    assert chainer_compat.initializers.generate_array(Mine(), (1,), np)[0] == 3
    assert chainer_compat.initializers.types is chainer_types
    assert issubclass(chainer_warnings.PerformanceWarning, RuntimeWarning)


def test_devices_of_chainerx_cannot_be_made() -> None:
    assert ChainerxDevice.from_array(X) is None
    with pytest.raises(RuntimeError, match="ChainerX"):
        ChainerxDevice.from_fallback_device(None)
    with pytest.raises(RuntimeError, match="ChainerX"):
        _ = ChainerxDevice.__new__(ChainerxDevice).fallback_device


def test_static_graphs_run_as_they_are_written(chainer: Any) -> None:
    deep = importlib.import_module("chainer.graph_optimizations.static_graph")
    assert deep.static_graph is chainer.static_graph
    with pytest.raises(NotImplementedError, match="nothing is recorded"):
        deep.ScheduleManager()
    node = chainer.functions.ReLU()
    (y,) = chainer_compat.function_node.static_forward_optimizations(node, (X,))
    np.testing.assert_array_equal(y, X)
    assert chainer_compat.function_node.grad is chainer.grad
    assert chainer_compat.function.FunctionHook is chainer.FunctionHook


def test_deep_helpers_of_tests_and_extensions(chainer: Any) -> None:
    unary = importlib.import_module("chainer.testing.unary_math_function_test")
    assert unary.is_available() is True
    unary.check_available()
    graph = importlib.import_module("chainer.training.extensions.computational_graph")
    assert isinstance(graph.is_graphviz_available(), bool)
    assert not graph.is_return_code_zero(["no such command"])
    assert graph.is_return_code_zero(["true"])
    assert not hasattr(testing, "is_available")
    assert not hasattr(extensions, "Statistician")


def test_private_names_that_libraries_import(chainer: Any) -> None:
    device = importlib.import_module("chainer._backend").Device
    assert isinstance(chainer.get_device("@numpy"), device)
    assert not hasattr(chainer, "Device")
    with link_hooks.TimerHook() as hook:
        assert chainer._get_link_hooks() == {"TimerHook": hook}
    assert chainer._get_link_hooks() == {}
    lstm = importlib.import_module("chainer.functions.activation.lstm")
    assert [g.tolist() for g in lstm._extract_gates(np.arange(4.0)[None])] == [
        [[0.0]], [[1.0]], [[2.0]], [[3.0]],
    ]  # fmt: skip


def test_statistics_of_an_array(chainer: Any) -> None:
    module = importlib.import_module("chainer.training.extensions.variable_statistics_plot")
    found = module.Statistician(True, True, (0, 50))(X, axis=None)
    assert found["mean"] == 3.5
    np.testing.assert_allclose(found["std"], X.std())
    np.testing.assert_array_equal(found["percentile"], [1, 3.5])
    assert module.Statistician(True, False, ())(X, axis=1)["mean"].tolist() == [2, 5]


def test_a_bar_of_a_users() -> None:
    class Bar(extensions.util.ProgressBar):
        def get_lines(self) -> list[str]:
            return ["one\n", "two\n"]

    out = io.StringIO()
    bar = Bar(out=out)
    bar.update()
    bar.close()
    assert out.getvalue() == "\033[Jone\ntwo\n\033[2A\033[J"
    assert bar.update_speed(1, 0.5)[0] == float("inf")
    with pytest.raises(NotImplementedError, match="get_lines"):
        extensions.util.ProgressBar(out=out).update()


def test_an_extension_says_what_it_has_not() -> None:
    extension = training.Extension()
    assert extension.invoke_before_training is False
    with pytest.raises(AttributeError, match="'Extension' has no attribute 'invoke'"):
        _ = extension.invoke
    assert isinstance(pickle.loads(pickle.dumps(extension)), training.Extension)
