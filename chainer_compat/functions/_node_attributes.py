"""What nodes show of a function as attributes, for hooks and exporters: by Chainer's names.

Options that the body takes by the name that Chainer has are there anyway. These are the others, and
those that Chainer keeps in another form; each is worked out when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from chainer_compat.backend import get_device_from_array
from chainer_compat.backends import _crossing
from chainer_compat.functions._indices import per_axis
from chainer_compat.functions._spatial import spread
from chainer_compat.utils.conv import get_deconv_outsize

__all__ = ["Derived", "attributes_of"]

_Members = dict[str, Any]


class Derived:
    """An attribute of a node that is worked out of its options and inputs.

    What is set on the node itself, as constructors do it, goes before.

    Args:
        work_out: A function of the node.
    """

    def __init__(self, work_out: Callable[[Any], Any]) -> None:
        self._work_out = work_out

    def __get__(self, node: Any, owner: type) -> Any:
        return self if node is None else self._work_out(node)


def attributes_of(name: str) -> _Members:
    """Returns the attributes of the class of a function's nodes.

    Args:
        name: The name of the class.
    """
    return _MEMBERS.get(name, {})


def _option(name: str, form: Callable[[Any], Any] = lambda value: value) -> Derived:
    """An option by another name than the attribute's, or in another form."""
    return Derived(lambda node: form(node._option(name)))


def _option_or(name: str, default: Any) -> Derived:
    """An option that only some of the functions have whose nodes are of the class."""
    return Derived(lambda node: node._option(name) if node._has_option(name) else default)


def _ndim(node: Any) -> int:
    """The number of spatial axes."""
    return len(node._input_shape(0)) - 2


def _pair(value: Any) -> tuple[Any, Any]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


# -- windows over images -----------------------------------------------------------------------


def _windows(node: Any, name: str, ndim: int | None = None) -> tuple[int, ...]:
    """An option with a number for each spatial axis; a stride of None is the window's size."""
    value = node._option(name)
    if value is None and name == "stride":
        value = node._option("ksize")
    return spread(value, _ndim(node) if ndim is None else ndim)


def _of_axis(name: str, axis: int) -> Derived:
    return Derived(lambda node: _windows(node, name, 2)[axis])


def _of_images(letters: str) -> _Members:
    """``sy`` and ``sx`` for the letter s, and so on."""
    return {
        letter + suffix: _of_axis(_SPATIAL[letter][0], axis)
        for letter in letters
        for axis, suffix in enumerate(_SPATIAL[letter][1])
    }


_SPATIAL = {"k": ("ksize", "hw"), "s": ("stride", "yx"), "p": ("pad", "hw"), "d": ("dilate", "yx")}


def _of_all_axes(name: str) -> Derived:
    return Derived(lambda node: _windows(node, name))


def _of_axes(*names: str) -> _Members:
    """Options with a number for each spatial axis."""
    return {name: _of_all_axes(name) for name in names}


def _outs(node: Any) -> tuple[int, ...]:
    """The sizes of what grows back to the size before a convolution or a pooling."""
    given = node._option("outsize")
    if given is not None:
        return spread(given, _ndim(node))
    sizes, strides, pads = node._input_shape(0)[2:], _windows(node, "stride"), _windows(node, "pad")
    covers = False
    if node._has_option("ksize"):
        kernel, dilates, covers = _windows(node, "ksize"), (1,) * len(sizes), node.cover_all
    else:
        kernel, dilates = node._input_shape(1)[2:], _windows(node, "dilate")
    return tuple(
        get_deconv_outsize(n, k, s, p, covers, d)
        for n, k, s, p, d in zip(sizes, kernel, strides, pads, dilates, strict=True)
    )


_OUT_OF_IMAGES: _Members = {
    "outh": Derived(lambda node: _outs(node)[0]),
    "outw": Derived(lambda node: _outs(node)[1]),
}
_POOLING_2D = _of_images("ksp")
_POOLING_ND: _Members = {
    **_of_axes("ksize", "stride", "pad"),
    "is_cudnn_used": False,
    "ndim": Derived(_ndim),
}

