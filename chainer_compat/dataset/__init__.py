"""Datasets, iterators and converters: what they are made of (Chainer: *chainer.dataset*)."""

from __future__ import annotations

from chainer_compat.dataset._async_transfer import (
    ConcatWithAsyncTransfer,
    Conveyor,  # noqa: F401 -- of Chainer's module of converters
)
from chainer_compat.dataset._convert import (
    CollatedBatch,
    _concat_arrays,  # noqa: F401 -- scripts import it from Chainer's module
    _concat_arrays_with_padding,  # noqa: F401 -- likewise
    concat_examples,
    concat_examples_func,  # noqa: F401 -- likewise
)
from chainer_compat.dataset._converter import (
    Converter,
    _ArbitraryCallableConverter,  # noqa: F401 -- likewise
    _call_converter,  # noqa: F401 -- likewise
    _get_device,  # noqa: F401 -- likewise
    converter,
    identity_converter,
    to_device,
)
from chainer_compat.dataset._dataset_mixin import DatasetMixin
from chainer_compat.dataset._download import (
    cache_or_load_file,
    cached_download,
    get_dataset_directory,
    get_dataset_root,
    set_dataset_root,
)
from chainer_compat.dataset._iterator import Iterator
from chainer_compat.dataset.tabular._tabular_dataset import TabularDataset

__all__ = [
    "CollatedBatch",
    "ConcatWithAsyncTransfer",
    "Converter",
    "DatasetMixin",
    "Iterator",
    "TabularDataset",
    "cache_or_load_file",
    "cached_download",
    "concat_examples",
    "converter",
    "get_dataset_directory",
    "get_dataset_root",
    "identity_converter",
    "set_dataset_root",
    "to_device",
]
