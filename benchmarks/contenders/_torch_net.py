"""The same small network for every loop that trains a torch model."""

from __future__ import annotations

import torch

from benchmarks.contenders import _batches

torch.set_num_threads(1)


def network():
    """16-16-4, from known weights."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(_batches.INPUTS, _batches.HIDDEN),
        torch.nn.ReLU(),
        torch.nn.Linear(_batches.HIDDEN, _batches.CLASSES),
    )


def batch():
    """One ready-made batch of tensors."""
    x, t = _batches.arrays()
    return torch.from_numpy(x), torch.from_numpy(t).long()
