"""Microsoft's residual networks (Chainer: *ResNet50Layers* and its deeper brothers)."""

from __future__ import annotations

import os
import pathlib
import warnings
from collections import OrderedDict
from typing import Any

import numpy as np

from chainer_compat._variable import Variable
from chainer_compat.dataset import concat_examples  # noqa: F401 -- scripts import it from here
from chainer_compat.errors import InvalidArgumentError, InvalidArgumentTypeError
from chainer_compat.functions import average_pooling_2d, max_pooling_2d, relu, reshape, softmax
from chainer_compat.initializers import HeNormal, Zero
from chainer_compat.link import Chain
from chainer_compat.links._convolution import Convolution2D
from chainer_compat.links._linear import Linear
from chainer_compat.links._normalization import BatchNormalization
from chainer_compat.links.caffe import CaffeFunction
from chainer_compat.links.model.vision._pretrained import (
    Layers,
    PretrainedNetwork,
    Size,
    announce,
    available,  # noqa: F401 -- scripts import it from here
    caffe_layer,
    imported_name,
    models_directory,
    prepare_image,
    retrieve,
    take_weights,
)
from chainer_compat.serializers import load_npz, save_npz

__all__ = [
    "BottleneckA",
    "BottleneckB",
    "BuildingBlock",
    "ResNet50Layers",
    "ResNet101Layers",
    "ResNet152Layers",
    "ResNetLayers",
    "prepare",
]

_MEAN = (103.063, 115.903, 123.152)

# The number of bottlenecks in each of the four blocks.
_BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def _max_pooling_2d(x: Any) -> Variable:
    result: Variable = max_pooling_2d(x, 3, stride=2)
    return result


def _global_average_pooling_2d(x: Any) -> Variable:
    n, channels, height, width = x.shape
    result: Variable = reshape(average_pooling_2d(x, (height, width), stride=1), (n, channels))
    return result


class ResNetLayers(PretrainedNetwork):
    """A residual network; :class:`ResNet50Layers` and its brothers are for use.

    Args:
        pretrained_model: An npz file of weights, or a model of Caffe, which ends in
            ``.caffemodel``: it is looked for in ``$CHAINER_DATASET_ROOT/pfnet/chainer/models``, and
            converted once to a file there. ``"auto"`` for ``ResNet-50-model.caffemodel`` and so on.
            None for random weights.
        n_layers: 50, 101 or 152.
        downsample_fb: Make the images smaller in the convolutions of 3 x 3 pixels, as Facebook's
            networks do, rather than in those of single pixels.

    Raises:
        ValueError: If there is no network of so many layers.
        OSError: If the model is missing; it cannot be downloaded by itself.

    Source: He et al., *Deep Residual Learning for Image Recognition*, 2015.
    """

    _MEAN = _MEAN

    def __init__(self, pretrained_model: Any, n_layers: int, downsample_fb: bool = False) -> None:
        super().__init__()
        if n_layers not in _BLOCKS:
            raise InvalidArgumentError(f"n_layers is 50, 101 or 152; got {n_layers!r}")
        # Random numbers that a file would replace are not drawn.
        weights = Zero() if pretrained_model else HeNormal()
        counts = _BLOCKS[n_layers]
        options = {"initialW": weights, "downsample_fb": downsample_fb}
        with self.init_scope():
            self.conv1 = Convolution2D(3, 64, 7, 2, 3, initialW=weights)
            self.bn1 = BatchNormalization(64)
            self.res2 = BuildingBlock(counts[0], 64, 64, 256, 1, **options)
            self.res3 = BuildingBlock(counts[1], 256, 128, 512, 2, **options)
            self.res4 = BuildingBlock(counts[2], 512, 256, 1024, 2, **options)
            self.res5 = BuildingBlock(counts[3], 1024, 512, 2048, 2, **options)
            self.fc6 = Linear(2048, 1000)
        if pretrained_model == "auto":
            pretrained_model = f"ResNet-{n_layers}-model.caffemodel"
        if not pretrained_model:
            return
        if isinstance(pretrained_model, (str, os.PathLike)) and os.fspath(
            pretrained_model
        ).endswith(".caffemodel"):
            caffemodel = models_directory() / pretrained_model
            retrieve(
                self,
                f"ResNet-{n_layers}-model.npz",
                lambda path: _convert(caffemodel, path, n_layers),
            )
        else:
            load_npz(pretrained_model, self)

    @property
    def functions(self) -> Layers:
        """The functions of each layer, by the layer's name, in their order."""
        found: Layers = OrderedDict()
        found["conv1"] = [self.conv1, self.bn1, relu]
        found["pool1"] = [_max_pooling_2d]
        for name in ("res2", "res3", "res4", "res5"):
            found[name] = [self[name]]
        found["pool5"] = [_global_average_pooling_2d]
        found["fc6"] = [self.fc6]
        found["prob"] = [softmax]
        return found

    @classmethod
    def convert_caffemodel_to_npz(
        cls, path_caffemodel: Any, path_npz: Any, n_layers: int = 50
    ) -> None:
        """Makes a file of weights for a network of its model of Caffe.

        Args:
            path_caffemodel: The model of Caffe.
            path_npz: The file to write.
            n_layers: 50, 101 or 152.

        Raises:
            ValueError: If there is no network of so many layers, or the model is damaged, or of
                another network.
        """
        source = CaffeFunction(path_caffemodel)
        model = ResNetLayers(None, n_layers)
        take_weights(model.conv1, source, "conv1")
        _take_statistics(model.bn1, source, "_conv1")
        take_weights(model.fc6, source, "fc1000")
        for stage, count in enumerate(_BLOCKS[n_layers], 2):
            block = model[f"res{stage}"]
            for name, letter in zip(block._forward, _letters(stage, count, n_layers), strict=True):
                _take_bottleneck(block[name], source, f"{stage}{letter}")
        save_npz(path_npz, model, compression=False)


