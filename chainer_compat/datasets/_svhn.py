"""The Street View House Numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainer_compat._dtypes import get_dtype
from chainer_compat.datasets._cached_arrays import Arrays, cached_arrays
from chainer_compat.datasets._sources import fetch
from chainer_compat.datasets._tuple_dataset import TupleDataset
from chainer_compat.errors import DatasetFileError, MissingDependencyError

__all__ = ["get_svhn"]

_BASE_URL = "http://ufldl.stanford.edu/housenumbers/"


def get_svhn(
    withlabel: bool = True,
    scale: float = 1.0,
    dtype: Any = None,
    label_dtype: Any = np.int32,
    add_extra: bool = False,
) -> tuple[Any, ...]:
    """Returns SVHN, digits of house numbers: 73,257 to train on, 26,032 to test.

    They are downloaded once and kept in the dataset folder, at ``pfnet/chainer/svhn``. Reading
    what was downloaded needs SciPy.

    Args:
        withlabel: Whether an example is a pair of an image and a label, or just the image.
        scale: The range of pixels is from 0 to this.
        dtype: The dtype of images, which are 3 x 32 x 32; ``chainer.config.dtype`` if None.
        label_dtype: The dtype of labels, the digits from 0 to 9.
        add_extra: Whether to return the 531,131 easier images too.

    Returns:
        The training and the test set, and the extra one if asked for: each a
        :class:`~chainer_compat.datasets.TupleDataset`, or an array of images without labels.

    Raises:
        ImportError: If SciPy is needed and not installed.
        OSError: If the files cannot be downloaded.
        RuntimeError: If they are damaged.

    Source: Netzer et al., *Reading Digits in Natural Images with Unsupervised Feature Learning*
    (2011).
    """
    image_dtype = get_dtype(dtype, map_mixed16=np.float16)
    names = ("train", "test", "extra") if add_extra else ("train", "test")
    return tuple(_preprocessed(_raw(n), withlabel, scale, image_dtype, label_dtype) for n in names)


def _raw(name: str) -> Arrays:
    def make() -> Arrays:
        try:
            from scipy import io  # type: ignore[import-untyped]  # it publishes none
        except ImportError as error:
            raise MissingDependencyError(
                f"SciPy is not available: {error}. Reading SVHN needs it: pip install scipy"
            ) from error
        path = fetch(f"{_BASE_URL}{name}_32x32.mat")
        try:
            content = io.loadmat(path)
            return {"x": content["X"].astype(np.uint8), "y": content["y"].astype(np.uint8)}
        except (ValueError, TypeError, KeyError) as error:
            raise DatasetFileError(f"{path} is no file of SVHN: {error}") from error

    return cached_arrays("pfnet/chainer/svhn", f"{name}.npz", make)


def _preprocessed(
    raw: Arrays, withlabel: bool, scale: float, image_dtype: Any, label_dtype: Any
) -> Any:
    # The files have images last and channels before them.
    images = raw["x"].transpose(3, 2, 0, 1).astype(image_dtype, order="C")
    images *= scale / 255.0
    if not withlabel:
        return images
    labels = raw["y"].astype(label_dtype).reshape(-1)
    labels[labels == 10] = 0  # how the files label the digit 0
    return TupleDataset(images, labels)