_IN_BOXES: _Members = {
    "outh": _option("outsize", lambda size: spread(size, 2)[0]),
    "outw": _option("outsize", lambda size: spread(size, 2)[1]),
    "spatial_scale": _option("scale"),
}
_ALIGNING: _Members = {**_IN_BOXES, "sampling_ratio": _option("ratio", _pair)}

# -- axes and shapes ---------------------------------------------------------------------------


def _axes(name: str = "axis") -> Derived:
    """Axes of which one may have been given as a number."""
    return _option(name, lambda axis: (axis,) if isinstance(axis, int) else axis)


def _key_axes(node: Any) -> tuple[int, ...]:
    """The axes that batch normalization does not average over."""
    ndim = len(node._input_shape(0))
    return tuple(axis for axis in range(ndim) if axis not in _averaged(node))


def _averaged(node: Any) -> tuple[int, ...]:
    axis = node._option("axis")
    if axis is None:
        key_ndim = len(node._input_shape(1))
        return (0, *range(1 + key_ndim, len(node._input_shape(0))))
    return (int(axis),) if isinstance(axis, (int, np.integer)) else tuple(axis)


def _expander(node: Any) -> tuple[Any, ...]:
    """How to index a statistic, so that it can be broadcast."""
    averaged = _averaged(node)
    ndim = len(node._input_shape(0))
    return tuple(None if axis in averaged else slice(None) for axis in range(ndim))


_BATCH: _Members = {
    "axis": Derived(_averaged),
    "expander": Derived(_expander),
    "key_axis": Derived(_key_axes),
}


def _raw(value: Any) -> Any:
    """What a body has as a tensor, as users know it."""
    return _crossing.as_raw(value) if isinstance(value, torch.Tensor) else value


def _samples(node: Any) -> Any:
    drawn = node._option("drawn") if node._has_option("drawn") else []
    return drawn[0] if drawn else None


def _before_and_after(pad_width: Any) -> Any:
    widths = np.asarray(pad_width)
    return np.repeat(widths, 2) if widths.size == 1 else widths


def _slopes(node: Any) -> Any:
    """The slopes that were drawn; the same for all elements in testing."""
    slope = node._option("slope")
    if isinstance(slope, torch.Tensor):
        return _raw(slope)
    shape, dtype = node._type_of_input(0)
    return np.full(tuple(shape), slope, _crossing.numpy_dtype(dtype))


def _is_count(borders: Any) -> bool:
    return isinstance(borders, int)


