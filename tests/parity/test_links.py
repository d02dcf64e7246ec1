"""Links start with Chainer's weights, give its results, and save its keys."""

from __future__ import annotations

from typing import Any

import pytest

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
    ("GroupNormalization", (2,), {}, IMAGES),
    ("GroupNormalization", (2, 4), {"initial_beta": 1}, IMAGES),
    ("LayerNormalization", (), {}, (3, 4)),
    ("LayerNormalization", (4,), {"eps": 0.1}, (3, 4)),
]


@pytest.mark.parametrize(("name", "arguments", "options", "shape"), CASES, ids=str)
def test_weights_results_and_gradients(
    both: Any, name: str, arguments: Any, options: Any, shape: Any
) -> None:
    both(links.used, name, arguments, options, shape, "float32", rtol=1e-4, atol=1e-5)


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
        ("Convolution2D", (4, 4, 3), {"deterministic": True}),
        ("Convolution2D", (5, 4, 3), {}),
        ("BatchNormalization", (), {}),
        ("BatchNormalization", (3,), {}),
        ("LayerNormalization", (3,), {}),
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
    ],
    ids=str,
)
def test_recurrent_links_step_by_step(
    both: Any, name: str, arguments: Any, options: Any, batches: Any
) -> None:
    both(links.stepped, name, arguments, options, batches, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "names"), [("LSTM", ("c", "h")), ("StatefulGRU", ("h",)), ("GRU", ("h",))]
)
def test_recurrent_links_keep_a_state_that_can_be_set(both: Any, name: str, names: Any) -> None:
    both(links.state_kept, name, names, rtol=1e-5, atol=1e-6)
    both(links.state_refused, name, len(names))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_gru_takes_one_input(both: Any, count: int) -> None:
    both(links.called_with, "GRU", (4, 3), *[(2, 4)] * count, rtol=1e-5, atol=1e-6)
