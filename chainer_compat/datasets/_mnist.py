"""MNIST."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat.datasets._mnist_helper import get_mnist_like

__all__ = ["get_mnist"]

_BASE_URL = "http://yann.lecun.com/exdb/mnist/"


def get_mnist(
    withlabel: bool = True,
    ndim: int = 1,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = np.int32,
    rgb_format: bool = False,
) -> tuple[Any, Any]:
    """Returns MNIST, handwritten digits: 60,000 images to train on and 10,000 to test.

    They are downloaded once and kept in the dataset folder, at ``pfnet/chainer/mnist``.

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

    Source: LeCun, Cortes and Burges, *The MNIST database of handwritten digits*.
    """
    return get_mnist_like(
        "pfnet/chainer/mnist", _BASE_URL, withlabel, ndim, scale, dtype, label_dtype, rgb_format
    )
