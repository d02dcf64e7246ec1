"""Rewrites a file in another format."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from chainer_compat.errors import InvalidArgumentError
from chainer_compat.serializers._atomic import atomic_file
from chainer_compat.serializers._describe import MODEL, keys_under
from chainer_compat.serializers._hdf5 import save_hdf5
from chainer_compat.serializers._limits import Limits
from chainer_compat.serializers._npz import save_npz
from chainer_compat.serializers._progress import Progress
from chainer_compat.serializers._safetensors import save_safetensors
from chainer_compat.serializers._stores import open_store
from chainer_compat.serializers._torch_file import save_torch

__all__ = ["FORMATS", "Rewritten", "rewrite"]

FORMATS = {
    ".npz": "npz", ".h5": "hdf5", ".hdf5": "hdf5", ".safetensors": "safetensors", ".pt": "torch",
    ".pth": "torch", ".ckpt": "lightning",
}  # fmt: skip
_TORCH_NAMES = {
    "W": "weight", "b": "bias", "gamma": "weight", "beta": "bias", "avg_mean": "running_mean",
    "avg_var": "running_var", "N": "num_batches_tracked",
}  # fmt: skip


@dataclass
class Rewritten:
    """What became of each array.

    Attributes:
        file: The new file.
        format: Its format.
        names: The keys of the old file, and their names in the new one.
        left_out: Keys that the new format has no place for.
        whole_trainer: Whether all of a trainer's snapshot was taken, not the model alone.
    """

    file: str
    format: str
    names: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    whole_trainer: bool = False


def rewrite(
    file: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    path: str = "",
    format: str | None = None,
    limits: Limits | None = None,
) -> Rewritten:
    """Writes the arrays of a file into another one.

    The torch formats get torch's names (``l1/W`` is ``l1.weight``) and numbers only; the others
    keep the keys. Layouts are not changed: a torch module is filled by
    :func:`chainer_compat.serializers.convert.load_weights`, which knows them.

    Args:
        file: The file to read.
        out: The file to write.
        path: Only what is under this path, which is cut off; ``"model"`` is the model of a
            trainer's snapshot.
        format: One of npz, hdf5, safetensors, torch and lightning; by the suffix of ``out`` if
            None.
        limits: Caps on what may be allocated.

    Raises:
        ValueError: If the format is not known.
        KeyError: If there is nothing under the path.
    """
    kind = format or FORMATS.get(os.path.splitext(os.fspath(out))[1].lower())  # noqa: PTH122 - str
    if kind not in set(FORMATS.values()):
        raise InvalidArgumentError(
            f"the format of {os.fspath(out)!r} is not known by its suffix; use one of "
            f"{', '.join(FORMATS)}, or say which: {', '.join(sorted(set(FORMATS.values())))}"
        )
    with open_store(os.fspath(file), limits) as store:
        prefix, keys = keys_under(store, path)
        arrays = {}
        total = sum(store.member(key).header.nbytes for key in keys)
        with Progress(f"reading {store.name}", total) as progress:
            for key in keys:
                arrays[key] = store.member(key).read()
                store.release(key)
                progress.advance(arrays[key].nbytes)
    done = _write(os.fspath(out), kind, prefix, arrays)
    done.whole_trainer = not prefix and any(key.startswith(MODEL) for key in keys)
    return done


def _write(out: str, kind: str, prefix: str, arrays: dict[str, np.ndarray]) -> Rewritten:
    done = Rewritten(out, kind)
    for_torch = kind in {"torch", "lightning"}
    state: dict[str, Any] = {}
    for key, array in arrays.items():
        name = key.removeprefix(prefix)
        if for_torch and array.dtype.kind in "OUS":
            done.left_out.append(key)
            continue
        name = _torch_name(name) if for_torch else name
        if name in state:
            raise InvalidArgumentError(f"{key!r} and another key both become {name!r}")
        done.names[key] = name
        state[name] = array
    _WRITERS[kind](out, state)
    return done


def _torch_name(key: str) -> str:
    path, _, name = key.rpartition("/")
    return f"{path}/{_TORCH_NAMES.get(name, name)}".strip("/").replace("/", ".")


def _save_lightning(out: str, state: dict[str, np.ndarray]) -> None:
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in state.items()}
    checkpoint = {
        "state_dict": tensors, "epoch": 0, "global_step": 0, "loops": None,
        "pytorch-lightning_version": "2.0.0", "callbacks": {}, "optimizer_states": [],
        "lr_schedulers": [],
    }  # fmt: skip
    with atomic_file(out) as file:
        torch.save(checkpoint, file)


_WRITERS: dict[str, Any] = {
    "npz": save_npz,
    "hdf5": save_hdf5,
    "safetensors": save_safetensors,
    "torch": save_torch,
    "lightning": _save_lightning,
}