_MEMBERS: dict[str, _Members] = {
    "AsStrided": {"storage_offset": _option("offset")},
    "AveragePooling2D": {**_POOLING_2D, "cover_all": False, "return_indices": False},
    "AveragePoolingND": {
        **_POOLING_ND,
        "cover_all": False,
        "return_indices": False,
        "width": None,
    },
    "BatchNormalization": {
        **_BATCH,
        "running_mean": _option("running_mean", _raw),
        "running_var": _option("running_var", _raw),
    },
    "BatchRenormalizationFunction": {
        "running_mean": _option("running", lambda running: running[0]),
        "running_var": _option("running", lambda running: running[1]),
    },
    "BinaryAccuracy": {"ignore_label": -1},
    "BroadcastTo": {"_shape": _option("shape")},
    "Cast": {"type": _option("typ")},
    "ClippedReLU": {"cap": _option("z", float)},
    "ConnectionistTemporalClassification": {"zero_padding": -1e10},
    "Convolution2DFunction": _of_images("spd"),
    "ConvolutionND": {**_of_axes("stride", "pad", "dilate"), "ndim": Derived(_ndim)},
    "Copy": {
        "out_device": _option("device", lambda d: get_device_from_array(torch.empty(0, device=d)))
    },
    "Deconvolution2DFunction": {**_of_images("spd"), **_OUT_OF_IMAGES, "cover_all": None},
    "DeconvolutionND": {
        **_of_axes("stride", "pad", "dilate"),
        "cover_all": False,
        "ndim": Derived(_ndim),
        "outs": Derived(_outs),
    },
    "DecorrelatedBatchNormalization": {"axis": None},
    "DivFromConstant": {"value": _option_or("value", 1.0)},
    "Dropout": {"dropout_ratio": _option("ratio"), "mask": _option("mask", _raw)},
    "ELU": {"alpha": _option("alpha", float)},
    "EinSum": {"in_subs": _option("subscripts", ",".join), "out_sub": _option("output")},
    "FixedBatchNormalization": _BATCH,
    "Gaussian": {"eps": _option("eps", _raw)},
    "GetItem": {"slices": _option("slices", per_axis)},
    "Im2Col": _of_images("kspd"),
    "LocalConvolution2DFunction": _of_images("s"),
    "LogSumExp": {"axis": _axes()},
    "MatMul": {"dtype": None, "transc": False},
    "Max": {"axis": _axes(), "keepdims": _option_or("keepdims", False)},
    "MaxPoolingND": _POOLING_ND,
    "Mean": {"axis": _axes()},
    "Min": {"axis": _axes()},
    "MultiAdd": {"len": Derived(lambda node: node._input_count())},
    "NegativeSamplingFunction": {
        "ignore_label": -1,
        "samples": Derived(_samples),
    },
    "Pad": {"pad_bw": _option("pad_width", _before_and_after)},
    "Permutate": {"indices": _option("indices", _raw)},
    "Prod": {"axis": _axes()},
    "RReLU": {"r": Derived(_slopes)},
    "ResizeImages": {
        "out_H": _option("shape", lambda shape: shape[0]),
        "out_W": _option("shape", lambda shape: shape[1]),
    },
    **dict.fromkeys(("ROIAverageAlign2D", "ROIMaxAlign2D"), _ALIGNING),
    **dict.fromkeys(("ROIAveragePooling2D", "ROIMaxPooling2D"), _IN_BOXES),
    "ROIPooling2D": {"spatial_scale": _option("scale")},
    "ScatterAdd": {"slices": _option("slices", per_axis)},
    "Shift": _of_images("kd"),
    "SimplifiedDropconnect": {"mask": _option("drawn", lambda drawn: _raw(drawn[0]))},
    "SigmoidCrossEntropy": {"ignore_label": -1},
    "SoftmaxCrossEntropy": {
        "eps": 1e-7,
        "soft_target": Derived(lambda node: node._input_dtype(1).is_floating_point),
    },
    "Softplus": {"beta_inv": _option("beta", lambda beta: 1.0 / beta)},
    "SplitAxis": {
        "indices": _option("borders", lambda b: None if _is_count(b) else b),
        "indices_or_sections": _option("borders"),
        "sections": _option("borders", lambda b: b if _is_count(b) else None),
    },
    "Sum": {"axis": _axes()},
    "SumTo": {"_shape": _option("shape")},
    "TensorDot": {"dtype": None},
    **dict.fromkeys(("MaxPooling2D", "Pooling2D"), _POOLING_2D),
    "Unpooling2D": {**_POOLING_2D, **_OUT_OF_IMAGES, "return_indices": False},
    "UnpoolingND": {**_POOLING_ND, "outs": Derived(_outs), "return_indices": False},
    "Upsampling2D": {**_POOLING_2D, **_OUT_OF_IMAGES, "return_indices": False},
    "Where": {"condition": _option("condition", _raw)},
    "Zoneout": {
        "flag_h": _option("drawn", lambda drawn: ~_raw(drawn[0])),
        "flag_x": _option("drawn", lambda drawn: _raw(drawn[0])),
        "zoneout_ratio": _option("ratio"),
    },
}
