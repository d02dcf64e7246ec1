"""Chainer's classes of functions, made and applied by hand as scripts do it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.parity.bodies import nodes

_R = np.random.RandomState(0)


def _floats(*shape: int) -> Any:
    return _R.uniform(-1, 1, shape).astype(np.float32)


IMAGE = _floats(2, 3, 6, 5)
LINE = _floats(2, 3, 6)
ROWS = _floats(4, 3)
OTHER = _floats(4, 3)
SHARE = np.abs(_floats(4, 3)) * 0.8 + 0.1
MATRICES = _floats(2, 3, 3) + 2 * np.eye(3, dtype=np.float32)
POSITIVE = (MATRICES @ MATRICES.swapaxes(1, 2)).astype(np.float32)
LABELS = np.array([0, 2, 1, -1], np.int32)
THREE, ONES, ZEROS = _floats(3), np.ones(3, np.float32), np.zeros(3, np.float32)
REGIONS = np.array([[0, 0, 8, 6], [2, 1, 9, 8]], np.float32)
INDEXES = np.zeros((2, 3, 6, 5), np.int32)

# Module, class, the constructor's arguments, inputs.
CASES: list[tuple[str, str, Any, Any]] = [
    *(
        (f"activation.{module}", name, arguments, [ROWS])
        for module, name, arguments in [
            ("clipped_relu", "ClippedReLU", (0.5,)),
            ("crelu", "CReLU", (0,)),
            ("elu", "ELU", (0.7,)),
            ("hard_sigmoid", "HardSigmoid", ()),
            ("leaky_relu", "LeakyReLU", (0.3,)),
            ("log_softmax", "LogSoftmax", (0,)),
            ("relu", "ReLU", ()),
            ("rrelu", "RReLU", (0.1, 0.4)),
            ("sigmoid", "Sigmoid", ()),
            ("softmax", "Softmax", ()),
            ("softplus", "Softplus", (2.0,)),
            ("tanh", "Tanh", ()),
        ]
    ),
    ("activation.prelu", "PReLUFunction", (), [ROWS, THREE]),
    ("activation.swish", "Swish", (), [ROWS, np.ones((4, 3), np.float32)]),
    ("array.as_strided", "AsStrided", ((2, 2), (3, 1), 1), [ROWS]),
    ("array.broadcast", "Broadcast", (), [ROWS, THREE]),
    ("array.broadcast", "BroadcastTo", ((4, 3),), [THREE]),
    ("array.cast", "Cast", ("d",), [ROWS]),
    ("array.concat", "Concat", (0,), [ROWS, OTHER]),
    ("array.depth2space", "Depth2Space", (1,), [IMAGE]),
    ("array.diagonal", "Diagonal", (0, 0, 1), [ROWS]),
    ("array.dstack", "Dstack", (), [ROWS, OTHER]),
    ("array.expand_dims", "ExpandDims", (1,), [ROWS]),
    ("array.flip", "Flip", (1,), [ROWS]),
    ("array.fliplr", "FlipLR", (), [ROWS]),
    ("array.flipud", "FlipUD", (), [ROWS]),
    ("array.get_item", "GetItem", (1,), [ROWS]),
    ("array.hstack", "Hstack", (), [ROWS, OTHER]),
    ("array.im2col", "Im2Col", (2, 1, 0, False, 1), [IMAGE]),
    ("array.moveaxis", "Moveaxis", (0, 1), [ROWS]),
    ("array.pad", "Pad", (1, "constant"), [ROWS]),
    ("array.pad_sequence", "PadSequence", (5, 0.5), [ROWS, OTHER[:2]]),
    ("array.permutate", "Permutate", (np.array([2, 0, 1], np.int32), 1, False), [ROWS]),
    ("array.repeat", "Repeat", (2, 1), [ROWS]),
    ("array.reshape", "Reshape", ((2, 6),), [ROWS]),
    ("array.resize_images", "ResizeImages", ((3, 4), "bilinear", True), [IMAGE]),
    ("array.rollaxis", "Rollaxis", (1, 0), [ROWS]),
    ("array.scatter_add", "ScatterAdd", (1,), [ROWS, THREE]),
    ("array.select_item", "SelectItem", (), [ROWS, np.abs(LABELS)]),
    ("array.separate", "Separate", (1,), [ROWS]),
    ("array.space2depth", "Space2Depth", (1,), [IMAGE]),
    ("array.split_axis", "SplitAxis", ([1], 1), [ROWS]),
    ("array.squeeze", "Squeeze", (1,), [ROWS[:, :1]]),
    ("array.stack", "Stack", (1,), [ROWS, OTHER]),
    ("array.swapaxes", "Swapaxes", (0, 1), [ROWS]),
    ("array.tile", "Tile", ((2, 1),), [ROWS]),
    ("array.transpose", "Transpose", ((1, 0),), [ROWS]),
    ("array.transpose_sequence", "TransposeSequence", (4,), [ROWS, OTHER[:2]]),
    ("array.vstack", "Vstack", (), [ROWS, OTHER]),
    ("array.where", "Where", (ROWS > 0,), [ROWS, OTHER]),
    ("connection.bilinear", "BilinearFunction", (), [ROWS, OTHER, _floats(3, 3, 2)]),
    ("connection.convolution_2d", "Convolution2DFunction", (2, 1), [IMAGE, _floats(4, 3, 2, 3)]),
    ("connection.convolution_nd", "ConvolutionND", (1, 1, 1), [LINE, _floats(4, 3, 2)]),
    (
        "connection.deconvolution_2d",
        "Deconvolution2DFunction",
        (2, 1),
        [IMAGE, _floats(3, 4, 3, 3), _floats(4)],
    ),
    ("connection.deconvolution_nd", "DeconvolutionND", (1, 2), [LINE, _floats(3, 4, 2)]),
    ("connection.embed_id", "EmbedIDFunction", (-1,), [LABELS, _floats(5, 2)]),
    ("connection.linear", "LinearFunction", (), [ROWS, _floats(2, 3), _floats(2)]),
    ("connection.shift", "Shift", (3, 1), [_floats(2, 9, 4, 4)]),
    (
        "connection.local_convolution_2d",
        "LocalConvolution2DFunction",
        (1,),
        [IMAGE, _floats(4, 5, 4, 3, 2, 2), _floats(4, 5, 4)],
    ),
    ("evaluation.accuracy", "Accuracy", (-1,), [ROWS, LABELS]),
    ("loss.absolute_error", "AbsoluteError", (), [ROWS, OTHER]),
    ("loss.huber_loss", "HuberLoss", (0.5, "no"), [ROWS, OTHER]),
    ("loss.mean_absolute_error", "MeanAbsoluteError", (), [ROWS, OTHER]),
    ("loss.mean_squared_error", "MeanSquaredError", (), [ROWS, OTHER]),
    ("loss.sigmoid_cross_entropy", "SigmoidCrossEntropy", (), [ROWS, (ROWS > 0).astype("i")]),
    ("loss.softmax_cross_entropy", "SoftmaxCrossEntropy", (), [ROWS, LABELS]),
    ("loss.squared_error", "SquaredError", (), [ROWS, OTHER]),
    ("math.average", "Mean", (1, False), [ROWS]),
    *(
        (f"math.{module}", name, arguments, inputs)
        for module, name, arguments, inputs in [
            ("basic_math", "Absolute", (), [ROWS]),
            ("basic_math", "Add", (), [ROWS, OTHER]),
            ("basic_math", "AddConstant", (2.5,), [ROWS]),
            ("basic_math", "Div", (), [ROWS, SHARE]),
            ("basic_math", "DivFromConstant", (-2,), [SHARE]),
            ("basic_math", "Mul", (), [ROWS, OTHER]),
            ("basic_math", "MulConstant", (3,), [ROWS]),
            ("basic_math", "MultiAdd", (), [ROWS, OTHER, ROWS]),
            ("basic_math", "Neg", (), [ROWS]),
            ("basic_math", "PowConstVar", (2,), [ROWS]),
            ("basic_math", "PowVarConst", (2,), [SHARE]),
            ("basic_math", "PowVarVar", (), [SHARE, OTHER]),
            ("basic_math", "Sub", (), [ROWS, OTHER]),
            ("basic_math", "SubFromConstant", (2,), [ROWS]),
            ("batch_l2_norm_squared", "BatchL2NormSquared", (), [ROWS]),
            ("cholesky", "Cholesky", (), [POSITIVE[0]]),
            ("clip", "Clip", (-0.5, 0.5), [ROWS]),
            ("cumprod", "Cumprod", (1,), [ROWS]),
            ("cumsum", "Cumsum", (0,), [ROWS]),
            ("det", "BatchDet", (), [MATRICES]),
            ("einsum", "EinSum", ("ij,kj", "ik"), [ROWS, OTHER]),
            ("fft", "FFT", ("ifft",), [ROWS, OTHER]),
            ("fmod", "Fmod", (), [ROWS, SHARE]),
            ("identity", "Identity", (), [ROWS]),
            ("inv", "BatchInv", (), [MATRICES]),
            ("inv", "Inv", (), [MATRICES[0]]),
            ("linear_interpolate", "LinearInterpolate", (), [SHARE, ROWS, OTHER]),
            ("logsumexp", "LogSumExp", (1,), [ROWS]),
            ("matmul", "MatMul", (False, True), [ROWS, OTHER]),
            ("matmul", "MatMul", (True, False, True), [ROWS, OTHER]),
            ("maximum", "Maximum", (), [ROWS, OTHER]),
            ("minimum", "Minimum", (), [ROWS, OTHER]),
            ("minmax", "ArgMax", (1,), [ROWS]),
            ("minmax", "ArgMin", (), [ROWS]),
            ("minmax", "Max", (1, True), [ROWS]),
            ("minmax", "Min", (), [ROWS]),
            ("prod", "Prod", (1,), [ROWS]),
            ("sum", "Sum", (0,), [ROWS]),
            ("sum", "SumTo", ((1, 3),), [ROWS]),
            ("trigonometric", "Arctan2", (), [ROWS, OTHER]),
            ("zeta", "Zeta", (np.full((4, 3), 3, np.float32),), [SHARE]),
        ]
    ),
    *(
        (f"math.{module}", name, (), [SHARE])
        for module, name in [
            ("arctanh", "Arctanh"),
            ("digamma", "DiGamma"),
            ("erf", "Erf"),
            ("erfc", "Erfc"),
            ("erfcinv", "ErfcInv"),
            ("erfinv", "ErfInv"),
            ("exponential", "Exp"),
            ("exponential", "Log"),
            ("exponential", "Log10"),
            ("exponential", "Log2"),
            ("exponential_m1", "Expm1"),
            ("hyperbolic", "Cosh"),
            ("hyperbolic", "Sinh"),
            ("lgamma", "LGamma"),
            ("log_ndtr", "LogNdtr"),
            ("logarithm_1p", "Log1p"),
            ("ndtr", "Ndtr"),
            ("ndtri", "Ndtri"),
            ("sqrt", "Sqrt"),
            ("square", "Square"),
            ("trigonometric", "Arccos"),
            ("trigonometric", "Arcsin"),
            ("trigonometric", "Arctan"),
            ("trigonometric", "Cos"),
            ("trigonometric", "Sin"),
            ("trigonometric", "Tan"),
        ]
    ),
    ("noise.dropout", "Dropout", (0.4,), [ROWS]),
    ("noise.gaussian", "Gaussian", (), [ROWS, OTHER]),
    ("normalization.batch_normalization", "BatchNormalization", (1e-4,), [ROWS, ONES, ZEROS]),
    (
        "normalization.batch_normalization",
        "FixedBatchNormalization",
        (),
        [ROWS, ONES, THREE, ZEROS, np.abs(THREE) + 1],
    ),
    ("normalization.group_normalization", "GroupNormalization", (1,), [IMAGE, ONES, THREE]),
    ("normalization.l2_normalization", "NormalizeL2", (1e-5, (1,)), [ROWS]),
    ("normalization.layer_normalization", "LayerNormalization", (), [ROWS, ONES, THREE]),
    ("normalization.local_response_normalization", "LocalResponseNormalization", (), [IMAGE]),
    ("pooling.average_pooling_2d", "AveragePooling2D", (2,), [IMAGE]),
    ("pooling.average_pooling_2d", "AveragePooling2D", (3, 2, 1, False), [IMAGE]),
    ("pooling.average_pooling_nd", "AveragePoolingND", (1, 2), [LINE]),
    ("pooling.average_pooling_nd", "AveragePoolingND", (1, 3, 2, 1, False, None), [LINE]),
    ("pooling.max_pooling_nd", "MaxPoolingND", (2, 3, 2), [IMAGE]),
    ("pooling.unpooling_2d", "Unpooling2D", (2,), [IMAGE]),
    ("pooling.unpooling_nd", "UnpoolingND", (1, 2), [LINE]),
    ("pooling.upsampling_2d", "Upsampling2D", (INDEXES, 2), [IMAGE]),
    ("loss.contrastive", "Contrastive", (1.0,), [ROWS, OTHER, np.array([0, 1, 1, 0], np.int32)]),
    ("loss.cross_covariance", "CrossCovariance", (), [ROWS, OTHER]),
    ("loss.decov", "DeCov", (), [ROWS]),
    ("loss.hinge", "Hinge", ("L2",), [ROWS, np.abs(LABELS)]),
    ("loss.triplet", "Triplet", (0.3,), [ROWS, OTHER, SHARE]),
    (
        "loss.ctc",
        "ConnectionistTemporalClassification",
        (0,),
        [
            np.array([3, 2], np.int32),
            np.array([1, 1], np.int32),
            np.array([[1], [2]], np.int32),
            _floats(3, 2, 3),
        ],
    ),
    (
        "normalization.batch_renormalization",
        "BatchRenormalizationFunction",
        (1e-4, ZEROS.copy(), ONES.copy(), 0.9, 2, 1),
        [ROWS, ONES, THREE],
    ),
    (
        "normalization.decorrelated_batch_normalization",
        "DecorrelatedBatchNormalization",
        (1, 1e-3),
        [_floats(8, 3)],
    ),
    ("noise.simplified_dropconnect", "SimplifiedDropconnect", (0.4,), [ROWS, _floats(2, 3)]),
    ("noise.zoneout", "Zoneout", (0.4,), [ROWS, OTHER]),
    *(
        (f"pooling.{module}", name, arguments, [IMAGE, REGIONS, np.array([0, 1], np.int32)])
        for module, name, arguments in [
            ("roi_average_align_2d", "ROIAverageAlign2D", ((2, 2), 0.5, 2)),
            ("roi_average_pooling_2d", "ROIAveragePooling2D", ((2, 2), 0.5)),
            ("roi_max_align_2d", "ROIMaxAlign2D", ((2, 2), 0.5, 2)),
            ("roi_max_pooling_2d", "ROIMaxPooling2D", ((2, 2), 0.5)),
        ]
    ),
    ("rnn.lstm", "LSTM", (), [_floats(2, 3), _floats(2, 12)]),
    ("rnn.slstm", "SLSTM", (), [*(_floats(2, 3),) * 2, *(_floats(2, 12),) * 2]),
    ("rnn.tree_lstm", "TreeLSTM", (), [_floats(2, 3), _floats(2, 3), _floats(2, 15)]),
]


@pytest.mark.parametrize(("module", "name", "arguments", "inputs"), CASES)
def test_classes_apply_as_chainers_do(
    both: Any, module: str, name: str, arguments: Any, inputs: Any
) -> None:
    both(nodes.applied, module, name, arguments, {}, inputs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("module", "name", "arguments", "inputs"),
    [
        ("pooling.average_pooling_nd", "AveragePoolingND", (1, 2, 2, 0, True), [LINE]),
        ("activation.relu", "ReLU", (1,), [ROWS]),
        ("activation.leaky_relu", "LeakyReLU", (0.1, 0.2), [ROWS]),
        ("array.reshape", "Reshape", (), [ROWS]),
        ("activation.relu", "ReLU", (), [LABELS]),
        ("math.basic_math", "Mul", (), [ROWS, THREE.astype("d")]),
        ("connection.linear", "LinearFunction", (), [ROWS, OTHER[:, :2]]),
    ],
)
def test_bad_arguments_give_the_same_class_of_error(
    both: Any, module: str, name: str, arguments: Any, inputs: Any
) -> None:
    both(nodes.applied, module, name, arguments, {}, inputs)


# Their functions draw, average or count otherwise in testing.
@pytest.mark.parametrize("name", ["Dropout", "Gaussian"])
def test_classes_of_noise_draw_in_testing_too(both: Any, name: str) -> None:
    module, inputs = ("dropout", [ROWS]) if name == "Dropout" else ("gaussian", [ROWS, OTHER])
    arguments = (0.3,) if name == "Dropout" else ()
    both(nodes.applied, f"noise.{module}", name, arguments, {}, inputs, False, rtol=1e-5)


@pytest.mark.parametrize(
    ("module", "name", "arguments", "inputs"),
    [
        ("activation.relu", "ReLU", (), [ROWS]),
        ("math.basic_math", "Mul", (), [ROWS, OTHER]),
        ("math.basic_math", "PowVarConst", (3,), [ROWS]),
        ("connection.linear", "LinearFunction", (), [ROWS, _floats(2, 3)]),
        ("connection.convolution_nd", "ConvolutionND", (1,), [LINE, _floats(4, 3, 2)]),
        ("pooling.average_pooling_2d", "AveragePooling2D", (2,), [IMAGE]),
    ],
)
def test_subclasses_call_what_they_override(
    both: Any, module: str, name: str, arguments: Any, inputs: Any
) -> None:
    both(nodes.derived, module, name, arguments, inputs, rtol=1e-4, atol=1e-5)
