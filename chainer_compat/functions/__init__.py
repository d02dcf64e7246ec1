"""Functions of variables (Chainer: *Functions*)."""

from __future__ import annotations

from typing import Any

from chainer_compat._unsupported import load_name, missing_name
from chainer_compat.functions._activation import (
    clipped_relu,
    crelu,
    elu,
    hard_sigmoid,
    leaky_relu,
    log_softmax,
    maxout,
    prelu,
    relu,
    relu6,
    rrelu,
    selu,
    sigmoid,
    softmax,
    softplus,
    swish,
    tanh,
)
from chainer_compat.functions._arithmetic import absolute, add
from chainer_compat.functions._clustering_loss import (
    # For chainer.functions.loss.discriminative_loss.
    DiscriminativeMarginBasedClusteringLoss as DiscriminativeMarginBasedClusteringLoss,
)
from chainer_compat.functions._clustering_loss import (
    discriminative_margin_based_clustering_loss,
)
from chainer_compat.functions._connection import (
    bilinear,
    embed_id,
    linear,
    local_convolution_2d,
    shift,
)
from chainer_compat.functions._conversion import (
    as_strided,
    cast,
    copy,
    depth2space,
    space2depth,
    transpose_sequence,
)
from chainer_compat.functions._convolution import (
    convolution_1d,
    convolution_2d,
    convolution_3d,
    convolution_nd,
    deconvolution_1d,
    deconvolution_2d,
    deconvolution_3d,
    deconvolution_nd,
    depthwise_convolution_2d,
    dilated_convolution_2d,
)
from chainer_compat.functions._covariance_losses import (
    cross_covariance,
    decov,
)
from chainer_compat.functions._crf import (
    argmax_crf1d,
    crf1d,
)
from chainer_compat.functions._ctc import (
    connectionist_temporal_classification,
)
from chainer_compat.functions._decorrelation import (
    decorrelated_batch_normalization,
    fixed_decorrelated_batch_normalization,
)
from chainer_compat.functions._deformable import deformable_convolution_2d_sampler
from chainer_compat.functions._dropped import (
    simplified_dropconnect,
    zoneout,
)
from chainer_compat.functions._einsum import (
    einsum,
)
from chainer_compat.functions._elementwise import (
    arccos,
    arcsin,
    arctan,
    arctanh,
    cos,
    cosh,
    digamma,
    erf,
    erfc,
    erfcinv,
    erfcx,
    erfinv,
    exp,
    expm1,
    lgamma,
    log,
    log1p,
    log2,
    log10,
    log_ndtr,
    ndtr,
    ndtri,
    rsqrt,
    sin,
    sinh,
    sqrt,
    square,
    tan,
)
from chainer_compat.functions._evaluation import accuracy
from chainer_compat.functions._extrema import (
    argmax,
    argmin,
    clip,
    max,  # noqa: A004 -- Chainer's name
    maximum,
    min,  # noqa: A004 -- Chainer's name
    minimum,
)
from chainer_compat.functions._forget import (
    forget,
)
from chainer_compat.functions._fourier import (
    fft,
    ifft,
)
from chainer_compat.functions._images import (
    im2col,
    resize_images,
    spatial_transformer_grid,
    spatial_transformer_sampler,
)
from chainer_compat.functions._indexing import get_item
from chainer_compat.functions._joining import (
    concat,
    dstack,
    hstack,
    separate,
    split_axis,
    stack,
    vstack,
)
from chainer_compat.functions._likelihood import (
    bernoulli_nll,
    gaussian_kl_divergence,
    gaussian_nll,
)
from chainer_compat.functions._linear_algebra import (
    batch_matmul,
    matmul,
    tensordot,
)
from chainer_compat.functions._loss import (
    sigmoid_cross_entropy,
    softmax_cross_entropy,
)
from chainer_compat.functions._mathematics import (
    arctan2,
    batch_l2_norm_squared,
    bias,
    fmod,
    identity,
    linear_interpolate,
    polygamma,
    scale,
    zeta,
)
from chainer_compat.functions._matrices import (
    batch_det,
    batch_inv,
    cholesky,
    det,
    inv,
)
from chainer_compat.functions._metric_losses import (
    contrastive,
    hinge,
    triplet,
)
from chainer_compat.functions._n_step_rnn import (
    n_step_bigru,
    n_step_bilstm,
    n_step_birnn,
    n_step_gru,
    n_step_lstm,
    n_step_rnn,
)
from chainer_compat.functions._n_step_rnn import (
    n_step_gru_base as n_step_gru_base,  # for chainer.functions.rnn
)
from chainer_compat.functions._n_step_rnn import (
    n_step_lstm_base as n_step_lstm_base,  # for chainer.functions.rnn
)
from chainer_compat.functions._n_step_rnn import (
    n_step_rnn_base as n_step_rnn_base,  # for chainer.functions.rnn
)
from chainer_compat.functions._n_step_rnn import (
    n_step_rnn_impl as n_step_rnn_impl,  # for chainer.functions.rnn
)
from chainer_compat.functions._noise import (
    dropout,
    gaussian,
    gumbel_softmax,
)
from chainer_compat.functions._normalization import (
    batch_normalization,
    fixed_batch_normalization,
    group_normalization,
    layer_normalization,
    local_response_normalization,
    normalize,
)
from chainer_compat.functions._padding import (
    pad,
    pad_sequence,
)
from chainer_compat.functions._pooling import (
    average_pooling_1d,
    average_pooling_2d,
    average_pooling_3d,
    average_pooling_nd,
    max_pooling_1d,
    max_pooling_2d,
    max_pooling_3d,
    max_pooling_nd,
    spatial_pyramid_pooling_2d,
    unpooling_1d,
    unpooling_2d,
    unpooling_3d,
    unpooling_nd,
    upsampling_2d,
)
from chainer_compat.functions._recurrent import (
    lstm,
    slstm,
    tree_lstm,
)
from chainer_compat.functions._reduction import (
    average,
    cumprod,
    cumsum,
    logsumexp,
    mean,
    prod,
    sum,  # noqa: A004 -- Chainer's name
    sum_to,
)
from chainer_compat.functions._regression import (
    absolute_error,
    huber_loss,
    mean_absolute_error,
    mean_squared_error,
    squared_difference,
    squared_error,
)
from chainer_compat.functions._renormalization import (
    batch_renormalization,
    fixed_batch_renormalization,
)
from chainer_compat.functions._roi import (
    roi_average_align_2d,
    roi_average_pooling_2d,
    roi_max_align_2d,
    roi_max_pooling_2d,
    roi_pooling_2d,
)
from chainer_compat.functions._rounding import (
    ceil,
    fix,
    floor,
    sign,
)
from chainer_compat.functions._sampled_losses import (
    black_out,
    negative_sampling,
)
from chainer_compat.functions._selection import (
    diagonal,
    permutate,
    scatter_add,
    select_item,
    where,
)
from chainer_compat.functions._shape import (
    broadcast,
    broadcast_to,
    expand_dims,
    flatten,
    flip,
    fliplr,
    flipud,
    moveaxis,
    repeat,
    reshape,
    rollaxis,
    squeeze,
    swapaxes,
    tile,
    transpose,
)
from chainer_compat.functions._sparse import (
    sparse_matmul,
)
from chainer_compat.functions._summary import (
    binary_accuracy,
    classification_summary,
    f1_score,
    precision,
    r2_score,
    recall,
)

