"""What of Caffe's models is read: the messages of its ``caffe.proto``, by field numbers.

Source: Caffe's *caffe.proto*.
"""

from __future__ import annotations

import math
import mmap
import pathlib
from typing import Any

import numpy as np

from chainer_compat.errors import FileFormatError, NotSupportedError
from chainer_compat.links.caffe._wire import Field, Message, Schema, read

__all__ = ["blob_array", "blob_shape", "read_model"]

# Caffe's own bound (kMaxBlobAxes).
_MAX_AXES = 32

_SHAPE = Schema("BlobShape", {1: Field("dim", "int", repeated=True)})

_BLOB = Schema(
    "BlobProto",
    {
        1: Field("num", "int", 0),
        2: Field("channels", "int", 0),
        3: Field("height", "int", 0),
        4: Field("width", "int", 0),
        5: Field("data", "floats"),
        7: Field("shape", _SHAPE),
        8: Field("double_data", "doubles"),
    },
)

_BATCH_NORM = Schema(
    "BatchNormParameter",
    {
        1: Field("use_global_stats", "bool", False),
        2: Field("moving_average_fraction", "float", 0.999),
        3: Field("eps", "float", 1e-5),
    },
)
_CONCAT = Schema("ConcatParameter", {1: Field("concat_dim", "uint", 1), 2: Field("axis", "int", 1)})
_CONVOLUTION = Schema(
    "ConvolutionParameter",
    {
        2: Field("bias_term", "bool", True),
        3: Field("pad", "uint", repeated=True),
        4: Field("kernel_size", "uint", repeated=True),
        5: Field("group", "uint", 1),
        6: Field("stride", "uint", repeated=True),
        9: Field("pad_h", "uint", 0),
        10: Field("pad_w", "uint", 0),
        11: Field("kernel_h", "uint", 0),
        12: Field("kernel_w", "uint", 0),
        13: Field("stride_h", "uint", 0),
        14: Field("stride_w", "uint", 0),
        18: Field("dilation", "uint", repeated=True),
    },
)
_DROPOUT = Schema("DropoutParameter", {1: Field("dropout_ratio", "float", 0.5)})
_ELTWISE = Schema(
    "EltwiseParameter", {1: Field("operation", "int", 1), 2: Field("coeff", "float", repeated=True)}
)
_INNER_PRODUCT = Schema(
    "InnerProductParameter", {2: Field("bias_term", "bool", True), 5: Field("axis", "int", 1)}
)
_LRN = Schema(
    "LRNParameter",
    {
        1: Field("local_size", "uint", 5),
        2: Field("alpha", "float", 1.0),
        3: Field("beta", "float", 0.75),
        4: Field("norm_region", "int", 0),
        5: Field("k", "float", 1.0),
    },
)
_POOLING = Schema(
    "PoolingParameter",
    {
        1: Field("pool", "int", 0),
        2: Field("kernel_size", "uint", 0),
        3: Field("stride", "uint", 1),
        4: Field("pad", "uint", 0),
        5: Field("kernel_h", "uint", 0),
        6: Field("kernel_w", "uint", 0),
        7: Field("stride_h", "uint", 0),
        8: Field("stride_w", "uint", 0),
        9: Field("pad_h", "uint", 0),
        10: Field("pad_w", "uint", 0),
        12: Field("global_pooling", "bool", False),
    },
)
_RELU = Schema("ReLUParameter", {1: Field("negative_slope", "float", 0.0)})
_RESHAPE = Schema("ReshapeParameter", {1: Field("shape", _SHAPE)})
_SCALE = Schema(
    "ScaleParameter", {1: Field("axis", "int", 1), 4: Field("bias_term", "bool", False)}
)
_SLICE = Schema(
    "SliceParameter",
    {
        1: Field("slice_dim", "uint", 1),
        2: Field("slice_point", "uint", repeated=True),
        3: Field("axis", "int", 1),
    },
)
_SOFTMAX = Schema("SoftmaxParameter", {2: Field("axis", "int", 1)})

