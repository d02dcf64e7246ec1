"""What the networks for images have in common: layers by name, images as inputs, files."""

from __future__ import annotations

import importlib
import importlib.util
import pathlib
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from chainer_compat import _chainer_names, _version1
from chainer_compat._dtypes import get_dtype
from chainer_compat._unsupported import missing_name
from chainer_compat._variable import Variable
from chainer_compat.configuration import no_backprop_mode, using_config
from chainer_compat.dataset import cache_or_load_file, concat_examples, get_dataset_directory
from chainer_compat.errors import FileFormatError, MissingDependencyError
from chainer_compat.link import Chain, Link
from chainer_compat.links.caffe import CaffeFunction
from chainer_compat.serializers import load_npz
from chainer_compat.utils import imgproc
from chainer_compat.utils.argument import assert_kwargs_empty

__all__ = [
    "PretrainedNetwork",
    "announce",
    "available",
    "caffe_layer",
    "imported_name",
    "models_directory",
    "prepare_image",
    "retrieve",
    "take_weights",
]

# Whether Pillow is there, by Chainer's name.
available = importlib.util.find_spec("PIL") is not None

Size = tuple[int, int] | None
Layers = OrderedDict[str, list[Callable[[Any], Any]]]


def imported_name(module: str, name: str) -> Any:
    """What a module of Chainer's has imported, for scripts that import it from there.

    Args:
        module: The name of the module that stands for it here.
        name: What a script asks it for.

    Raises:
        AttributeError: If Chainer's module does not have it.
    """
    known = _chainer_names.modules()[module.replace("chainer_compat", "chainer", 1)]
    owner = known.owners.get(name, "chainer.links")
    if owner != "chainer.links":
        return getattr(importlib.import_module(owner.replace("chainer", "chainer_compat", 1)), name)
    raise missing_name(module, name)


def prepare_image(image: Any, size: Size, mean: Sequence[float]) -> np.ndarray[Any, Any]:
    """Makes an input of a network of an image: BGR, less the mean, channels first.

    Args:
        image: An image of Pillow, or an array of shape ``(height, width)``,
            ``(height, width, channels)`` or ``(channels, height, width)`` in RGB.
        size: The new width and height; None to keep them.
        mean: What is taken from blue, green and red.

    Returns:
        An array of shape ``(3, height, width)``.

    Raises:
        ImportError: If Pillow is not installed.
    """
    if not available:
        raise MissingDependencyError(
            "PIL cannot be loaded. Install Pillow: images are resized with it (pip install pillow)"
        )
    from PIL import Image

    if isinstance(image, np.ndarray):
        if image.ndim == 3 and image.shape[0] == 1:
            image = image[0]
        elif image.ndim == 3 and image.shape[0] == 3:
            image = image.transpose(1, 2, 0)
        image = Image.fromarray(image.astype(np.uint8))
    image = image.convert("RGB")
    if size:
        image = image.resize(size)
    dtype = get_dtype(map_mixed16=np.float16)
    array = np.asarray(image, dtype)[:, :, ::-1] - np.array(mean, dtype)
    result: np.ndarray[Any, Any] = array.transpose(2, 0, 1)
    return result


def models_directory() -> pathlib.Path:
    """The folder of converted models, ``$CHAINER_DATASET_ROOT/pfnet/chainer/models``."""
    return pathlib.Path(get_dataset_directory("pfnet/chainer/models/"))


def retrieve(model: Link, name: str, convert: Callable[[str], None]) -> None:
    """Loads a converted model from the folder of models, or converts it first.

    Args:
        model: What it is loaded into.
        name: The name of its npz file.
        convert: Called with a path to write the file to, if it is not there.
    """

    def create(path: str) -> None:
        convert(path)
        load_npz(path, model)

    cache_or_load_file(str(models_directory() / name), create, lambda path: load_npz(path, model))


def announce(path: Any) -> None:
    """Says on the terminal that a model of Caffe is converted, which takes its time.

    Args:
        path: The model's file.
    """
    sys.stderr.write(f"converting {path}; this may take a minute\n")
    sys.stderr.flush()


def take_weights(target: Any, source: CaffeFunction, name: str) -> None:
    """Copies the weights of a layer of Caffe's into a link.

    Args:
        target: A link with ``W``, and with or without ``b``.
        source: The model of Caffe.
        name: The layer's name.

    Raises:
        FileFormatError: If the model has no such layer, or its weights have another shape.
    """
    layer = caffe_layer(source, name)
    pairs = [(target.W, layer.W)]
    if target.b is not None and layer.b is not None:
        pairs.append((target.b, layer.b))
    for mine, theirs in pairs:
        if mine.shape != theirs.shape:
            raise FileFormatError(
                f"layer {name!r} has weights of shape {theirs.shape} instead of {mine.shape}"
            )
        mine.array[...] = theirs.array


