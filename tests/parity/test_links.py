"""Links start with Chainer's weights, give its results, and save its keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainer_compat as chainer
from chainer_compat import links as L
from tests.parity.bodies import links

IMAGES = (2, 4, 6, 5)

CASES = [
    ("Linear", (4, 3), {}, (2, 4)),
    ("Linear", (None, 3), {"nobias": True}, (2, 2, 2)),
    ("Convolution1D", (4, 3, 3), {"pad": 1}, (2, 4, 6)),
    ("Convolution2D", (4, 3, 3), {}, IMAGES),
    ("Convolution2D", (None, 6, (3, 2)), {"stride": 2, "pad": (1, 0), "groups": 2}, IMAGES),
    ("Convolution2D", (3, 3), {"dilate": 2, "nobias": True}, IMAGES),
    ("Convolution3D", (2, 3, 2), {}, (1, 2, 3, 3, 3)),
    ("ConvolutionND", (2, None, 3, 3), {"cover_all": True, "stride": 2}, IMAGES),
    ("Deconvolution1D", (4, 3, 3), {}, (2, 4, 6)),
    ("Deconvolution2D", (4, 3, 4), {"stride": 2, "pad": 1}, IMAGES),
    ("Deconvolution2D", (None, 2, 3), {"stride": 2, "outsize": (14, 12)}, IMAGES),
    ("Deconvolution3D", (2, 3, 2), {}, (1, 2, 3, 3, 3)),
    ("DeconvolutionND", (2, None, 3, 3), {"groups": 1}, IMAGES),
    ("DepthwiseConvolution2D", (None, 2, 3), {}, IMAGES),
    ("DepthwiseConvolution2D", (4, 2, 3), {"nobias": True, "pad": 1}, IMAGES),
    ("DilatedConvolution2D", (4, 3, 3), {"dilate": 2}, IMAGES),
    ("DilatedConvolution2D", (3, 2), {}, IMAGES),
    ("BatchNormalization", (4,), {}, IMAGES),
    ("BatchNormalization", (), {"axis": (0, 2, 3), "decay": 0.5, "eps": 0.1}, IMAGES),
    ("BatchNormalization", (4,), {"use_gamma": False, "use_beta": False}, (3, 4)),
    ("BatchNormalization", ((4, 6, 5),), {"initial_gamma": 2, "initial_avg_var": 3}, IMAGES),
    ("BatchRenormalization", (4,), {"rmax": 2, "dmax": 0.5}, IMAGES),
    ("BatchRenormalization", (4, 3, 5, 0.5, 0.1), {"use_gamma": False}, IMAGES),
    ("BatchRenormalization", ((4, 6),), {"use_beta": False, "initial_gamma": 2}, IMAGES),
    ("DecorrelatedBatchNormalization", (4, 2), {"eps": 0.1}, IMAGES),
    ("DecorrelatedBatchNormalization", (4, 1, 0.5, 0.1, "float32"), {}, IMAGES),
    ("GroupNormalization", (2,), {}, IMAGES),
    ("GroupNormalization", (2, 4), {"initial_beta": 1}, IMAGES),
    ("LayerNormalization", (), {}, (3, 4)),
    ("LayerNormalization", (4,), {"eps": 0.1}, (3, 4)),
    ("Bias", (1, (4,)), {}, IMAGES),
    ("Bias", (2,), {"shape": (6, 5)}, IMAGES),
    ("Scale", (1, (4,)), {}, IMAGES),
    ("Scale", (1, (4, 6), True), {}, IMAGES),
    ("PReLU", (), {}, IMAGES),
    ("PReLU", ((4,),), {"init": -0.5}, IMAGES),
    ("Swish", ((4,),), {}, IMAGES),
    ("Swish", (None,), {"beta_init": 0.5}, IMAGES),
    ("Maxout", (4, 3, 2), {}, (2, 4)),
    ("Maxout", (None, 3, 2), {"initial_bias": None}, (2, 4)),
    ("Highway", (4,), {}, (2, 4)),
    ("Highway", (4, True), {"init_Wh": 0.5}, (2, 4)),
    ("LocalConvolution2D", (4, 3, (6, 5), 3), {}, IMAGES),
    ("LocalConvolution2D", (None, 3), {"ksize": (3, 2), "nobias": True}, IMAGES),
    ("LocalConvolution2D", (4, 3, (6, 5), 3), {"colour": 3, "initial_bias": 2}, IMAGES),
    ("MLPConvolution2D", (4, (3, 2), 3), {"pad": 1}, IMAGES),
    ("MLPConvolution2D", ((3, 2, 4), 3), {"bias_init": 1}, IMAGES),
    ("DeformableConvolution2D", (4, 3, 3), {"deform_initialW": 0.5}, IMAGES),
    (
        "DeformableConvolution2D",
        (None, 3, (3, 2), 2, (1, 0), True, 0.1, None, True, 0.3),
        {"offset_initial_bias": 1, "deform_initial_bias": 2},
        IMAGES,
    ),
    ("DeformableConvolution2D", (None, 3, 3), {"deform_initial_bias": 2}, IMAGES),
    ("Inception", (4, 1, 2, 3, 2, 1, 2), {}, IMAGES),
    ("InceptionBN", (4, 1, 2, 3, 2, 1, "max", 2), {}, IMAGES),
    ("InceptionBN", (None, 0, 2, 3, 2, 1, "avg", None, 2), {"conv_init": 0.1}, IMAGES),
    ("InceptionBN", (4, 0, 2, 3, 2, 1, "max", 3, 2), {"dtype": "float32"}, IMAGES),
    ("Inception", (None, 1, 2, 3, 2, 1, 2), {"conv_init": 0.1, "bias_init": 1}, IMAGES),
]


@pytest.mark.parametrize(("name", "arguments", "options", "shape"), CASES, ids=str)
def test_weights_results_and_gradients(
    both: Any, name: str, arguments: Any, options: Any, shape: Any
) -> None:
    both(links.used, name, arguments, options, shape, "float32", rtol=1e-5, atol=1e-5)


def test_embeddings(both: Any) -> None:
    both(links.used, "EmbedID", (3, 4), {}, (2, 2), "int32", rtol=1e-5, atol=1e-5)
    both(links.used, "EmbedID", (3, 4), {"ignore_label": 1}, (5,), "int32", rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("Convolution2D", (None, 3, 3), {}),
        ("Deconvolution2D", (None, 3, 3), {}),
        ("DepthwiseConvolution2D", (None, 2, 3), {}),
        ("BatchNormalization", (), {"axis": (0, 2, 3)}),
        ("GroupNormalization", (2,), {}),
    ],
)
def test_a_link_that_was_not_called_loads_what_another_saved(
    both: Any, name: str, arguments: Any, options: Any
) -> None:
    both(links.loaded, name, arguments, options, IMAGES, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("Convolution2D", (4, 4, 3), {"groups": 3}),
        ("Convolution2D", (4, 4, 3), {"colour": 3}),
        ("Convolution2D", (5, 4, 3), {}),
        ("BatchNormalization", (), {}),
        ("BatchNormalization", (3,), {}),
        ("BatchRenormalization", (3,), {}),
        ("BatchRenormalization", (None,), {}),
        ("BatchRenormalization", (), {}),
        ("DecorrelatedBatchNormalization", (4,), {}),
        ("DecorrelatedBatchNormalization", (4, 3), {}),
        ("LayerNormalization", (3,), {}),
        ("Bias", (), {}),
        ("Scale", (1, None, True), {}),
        ("InceptionBN", (4, 1, 2, 3, 2, 1, "min", 2), {}),
        ("InceptionBN", (4, 1, 2, 3, 2, 1, "max"), {}),
        ("InceptionBN", (4, 1, 2, 3, 2, 1, "max", 2, 2), {}),
        ("DeformableConvolution2D", (5, 3, 3), {}),
        ("MLPConvolution2D", (4, (), 3), {}),
        ("MLPConvolution2D", (4, (3,), 3, 1, 0, None, 1), {}),
        ("Bilinear", (2, 3, 4), {"initial_bias": 0}),
        ("Parameter", (3,), {}),
    ],
)
def test_bad_arguments_give_the_same_class_of_error(
    both: Any, name: str, arguments: Any, options: Any
) -> None:
    both(links.used, name, arguments, options, IMAGES, "float32")


@pytest.mark.parametrize(
    ("name", "arguments", "options", "batches"),
    [
        ("LSTM", (4, 3), {}, (2, 2, 2)),
        ("LSTM", (3,), {}, (3, 2, 2, 1)),
        ("LSTM", (None, 3), {"bias_init": 2, "forget_bias_init": -1}, (3, 0, 0)),
        ("LSTM", (4, 3), {"lateral_init": 0.1, "upward_init": 0.2}, (2, 1)),
        ("LSTM", (4, 3), {}, (2, 3)),
        ("LSTM", (4, 3), {"bias_init": "none"}, (2,)),
        ("StatelessLSTM", (4, 3), {}, (2, 2)),
        ("StatelessLSTM", (3,), {}, (2, 2, 2)),
        ("StatelessLSTM", (None, 3), {"forget_bias_init": 0}, (2,)),
        ("StatelessGRU", (4, 3), {}, (2, 2)),
        ("StatelessGRU", (None, 3), {"init": 0.5, "bias_init": 1}, (2, 2)),
        ("StatefulGRU", (4, 3), {}, (2, 2, 2)),
        ("StatefulGRU", (None, 3), {"inner_init": 0.3}, (2, 2)),
        ("GRU", (4, 3), {"bias_init": 2}, (2, 2)),
        ("GRU", (4, 3), {}, (2, 1)),
        ("StatelessMGU", (4, 3), {}, (2, 2)),
        ("StatefulMGU", (4, 3), {}, (2, 2, 2)),
        ("StatefulMGU", (4, 3), {}, (2, 1)),
        ("StatefulMGU", (None, 3), {}, (2,)),
        ("StatefulPeepholeLSTM", (4, 3), {}, (2, 2, 2)),
        ("StatefulPeepholeLSTM", (None, 3), {}, (2, 2)),
        ("StatefulPeepholeLSTM", (4, 3), {}, (2, 1)),
        ("StatefulZoneoutLSTM", (4, 3), {}, (2, 2, 2)),
        ("StatefulZoneoutLSTM", (None, 3, 0.1, 0.9), {}, (2, 2, 2)),
        ("StatefulZoneoutLSTM", (4, 3), {"c_ratio": 0.0, "h_ratio": 1.0}, (2, 2)),
        ("StatefulZoneoutLSTM", (4, 3), {"other": True}, (2, 2)),
    ],
    ids=str,
)
def test_recurrent_links_step_by_step(
    both: Any, name: str, arguments: Any, options: Any, batches: Any
) -> None:
    both(links.stepped, name, arguments, options, batches, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("LSTM", ("c", "h")),
        ("StatefulGRU", ("h",)),
        ("GRU", ("h",)),
        ("StatefulMGU", ("h",)),
        ("StatefulZoneoutLSTM", ("c", "h")),
    ],
)
def test_recurrent_links_keep_a_state_that_can_be_set(both: Any, name: str, names: Any) -> None:
    both(links.state_kept, name, names, rtol=1e-5, atol=1e-6)
    both(links.state_refused, name, len(names))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_gru_takes_one_input(both: Any, count: int) -> None:
    both(links.called_with, "GRU", (4, 3), *[(2, 4)] * count, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "arguments", "shapes"),
    [
        ("Bilinear", (4, 3, 5), [(2, 4), (2, 3)]),
        ("Bilinear", (4, 3, 5, True), [(2, 2, 2), (2, 3)]),
        ("Bilinear", (4, 3, 5, False, 0.5, (None, 0.1, 2)), [(2, 4), (2, 3)]),
        ("Bilinear", (4, 3, 5), [(2, 4), (2, 4)]),
        ("Bias", (), [(2, 3), (3,)]),
        ("Bias", (1, (3,)), [(2, 3), (3,)]),
        ("Scale", (), [(2, 3), (3,)]),
        ("Scale", (1, None, True, (3,)), [(2, 3), (3,)]),
        ("Scale", (1, (3,)), [(2, 3), (3,)]),
    ],
    ids=str,
)
def test_links_of_several_inputs(both: Any, name: str, arguments: Any, shapes: Any) -> None:
    both(links.called_with, name, arguments, *shapes, rtol=1e-5, atol=1e-5)


def test_initial_arrays(both: Any) -> None:
    both(links.with_arrays, "Bilinear", (2, 3, 4), "initialW", (2, 3, 4))
    both(links.with_arrays, "Bilinear", (2, 3, 4), "initialW", (2, 3, 3))
    both(links.with_arrays, "Maxout", (4, 3, 2), "initialW", (3, 2, 4))
    both(links.with_arrays, "Maxout", (4, 3, 2), "initialW", (6, 4))
    both(links.with_arrays, "Maxout", (4, 3, 2), "initial_bias", (3, 2))
    both(links.filled_by_functions)


def test_a_link_that_holds_a_parameter(both: Any) -> None:
    both(links.parameter_held)


def test_a_volatile_parameter_has_no_graph_as_in_chainer_1() -> None:
    held = chainer.links.Parameter(np.ones(2, np.float32))
    assert held("off").creator is not None
    assert held("on").creator is None


def test_local_filters_are_as_many_as_the_stride_leaves_places() -> None:
    link = chainer.links.LocalConvolution2D(1, 2, 7, 3, stride=2, initialW=1)
    assert link.W.shape == (2, 3, 3, 1, 3, 3)
    assert link(np.ones((1, 1, 7, 7), np.float32)).array.tolist() == [[[[9.0] * 3] * 3] * 2]


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("BatchNormalization", (4,), {}),
        ("BatchRenormalization", (4, 2, 1), {}),
        ("DecorrelatedBatchNormalization", (4, 2), {}),
    ],
)
def test_statistics_are_finetuned(both: Any, name: str, arguments: Any, options: Any) -> None:
    both(links.finetuned, name, arguments, options, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("finetune", [False, True])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("BatchNormalization", (4,)),
        ("BatchRenormalization", (4, 2, 1)),
        ("DecorrelatedBatchNormalization", (4, 2)),
    ],
)
def test_a_batch_counts_once_when_it_is_normalized_again(
    both: Any, name: str, arguments: Any, finetune: bool
) -> None:
    both(links.forgotten, name, arguments, finetune, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("groups", "shapes"),
    [
        (2, ((2, 2), (2, 2, 2))),
        (1, ((4,), (4, 4))),
        (2, ((2,), (2, 2))),
        (2, ((1, 2, 2), (2, 2, 2))),
        (2, ((2, 2), (2,))),
    ],
)
def test_the_statistics_of_old_files_load(both: Any, groups: int, shapes: Any) -> None:
    both(links.loaded_whitening, groups, shapes)


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize(
    ("name", "shape", "bias", "options"),
    [
        ("Linear", (3, 2), None, {}),
        ("Linear", (3, 2), 3, {}),
        ("Linear", (3, 2), 3, {"nobias": True}),
        ("EmbedID", (3, 2), None, {}),
        ("EmbedID", (3, 2), None, {"ignore_label": 1}),
        ("Convolution2D", (4, 2, 3, 2), 4, {"stride": 2, "pad": (1, 0)}),
        ("Convolution2D", (4, 2, 2, 2), None, {"groups": 2, "dilate": 2}),
        ("ConvolutionND", (4, 2, 3), 4, {"cover_all": True, "stride": 2}),
        ("ConvolutionND", (4, 2, 3, 2), None, {"nobias": True, "groups": 2}),
        ("Linear", (3, 2), 2, {}),
        ("Linear", (3, 2, 1), None, {}),
        ("Convolution2D", (4, 2, 3, 3), 3, {}),
        ("Convolution2D", (4, 2, 3), 4, {}),
        ("Convolution2D", (4, 2, 3, 3), None, {"cover_all": True}),
        ("ConvolutionND", (4, 2, 3), 2, {}),
        ("Deconvolution2D", (4, 2, 3, 3), None, {}),
        ("BatchNormalization", (4,), None, {}),
    ],
    ids=str,
)
def test_links_from_their_parameters(
    both: Any, name: str, shape: Any, bias: Any, options: Any, wrap: bool
) -> None:
    both(links.from_parameters, name, shape, bias, options, "float32", wrap, rtol=1e-5, atol=1e-6)


def test_a_link_from_parameters_of_another_dtype(both: Any) -> None:
    both(links.from_parameters, "Linear", (3, 2), 3, {}, "float64", rtol=1e-5)


def test_convolutions_of_one_and_three_axes_from_their_parameters() -> None:
    """Chainer passes them a number of axes, which they do not take."""
    weights = np.ones((4, 2, 3), np.float32)
    layer = L.Convolution1D.from_params(weights, stride=2)
    np.testing.assert_array_equal(layer.W.array, weights)
    assert layer.stride == (2,)
    assert L.Convolution3D.from_params(np.ones((4, 2, 1, 2, 3), np.float32)).ksize == (1, 2, 3)
    with pytest.raises(ValueError, match="one spatial axis"):
        L.Convolution1D.from_params(np.ones((4, 2, 3, 3), np.float32))


EDITS = [
    *("append", "insert", "set", "delete", "pop", "remove", "remove type", "extend", "add to"),
    *("copy", "repeat", "nest", "flatten", "part"),
]


@given(
    st.sampled_from(["share", "copy", "init"]),
    st.lists(
        st.tuples(st.sampled_from(EDITS), st.integers(0, 9), st.booleans()),
        max_size=8,
    ),
    st.lists(st.booleans(), max_size=5),
)
def test_the_links_of_a_sequential_are_named_as_in_chainer(
    both: Any, mode: str, steps: Any, layers: Any
) -> None:
    """Whatever its history. Files know them by these names, not in the order of the layers."""
    both(links.sequential, mode, steps, layers)


@given(st.lists(st.sampled_from(["chain", "net", "list", "sequential"]), max_size=4))
def test_copies_that_are_drawn_anew_get_chainers_numbers(both: Any, shape: Any) -> None:
    both(links.drawn_again, shape)


@pytest.mark.parametrize(
    "what",
    [
        *("set behind the end", "set before the start", "set what cannot be called", "pop"),
        *("delete", "remove", "copy", "copy parameters", "add", "pickle"),
    ],
)
def test_a_sequential_refuses_alike(both: Any, what: str) -> None:
    assert both(links.sequential_refuses, what) is None


@pytest.mark.parametrize("place", [-3, 3])
def test_a_sequential_has_no_place_outside(both: Any, place: int) -> None:
    both(links.inserted, place)
