"""Datasets in columns (Chainer: *chainer.dataset.tabular*)."""

from __future__ import annotations

from chainer_compat.dataset.tabular._from_data import from_data
from chainer_compat.dataset.tabular._views import DelegateDataset

__all__ = ["DelegateDataset", "from_data"]