def _convert(caffemodel: pathlib.Path, path: str, n_layers: int) -> None:
    if not caffemodel.exists():
        raise FileNotFoundError(
            f"the pre-trained model {caffemodel} does not exist. Download it from "
            "https://github.com/KaimingHe/deep-residual-networks and put it there"
        )
    announce(caffemodel)
    ResNetLayers.convert_caffemodel_to_npz(caffemodel, path, n_layers)


def _letters(stage: int, count: int, n_layers: int) -> list[str]:
    """How Caffe's models name the bottlenecks of a block: a, b, c, or a, b1, b2, where many."""
    if n_layers == 50 or stage in {2, 5}:
        return list("abcdef"[:count])
    return ["a", *(f"b{i}" for i in range(1, count))]


def _take_bottleneck(target: Any, source: CaffeFunction, name: str) -> None:
    branches = ("2a", "2b", "2c", "1") if isinstance(target, BottleneckA) else ("2a", "2b", "2c")
    for i, branch in enumerate(branches, 1):
        take_weights(target[f"conv{i}"], source, f"res{name}_branch{branch}")
        _take_statistics(target[f"bn{i}"], source, f"{name}_branch{branch}")


def _take_statistics(target: Any, source: CaffeFunction, name: str) -> None:
    """Caffe has the statistics in one layer, and the factors behind in another."""
    statistics, scale = (caffe_layer(source, f"{kind}{name}") for kind in ("bn", "scale"))
    target.avg_mean[...] = statistics.avg_mean
    target.avg_var[...] = statistics.avg_var
    target.gamma.array[...] = scale.W.array
    target.beta.array[...] = scale.bias.b.array


class ResNet50Layers(ResNetLayers):
    """The residual network of 50 layers.

    Args:
        pretrained_model: An npz file of weights, or a model of Caffe, which ends in
            ``.caffemodel``: it is looked for in ``$CHAINER_DATASET_ROOT/pfnet/chainer/models``, and
            converted once to a file there. ``"auto"`` for ``ResNet-50-model.caffemodel``. None for
            random weights.
        downsample_fb: Make the images smaller in the convolutions of 3 x 3 pixels, as Facebook's
            networks do, rather than in those of single pixels.

    Raises:
        OSError: If the model is missing; it cannot be downloaded by itself.

    Source: He et al., *Deep Residual Learning for Image Recognition*, 2015.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> model = L.ResNet50Layers(None)
        >>> model(np.zeros((1, 3, 32, 32), np.float32), ["pool5"])["pool5"].shape
        (1, 2048)
    """

    def __init__(self, pretrained_model: Any = "auto", downsample_fb: bool = False) -> None:
        super().__init__(pretrained_model, 50, downsample_fb)


