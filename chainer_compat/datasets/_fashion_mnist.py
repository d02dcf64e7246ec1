"""Fashion-MNIST."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat.datasets._mnist_helper import get_mnist_like

__all__ = ["get_fashion_mnist", "get_fashion_mnist_labels"]

_BASE_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def get_fashion_mnist_labels() -> list[str]:
    """Returns what the labels of Fashion-MNIST stand for, in order.

    Example:
        >>> from chainer_compat.datasets import get_fashion_mnist_labels
        >>> get_fashion_mnist_labels()[7]
        'Sneaker'
    """
    return list(_LABELS)


def get_fashion_mnist(
    withlabel: bool = True,
    ndim: int = 1,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = np.int32,
    rgb_format: bool = False,
) -> tuple[Any, Any]:
    """Returns Fashion-MNIST, articles of clothing: 60,000 images to train on and 10,000 to test.

    They are downloaded once and kept in the dataset folder, at ``pfnet/chainer/fashion-mnist``.

    Args:
        withlabel: Whether an example is a pair of an image and a label, or just the image.
        ndim: 1 for images of 784 values, 2 for 28 x 28, 3 for 1 x 28 x 28.
        scale: The range of pixels is from 0 to this.
        dtype: The dtype of images; ``chainer.config.dtype`` if None.
        label_dtype: The dtype of labels.
        rgb_format: With ``ndim=3``, whether to repeat the channel: 3 x 28 x 28.

    Returns:
        The training and the test set: each a :class:`~chainer_compat.datasets.TupleDataset`, or
        an array of images without labels.

    Raises:
        ValueError: If ``ndim`` is another number.
        OSError: If the files cannot be downloaded.
        RuntimeError: If they are damaged.

    Source: Xiao, Rasul and Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking
    Machine Learning Algorithms* (2017).
    """
    return get_mnist_like(
        "pfnet/chainer/fashion-mnist",
        _BASE_URL,
        withlabel,
        ndim,
        scale,
        dtype,
        label_dtype,
        rgb_format,
    )