# For chainer.functions.theano.theano_function.
from chainer_compat.functions._theano import TheanoFunction as TheanoFunction
from chainer_compat.functions._theano import theano_function as theano_function

__all__ = [
    "absolute",
    "absolute_error",
    "accuracy",
    "add",
    "arccos",
    "arcsin",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmax_crf1d",
    "argmin",
    "as_strided",
    "average",
    "average_pooling_1d",
    "average_pooling_2d",
    "average_pooling_3d",
    "average_pooling_nd",
    "batch_det",
    "batch_inv",
    "batch_l2_norm_squared",
    "batch_matmul",
    "batch_normalization",
    "batch_renormalization",
    "bernoulli_nll",
    "bias",
    "bilinear",
    "binary_accuracy",
    "black_out",
    "broadcast",
    "broadcast_to",
    "cast",
    "ceil",
    "cholesky",
    "classification_summary",
    "clip",
    "clipped_relu",
    "concat",
    "connectionist_temporal_classification",
    "contrastive",
    "convolution_1d",
    "convolution_2d",
    "convolution_3d",
    "convolution_nd",
    "copy",
    "cos",
    "cosh",
    "crelu",
    "crf1d",
    "cross_covariance",
    "cumprod",
    "cumsum",
    "deconvolution_1d",
    "deconvolution_2d",
    "deconvolution_3d",
    "deconvolution_nd",
    "decorrelated_batch_normalization",
    "decov",
    "deformable_convolution_2d_sampler",
    "depth2space",
    "depthwise_convolution_2d",
    "det",
    "diagonal",
    "digamma",
    "dilated_convolution_2d",
    "discriminative_margin_based_clustering_loss",
    "dropout",
    "dstack",
    "einsum",
    "elu",
    "embed_id",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "exp",
    "expand_dims",
    "expm1",
    "f1_score",
    "fft",
    "fix",
    "fixed_batch_normalization",
    "fixed_batch_renormalization",
    "fixed_decorrelated_batch_normalization",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
    "floor",
    "fmod",
    "forget",
    "gaussian",
    "gaussian_kl_divergence",
    "gaussian_nll",
    "get_item",
    "group_normalization",
    "gumbel_softmax",
    "hard_sigmoid",
    "hinge",
    "hstack",
    "huber_loss",
    "identity",
    "ifft",
    "im2col",
    "inv",
    "layer_normalization",
    "leaky_relu",
    "lgamma",
    "linear",
    "linear_interpolate",
    "local_convolution_2d",
    "local_response_normalization",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_ndtr",
    "log_softmax",
    "logsumexp",
    "lstm",
    "matmul",
    "max",
    "max_pooling_1d",
    "max_pooling_2d",
    "max_pooling_3d",
    "max_pooling_nd",
    "maximum",
    "maxout",
    "mean",
    "mean_absolute_error",
    "mean_squared_error",
    "min",
    "minimum",
    "moveaxis",
    "n_step_bigru",
    "n_step_bilstm",
    "n_step_birnn",
    "n_step_gru",
    "n_step_lstm",
    "n_step_rnn",
    "ndtr",
    "ndtri",
    "negative_sampling",
    "normalize",
    "pad",
    "pad_sequence",
    "permutate",
    "polygamma",
    "precision",
    "prelu",
    "prod",
    "r2_score",
    "recall",
    "relu",
    "relu6",
    "repeat",
    "reshape",
    "resize_images",
    "roi_average_align_2d",
    "roi_average_pooling_2d",
    "roi_max_align_2d",
    "roi_max_pooling_2d",
    "roi_pooling_2d",
    "rollaxis",
    "rrelu",
    "rsqrt",
    "scale",
    "scatter_add",
    "select_item",
    "selu",
    "separate",
    "shift",
    "sigmoid",
    "sigmoid_cross_entropy",
    "sign",
    "simplified_dropconnect",
    "sin",
    "sinh",
    "slstm",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "space2depth",
    "sparse_matmul",
    "spatial_pyramid_pooling_2d",
    "spatial_transformer_grid",
    "spatial_transformer_sampler",
    "split_axis",
    "sqrt",
    "square",
    "squared_difference",
    "squared_error",
    "squeeze",
    "stack",
    "sum",
    "sum_to",
    "swapaxes",
    "swish",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "transpose",
    "transpose_sequence",
    "tree_lstm",
    "triplet",
    "unpooling_1d",
    "unpooling_2d",
    "unpooling_3d",
    "unpooling_nd",
    "upsampling_2d",
    "vstack",
    "where",
    "zeta",
    "zoneout",
]


