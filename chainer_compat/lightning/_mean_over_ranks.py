"""What several processes have reported of one batch, as one process would have reported it."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import torch

from chainer_compat.backends._crossing import as_tensor
from chainer_compat.lightning._fabric_ranks import FabricRanks
from chainer_compat.variable import Variable

__all__ = ["mean_over_ranks"]


def mean_over_ranks(observation: dict[str, Any], weight: float, ranks: FabricRanks) -> None:
    """Replaces the numbers of an observation by their means over all processes.

    A pair, a value and its weight, becomes the weighted mean and the sum of the weights. What is
    no number stays as it is on this process, and what only some processes have reported is the
    mean over those. Values on a GPU stay there, and nothing waits for it.

    Args:
        observation: The observation.
        weight: The part of the batch that was this process's.
        ranks: The processes.
    """
    sums = {
        name: _sums_of(value, weight)
        for name, value in sorted(observation.items())
        if _is_number(value) or _is_pair(value)
    }
    kinds = " ".join(f"{name}:{each[0].device.type}" for name, each in sums.items())
    agree, _ = ranks.compare(zlib.crc32(kinds.encode()), ())
    if not agree:
        sums = _of_all_names(sums, ranks)
    for device in sorted({each[0].device for each in sums.values()}, key=str):
        names = [name for name, each in sums.items() if each[0].device == device]
        flat = torch.stack([part for name in names for part in sums[name]])
        means = ranks.add_up(flat).view(len(names), 2)
        for name, (total, weights) in zip(names, means.unbind(), strict=True):
            observation[name] = _like(observation.get(name), total / weights, weights)


def _of_all_names(
    sums: dict[str, tuple[torch.Tensor, torch.Tensor]], ranks: FabricRanks
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Sums of the names of all processes, on the CPU; zero where this one has none."""
    nothing = torch.zeros((), dtype=torch.float64)
    names = sorted({name for own in ranks.gather(list(sums)) for name in own})
    found = {name: sums.get(name, (nothing, nothing)) for name in names}
    return {name: (total.cpu(), weights.cpu()) for name, (total, weights) in found.items()}


def _is_number(value: Any) -> bool:
    if isinstance(value, (bool, int, float)):
        return True
    tensor = getattr(value, "tensor", value)
    return getattr(tensor, "ndim", -1) == 0 and _kind(tensor) != "other"


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return "torch"
    dtype = getattr(value, "dtype", None)
    return "array" if getattr(dtype, "kind", "") in tuple("biuf") else "other"


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_number, value))


def _sums_of(value: Any, weight: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The value times its weight, and the weight."""
    number, own = value if _is_pair(value) else (value, weight)
    tensor = _tensor_of(number)
    weights = _tensor_of(own).to(tensor.device)
    if not weight:
        # The share is an example that does not count; it may even be infinite.
        nothing = torch.zeros_like(tensor)
        return nothing, nothing
    return tensor * weights, weights


def _tensor_of(value: Any) -> torch.Tensor:
    tensor = getattr(value, "tensor", value)
    if not isinstance(tensor, torch.Tensor):
        plain = isinstance(tensor, (bool, int, float, np.generic))
        tensor = torch.tensor(float(tensor)) if plain else as_tensor(tensor)
    return tensor.detach().double()


def _like(old: Any, mean: torch.Tensor, weights: torch.Tensor) -> Any:
    """The mean as the kind of thing that this process has reported."""
    if isinstance(old, tuple):
        return _like(old[0], mean, weights), _like(old[1], weights, weights)
    if isinstance(old, Variable):
        if old.creator is None:
            return Variable(mean.to(old.tensor.dtype))
        # It is kept with its graph, for that to be drawn.
        old.tensor.data.copy_(mean)
        return old
    if isinstance(old, torch.Tensor):
        return mean.to(old.device, old.dtype) if old.is_floating_point() else mean.to(old.device)
    if isinstance(old, np.generic) or (isinstance(old, np.ndarray) and old.dtype.kind == "f"):
        return old.dtype.type(mean.item()) if old.dtype.kind == "f" else np.float64(mean.item())
    number = float(mean.item())
    return int(number) if isinstance(old, int) and number.is_integer() else number
