"""The same arrays in the formats that others use."""

from __future__ import annotations

import numpy as np

from benchmarks.contenders import _files


def savez_compressed(options):
    """NumPy's own, compressed."""
    return _npz(options, np.savez_compressed)


def savez(options):
    """NumPy's own, not compressed."""
    return _npz(options, np.savez)


def _npz(options, write):
    arrays = _files.values(options)

    def save(path):
        path += ".npz"  # NumPy appends it
        write(path, **arrays)
        return path

    def load(path):
        with np.load(path) as archive:
            return {name: archive[name] for name in archive.files}

    return lambda: _files.measure(save, load)


def torch_save(options):
    """`torch.save` and `torch.load`."""
    import torch

    tensors = {name: torch.from_numpy(array) for name, array in _files.values(options).items()}
    return lambda: _files.measure(
        lambda path: torch.save(tensors, path),
        lambda path: torch.load(path, weights_only=True),
    )


def safetensors(options):
    """safetensors, through NumPy."""
    from safetensors import numpy

    arrays = _files.values(options)
    return lambda: _files.measure(lambda path: numpy.save_file(arrays, path), numpy.load_file)


def bytes_alone(options):
    """What no format can beat: the arrays' bytes in one file, read into memory that is there."""
    arrays = _files.values(options)
    into = {name: np.ones_like(array) for name, array in arrays.items()}

    def load(path):
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (as below)
            for array in into.values():
                file.readinto(array)

    return lambda: _files.measure(_writer(arrays), load)


def bytes_into_new_memory(options):
    """The same, read as `file.read()` does: what NumPy, torch and safetensors could reach."""

    def load(path):
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (as below)
            file.read()

    save = _writer(_files.values(options))
    return lambda: _files.measure(save, load)


def _writer(arrays):
    def save(path):
        with open(path, "wb", buffering=0) as file:  # noqa: PTH123 (a str path, as for the others)
            file.writelines(arrays.values())

    return save
