"""Datasets: parts, combinations and views of others, files on a disk, downloads."""

from __future__ import annotations

from chainer_compat.datasets._cifar import get_cifar10, get_cifar100
from chainer_compat.datasets._concatenated_dataset import ConcatenatedDataset
from chainer_compat.datasets._dict_dataset import DictDataset
from chainer_compat.datasets._fashion_mnist import get_fashion_mnist, get_fashion_mnist_labels
from chainer_compat.datasets._image_dataset import (
    ImageDataset,
    LabeledImageDataset,
    LabeledZippedImageDataset,
    MultiZippedImageDataset,
    ZippedImageDataset,
    available,  # noqa: F401 -- of Chainer's module of image datasets
)
from chainer_compat.datasets._kuzushiji_mnist import (
    get_kuzushiji_mnist,
    get_kuzushiji_mnist_labels,
)
from chainer_compat.datasets._mnist import get_mnist
from chainer_compat.datasets._mnist_helper import (
    make_npz,  # noqa: F401 -- scripts import it from Chainer's module
    preprocess_mnist,  # noqa: F401 -- likewise
)
from chainer_compat.datasets._pickle_dataset import (
    PickleDataset,
    PickleDatasetWriter,
    open_pickle_dataset,
    open_pickle_dataset_writer,
)
from chainer_compat.datasets._ptb import get_ptb_words, get_ptb_words_vocabulary
from chainer_compat.datasets._splits import (
    get_cross_validation_datasets,
    get_cross_validation_datasets_random,
    split_dataset,
    split_dataset_n,
    split_dataset_n_random,
    split_dataset_random,
)
from chainer_compat.datasets._sub_dataset import SubDataset
from chainer_compat.datasets._svhn import get_svhn
from chainer_compat.datasets._text_dataset import TextDataset
from chainer_compat.datasets._transform_dataset import TransformDataset
from chainer_compat.datasets._tuple_dataset import TupleDataset

__all__ = [
    "ConcatenatedDataset",
    "DictDataset",
    "ImageDataset",
    "LabeledImageDataset",
    "LabeledZippedImageDataset",
    "MultiZippedImageDataset",
    "PickleDataset",
    "PickleDatasetWriter",
    "SubDataset",
    "TextDataset",
    "TransformDataset",
    "TupleDataset",
    "ZippedImageDataset",
    "get_cifar10",
    "get_cifar100",
    "get_cross_validation_datasets",
    "get_cross_validation_datasets_random",
    "get_fashion_mnist",
    "get_fashion_mnist_labels",
    "get_kuzushiji_mnist",
    "get_kuzushiji_mnist_labels",
    "get_mnist",
    "get_ptb_words",
    "get_ptb_words_vocabulary",
    "get_svhn",
    "open_pickle_dataset",
    "open_pickle_dataset_writer",
    "split_dataset",
    "split_dataset_n",
    "split_dataset_n_random",
    "split_dataset_random",
]