def caffe_layer(source: CaffeFunction, name: str) -> Any:
    """A link of a model of Caffe's.

    Args:
        source: The model.
        name: The layer's name.

    Raises:
        FileFormatError: If the model has no such layer.
    """
    if name not in source.forwards or not hasattr(source, name):
        raise FileFormatError(
            f"the model of Caffe has no layer {name!r}: it is another network than is asked for"
        )
    return source[name]


class PretrainedNetwork(Chain):
    """A network for images whose layers have names."""

    # What `extract` gives, what is taken from the colours, and Chainer 1's switch.
    _EXTRACTED = "pool5"
    _MEAN: tuple[float, float, float]
    _VERSION_1 = "test"
    # Layers that go on from another one than that before them.
    _BRANCHES: Mapping[str, str] = {}

    @property
    def functions(self) -> Layers:
        """The functions of each layer, by the layer's name, in their order."""
        raise NotImplementedError(f"{type(self).__name__} is a base: use a network of its kind")

    @property
    def available_layers(self) -> list[str]:
        """The names of the layers."""
        return list(self.functions)

    def forward(
        self, x: Any, layers: Iterable[str] | None = None, *version_1: Any, **kwargs: Any
    ) -> dict[str, Variable]:
        """Computes the outputs of layers.

        Args:
            x: The images, as ``prepare`` of this network's module makes them, ``(N, 3, H, W)``.
            layers: The names of the layers; ``["prob"]`` if None.
            *version_1: The switch below.
            **kwargs: ``test`` (``train`` with GoogLeNet), Chainer 1's switch, instead of
                ``config.train``.

        Returns:
            A dictionary of variables by the names of the layers.
        """
        if version_1:
            _version1.switches(kwargs, version_1, self._VERSION_1)
        if kwargs:
            switch = _version1.take(kwargs, self._VERSION_1)
            assert_kwargs_empty(kwargs)
            if switch is not None:
                with switch:
                    return self.forward(x, layers)
        wanted = {"prob"} if layers is None else set(layers)
        found: dict[str, Variable] = {}
        branches: dict[str, Any] = {}
        h = x
        for name, functions in self.functions.items():
            if not wanted:
                break
            if name in self._BRANCHES:
                h = branches[self._BRANCHES[name]]
            for function in functions:
                h = function(h)
            if name in wanted:
                found[name] = h
                wanted.remove(name)
            if name in self._BRANCHES.values():
                branches[name] = h
        return found

    def extract(
        self,
        images: Iterable[Any],
        layers: Iterable[str] | None = None,
        size: Size = (224, 224),
        **kwargs: Any,
    ) -> dict[str, Variable]:
        """Computes the outputs of layers for images as they come.

        Args:
            images: Images of Pillow, or arrays in RGB.
            layers: The names of the layers; that of the features if None.
            size: The width and height to which the images are brought; None if they have one size.
            **kwargs: ``test`` (``train`` with GoogLeNet) and ``volatile``, as in Chainer 1.

        Returns:
            A dictionary of variables by the names of the layers.

        Raises:
            ImportError: If Pillow is not installed.
        """
        volatile = {"volatile": kwargs.pop("volatile")} if "volatile" in kwargs else {}
        x = concat_examples([prepare_image(image, size, self._MEAN) for image in images])
        variable = Variable(self.device.send(x), **volatile)
        result: dict[str, Variable] = self(
            variable, [self._EXTRACTED] if layers is None else layers, **kwargs
        )
        return result

    def predict(self, images: Iterable[Any], oversample: bool = True) -> Variable:
        """Computes the probabilities of the classes, in test mode and without a graph.

        Args:
            images: Images of Pillow, or arrays in RGB.
            oversample: Take the mean over ten crops of each image: the corners, the centre, and
                their mirror images. Otherwise the centre only.

        Returns:
            A variable of shape ``(N, classes)``.

        Raises:
            ImportError: If Pillow is not installed.
        """
        from chainer_compat.functions import average, reshape

        x = concat_examples([prepare_image(image, (256, 256), self._MEAN) for image in images])
        x = imgproc.oversample(x, (224, 224)) if oversample else x[:, :, 16:240, 16:240]
        with no_backprop_mode(), using_config("train", False):
            y: Variable = self(Variable(self.device.send(x)), ["prob"])["prob"]
            if oversample:
                y = average(reshape(y, (len(y) // 10, 10, *y.shape[1:])), axis=1)
        return y
