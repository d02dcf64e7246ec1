"""The networks of Oxford's group (Chainer: *VGG16Layers*, *VGG19Layers*)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from chainer_compat._variable import Variable
from chainer_compat.dataset import (
    cached_download,
    concat_examples,  # noqa: F401 -- scripts import it from here
)
from chainer_compat.errors import InvalidArgumentError
from chainer_compat.functions import dropout, max_pooling_2d, relu, softmax
from chainer_compat.initializers import Normal, Zero
from chainer_compat.links._convolution import Convolution2D
from chainer_compat.links._linear import Linear
from chainer_compat.links.caffe import CaffeFunction
from chainer_compat.links.model.vision._pretrained import (
    Layers,
    PretrainedNetwork,
    Size,
    announce,
    available,  # noqa: F401 -- scripts import it from here
    imported_name,
    prepare_image,
    retrieve,
)
from chainer_compat.serializers import load_npz, save_npz

__all__ = ["VGG16Layers", "VGG19Layers", "VGGLayers", "prepare"]

_MEAN = (103.939, 116.779, 123.68)

_URL = "www.robots.ox.ac.uk/%7Evgg/software/very_deep/caffe/VGG_ILSVRC_{}_layers.caffemodel"
# As Chainer has them, so that a file that it has downloaded is found.
_URLS = {16: f"https://{_URL.format(16)}", 19: f"http://{_URL.format(19)}"}

# The channels of each stage, and its convolutions in the network of 16 layers and of 19.
_STAGES = ((64, 2, 2), (128, 2, 2), (256, 3, 4), (512, 3, 4), (512, 3, 4))


def _max_pooling_2d(x: Any) -> Variable:
    result: Variable = max_pooling_2d(x, 2)
    return result


class VGGLayers(PretrainedNetwork):
    """A network of Oxford's group; :class:`VGG16Layers` and :class:`VGG19Layers` are for use.

    Args:
        pretrained_model: An npz file of weights. ``"auto"`` takes it from
            ``$CHAINER_DATASET_ROOT/pfnet/chainer/models``, and makes it there, if it is missing, of
            the model of Caffe, half a gigabyte that is downloaded. None for random weights.
        n_layers: 16 or 19.

    Raises:
        ValueError: If there is no network of so many layers.

    Source: Simonyan & Zisserman, *Very Deep Convolutional Networks for Large-Scale Image
    Recognition*, 2014.
    """

    _EXTRACTED = "fc7"
    _MEAN = _MEAN

    def __init__(self, pretrained_model: Any = "auto", n_layers: int = 16) -> None:
        super().__init__()
        if n_layers not in _URLS:
            raise InvalidArgumentError(f"n_layers is 16 or 19; got {n_layers!r}")
        # Random numbers that a file would replace are not drawn.
        weights = Zero() if pretrained_model else Normal(0.01)
        inits: dict[str, Any] = {"initialW": weights, "initial_bias": Zero()}
        with self.init_scope():
            self._add_convolutions(16, inits)
            self.fc6 = Linear(512 * 7 * 7, 4096, **inits)
            self.fc7 = Linear(4096, 4096, **inits)
            self.fc8 = Linear(4096, 1000, **inits)
            if n_layers == 19:
                self._add_convolutions(19, inits)
        if pretrained_model == "auto":
            retrieve(
                self,
                f"VGG_ILSVRC_{n_layers}_layers.npz",
                lambda path: self._download_and_convert(_URLS[n_layers], path),
            )
        elif pretrained_model:
            load_npz(pretrained_model, self)

    def _add_convolutions(self, n_layers: int, inits: dict[str, Any]) -> None:
        before = 3
        for stage, (channels, *counts) in enumerate(_STAGES, 1):
            for i in range(1, counts[n_layers == 19] + 1):
                name = f"conv{stage}_{i}"
                # The network of 19 layers begins as the other one, and adds to it.
                if not hasattr(self, name):
                    setattr(self, name, Convolution2D(before, channels, 3, 1, 1, **inits))
                before = channels

    @classmethod
    def _download_and_convert(cls, url: str, path: str) -> None:
        caffemodel = cached_download(url)
        announce(caffemodel)
        cls.convert_caffemodel_to_npz(caffemodel, path)

    @classmethod
    def convert_caffemodel_to_npz(cls, path_caffemodel: Any, path_npz: Any) -> None:
        """Makes a file of weights for this network of its model of Caffe.

        Args:
            path_caffemodel: The model of Caffe.
            path_npz: The file to write.

        Raises:
            FileFormatError: If the model is damaged.
        """
        # The layers have the same names there.
        save_npz(path_npz, CaffeFunction(path_caffemodel), compression=False)

    def _layers(self, n_layers: int) -> Layers:
        found: Layers = OrderedDict()
        for stage, (_, *counts) in enumerate(_STAGES, 1):
            for i in range(1, counts[n_layers == 19] + 1):
                found[f"conv{stage}_{i}"] = [self[f"conv{stage}_{i}"], relu]
            found[f"pool{stage}"] = [_max_pooling_2d]
        found["fc6"] = [self.fc6, relu, dropout]
        found["fc7"] = [self.fc7, relu, dropout]
        found["fc8"] = [self.fc8]
        found["prob"] = [softmax]
        return found


class VGG16Layers(VGGLayers):
    """The network of Oxford's group with 16 layers.

    Args:
        pretrained_model: An npz file of weights. ``"auto"`` takes it from
            ``$CHAINER_DATASET_ROOT/pfnet/chainer/models``, and makes it there, if it is missing, of
            the model of Caffe, half a gigabyte that is downloaded. None for random weights.

    Source: Simonyan & Zisserman, 2014. The weights are under a Creative Commons licence.
    """

    def __init__(self, pretrained_model: Any = "auto") -> None:
        super().__init__(pretrained_model, 16)

    @property
    def functions(self) -> Layers:
        """The functions of each layer, by the layer's name, in their order."""
        return self._layers(16)


class VGG19Layers(VGGLayers):
    """The network of Oxford's group with 19 layers.

    Args:
        pretrained_model: An npz file of weights. ``"auto"`` takes it from
            ``$CHAINER_DATASET_ROOT/pfnet/chainer/models``, and makes it there, if it is missing, of
            the model of Caffe, half a gigabyte that is downloaded. None for random weights.

    Source: Simonyan & Zisserman, 2014. The weights are under a Creative Commons licence.
    """

    def __init__(self, pretrained_model: Any = "auto") -> None:
        super().__init__(pretrained_model, 19)

    @property
    def functions(self) -> Layers:
        """The functions of each layer, by the layer's name, in their order."""
        return self._layers(19)


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
        >>> from chainer_compat.links.model.vision import vgg
        >>> vgg.prepare(np.zeros((30, 40, 3), np.uint8)).shape
        (3, 224, 224)
    """
    return prepare_image(image, size, _MEAN)


def __getattr__(name: str) -> Any:
    return imported_name(__name__, name)