# Chainer 1's parametric functions, which are links since; by the module that has them.
_VERSION_1 = {
    "BatchNormalization": ".links",
    "Bilinear": ".links",
    "BinaryHierarchicalSoftmax": ".links",
    "Convolution2D": ".links._version1",
    "DilatedConvolution2D": ".links._version1",
    "EmbedID": ".links",
    "Inception": ".links",
    "InceptionBN": ".links",
    "Linear": ".links._version1",
    "NegativeSampling": ".links",
    "PReLU": ".links",
    "Parameter": ".links",
    "caffe": ".links",
}


# Private names that scripts take from deep modules.
_PRIVATE = {
    "_log_softmax": "_activation",
    **dict.fromkeys(("_extract_gates", "_grad_sigmoid", "_grad_tanh", "_sigmoid"), "_gates"),
    **dict.fromkeys(
        ("_get_bilinear_interp_params", "_get_bounds", "_pair", "_roi_pooling_slice"),
        "_roi_places",
    ),
}


def __getattr__(name: str) -> Any:
    if name in _VERSION_1 or not _names_a_class(name):
        return load_name(globals(), name, _VERSION_1)
    return _find_deep_name(name)


def _names_a_class(name: str) -> bool:
    return name[:1].isupper()


def _find_deep_name(name: str) -> Any:
    """What a deep module has under a name: what Chainer 7 has there, not what Chainer 1 had here.

    Raises:
        AttributeError: If there is nothing.
    """
    if name in globals() and name not in _VERSION_1:
        return globals()[name]
    if name.startswith("__"):
        raise missing_name(__name__, name)
    if name in _PRIVATE:
        return load_name(globals(), name, _PRIVATE)
    from chainer_compat.functions import _nodes, _refused

    found = _nodes.find(name) or _refused.find(name)
    if found is None:
        raise missing_name(__name__, name)
    return found
