"""Kuzushiji-MNIST."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat.datasets._mnist_helper import get_mnist_like

__all__ = ["get_kuzushiji_mnist", "get_kuzushiji_mnist_labels"]

_BASE_URL = "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"
_LABELS = (
    ("o", "\u304a"),
    ("ki", "\u304d"),
    ("su", "\u3059"),
    ("tsu", "\u3064"),
    ("na", "\u306a"),
    ("ha", "\u306f"),
    ("ma", "\u307e"),
    ("ya", "\u3084"),
    ("re", "\u308c"),
    ("wo", "\u3092"),
)


def get_kuzushiji_mnist_labels() -> list[tuple[str, str]]:
    """Returns what the labels of Kuzushiji-MNIST stand for, in order: a reading, a character.

    Example:
        >>> from chainer_compat.datasets import get_kuzushiji_mnist_labels
        >>> get_kuzushiji_mnist_labels()[3]
        ('tsu', 'つ')
    """
    return list(_LABELS)


def get_kuzushiji_mnist(
    withlabel: bool = True,
    ndim: int = 1,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = np.int32,
    rgb_format: bool = False,
) -> tuple[Any, Any]:
    """Returns Kuzushiji-MNIST, Japanese characters: 60,000 images to train on and 10,000 to test.

    They are downloaded once and kept in the dataset folder, at ``pfnet/chainer/kuzushiji_mnist``.

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

    Source: Clanuwat et al., *Deep Learning for Classical Japanese Literature* (2018).
    """
    return get_mnist_like(
        "pfnet/chainer/kuzushiji_mnist",
        _BASE_URL,
        withlabel,
        ndim,
        scale,
        dtype,
        label_dtype,
        rgb_format,
    )