_LAYER = Schema(
    "LayerParameter",
    {
        1: Field("name", "text", ""),
        2: Field("type", "text", ""),
        3: Field("bottom", "text", repeated=True),
        4: Field("top", "text", repeated=True),
        7: Field("blobs", _BLOB, repeated=True),
        104: Field("concat_param", _CONCAT),
        106: Field("convolution_param", _CONVOLUTION),
        108: Field("dropout_param", _DROPOUT),
        110: Field("eltwise_param", _ELTWISE),
        117: Field("inner_product_param", _INNER_PRODUCT),
        118: Field("lrn_param", _LRN),
        121: Field("pooling_param", _POOLING),
        123: Field("relu_param", _RELU),
        125: Field("softmax_param", _SOFTMAX),
        126: Field("slice_param", _SLICE),
        133: Field("reshape_param", _RESHAPE),
        139: Field("batch_norm_param", _BATCH_NORM),
        142: Field("scale_param", _SCALE),
    },
)

# The format of 2013 and 2014, with numbers for types, and its predecessor inside of it.
_OLD_LAYER = Schema(
    "V1LayerParameter",
    {
        1: Field("layer", Schema("V0LayerParameter", {})),
        2: Field("bottom", "text", repeated=True),
        3: Field("top", "text", repeated=True),
        4: Field("name", "text", ""),
        5: Field("type", "int", 0),
        6: Field("blobs", _BLOB, repeated=True),
        9: Field("concat_param", _CONCAT),
        10: Field("convolution_param", _CONVOLUTION),
        12: Field("dropout_param", _DROPOUT),
        17: Field("inner_product_param", _INNER_PRODUCT),
        18: Field("lrn_param", _LRN),
        19: Field("pooling_param", _POOLING),
        24: Field("eltwise_param", _ELTWISE),
        30: Field("relu_param", _RELU),
        31: Field("slice_param", _SLICE),
        39: Field("softmax_param", _SOFTMAX),
    },
)

_NET = Schema(
    "NetParameter",
    {
        1: Field("name", "text", ""),
        2: Field("layers", _OLD_LAYER, repeated=True),
        100: Field("layer", _LAYER, repeated=True),
    },
)


def read_model(path: Any) -> Message:
    """Reads a binary model of Caffe.

    Args:
        path: The ``.caffemodel`` file.

    Returns:
        The net. Its arrays are views of the file, which stays mapped as long as they live.

    Raises:
        OSError: If the file cannot be read.
        FileFormatError: If it is damaged, or no such model.
        NotSupportedError: If it is of the format before 2013.
    """
    place = pathlib.Path(path)
    with place.open("rb") as file:
        empty = place.stat().st_size == 0  # which cannot be mapped
        data = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        net = read(memoryview(data), _NET)
    except FileFormatError as error:
        raise FileFormatError(f"{place}: {error}") from error
    if any(layer.has("layer") for layer in net.layers):
        raise NotSupportedError(
            f"{place} is of Caffe's first format (V0), which Chainer does not read either; convert "
            "it with Caffe's tool upgrade_net_proto_binary"
        )
    return net


def blob_shape(blob: Message) -> tuple[int, ...]:
    """The shape of an array of a model: four lengths in old files, any number in newer ones.

    Args:
        blob: The array.

    Raises:
        FileFormatError: If a length is negative, or there are too many.
    """
    shape: tuple[int, ...]
    if blob.has("shape"):
        shape = tuple(blob.shape.dim)
    else:
        shape = (blob.num, blob.channels, blob.height, blob.width)
    if len(shape) > _MAX_AXES or any(n < 0 for n in shape):
        raise FileFormatError(f"a blob has the shape {shape[:_MAX_AXES]}: the file is damaged")
    return shape


def blob_array(blob: Message, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """The numbers of an array of a model.

    Args:
        blob: The array.
        shape: The shape that it must have; 1 may stand before it in the file.

    Returns:
        A view of the file, that must not be written to.

    Raises:
        FileFormatError: If there are more numbers, or less.
    """
    data = blob.data if len(blob.data) else blob.double_data
    if len(data) != math.prod(shape):
        raise FileFormatError(
            f"a blob of shape {shape} has {len(data):,} numbers instead of {math.prod(shape):,}: "
            "the file is damaged"
        )
    array: np.ndarray[Any, Any] = data.numpy().reshape(shape)
    return array
