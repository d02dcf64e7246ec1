"""From the same seed, the very same numbers as Chainer."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.bodies import initializers as bodies

DRAWN = {
    "Normal": ({}, {"scale": 0.3}),
    "LeCunNormal": ({}, {"scale": 2}),
    "GlorotNormal": ({}, {"scale": 0.5}),
    "HeNormal": ({}, {"scale": 2**0.5}, {"fan_option": "fan_out"}),
    "Uniform": ({}, {"scale": 3}),
    "LeCunUniform": ({}, {"scale": 0.5}),
    "GlorotUniform": ({}, {"scale": 2}),
    "HeUniform": ({}, {"scale": 0.1}),
}
FIXED = {
    "Constant": ({"fill_value": 3}, {"fill_value": -0.1}),
    "Zero": ({},),
    "One": ({},),
    "NaN": ({},),
}
FILTERS = ("UpsamplingDeconvFilter", "DownsamplingConvFilter")


def cases(table):
    return [(name, kwargs) for name, choices in table.items() for kwargs in choices]


@pytest.mark.parametrize("dtype", ["e", "f", "d", None])
@pytest.mark.parametrize("shape", [(3, 4), (5, 2, 3, 3), (7, 1, 2), (0, 4)])
@pytest.mark.parametrize(("name", "kwargs"), cases(DRAWN))
def test_the_global_stream_gives_the_same_bits(both, name, kwargs, shape, dtype):
    both(bodies.generate, name, kwargs, shape, dtype)


@pytest.mark.parametrize(("name", "kwargs"), cases(DRAWN))
def test_a_generator_gives_the_same_bits(both, name, kwargs):
    both(bodies.generate_with_rng, name, kwargs, (4, 5), "f", 3)


@pytest.mark.parametrize(("name", "kwargs"), cases(FIXED))
def test_constants_are_the_same(both, name, kwargs):
    for shape in [(), 4, (2, 3)]:
        both(bodies.generate, name, kwargs, shape, None)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (4, 2, 3), (1, 1), (3,), ()])
@pytest.mark.parametrize("kwargs", [{}, {"scale": 0.5}])
def test_orthogonal_gives_the_same_numbers(both, kwargs, shape):
    # LAPACK of another build may round otherwise in the last bits.
    both(bodies.generate, "Orthogonal", kwargs, shape, "d", rtol=1e-12, atol=1e-14)
    both(bodies.generate_with_rng, "Orthogonal", kwargs, shape, "f", 5, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("mode", ["auto", "projection", "embedding", "basis", "other"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (3, 2), (0, 3)])
def test_the_modes_of_orthogonal_take_and_refuse_the_same_shapes(both, mode, shape):
    both(bodies.generate, "Orthogonal", {"mode": mode}, shape, "f", rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("shape", [(2, 2, 3), (3, 3, 4, 4), (3, 1, 5, 5), (2, 2, 2, 2, 2)])
@pytest.mark.parametrize("name", FILTERS)
def test_filters_are_the_same(both, name, shape):
    for dtype in "fd":
        both(bodies.generate, name, {}, shape, dtype)


@pytest.mark.parametrize("shape", [(2, 3, 3, 3), (2, 2, 3, 4), (2, 2)])
@pytest.mark.parametrize("name", FILTERS)
def test_filters_refuse_the_same_shapes(both, name, shape):
    both(bodies.generate, name, {}, shape, "f")


@pytest.mark.parametrize("name", FILTERS)
def test_filters_know_one_interpolation(both, name):
    both(bodies.generate, name, {"interpolation": "cubic"}, (2, 2, 3), "f")


@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (3,)])
def test_identity_is_the_same(both, shape):
    both(bodies.generate, "Identity", {}, shape, None)
    both(bodies.generate, "Identity", {"scale": 2}, shape, "d")


@pytest.mark.parametrize("config_dtype", [None, "d", "mixed16"])
@pytest.mark.parametrize("own_dtype", [None, "f", "e", "mixed16"])
@pytest.mark.parametrize("dtype", [None, "f", "e", "mixed16"])
def test_the_dtype_comes_from_the_same_place(both, config_dtype, own_dtype, dtype):
    both(bodies.generate_under_config, config_dtype, own_dtype, dtype)


@pytest.mark.parametrize("name", ["Normal", "HeNormal", "Orthogonal", "One", "Identity"])
@pytest.mark.parametrize("dtype", ["f", "d"])
def test_an_initializer_of_a_dtype_fills_no_other(both, name, dtype):
    both(bodies.fill, name, {"dtype": "f"}, (2, 2), dtype, rtol=1e-6)


def test_floats_may_be_cast_to_integers(both):
    both(bodies.fill, "Constant", {"fill_value": 2.5}, (2,), "i")
    both(bodies.fill, "Constant", {"fill_value": np.array([1.5, 2.5])}, (3, 2), "i")


@pytest.mark.parametrize("fan_option", ["fan_all", None])
def test_an_unknown_fan_is_refused(both, fan_option):
    both(bodies.generate, "HeNormal", {"fan_option": fan_option}, (2, 2), "f")


@pytest.mark.parametrize("name", ["Normal", "HeUniform", "Orthogonal"])
def test_unknown_arguments_are_refused(both, name):
    both(bodies.generate, name, {"sclae": 1}, (2, 2), "f")


@pytest.mark.parametrize("shape", [(3,), (), (2, 0)])
@pytest.mark.parametrize("name", ["LeCunNormal", "GlorotUniform"])
def test_shapes_without_a_fan_are_refused(both, name, shape):
    both(bodies.generate, name, {}, shape, "f")


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (5,), [2, 3], 4])
def test_fans_are_the_same(both, shape):
    both(bodies.fans, shape)


@pytest.mark.parametrize(
    "value", [None, 1, 0.5, np.float32(2), np.arange(6.0).reshape(2, 3), np.ones(3), [1], {}]
)
def test_what_stands_for_an_initializer_is_the_same(both, value):
    both(bodies.standing_for, value, (2, 3))
    both(bodies.check, value)
