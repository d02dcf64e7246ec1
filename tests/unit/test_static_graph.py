"""Decorators of static graphs leave what they decorate as it is; exporters say what to use."""

from __future__ import annotations

import io

import numpy as np
import pytest

import chainer_compat as chainer
from chainer_compat.errors import NotSupportedError
from chainer_compat.exporters import caffe
from chainer_compat.graph_optimizations import static_code, static_graph


@pytest.mark.parametrize(
    "decorate", [static_graph, static_graph(verbosity_level=1, minimize_cache_size=False)]
)
def test_a_static_chain_runs_as_it_is_written(decorate):
    calls = []

    class Model(chainer.Chain):
        @decorate
        def forward(self, x, scale=1):
            """Doc."""
            calls.append(scale)
            return x * scale

    model = Model()
    x = chainer.Variable(np.ones(2, "f"))
    results = [model(x).array.tolist(), model(x, scale=3).array.tolist()]
    model.schedule_manager.end_forward()

    assert results == [[1, 1], [3, 3]]
    assert calls == [1, 3]
    assert Model.forward.__doc__ == "Doc."


def test_static_code_runs_each_time():
    def double(x):
        return 2 * x

    assert static_code(double) is double
    assert static_code(func_name="name")(double) is double


@pytest.mark.parametrize("decorator", [static_graph, static_code])
def test_unknown_options_are_refused(decorator):
    with pytest.raises(TypeError, match="speed"):
        decorator(speed=3)


def test_exporting_to_caffe_says_how_to_export():
    with pytest.raises(NotSupportedError, match=r"torch\.onnx\.export"):
        caffe.export(None, [])
    with pytest.raises(AttributeError, match="import_"):
        caffe.import_()


def test_the_versions_of_what_is_installed_are_printed():
    out = io.StringIO()
    chainer.print_runtime_info(out)
    names = [line.split(":")[0] for line in out.getvalue().splitlines()]

    assert names[:2] == ["Platform", "Python"]
    assert {"Chainer", "ChainerX", "NumPy", "PyTorch", "CUDA", "CuPy", "iDeep"} <= set(names)
