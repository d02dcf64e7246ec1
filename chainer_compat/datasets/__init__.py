"""Datasets: parts, combinations and views of others, files on a disk, downloads."""

from __future__ import annotations

from chainer_compat.datasets._concatenated_dataset import ConcatenatedDataset
from chainer_compat.datasets._dict_dataset import DictDataset
from chainer_compat.datasets._splits import (
    get_cross_validation_datasets,
    get_cross_validation_datasets_random,
    split_dataset,
    split_dataset_n,
    split_dataset_n_random,
    split_dataset_random,
)
from chainer_compat.datasets._sub_dataset import SubDataset
from chainer_compat.datasets._transform_dataset import TransformDataset
from chainer_compat.datasets._tuple_dataset import TupleDataset

__all__ = [
    "ConcatenatedDataset",
    "DictDataset",
    "SubDataset",
    "TransformDataset",
    "TupleDataset",
    "get_cross_validation_datasets",
    "get_cross_validation_datasets_random",
    "split_dataset",
    "split_dataset_n",
    "split_dataset_n_random",
    "split_dataset_random",
]
