"""Weights and Adam's moments of a made-up network, and the measuring of a file."""

from __future__ import annotations

import os
import pathlib
import tempfile
import time

import numpy as np

LAYERS = 8


def values(options):
    """Arrays by name: float32 weights of `options["size"]` numbers in all, two moments for each."""
    random = np.random.RandomState(0)
    length = max(options["size"] // LAYERS, 1)
    arrays = {}
    for layer in range(LAYERS):
        weights = random.standard_normal(length).astype(np.float32)
        gradients = random.standard_normal(length).astype(np.float32)
        arrays[f"model/l{layer}/W"] = weights * 0.05
        arrays[f"optimizer/l{layer}/W/m"] = gradients * 0.01
        arrays[f"optimizer/l{layer}/W/v"] = gradients * gradients * 0.001
    return arrays


def measure(save, load):
    """Time one save and one load in a folder of their own, with the size of the file.

    The file is written through to the disk's cache only, for everybody alike.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "file")
        start = time.perf_counter()
        path = save(path) or path
        saved = time.perf_counter()
        load(path)
        loaded = time.perf_counter()
        size = os.stat(path).st_size  # noqa: PTH116 (one call, whatever `save` returned)
    return {"save": saved - start, "load": loaded - saved, "bytes": size}
