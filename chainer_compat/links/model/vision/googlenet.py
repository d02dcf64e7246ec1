"""Google's network of 2014 (Chainer: *GoogLeNet*)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from chainer_compat._variable import Variable
from chainer_compat.dataset import (
    cached_download,
    concat_examples,  # noqa: F401 -- scripts import it from here
)
from chainer_compat.functions import (
    average_pooling_2d,
    dropout,
    local_response_normalization,
    max_pooling_2d,
    relu,
    softmax,
)
from chainer_compat.initializers import LeCunUniform, Zero
from chainer_compat.links._convolution import Convolution2D
from chainer_compat.links._image_blocks import Inception
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
    take_weights,
)
from chainer_compat.serializers import load_npz, save_npz

__all__ = ["GoogLeNet", "prepare"]

_MEAN = (104.0, 117.0, 123.0)

# As Chainer has it, so that a file that it has downloaded is found.
_URL = "http://dl.caffe.berkeleyvision.org/bvlc_googlenet.caffemodel"

# The channels of each block: as `Inception` takes them.
_BLOCKS = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}

# Each link, with the name of its layer in Caffe's model.
_CAFFE_NAMES = {
    "conv1": "conv1/7x7_s2",
    "conv2_reduce": "conv2/3x3_reduce",
    "conv2": "conv2/3x3",
    "loss1_conv": "loss1/conv",
    "loss1_fc1": "loss1/fc",
    "loss1_fc2": "loss1/classifier",
    "loss2_conv": "loss2/conv",
    "loss2_fc1": "loss2/fc",
    "loss2_fc2": "loss2/classifier",
    "loss3_fc": "loss3/classifier",
}
_CAFFE_NAMES_IN_BLOCKS = {
    "conv1": "1x1",
    "proj3": "3x3_reduce",
    "conv3": "3x3",
    "proj5": "5x5_reduce",
    "conv5": "5x5",
    "projp": "pool_proj",
}


def _max_pooling_2d(x: Any) -> Variable:
    result: Variable = max_pooling_2d(x, 3, stride=2)
    return result


def _local_response_normalization(x: Any) -> Variable:
    result: Variable = local_response_normalization(x, n=5, k=1, alpha=1e-4 / 5)
    return result


def _average_pooling_2d_k5(x: Any) -> Variable:
    result: Variable = average_pooling_2d(x, 5, stride=3)
    return result


def _average_pooling_2d_k7(x: Any) -> Variable:
    result: Variable = average_pooling_2d(x, 7, stride=1)
    return result


def _dropout(x: Any) -> Variable:
    result: Variable = dropout(x, ratio=0.4)
    return result


class GoogLeNet(PretrainedNetwork):
    """Google's network of 2014, with its two auxiliary classifiers.

    Args:
        pretrained_model: An npz file of weights. ``"auto"`` takes it from
            ``$CHAINER_DATASET_ROOT/pfnet/chainer/models``, and makes it there, if it is missing, of
            the model of Caffe, 50 megabytes that are downloaded. None for random weights.

    Source: Szegedy et al., *Going Deeper with Convolutions*, 2014; Caffe's *bvlc_googlenet*.

    Example:
        >>> import numpy as np
        >>> import chainer_compat.links as L
        >>> model = L.GoogLeNet(None)
        >>> model(np.zeros((1, 3, 32, 32), np.float32), ["inception_3b"])["inception_3b"].shape
        (1, 480, 4, 4)
    """

    _MEAN = _MEAN
    _VERSION_1 = "train"
    _BRANCHES = {"loss1_fc2": "inception_4a", "loss2_fc2": "inception_4d"}

    def __init__(self, pretrained_model: Any = "auto") -> None:
        super().__init__()
        # Random numbers that a file would replace are not drawn.
        inits: dict[str, Any] = {"initialW": Zero() if pretrained_model else LeCunUniform()}
        with self.init_scope():
            self.conv1 = Convolution2D(3, 64, 7, stride=2, pad=3, **inits)
            self.conv2_reduce = Convolution2D(64, 64, 1, **inits)
            self.conv2 = Convolution2D(64, 192, 3, stride=1, pad=1, **inits)
            for name, channels in _BLOCKS.items():
                setattr(self, f"inc{name}", Inception(*channels))
            self.loss3_fc = Linear(1024, 1000, **inits)
            self.loss1_conv = Convolution2D(512, 128, 1, **inits)
            self.loss1_fc1 = Linear(2048, 1024, **inits)
            self.loss1_fc2 = Linear(1024, 1000, **inits)
            self.loss2_conv = Convolution2D(528, 128, 1, **inits)
            self.loss2_fc1 = Linear(2048, 1024, **inits)
            self.loss2_fc2 = Linear(1024, 1000, **inits)
        if pretrained_model == "auto":
            retrieve(self, "bvlc_googlenet.npz", self._download_and_convert)
        elif pretrained_model:
            load_npz(pretrained_model, self)

    @classmethod
    def _download_and_convert(cls, path: str) -> None:
        caffemodel = cached_download(_URL)
        announce(caffemodel)
        cls.convert_caffemodel_to_npz(caffemodel, path)

    @property
    def functions(self) -> Layers:
        """The functions of each layer, by the layer's name, in their order."""
        found: Layers = OrderedDict()
        found["conv1"] = [self.conv1, relu]
        found["pool1"] = [_max_pooling_2d, _local_response_normalization]
        found["conv2_reduce"] = [self.conv2_reduce, relu]
        found["conv2"] = [self.conv2, relu, _local_response_normalization]
        found["pool2"] = [_max_pooling_2d]
        for name in _BLOCKS:
            found[f"inception_{name}"] = [self[f"inc{name}"]]
            if name == "3b":
                found["pool3"] = [_max_pooling_2d]
            elif name == "4e":
                found["pool4"] = [_max_pooling_2d]
        found["pool5"] = [_average_pooling_2d_k7]
        found["loss3_fc"] = [_dropout, self.loss3_fc]
        found["prob"] = [softmax]
        # Behind the others, for they are seldom asked for.
        for i in (1, 2):
            convolution, first, second = (self[f"loss{i}_{n}"] for n in ("conv", "fc1", "fc2"))
            found[f"loss{i}_fc2"] = [
                _average_pooling_2d_k5, convolution, relu, first, relu, second
            ]  # fmt: skip
        return found

    @classmethod
    def convert_caffemodel_to_npz(cls, path_caffemodel: Any, path_npz: Any) -> None:
        """Makes a file of weights for this network of its model of Caffe.

        Args:
            path_caffemodel: The model of Caffe.
            path_npz: The file to write.

        Raises:
            FileFormatError: If the model is damaged, or of another network.
        """
        source = CaffeFunction(path_caffemodel)
        model = cls(pretrained_model=None)
        for name, theirs in _CAFFE_NAMES.items():
            take_weights(model[name], source, theirs)
        for block in _BLOCKS:
            for name, theirs in _CAFFE_NAMES_IN_BLOCKS.items():
                take_weights(model[f"inc{block}"][name], source, f"inception_{block}/{theirs}")
        save_npz(path_npz, model, compression=False)


def prepare(image: Any, size: Size = (224, 224)) -> np.ndarray[Any, Any]:
    """Makes an input of this network of an image: BGR, less the mean colour, channels first.

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
        >>> from chainer_compat.links.model.vision import googlenet
        >>> googlenet.prepare(np.zeros((30, 40, 3), np.uint8))[:, 0, 0].tolist()
        [-104.0, -117.0, -123.0]
    """
    return prepare_image(image, size, _MEAN)


def __getattr__(name: str) -> Any:
    return imported_name(__name__, name)
