"""Chainer's classes of functions: what their constructors take, and what they apply.

``chainer.functions.pooling.average_pooling_2d.AveragePooling2D`` and the like are the classes of
nodes in graphs; scripts also make them by hand, apply them, derive from them and ask
``isinstance``. In versions 1 to 3 they are in ``chainer.functions``, too.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

from chainer_compat import functions as F  # noqa: N812 -- Chainer's own convention
from chainer_compat._variable import as_variable
from chainer_compat.configuration import using_config
from chainer_compat.errors import InvalidArgumentError, NotSupportedError
from chainer_compat.functions import _refused
from chainer_compat.functions._arithmetic import _neg
from chainer_compat.functions._body_node import BodyNode, Found, kinds
from chainer_compat.functions._node_attributes import attributes_of
from chainer_compat.functions._spatial import spread

__all__ = ["find"]

# A class -> the function that it applies, and those of the function's options that its constructor
# takes. A star says that the function takes its inputs as one sequence.
_OPTIONS = {
    "AbsoluteError": "absolute_error",
    "Accuracy": "accuracy ignore_label",
    "Add": "add",
    "ArgMax": "argmax axis",
    "ArgMin": "argmin axis",
    "AsStrided": "as_strided shape strides storage_offset",
    "BatchDet": "batch_det",
    "BatchInv": "batch_inv",
    "BatchL2NormSquared": "batch_l2_norm_squared",
    "BatchMatMul": "batch_matmul transa transb",
    "BilinearFunction": "bilinear",
    "BinaryAccuracy": "binary_accuracy",
    "Broadcast": "broadcast",
    "BroadcastTo": "broadcast_to shape",
    "CReLU": "crelu axis",
    "Contrastive": "contrastive margin reduce",
    "CrossCovariance": "cross_covariance reduce",
    "DeCov": "decov reduce",
    "Hinge": "hinge norm reduce",
    "Triplet": "triplet margin reduce",
    "Cast": "cast typ",
    "Cholesky": "cholesky",
    "ClassificationSummary": "classification_summary label_num beta ignore_label",
    "Clip": "clip x_min x_max",
    "ClippedReLU": "clipped_relu z",
    "Concat": "concat * axis",
    "Cumprod": "cumprod axis",
    "Cumsum": "cumsum axis",
    "Depth2Space": "depth2space r",
    "DiGamma": "digamma",
    "Diagonal": "diagonal offset axis1 axis2",
    "Dstack": "dstack *",
    "ELU": "elu alpha",
    "EmbedIDFunction": "embed_id ignore_label",
    "ErfInv": "erfinv",
    "ErfcInv": "erfcinv",
    "ExpandDims": "expand_dims axis",
    "FixedBatchNormalization": "fixed_batch_normalization eps axis",
    "Flip": "flip axis",
    "FlipLR": "fliplr",
    "FlipUD": "flipud",
    "GetItem": "get_item slices",
    "HardSigmoid": "hard_sigmoid",
    "Hstack": "hstack *",
    "HuberLoss": "huber_loss delta reduce",
    "Im2Col": "im2col ksize stride pad cover_all dilate",
    "LGamma": "lgamma",
    "LSTM": "lstm",
    "LayerNormalization": "layer_normalization eps",
    "LeakyReLU": "leaky_relu slope",
    "LinearFunction": "linear",
    "LinearInterpolate": "linear_interpolate",
    "LocalConvolution2DFunction": "local_convolution_2d stride",
    "LocalResponseNormalization": "local_response_normalization n k alpha beta",
    "LogNdtr": "log_ndtr",
    "LogSoftmax": "log_softmax axis",
    "LogSumExp": "logsumexp axis",
    "Max": "max axis keepdims",
    "Mean": "mean axis keepdims",
    "MeanAbsoluteError": "mean_absolute_error",
    "MeanSquaredError": "mean_squared_error",
    "Min": "min axis keepdims",
    "Moveaxis": "moveaxis source destination",
    "MultiAdd": "add",
    "NormalizeL2": "normalize eps axis",
    "PReLUFunction": "prelu",
    "PadSequence": "pad_sequence * length padding",
    "Permutate": "permutate indices axis inv",
    "PolyGamma": "polygamma",
    "Prod": "prod axis keepdims",
    "R2_score": "r2_score sample_weight multioutput",
    "ROIAverageAlign2D": "roi_average_align_2d outsize spatial_scale sampling_ratio",
    "ROIAveragePooling2D": "roi_average_pooling_2d outsize spatial_scale",
    "ROIMaxAlign2D": "roi_max_align_2d outsize spatial_scale sampling_ratio",
    "ROIMaxPooling2D": "roi_max_pooling_2d outsize spatial_scale",
    "ROIPooling2D": "roi_pooling_2d outh outw spatial_scale",
    "ReLU": "relu",
    "Repeat": "repeat repeats axis",
    "Reshape": "reshape shape",
    "ResizeImages": "resize_images output_shape mode align_corners",
    "Rollaxis": "rollaxis axis start",
    "RsqrtGPU": "rsqrt",
    "SelectItem": "select_item",
    "Separate": "separate axis",
    "SLSTM": "slstm",
    "Shift": "shift ksize dilate",
    "SigmoidCrossEntropy": "sigmoid_cross_entropy normalize reduce",
    "Softmax": "softmax axis",
    "SoftmaxCrossEntropy": (
        "softmax_cross_entropy normalize cache_score class_weight ignore_label reduce "
        "soft_target_loss"
    ),
    "Softplus": "softplus beta",
    "Space2Depth": "space2depth r",
    "SpatialTransformerGrid": "spatial_transformer_grid output_shape",
    "SpatialTransformerSampler": "spatial_transformer_sampler",
    "SplitAxis": "split_axis indices_or_sections axis",
    "SquaredError": "squared_error",
    "Squeeze": "squeeze axis",
    "Stack": "stack * axis",
    "Sum": "sum axis keepdims",
    "SumTo": "sum_to shape",
    "Swapaxes": "swapaxes axis1 axis2",
    "Tile": "tile reps",
    "Transpose": "transpose axes",
    "TreeLSTM": "tree_lstm",
    "Unpooling2D": "unpooling_2d ksize stride pad outsize cover_all",
    "Upsampling2D": "upsampling_2d indexes ksize stride pad outsize cover_all",
    "Vstack": "vstack *",
}
# Classes that are called as their functions are, but for capitals.
_TITLES = (
    "absolute arccos arcsin arctan arctan2 arctanh cos cosh erf erfc erfcx exp expm1 fmod identity "
    "inv log log10 log1p log2 maximum minimum ndtr ndtri sigmoid sin sinh sqrt square swish tan "
    "tanh"
)
_OPTIONS |= {name.capitalize(): name for name in _TITLES.split()}

_Function = Callable[..., Any]


def _matmul(transa: bool, transb: bool, transc: bool, dtype: Any, a: Any, b: Any) -> Any:
    y = F.matmul(a, b, transa, transb)
    if transc and y.ndim > 1:
        y = F.swapaxes(y, -1, -2)
    return y if dtype is None else F.cast(y, dtype)


def _fft(method: str) -> _Function:
    if method not in ("fft", "ifft"):
        raise InvalidArgumentError(f"method is 'fft' or 'ifft'; got {method!r}")
    transform = F.fft if method == "fft" else F.ifft
    return lambda real, imaginary: transform((real, imaginary))


def _negative_sampling(sampler: Any, sample_size: int, reduce: str = "sum") -> _Function:
    drawn: list[Any] = []

    def apply(x: Any, t: Any, W: Any) -> Any:
        # A subclass's backward computation meets the samples of its forward one.
        draw = (lambda shape: drawn[0]) if drawn else sampler  # noqa: ARG005 -- the sampler's argument
        y, samples = F.negative_sampling(x, t, W, draw, sample_size, reduce, return_samples=True)
        drawn[:] = [samples]
        return Found(y, {"samples": samples})

    return apply


def _dropout(ratio: float, mask: Any, x: Any) -> Any:
    with using_config("train", True):
        y, drawn = F.dropout(x, ratio, mask=mask, return_mask=True)
    return Found(y, {"mask": drawn})


def _zoneout(zoneout_ratio: float, h: Any, x: Any) -> Any:
    with using_config("train", True):
        return F.zoneout(h, x, zoneout_ratio)


def _dropconnect(ratio: float, mask: Any = None, use_batchwise_mask: bool = True) -> _Function:
    options = {"ratio": ratio, "mask": mask, "use_batchwise_mask": use_batchwise_mask}
    return partial(F.simplified_dropconnect, **options)


def _gaussian(eps: Any, mean: Any, ln_var: Any) -> Any:
    y, drawn = F.gaussian(mean, ln_var, eps=eps, return_eps=True)
    return Found(y, {"eps": drawn})


def _max_pooling(ksize: Any, stride: Any, pad: Any, cover_all: bool, x: Any) -> Any:
    y, indexes = F.max_pooling_nd(x, ksize, stride, pad, cover_all, return_indices=True)
    return Found(y, {"indexes": indexes})


def _dropout_of(dropout_ratio: float, mask: Any = None, return_mask: bool = False) -> _Function:
    return partial(_dropout, dropout_ratio, mask)


def _binary(operation: Callable[[Any, Any], Any]) -> Callable[[], _Function]:
    return lambda: lambda lhs, rhs: operation(as_variable(lhs), rhs)


def _with_value(operation: Callable[[Any, Any], Any]) -> Callable[[Any], _Function]:
    return lambda value: lambda x: operation(as_variable(x), value)


def _from_value(operation: Callable[[Any, Any], Any]) -> Callable[[Any], _Function]:
    return lambda value: lambda x: operation(value, as_variable(x))


def _convolution_2d(
    stride: Any = 1, pad: Any = 0, cover_all: bool = False, **kwargs: Any
) -> _Function:
    return partial(F.convolution_2d, stride=stride, pad=pad, cover_all=cover_all, **kwargs)


def _convolution_nd(
    ndim: int,
    stride: Any = 1,
    pad: Any = 0,
    cover_all: bool = False,
    dilate: Any = 1,
    groups: int = 1,
) -> _Function:
    options = {"cover_all": cover_all, "dilate": dilate, "groups": groups}
    return partial(F.convolution_nd, stride=spread(stride, ndim), pad=spread(pad, ndim), **options)


def _deconvolution_2d(
    stride: Any = 1, pad: Any = 0, outsize: Any = None, **kwargs: Any
) -> _Function:
    return partial(F.deconvolution_2d, stride=stride, pad=pad, outsize=outsize, **kwargs)


def _deconvolution_nd(
    ndim: int,
    stride: Any = 1,
    pad: Any = 0,
    outsize: Any = None,
    dilate: Any = 1,
    groups: int = 1,
) -> _Function:
    options = {"outsize": outsize, "dilate": dilate, "groups": groups}
    return partial(
        F.deconvolution_nd, stride=spread(stride, ndim), pad=spread(pad, ndim), **options
    )


def _batch_normalization(
    eps: float = 2e-5, mean: Any = None, var: Any = None, decay: float = 0.9, axis: Any = None
) -> _Function:
    moved = {"running_mean": mean, "running_var": var, "decay": decay}
    return partial(F.batch_normalization, eps=eps, axis=axis, **moved)


def _max_pooling_2d(
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> _Function:
    return partial(_max_pooling, ksize, stride, pad, cover_all)


def _max_pooling_nd(
    ndim: int,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> _Function:
    return partial(_max_pooling, spread(ksize, ndim), stride, pad, cover_all)


def _average_pooling_2d(
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> _Function:
    # Chainer's takes `cover_all` and leaves the end out all the same.
    return partial(F.average_pooling_2d, ksize=ksize, stride=stride, pad=pad)


def _average_pooling_nd(
    ndim: int,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    cover_all: bool = False,
    pad_value: Any = 0,
) -> _Function:
    if cover_all:
        raise InvalidArgumentError("average pooling does not take cover_all: pad the input")
    options = {"stride": stride, "pad": pad, "pad_value": pad_value}
    return partial(F.average_pooling_nd, ksize=spread(ksize, ndim), **options)


def _unpooling_nd(
    ndim: int,
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> _Function:
    options = {"pad": pad, "outsize": outsize, "cover_all": cover_all}
    return partial(F.unpooling_nd, ksize=spread(ksize, ndim), stride=stride, **options)


def _batch_renormalization(
    eps: float = 2e-5,
    mean: Any = None,
    var: Any = None,
    decay: float = 0.9,
    rmax: float = 1,
    dmax: float = 0,
    update_statistics: bool = True,
) -> _Function:
    moved = {"running_mean": mean, "running_var": var, "decay": decay}
    bounds: dict[str, Any] = {"rmax": rmax, "dmax": dmax, "update_statistics": update_statistics}
    return partial(F.batch_renormalization, eps=eps, **bounds, **moved)


def _decorrelated(
    groups: int = 16,
    eps: float = 2e-5,
    mean: Any = None,
    projection: Any = None,
    decay: float = 0.9,
) -> _Function:
    moved = {"running_mean": mean, "running_projection": projection, "decay": decay}
    return partial(F.decorrelated_batch_normalization, groups=groups, eps=eps, **moved)


def _ctc(blank_symbol: int, reduce: str = "mean") -> _Function:
    def apply(input_length: Any, label_length: Any, t: Any, x: Any) -> Any:
        return F.connectionist_temporal_classification(
            F.separate(x), t, blank_symbol, input_length, label_length, reduce
        )

    return apply


def _pooling_2d(
    ksize: Any,
    stride: Any = None,
    pad: Any = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> _Function:
    def nothing(*inputs: Any) -> Any:
        raise NotSupportedError(
            "Pooling2D is a base class: a subclass defines forward and backward"
        )

    return nothing


# A class -> what its constructor takes; it returns the function of the inputs.
_CONSTRUCTORS: dict[str, Callable[..., _Function]] = {
    "AddConstant": _with_value(operator.add),
    "AveragePooling2D": _average_pooling_2d,
    "AveragePoolingND": _average_pooling_nd,
    "BatchNormalization": _batch_normalization,
    "Convolution2DFunction": _convolution_2d,
    "ConvolutionND": _convolution_nd,
    "BatchRenormalizationFunction": _batch_renormalization,
    "ConnectionistTemporalClassification": _ctc,
    "DecorrelatedBatchNormalization": _decorrelated,
    "FixedDecorrelatedBatchNormalization": lambda groups: partial(
        F.fixed_decorrelated_batch_normalization, groups=groups
    ),
    "Copy": lambda in_device, out_device: partial(F.copy, dst=out_device),  # noqa: ARG005 -- Chainer's argument
    "Deconvolution2DFunction": _deconvolution_2d,
    "DeconvolutionND": _deconvolution_nd,
    "Div": _binary(operator.truediv),
    "DivFromConstant": _from_value(operator.truediv),
    "Dropout": _dropout_of,
    "EinSum": lambda in_subs, out_sub: partial(F.einsum, f"{in_subs}->{out_sub}"),
    "FFT": _fft,
    "Forget": lambda func: partial(F.forget, func),
    "Gaussian": lambda eps=None: partial(_gaussian, eps),
    "GroupNormalization": lambda groups, eps=1e-5: (
        lambda x, gamma, beta: F.group_normalization(x, groups, gamma, beta, eps)
    ),
    "MatMul": lambda transa=False, transb=False, transc=False, dtype=None: partial(
        _matmul, transa, transb, transc, dtype
    ),
    "MaxPooling2D": _max_pooling_2d,
    "MaxPoolingND": _max_pooling_nd,
    "Mul": _binary(operator.mul),
    "MulConstant": _with_value(operator.mul),
    "Neg": lambda: _neg,
    "NegativeSamplingFunction": _negative_sampling,
    "Pad": lambda pad_width, mode, **keywords: partial(
        F.pad, pad_width=pad_width, mode=mode, **keywords
    ),
    "Pooling2D": _pooling_2d,
    "PowConstVar": _from_value(operator.pow),
    "PowVarConst": _with_value(operator.pow),
    "PowVarVar": _binary(operator.pow),
    "RReLU": lambda lower=1.0 / 8, upper=1.0 / 3, r=None: partial(F.rrelu, l=lower, u=upper, r=r),
    "ScatterAdd": lambda slices: lambda a, b: F.scatter_add(a, slices, b),
    "SimplifiedDropconnect": _dropconnect,
    "Sub": _binary(operator.sub),
    "SubFromConstant": _from_value(operator.sub),
    "TransposeSequence": lambda length: lambda *xs: F.transpose_sequence(xs),  # noqa: ARG005 -- as above
    "UnpoolingND": _unpooling_nd,
    "Where": lambda condition: partial(F.where, condition),
    "Zoneout": lambda zoneout_ratio: partial(_zoneout, zoneout_ratio),
    "Zeta": lambda x: partial(F.zeta, x),
}

_BASES = {"AveragePooling2D": "AveragePoolingND", "MaxPooling2D": "MaxPoolingND"}


def _from_options(row: str) -> Callable[..., _Function]:
    """A constructor that takes options of a function."""
    name, *options = row.split()
    function = getattr(F, name)
    packed = "*" in options
    known = inspect.signature(function).parameters
    parameters = [
        known[option].replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for option in options
        if option != "*"
    ]

    signature = inspect.Signature(parameters)

    def make(*args: Any, **kwargs: Any) -> _Function:
        given = signature.bind(*args, **kwargs).arguments
        if packed:
            return lambda *xs: function(xs, **given)
        return partial(function, **given)

    make.__signature__ = signature  # type: ignore[attr-defined]  # read by inspect
    return make


def _equip(kind: type[BodyNode], make: Callable[..., _Function]) -> None:
    """Gives a class its constructor."""
    signature = inspect.signature(make)

    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("use_cudnn", None)  # of Chainer 1, without a meaning
        bound = signature.bind(*args, **kwargs)
        self._function = make(*bound.args, **bound.kwargs)
        bound.apply_defaults()
        vars(self).update(bound.arguments)

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    shown = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    construct.__signature__ = inspect.Signature([own, *shown])  # type: ignore[attr-defined]  # as above
    kind.__init__ = construct  # type: ignore[method-assign]  # made by `function`, equipped here


def _forward(operation: Callable[[Any, Any], Any]) -> _Function:
    def apply(self: Any, rhs: Any) -> Any:
        return operation(as_variable(self), rhs)

    return apply


def _reflected(operation: Callable[[Any, Any], Any]) -> _Function:
    def apply(self: Any, rhs: Any) -> Any:
        return operation(rhs, as_variable(self))

    return apply


def _neg_of(self: Any) -> Any:
    return _neg(self)


# The operators of variables, which Chainer has as functions, too.
_OPERATORS = {
    "div": _forward(operator.truediv),
    "floordiv": _forward(operator.floordiv),
    "mul": _forward(operator.mul),
    "neg": _neg_of,
    "pow": _forward(operator.pow),
    "rdiv": _reflected(operator.truediv),
    "rfloordiv": _reflected(operator.floordiv),
    "rmatmul": _reflected(operator.matmul),
    "rpow": _reflected(operator.pow),
    "rsub": _reflected(operator.sub),
    "sub": _forward(operator.sub),
}


def find(name: str) -> Any:
    """Returns a class of a function, or an operator, by Chainer's name; None if there is none.

    Args:
        name: The name, ``"ReLU"``.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.functions import _nodes
        >>> Concat = _nodes.find('Concat')
        >>> y, = Concat(axis=0).apply((np.zeros(1), np.ones(1)))
        >>> y, isinstance(y.creator, Concat)
        (variable([0., 1.]), True)
    """
    if name in _OPTIONS:
        make = _from_options(_OPTIONS[name])
    elif name in _CONSTRUCTORS:
        make = _CONSTRUCTORS[name]
    else:
        return _OPERATORS.get(name)
    kind = kinds.get(name)
    if kind is None:
        base = kinds.get(_BASES.get(name, ""), BodyNode)
        members = {**_refused.members(name), **attributes_of(name)}
        members["__doc__"] = f"Chainer's class {name}."
        kind = kinds[name] = type(name, (base,), members)
        kind.__module__ = F.__name__
    _equip(kind, make)
    return kind
