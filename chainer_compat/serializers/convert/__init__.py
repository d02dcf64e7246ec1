"""Weights and optimizer states that Chainer saved, for torch modules and optimizers."""

from __future__ import annotations

from chainer_compat.serializers.convert._optimizers import load_optimizer
from chainer_compat.serializers.convert._report import Loaded, Mismatch, Report
from chainer_compat.serializers.convert._weights import load_from_store, load_weights

__all__ = ["Loaded", "Mismatch", "Report", "load_from_store", "load_optimizer", "load_weights"]