class ResNet101Layers(ResNetLayers):
    """The residual network of 101 layers.

    Args:
        pretrained_model: As for :class:`ResNet50Layers`, of ``ResNet-101-model.caffemodel``.
        downsample_fb: As for :class:`ResNet50Layers`.

    Raises:
        OSError: If the model is missing; it cannot be downloaded by itself.

    Source: He et al., *Deep Residual Learning for Image Recognition*, 2015.
    """

    def __init__(self, pretrained_model: Any = "auto", downsample_fb: bool = False) -> None:
        super().__init__(pretrained_model, 101, downsample_fb)


class ResNet152Layers(ResNetLayers):
    """The residual network of 152 layers.

    Args:
        pretrained_model: As for :class:`ResNet50Layers`, of ``ResNet-152-model.caffemodel``.
        downsample_fb: As for :class:`ResNet50Layers`.

    Raises:
        OSError: If the model is missing; it cannot be downloaded by itself.

    Source: He et al., *Deep Residual Learning for Image Recognition*, 2015.
    """

    def __init__(self, pretrained_model: Any = "auto", downsample_fb: bool = False) -> None:
        super().__init__(pretrained_model, 152, downsample_fb)


def prepare(image: Any, size: Size = (224, 224)) -> np.ndarray[Any, Any]:
    """Makes an input of these networks of an image: BGR, less the mean colour, channels first.

    Args:
        image: An image of Pillow, or an array of shape ``(height, width)``,
            ``(height, width, channels)`` or ``(channels, height, width)`` in RGB.
        size: The new width and height; None to keep them.

    Returns:
        An array of shape ``(3, height, width)`` and ``chainer.config.dtype``.

    Raises:
        ImportError: If Pillow is not installed.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.links.model.vision import resnet
        >>> resnet.prepare(np.zeros((30, 40, 3), np.uint8), size=None).shape
        (3, 30, 40)
    """
    return prepare_image(image, size, _MEAN)


