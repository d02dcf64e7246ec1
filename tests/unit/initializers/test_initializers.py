"""Initializers by themselves: stored numbers, torch tensors, errors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import chainer_compat as chainer
from chainer_compat import initializers
from chainer_compat.errors import ChainerCompatError

# What Chainer 7.8.1 draws after numpy.random.seed(1) for a float32 array of shape (2, 2).
DRAWN = {
    "Normal": [0.08121727, -0.03058782, -0.026408589, -0.05364843],
    "LeCunNormal": [1.1485857, -0.4325771, -0.37347382, -0.7587034],
    "GlorotNormal": [1.1485857, -0.4325771, -0.37347382, -0.7587034],
    "HeNormal": [1.6243454, -0.6117564, -0.5281718, -1.0729686],
    "Uniform": [-0.008297799, 0.022032449, -0.049988564, -0.019766742],
    "LeCunUniform": [-0.20325375, 0.53968257, -1.2244647, -0.48418432],
    "GlorotUniform": [-0.20325375, 0.53968257, -1.2244647, -0.48418432],
    "HeUniform": [-0.2874442, 0.76322645, -1.7316546, -0.68474007],
}
ORTHOGONAL = [1.0460883378982544, -0.3401458263397217, -0.3401458263397217, -1.0460883378982544]
ALL = sorted(name for name in initializers.__all__ if name[0].isupper() and name != "Constant")


def drawn(name, array):
    np.random.seed(1)
    getattr(initializers, name)()(array)
    return array


@pytest.mark.parametrize("name", DRAWN)
def test_a_seed_gives_the_stored_numbers(name):
    assert (
        drawn(name, np.empty((2, 2), np.float32)).ravel().tolist()
        == np.float32(DRAWN[name]).tolist()
    )


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_a_tensor_gets_the_same_numbers_as_an_array(name, dtype):
    tensor = torch.empty((2, 3), dtype=dtype, requires_grad=True)

    assert drawn(name, tensor).tolist() == drawn(name, tensor.detach().clone().numpy()).tolist()


def test_orthogonal_gives_the_stored_numbers():
    array = drawn("Orthogonal", np.empty((2, 2), np.float32))

    np.testing.assert_allclose(array.ravel(), ORTHOGONAL, rtol=1e-6)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 3)])
def test_orthogonal_has_rows_or_columns_at_right_angles(shape):
    matrix = initializers.generate_array(
        initializers.Orthogonal(2.0), shape, np, np.float64
    ).reshape(shape[0], -1)
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T

    np.testing.assert_allclose(matrix @ matrix.T, 4 * np.eye(len(matrix)), atol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_every_initializer_takes_arrays_that_are_not_contiguous(name):
    fill = getattr(initializers, name)()
    np.random.seed(0)
    whole = np.empty((3, 3, 3, 3), np.float32)[..., 0] if "Filter" in name else np.empty((3, 3))
    fill(whole)
    np.random.seed(0)
    view = np.full((*whole.shape, 2), -1, whole.dtype)
    fill(view[..., 0])

    np.testing.assert_array_equal(view[..., 0], whole)
    np.testing.assert_array_equal(view[..., 1], -1)


@pytest.mark.parametrize("name", ALL)
def test_every_initializer_can_be_copied_and_pickled(name):
    made = getattr(initializers, name)(dtype=np.float16)
    for twin in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert twin.dtype == np.float16
        assert vars(twin) == vars(made)


@pytest.mark.parametrize("name", ALL)
def test_every_initializer_refuses_an_array_of_another_dtype(name):
    made = getattr(initializers, name)(dtype="f")
    with pytest.raises(AssertionError, match=f"{name} was made for f; the array is of float64"):
        made(np.empty((2, 2)))


@pytest.mark.parametrize("value", [3, np.float32(3), np.full((2, 1), 3.0), torch.full((2,), 3.0)])
def test_constant_takes_scalars_arrays_and_tensors(value):
    for array in (np.empty((2, 2), np.int32), torch.empty((2, 2))):
        initializers.Constant(value)(array)
        assert array.tolist() == [[3, 3], [3, 3]]


def test_constant_takes_nothing_else():
    with pytest.raises(ValueError, match="scalar or an array"):
        initializers.Constant([1, 2])


def test_the_base_class_fills_nothing():
    with pytest.raises(NotImplementedError, match="__call__"):
        chainer.Initializer()(np.empty(1))


def test_a_generator_leaves_the_global_stream_alone():
    np.random.seed(0)
    expected = np.random.uniform()
    np.random.seed(0)
    first = initializers.generate_array(initializers.Normal(rng=np.random.RandomState(3)), (2,), np)
    second = initializers.generate_array(
        initializers.Normal(rng=np.random.RandomState(3)), (2,), np
    )

    assert first.tolist() == second.tolist()
    assert np.random.uniform() == expected


def test_any_callable_is_an_initializer():
    def ramp(array):
        array[...] = np.arange(array.size)

    assert initializers._get_initializer(ramp) is ramp
    assert initializers.generate_array(ramp, 3, np, "i").tolist() == [0, 1, 2]


def test_a_device_and_another_xp_are_refused():
    with pytest.raises(ValueError, match="xp is"):
        initializers.generate_array(initializers.One(), (1,), torch, device="@numpy")


def test_a_device_may_be_named():
    made = initializers.generate_array(initializers.One(), (2,), np, device="@numpy")

    assert made.tolist() == [1, 1]


@pytest.mark.parametrize("value", [[1], {}, (1, 2)])
def test_what_is_no_initializer_is_refused_with_what_is(value):
    for take in (initializers._get_initializer, initializers._check_is_initializer_like):
        with pytest.raises(TypeError, match="a scalar, an array or None") as caught:
            take(value)
        assert isinstance(caught.value, ChainerCompatError)


class OtherDevice(chainer.backend.Device):
    """A device without arrays of NumPy or CuPy, like a GPU without CuPy; it has no memory."""

    xp = "no array module"
    name = "@meta"
    torch_device = torch.device("meta")


@pytest.mark.parametrize(
    ("name", "shape"),
    [(name, (4, 4)) for name in [*DRAWN, "Identity", "Orthogonal"]] + [("One", 4)],
)
def test_a_device_without_raw_arrays_gets_a_tensor(name, shape):
    device = OtherDevice()
    made = initializers.generate_array(
        getattr(initializers, name)(), shape, device.xp, "d", device=device
    )

    assert made.device == device.torch_device
    assert made.dtype == torch.float64


@pytest.mark.parametrize("name", ["Normal", "Uniform"])
def test_torch_draws_with_the_same_spread(name):
    initializer = getattr(initializers, name)(3.0)
    tensor = torch.empty(100_000)
    initializer._draw_into(tensor, initializer._spread(()))
    array = initializers.generate_array(initializer, 100_000, np)

    assert float(tensor.std()) == pytest.approx(float(array.std()), rel=0.02)
    assert float(tensor.mean()) == pytest.approx(0, abs=0.05)


def test_bad_shapes_are_told():
    cases = {
        "HeNormal": (3,),
        "Identity": (2, 3),
        "Orthogonal": (0, 3),
    }
    for name, shape in cases.items():
        with pytest.raises(ValueError, match=r"shape|tuple"):
            getattr(initializers, name)()(np.empty(shape))
    with pytest.raises(ValueError, match="one size"):
        initializers.UpsamplingDeconvFilter()(np.empty((1, 1, 2, 3)))
    with pytest.raises(TypeError, match="three axes"):
        initializers.UpsamplingDeconvFilter()(np.empty((1, 1)))
    with pytest.raises(AssertionError, match="second axis"):
        initializers.DownsamplingConvFilter()(np.empty((2, 3, 3)))
    with pytest.raises(ValueError, match="a shape is a tuple"):
        chainer.initializer.get_fans([2, 3])


def test_bad_arguments_are_told():
    with pytest.raises(ValueError, match="'fan_in' or 'fan_out'"):
        initializers.HeNormal(fan_option="both")(np.empty((2, 2)))
    with pytest.raises(ValueError, match="mode is one of auto"):
        initializers.Orthogonal(mode="any")
    with pytest.raises(ValueError, match="no orthogonal basis"):
        initializers.Orthogonal(mode="basis")(np.empty((2, 3)))
    with pytest.raises(ValueError, match="'linear' only"):
        initializers.UpsamplingDeconvFilter("cubic")
    with pytest.raises(ValueError, match="was made for float32"):
        initializers.generate_array(initializers.One("f"), 3, np, "d")


def test_a_number_has_a_random_sign():
    values = {
        float(initializers.generate_array(initializers.Orthogonal(2), (), np)) for _ in range(50)
    }

    assert values == {-2.0, 2.0}


def test_downsampling_filters_sum_to_one():
    made = initializers.generate_array(initializers.DownsamplingConvFilter(), (3, 3, 4, 4), np)

    assert made.sum(axis=(2, 3)).tolist() == np.eye(3).tolist()


def test_half_precision_for_mixed16():
    with chainer.using_config("dtype", chainer.mixed16):
        made = initializers.generate_array(initializers.One(dtype=chainer.mixed16), 2, np)

    assert made.dtype == np.float16
