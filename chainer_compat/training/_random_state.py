"""The states of the random number generators that a training run draws from."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from chainer_compat.serializer import Serializer
from chainer_compat.training._state import load_json, save_json

__all__ = ["RandomState"]


class RandomState:
    """Saves the generators' states in a snapshot, and sets them again when the run goes on.

    Chainer stores none of them. Loading only remembers them: the script may still draw numbers
    before it calls ``run``, which then sets them by :meth:`set`.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Any] | None = None

    def serialize(self, serializer: Any) -> None:
        """Saves the present states, or remembers those of the file, if it has them.

        Args:
            serializer: A serializer or deserializer.
        """
        if isinstance(serializer, Serializer):
            _save(serializer)
        else:
            self._loaded = _load(serializer)

    def set(self) -> None:
        """Sets the generators to the states that were loaded, once; does nothing if none were."""
        states, self._loaded = self._loaded, None
        if states is None:
            return
        version, gauss = states["python"]
        random.setstate((version, tuple(states["python_key"].tolist()), gauss))
        np.random.set_state(states["numpy"])  # noqa: NPY002 - Chainer's stream
        torch.set_rng_state(torch.from_numpy(states["torch"]))
        for index, state in enumerate(states["cuda"][: torch.cuda.device_count()]):
            torch.cuda.set_rng_state(torch.from_numpy(state), index)


def _save(serializer: Any) -> None:
    version, key, gauss = random.getstate()
    save_json(serializer, "python", [version, gauss])
    serializer("python_key", np.array(key, np.uint32))
    state: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - Chainer's stream
    save_json(serializer, "numpy", {**state, "state": _without_arrays(state["state"])})
    # The Mersenne Twister's words; other generators have only numbers, all of them in the text.
    serializer("numpy_key", np.asarray(state["state"].get("key", ()), np.uint32))
    serializer("torch", torch.get_rng_state().numpy())
    # Asking for them would initialize CUDA in a process that does not use it.
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]  # untyped in torch
    serializer("cuda_count", len(on_gpus))
    for index, on_gpu in enumerate(on_gpus):
        serializer(f"cuda_{index}", on_gpu.numpy())


def _load(serializer: Any) -> dict[str, Any] | None:
    python = load_json(serializer, "python")
    if python is None:
        return None
    state = load_json(serializer, "numpy")
    key = serializer("numpy_key", None)
    if len(key):
        state["state"]["key"] = key
    return {
        "python": python,
        "python_key": serializer("python_key", None),
        "numpy": state,
        "torch": serializer("torch", None),
        "cuda": [serializer(f"cuda_{i}", None) for i in range(serializer("cuda_count", 0))],
    }


def _without_arrays(state: dict[str, Any]) -> dict[str, Any]:
    return {name: int(value) for name, value in state.items() if np.ndim(value) == 0}