class BuildingBlock(Chain):
    """Bottlenecks one after the other, the first of which makes the images smaller.

    Args:
        n_layers: How many bottlenecks there are.
        in_channels: The channels of the input.
        mid_channels: The channels inside of the bottlenecks.
        out_channels: The channels of the output.
        stride: By how much the images become smaller.
        initialW: The initializer of all filters.
        downsample_fb: Make them smaller in the convolution of 3 x 3 pixels.
        **kwargs: ``n_layer``, the former name of ``n_layers``, with a warning.

    Raises:
        TypeError: If there are other arguments.

    Source: He et al., *Deep Residual Learning for Image Recognition*, 2015.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.links.model.vision.resnet import BuildingBlock
        >>> BuildingBlock(2, 4, 2, 8, 2)(np.ones((1, 4, 6, 6), np.float32)).shape
        (1, 8, 3, 3)
    """

    def __init__(
        self,
        n_layers: Any = None,
        in_channels: Any = None,
        mid_channels: Any = None,
        out_channels: Any = None,
        stride: Any = None,
        initialW: Any = None,
        downsample_fb: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if "n_layer" in kwargs:
            warnings.warn(
                "n_layer of BuildingBlock is deprecated; use n_layers",
                DeprecationWarning,
                stacklevel=2,
            )
            n_layers = kwargs.pop("n_layer")
        if kwargs:
            raise InvalidArgumentTypeError(
                f"BuildingBlock() got an unexpected keyword argument {next(iter(kwargs))!r}"
            )
        with self.init_scope():
            self.a = BottleneckA(
                in_channels, mid_channels, out_channels, stride, initialW, downsample_fb
            )
            self._forward = ["a"]
            for i in range(1, n_layers):
                setattr(self, f"b{i}", BottleneckB(out_channels, mid_channels, initialW))
                self._forward.append(f"b{i}")

    def forward(self, x: Any) -> Variable:
        """Applies the block.

        Args:
            x: The images, of shape ``(N, in_channels, H, W)``.
        """
        for name in self._forward:
            x = self[name](x)
        result: Variable = x
        return result


class BottleneckA(Chain):
    """A bottleneck that makes the images smaller, and changes the number of channels.

    Args:
        in_channels: The channels of the input.
        mid_channels: The channels inside.
        out_channels: The channels of the output.
        stride: By how much the images become smaller.
        initialW: The initializer of all filters.
        downsample_fb: Make them smaller in the convolution of 3 x 3 pixels, as Facebook's networks
            do, rather than in the first one.

    Source: He et al., *Deep Residual Learning for Image Recognition*, 2015.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.links.model.vision.resnet import BottleneckA
        >>> BottleneckA(4, 2, 8)(np.ones((1, 4, 6, 6), np.float32)).shape
        (1, 8, 3, 3)
    """

    def __init__(
        self,
        in_channels: int,
        mid_channels: int,
        out_channels: int,
        stride: Any = 2,
        initialW: Any = None,
        downsample_fb: Any = False,
    ) -> None:
        super().__init__()
        strides = (1, stride) if downsample_fb else (stride, 1)
        plain = {"initialW": initialW, "nobias": True}
        with self.init_scope():
            self.conv1 = Convolution2D(in_channels, mid_channels, 1, strides[0], 0, **plain)
            self.bn1 = BatchNormalization(mid_channels)
            self.conv2 = Convolution2D(mid_channels, mid_channels, 3, strides[1], 1, **plain)
            self.bn2 = BatchNormalization(mid_channels)
            self.conv3 = Convolution2D(mid_channels, out_channels, 1, 1, 0, **plain)
            self.bn3 = BatchNormalization(out_channels)
            self.conv4 = Convolution2D(in_channels, out_channels, 1, stride, 0, **plain)
            self.bn4 = BatchNormalization(out_channels)

    def forward(self, x: Any) -> Variable:
        """Applies the bottleneck.

        Args:
            x: The images, of shape ``(N, in_channels, H, W)``.
        """
        h = relu(self.bn1(self.conv1(x)))
        h = relu(self.bn2(self.conv2(h)))
        result: Variable = relu(self.bn3(self.conv3(h)) + self.bn4(self.conv4(x)))
        return result


class BottleneckB(Chain):
    """A bottleneck that keeps the size of the images and the number of channels.

    Args:
        in_channels: The channels of the input and of the output.
        mid_channels: The channels inside.
        initialW: The initializer of all filters.

    Source: He et al., *Deep Residual Learning for Image Recognition*, 2015.

    Example:
        >>> import numpy as np
        >>> from chainer_compat.links.model.vision.resnet import BottleneckB
        >>> BottleneckB(4, 2)(np.ones((1, 4, 6, 6), np.float32)).shape
        (1, 4, 6, 6)
    """

    def __init__(self, in_channels: int, mid_channels: int, initialW: Any = None) -> None:
        super().__init__()
        plain = {"initialW": initialW, "nobias": True}
        with self.init_scope():
            self.conv1 = Convolution2D(in_channels, mid_channels, 1, 1, 0, **plain)
            self.bn1 = BatchNormalization(mid_channels)
            self.conv2 = Convolution2D(mid_channels, mid_channels, 3, 1, 1, **plain)
            self.bn2 = BatchNormalization(mid_channels)
            self.conv3 = Convolution2D(mid_channels, in_channels, 1, 1, 0, **plain)
            self.bn3 = BatchNormalization(in_channels)

    def forward(self, x: Any) -> Variable:
        """Applies the bottleneck.

        Args:
            x: The images, of shape ``(N, in_channels, H, W)``.
        """
        h = relu(self.bn1(self.conv1(x)))
        h = relu(self.bn2(self.conv2(h)))
        result: Variable = relu(self.bn3(self.conv3(h)) + x)
        return result


def __getattr__(name: str) -> Any:
    return imported_name(__name__, name)
