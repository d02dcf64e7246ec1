"""What hooks and exporters read off the nodes that functions record, and what they call there."""

from __future__ import annotations

from inspect import getattr_static
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainer_compat.functions._body_node import Option, kinds
from chainer_compat.functions._node_attributes import Derived
from tests.parity import _comparing, _running
from tests.parity._examples import examples
from tests.parity.bodies import nodes
from tests.parity.functions import _table
from tests.parity.functions._contract import TOLERANCES, Arguments, Row, precision

_R = np.random.RandomState(0)
X = _R.uniform(0.1, 1, (2, 4)).astype(np.float32)
W = _R.uniform(-1, 1, (3, 4)).astype(np.float32)


def _fixed(*values: Any, **options: Any) -> Any:
    def draw_arguments(draw: Any) -> Arguments:
        arrays = [("v" if isinstance(v, np.ndarray) else "o", v) for v in values]
        return arrays, options

    return draw_arguments


# What no family's table has: operators, which are called by their names, and others.
_MORE = [
    Row("absolute", _fixed(X)),
    Row("add", _fixed(X, X, X)),
    Row("average", _fixed(X, axis=1)),
    Row("get_item", _fixed(X, (None, 1, -2))),
    Row("linear", _fixed(X, W, W[:, 0].copy())),
    Row("linear", _fixed(X.reshape(2, 2, 2), W), label=" of more axes"),
    Row("linear", _fixed(X.reshape(1, 2, 4), W, n_batch_axes=2), label=" of batches"),
    Row("mean", _fixed(X, axis=(0, 1), keepdims=True)),
    Row("sum", _fixed(X, axis=(0,))),
    Row("sum", _fixed(X, axis=1), label=" along one axis"),
    *(
        Row(name, _fixed(*values))
        for name, values in [
            ("__add__", (X, 2.5)),
            ("__add__", (X, X)),
            ("__getitem__", (X, 1)),
            ("__matmul__", (X, W.T.copy())),
            ("__mul__", (-3, X)),
            ("__mul__", (X, X)),
            ("__neg__", (X,)),
            ("__pow__", (2, X)),
            ("__pow__", (X, 2)),
            ("__pow__", (X, X)),
            ("__sub__", (1.5, X)),
            ("__sub__", (X, X)),
            ("__truediv__", (4, X)),
            ("__truediv__", (X, X)),
        ]
    ),
]
ROWS = [*_table.ROWS, *_MORE]

# Where one function of ours is several of Chainer's, or the reverse.
COMPOSED = {
    *(
        "argmax_crf1d",
        "average",
        "bias",
        "black_out",
        "crf1d",
        "forget",
        "mean",
        "deformable_convolution_2d_sampler",
    ),
    *("discriminative_margin_based_clustering_loss", "flatten", "gaussian_kl_divergence"),
    *("n_step_bigru", "n_step_bilstm", "n_step_birnn", "n_step_gru", "n_step_lstm", "n_step_rnn"),
    *("gaussian_nll", "identity", "reshape", "rsqrt", "scale", "softmax_cross_entropy"),
    *("spatial_pyramid_pooling_2d", "transpose_sequence"),
}

# What Chainer computes in between and keeps for its backward pass: torch keeps its own. A list
# that may only shrink.
MISSING = {
    "AbsoluteError": "diff",
    "AsStrided": "input_geometry",
    "BatchNormalization": "forward_data inv_std mean var",
    "BatchRenormalizationFunction": "r std x_hat x_hat_renorm",
    "ConnectionistTemporalClassification": (
        "input_length path path_length prob_trans yseq zero_padding"
    ),
    "Convolution2DFunction": "cudnn_fast",
    "CrossCovariance": "covariance y_centered z_centered",
    "DeCov": "covariance h_centered",
    "DecorrelatedBatchNormalization": "eigvals eigvectors y_hat_pca",
    "Dropout": "return_mask",
    "FixedBatchNormalization": "inv_std inv_var",
    "Gaussian": "noise",
    "GroupNormalization": "dummy_gamma inv_std mean",
    "Hinge": "bottom_diff",
    "LocalResponseNormalization": "indexes scale unit_scale",
    "MaxPoolingND": "indexes return_indices",
    "Mean": "multiplier",
    "MeanAbsoluteError": "diff",
    "NegativeSamplingFunction": "ignore_mask wx",
    "PowVarVar": "y",
    "ROIMaxAlign2D": "argmax_data",
    "ROIMaxPooling2D": "argmax_data",
    "ROIPooling2D": "argmax_data",
    "SigmoidCrossEntropy": "count ignore_mask",
    "SoftmaxCrossEntropy": "y",
    "TensorDot": "a_axes b_axes c_axes",
    "TreeLSTM": "a c fs i o",
    "Triplet": "dist_hinge",
}

