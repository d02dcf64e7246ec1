"""A model of Caffe as a chain of links and functions."""

from __future__ import annotations

import functools
import math
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from chainer_compat import _version1, functions
from chainer_compat._variable import Variable
from chainer_compat.configuration import using_config
from chainer_compat.errors import ChainerCompatWarning, FileFormatError
from chainer_compat.link import Chain, Link
from chainer_compat.links._convolution import Convolution2D, Deconvolution2D
from chainer_compat.links._elementwise import Scale
from chainer_compat.links._linear import Linear
from chainer_compat.links._normalization import BatchNormalization
from chainer_compat.links.caffe._format import blob_array, blob_shape, read_model
from chainer_compat.links.caffe._wire import Message
from chainer_compat.serializers import Limits
from chainer_compat.utils.argument import assert_kwargs_empty

__all__ = ["CaffeFunction"]

Function = Callable[..., Any]


class CaffeFunction(Chain):
    """A model of Caffe, read from its binary file.

    Layers of these types are taken over, from files of Caffe's present format and of the one before
    it (V1): BatchNorm, Concat, Convolution, Deconvolution, Dropout, Eltwise, InnerProduct, LRN,
    Pooling, ReLU, Reshape, Scale, Sigmoid, Slice, Softmax, SoftmaxWithLoss, Split. Data layers are
    passed over, all others with a warning. No software of Caffe or of protocol buffers is needed,
    and no code in the file can run.

    Args:
        model_path: The ``.caffemodel`` file.

    Attributes:
        forwards: The function of each layer, by the layer's name; some are links, which are
            children of the same name.
        layers: The layers in their order: name, inputs and outputs.
        variables: All values of the last call, by their names in the model.

    Raises:
        OSError: If the file cannot be read.
        FileFormatError: If it is damaged, a ValueError.
        NotSupportedError: If it is of Caffe's first format (V0).
        RuntimeError: If a layer works in a way that is not supported.

    Source: Chainer's reference, *chainer.links.caffe.CaffeFunction*.

    Example:
        >>> import os, tempfile
        >>> import numpy as np
        >>> from chainer_compat.links.caffe import CaffeFunction
        >>> relu = bytes([10, 1]) + b"r" + bytes([18, 4]) + b"ReLU"  # name and type
        >>> relu += bytes([26, 1]) + b"x" + bytes([34, 1]) + b"y"  # input and output
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "net.caffemodel")
        ...     with open(path, "wb") as file:
        ...         _ = file.write(bytes([162, 6, len(relu)]) + relu)
        ...     net = CaffeFunction(path)
        >>> net({"x": np.array([-1.0, 1.0], np.float32)}, ["y"])
        (variable([0., 1.]),)
    """

    def __init__(self, model_path: Any) -> None:
        super().__init__()
        self.forwards: dict[str, Function] = {}
        self.split_map: dict[str, str] = {}
        self.layers: list[tuple[str, list[str], list[str]]] = []
        self.variables: dict[str, Any] = {}
        net = read_model(model_path)
        for layer in net.layer or net.layers:
            kind = layer.type if net.layer else _OLD_TYPES.get(layer.type, f"V1 {layer.type}")
            try:
                self._add(layer, kind)
            except FileFormatError as error:
                raise FileFormatError(f"{model_path}: layer {layer.name!r}: {error}") from error

    def _add(self, layer: Message, kind: str) -> None:
        if kind == "Data":
            return
        if kind == "Split":
            source = self._source(layer.bottom[0]) if layer.bottom else ""
            self.split_map.update(dict.fromkeys(layer.top, source))
            return
        make = _LAYERS.get(kind)
        if make is None:
            warnings.warn(
                f"layer {layer.name!r} is passed over: CaffeFunction has no layers of type {kind}",
                ChainerCompatWarning,
                stacklevel=3,
            )
            return
        made = make(layer)
        if isinstance(made, Link):
            with self.init_scope():
                setattr(self, layer.name, made)
            self.forwards[layer.name] = functools.partial(self._call_child, layer.name)
            if kind == "BatchNorm" and layer.batch_norm_param.use_global_stats:
                self.forwards[layer.name] = functools.partial(self._test_child, layer.name)
        else:
            self.forwards[layer.name] = made
        self.layers.append((layer.name, list(map(self._source, layer.bottom)), list(layer.top)))

    def _source(self, name: str) -> str:
        """The value that stands behind a name: a Split gives further names to one."""
        return self.split_map.get(name, name)

    def _call_child(self, name: str, *xs: Any) -> Any:
        return self[name](*xs)

    def _test_child(self, name: str, *xs: Any) -> Any:
        with using_config("train", False):
            return self[name](*xs)

    def forward(
        self,
        inputs: Mapping[str, Any],
        outputs: Iterable[str],
        disable: Iterable[str] = (),
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Computes values of the model.

        A layer is left out if one of its inputs was neither given nor computed.

        Args:
            inputs: Variables or arrays, by their names in the model.
            outputs: The names of the values that are wanted.
            disable: The names of layers that are left out.
            **kwargs: ``train``, Chainer 1's switch, instead of ``config.train``.

        Returns:
            The values, in the order of ``outputs``.

        Raises:
            KeyError: If a value that is wanted was not computed.
            TypeError: If there are other arguments.
        """
        switch = _version1.take(kwargs, "train") if kwargs else None
        assert_kwargs_empty(kwargs)
        if switch is not None:
            with switch:
                return self.forward(inputs, outputs, disable)
        variables = dict(inputs)
        left_out = set(disable)
        for name, bottom, top in self.layers:
            if name in left_out or name not in self.forwards:
                continue
            if not all(blob in variables for blob in bottom):
                continue
            results = self.forwards[name](*(variables[blob] for blob in bottom))
            if not isinstance(results, (tuple, list)):
                results = (results,)
            variables.update(zip(top, results, strict=False))
        self.variables = variables
        return tuple(self._value(name) for name in outputs)

    def _value(self, name: str) -> Any:
        if name not in self.variables:
            raise KeyError(
                f"{name!r} was not computed: no layer of the model gives it, or an input of that "
                f"layer was not given; there are {', '.join(sorted(self.variables))}"
            )
        return self.variables[name]


def _sizes(param: Message, name: str, short: str, default: int | None) -> Any:
    """A size of windows: one for each axis, one for both, or the default."""
    pair = getattr(param, f"{short}_h"), getattr(param, f"{short}_w")
    if pair[0] > 0 or (short == "pad" and pair[1] > 0):
        return pair
    value = getattr(param, name)
    if not isinstance(value, list):
        return value
    if len(value) > 1:
        return tuple(value)
    if not value and default is None:
        raise FileFormatError(f"it has no {name}")
    return value[0] if value else default


def _windows(param: Message) -> tuple[Any, Any, Any]:
    """The size of windows, the step between them, and the padding."""
    return (
        _sizes(param, "kernel_size", "kernel", None),
        _sizes(param, "stride", "stride", 1),
        _sizes(param, "pad", "pad", 0),
    )


def _blobs(layer: Message, count: int) -> list[Message]:
    if len(layer.blobs) < count:
        raise FileFormatError(f"it has {len(layer.blobs)} arrays instead of {count}")
    blobs: list[Message] = layer.blobs
    return blobs


def _filters(layer: Message, inputs_first: bool) -> tuple[Any, Any, dict[str, Any]]:
    """The number of channels of a convolution, before and after, and its other arguments.

    Groups are parts of one array of filters that is zero elsewhere, as in Chainer, whose files have
    it so.
    """
    param = layer.convolution_param
    blobs = _blobs(layer, 2 if param.bias_term else 1)
    shape = blob_shape(blobs[0])
    if len(shape) != 4:
        raise FileFormatError(f"its filters have the shape {shape}; only images are supported")
    data = blob_array(blobs[0], shape)
    groups = param.group
    if groups < 1 or shape[0] % groups:
        raise FileFormatError(f"its {shape[0]} filters do not part into {groups} groups")
    size = 4 * shape[0] * shape[1] * groups * shape[2] * shape[3]
    Limits().check("the filters of all groups", stored=data.nbytes, plain=size)
    first, second = shape[0], shape[1] * groups
    filters = np.zeros((first, second, *shape[2:]), np.float32)
    for i in range(groups):
        rows = slice(i * first // groups, (i + 1) * first // groups)
        filters[rows, i * shape[1] : (i + 1) * shape[1]] = data[rows]
    ksize, stride, pad = _windows(param)
    options: dict[str, Any] = {
        "ksize": ksize,
        "stride": stride,
        "pad": pad,
        "dilate": tuple(param.dilation) if len(param.dilation) > 1 else (*param.dilation, 1)[0],
        "nobias": not param.bias_term,
        "initialW": filters,
    }
    if param.bias_term:
        options["initial_bias"] = blob_array(blobs[1], (second if inputs_first else first,))
    if (ksize if isinstance(ksize, tuple) else (ksize, ksize)) != shape[2:]:
        raise FileFormatError(f"its filters are {shape[2:]}, but its kernel is {ksize}")
    return first, second, options


def _convolution(layer: Message) -> Link:
    outs, ins, options = _filters(layer, inputs_first=False)
    return Convolution2D(ins, outs, **options)


def _deconvolution(layer: Message) -> Link:
    ins, outs, options = _filters(layer, inputs_first=True)
    return Deconvolution2D(ins, outs, **options)


def _inner_product(layer: Message) -> Link:
    param = layer.inner_product_param
    if param.axis != 1:
        raise RuntimeError(f"layer {layer.name!r}: InnerProduct is supported along axis 1 only")
    blobs = _blobs(layer, 2 if param.bias_term else 1)
    shape = blob_shape(blobs[0])
    if len(shape) not in {2, 4}:
        raise RuntimeError(f"layer {layer.name!r}: weights of shape {shape} are not supported")
    outs, ins = shape[-2:]
    bias = blob_array(blobs[1], (outs,)) if param.bias_term else None
    weights = blob_array(blobs[0], (outs, ins))
    return Linear(ins, outs, not param.bias_term, initialW=weights, initial_bias=bias)


def _batch_norm(layer: Message) -> Link:
    param = layer.batch_norm_param
    blobs = _blobs(layer, 2)
    size = math.prod(blob_shape(blobs[0]))
    mean, var = (blob_array(blob, (size,)) for blob in blobs[:2])
    # Caffe keeps sums of the statistics, and how much was summed up.
    factor = float(blob_array(blobs[2], (1,))[0]) if len(blobs) > 2 else 1.0
    scale = 1 / factor if factor else 0.0
    link = BatchNormalization(
        size,
        decay=param.moving_average_fraction,
        eps=param.eps,
        use_gamma=False,
        use_beta=False,
    )
    link.avg_mean[...] = mean * scale
    link.avg_var[...] = var * scale
    return link


def _scale(layer: Message) -> Link:
    param = layer.scale_param
    # With two inputs the second one is the factor, and only what is added is in the file.
    given = len(layer.bottom) > 1
    count = (not given) + param.bias_term
    blobs = _blobs(layer, count)
    arrays = [blob_array(blob, blob_shape(blob)) for blob in blobs[:count]]
    if given:
        shape = arrays[0].shape if param.bias_term else None
        link = Scale(param.axis, bias_term=param.bias_term, bias_shape=shape)
    else:
        link = Scale(param.axis, arrays[0].shape, param.bias_term)
        link.W.array[...] = arrays[0]
    if param.bias_term:
        link.bias.b.array[...] = arrays[-1]
    return link


def _together(function: Function, options: Mapping[str, Any], *xs: Any) -> Any:
    return function(xs, **options)


def _concat(layer: Message) -> Function:
    param = layer.concat_param
    axis = param.concat_dim if param.axis == 1 else param.axis
    return functools.partial(_together, functions.concat, {"axis": axis})


def _dropout(layer: Message) -> Function:
    return functools.partial(functions.dropout, ratio=layer.dropout_param.dropout_ratio)


def _weighted_sum(coefficients: list[float], *xs: Any) -> Any:
    if not coefficients:
        return functools.reduce(operator.add, xs)
    if len(coefficients) != len(xs):
        raise AssertionError(
            f"{len(xs)} values are to be added by {len(coefficients)} coefficients"
        )
    return functools.reduce(operator.add, (x * c for x, c in zip(xs, coefficients, strict=True)))


def _fold(function: Function, *xs: Any) -> Any:
    return functools.reduce(function, xs)


def _eltwise(layer: Message) -> Function:
    param = layer.eltwise_param
    if param.operation == 0:
        return functools.partial(_fold, operator.mul)
    if param.operation == 1:
        return functools.partial(_weighted_sum, param.coeff)
    if param.operation == 2:
        return functools.partial(_fold, functions.maximum)
    raise FileFormatError(f"there is no elementwise operation of number {param.operation}")


def _lrn(layer: Message) -> Function:
    param = layer.lrn_param
    if param.norm_region != 0:
        raise RuntimeError(f"layer {layer.name!r}: LRN is supported across channels only")
    if param.local_size < 1:
        raise FileFormatError(f"it normalizes over {param.local_size} channels")
    return functools.partial(
        functions.local_response_normalization,
        n=param.local_size,
        k=param.k,
        alpha=param.alpha / param.local_size,
        beta=param.beta,
    )


def _pool_all(function: Function, stride: Any, pad: Any, x: Any) -> Variable:
    result: Variable = function(x, x.shape[2:], stride=stride, pad=pad)
    return result


def _pooling(layer: Message) -> Function:
    param = layer.pooling_param
    kinds: dict[int, Function] = {0: functions.max_pooling_2d, 1: functions.average_pooling_2d}
    if param.pool not in kinds:
        raise RuntimeError(f"layer {layer.name!r}: only maximum and average pooling are supported")
    function = kinds[param.pool]
    ksize, stride, pad = _windows(param)
    if ksize == 0:
        if not param.global_pooling:
            raise FileFormatError("it has no kernel_size")
        return functools.partial(_pool_all, function, stride, pad)
    return functools.partial(function, ksize=ksize, stride=stride, pad=pad)


def _relu(layer: Message) -> Function:
    slope = layer.relu_param.negative_slope
    return functools.partial(functions.leaky_relu, slope=slope) if slope else functions.relu


def _to_shape(shape: list[int], x: Any) -> Any:
    # A length of 0 is that of the input.
    kept = [x.shape[i] if n == 0 and i < len(x.shape) else n for i, n in enumerate(shape)]
    return functions.reshape(x, kept)


def _reshape(layer: Message) -> Function:
    return functools.partial(_to_shape, layer.reshape_param.shape.dim)


def _slice(layer: Message) -> Function:
    param = layer.slice_param
    axis = param.axis if param.has("axis") else param.slice_dim
    parts = param.slice_point or len(layer.top)
    return functools.partial(functions.split_axis, indices_or_sections=parts, axis=axis)


def _softmax(layer: Message) -> Function:
    return _along_channels(layer, functions.softmax)


def _softmax_loss(layer: Message) -> Function:
    return _along_channels(layer, functions.softmax_cross_entropy)


def _along_channels(layer: Message, function: Function) -> Function:
    if layer.softmax_param.axis != 1:
        raise RuntimeError(f"layer {layer.name!r}: Softmax is supported along axis 1 only")
    return function


def _sigmoid(layer: Message) -> Function:  # noqa: ARG001 -- the others read their layer
    function: Function = functions.sigmoid
    return function


_LAYERS: dict[str, Callable[[Message], Function]] = {
    "BatchNorm": _batch_norm,
    "Concat": _concat,
    "Convolution": _convolution,
    "Deconvolution": _deconvolution,
    "Dropout": _dropout,
    "Eltwise": _eltwise,
    "InnerProduct": _inner_product,
    "LRN": _lrn,
    "Pooling": _pooling,
    "ReLU": _relu,
    "Reshape": _reshape,
    "Scale": _scale,
    "Sigmoid": _sigmoid,
    "Slice": _slice,
    "Softmax": _softmax,
    "SoftmaxWithLoss": _softmax_loss,
}

_OLD_TYPES = {
    3: "Concat",
    4: "Convolution",
    5: "Data",
    6: "Dropout",
    14: "InnerProduct",
    15: "LRN",
    17: "Pooling",
    18: "ReLU",
    19: "Sigmoid",
    20: "Softmax",
    21: "SoftmaxWithLoss",
    22: "Split",
    25: "Eltwise",
    33: "Slice",
    39: "Deconvolution",
}