# What is there in another form: Chainer's is for its own use.
OTHERWISE = {
    ("AsStrided", "storage_offset"),  # None if none was given
    ("AveragePoolingND", "width"),  # of each window, where padding does not count
    ("DecorrelatedBatchNormalization", "eps"),  # not rounded to the input's dtype
    ("EinSum", "in_subs"),  # Chainer writes an ellipsis as @
    ("EinSum", "out_sub"),
    ("TensorDot", "axes"),  # always the axes of both
}

# Whose gradient depends on what the running statistics were before they were moved, and whose
# class has a backward computation in Chainer that fails or gives something else.
WITHOUT_GRADIENT = {"batch_renormalization", "fixed_decorrelated_batch_normalization"}


def _known(kind: str, name: str) -> bool:
    return (kind, name) in OTHERWISE or name in MISSING.get(kind, "").split()


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=8, slow=500)
@given(data=st.data())
def test_nodes_show_what_chainers_show(both: Any, row: Row, data: st.DataObject) -> None:
    arguments, options = row.draw(data.draw)
    ours, theirs = both.outcomes(nodes.recorded, row.name, arguments, options, row.config)
    if isinstance(theirs, _running.Raised):
        return  # a matter of the contract of the functions
    assert isinstance(ours, _running.Returned), str(ours)
    if [kind for kind, _ in ours.value] != [kind for kind, _ in theirs.value]:
        assert row.name in COMPOSED
        return
    for (kind, own), (_, wanted) in zip(ours.value, theirs.value, strict=True):
        for name in [name for name in wanted if not _known(kind, name)]:
            assert name in own, f"{kind}.{name}: {wanted[name]}"
            pair = _running.Returned(own[name]), _running.Returned(wanted[name])
            tolerance = TOLERANCES[precision(arguments)]
            assert not _comparing.differences(*pair, *tolerance), f"{kind}.{name}: {pair}"


@pytest.mark.parametrize("kind", MISSING)
def test_what_is_missing_is_still_missing(kind: str) -> None:
    found = {name: getattr_static(kinds[kind], name, None) for name in MISSING[kind].split()}
    assert [name for name, value in found.items() if isinstance(value, (Derived, Option))] == []


@pytest.mark.parametrize("row", ROWS, ids=str)
@examples(ci=4, slow=500)
@given(data=st.data())
def test_nodes_compute_once_more(both: Any, row: Row, data: st.DataObject) -> None:
    """A hook calls a node's forward computation, and its backward one."""
    arguments, options = row.draw(data.draw)
    order = 0 if row.name in WITHOUT_GRADIENT else row.order
    case = row.name, arguments, options, order, row.config
    ours, theirs = both.outcomes(nodes.computed_again, *case)
    if isinstance(theirs, _running.Raised):
        return
    assert isinstance(ours, _running.Returned), str(ours)
    own, wanted = ours.value, theirs.value
    if own["classes"] != wanted["classes"]:
        assert row.name in COMPOSED
        return
    for i, gradient in enumerate(wanted["grads"]):
        if gradient is None:  # of probabilities that were given as labels
            own["grads"][i] = None
    assert not _comparing.differences(ours, theirs, *TOLERANCES[precision(arguments)])
