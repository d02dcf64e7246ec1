"""The state of a torch optimizer, by the paths of the parameters and the names of the state.

Which values there are is known only once the optimizer has run, so a list of them is saved as JSON
text beside the arrays: a fresh optimizer loads the state that it would have had.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch

from chainer_compat.errors import (
    InvalidArgumentError,
    InvalidArgumentTypeError,
    SnapshotMismatchError,
)
from chainer_compat.serializer import Serializer
from chainer_compat.training._state import save_json

__all__ = ["names_of", "serialize"]

_PLAIN = (bool, int, float, str, type(None))


def names_of(optimizer: torch.optim.Optimizer, target: Any) -> dict[str, torch.Tensor]:
    """Returns the optimizer's parameters by their paths in the model, ``layers/0/weight``.

    Args:
        optimizer: The torch optimizer.
        target: Its torch module or Link.

    Raises:
        ValueError: If a parameter is not the model's.
    """
    if hasattr(target, "namedlinks"):
        pairs = ((path, p.tensor) for path, p in target.namedparams(include_uninit=False))
    else:
        pairs = target.named_parameters()
    paths = {id(tensor): name.strip("/").replace(".", "/") for name, tensor in pairs}
    named = {}
    for number, group in enumerate(optimizer.param_groups):
        for position, parameter in enumerate(group["params"]):
            if id(parameter) not in paths:
                raise InvalidArgumentError(
                    f"parameter {position} of group {number} of the torch optimizer, of shape "
                    f"{tuple(parameter.shape)}, is not one of the module's; give the optimizer "
                    "parameters of the module, or the module that has all of them"
                )
            named[paths[id(parameter)]] = parameter
    return named


def serialize(serializer: Any, optimizer: torch.optim.Optimizer, target: Any) -> None:
    """Saves or loads the state and the options.

    Args:
        serializer: A serializer or deserializer.
        optimizer: The torch optimizer.
        target: Its torch module or Link.

    Raises:
        KeyError: If the file is about other parameters.
    """
    named = names_of(optimizer, target)
    if isinstance(serializer, Serializer):
        _save(serializer, optimizer, named)
    else:
        _load(serializer, optimizer, named)


def _save(
    serializer: Any, optimizer: torch.optim.Optimizer, named: dict[str, torch.Tensor]
) -> None:
    contents = {}
    for path, parameter in named.items():
        state = optimizer.state.get(parameter)
        if state:
            own = serializer[path]
            contents[path] = {
                key: _save_value(own, key, value, parameter) for key, value in state.items()
            }
    save_json(serializer, "torch_state", contents)
    paths = {id(parameter): path for path, parameter in named.items()}
    groups = [
        {key: _option(key, value, paths) for key, value in group.items()}
        for group in optimizer.param_groups
    ]
    save_json(serializer, "torch_groups", groups)


def _save_value(serializer: Any, key: str, value: Any, parameter: torch.Tensor) -> Any:
    """Saves one value; what it returns says how to load it."""
    if isinstance(value, torch.Tensor):
        serializer(key, value)
        place = "parameter" if value.device == parameter.device else "cpu"
        how = {"dtype": str(value.dtype).removeprefix("torch."), "device": place}
        # What is spread over processes is so in the way of its parameter.
        return {**how, "spread": True} if hasattr(value, "placements") else how
    if isinstance(value, (list, tuple)):
        part = serializer[key]
        items = [_save_value(part, str(i), item, parameter) for i, item in enumerate(value)]
        return {"items": items, "tuple": isinstance(value, tuple)}
    if isinstance(value, _PLAIN):
        return {"value": value}
    raise InvalidArgumentTypeError(
        f"the torch optimizer's state {key!r} of {type(value)} cannot be saved; numbers, text, "
        "tensors and lists of these can"
    )


def _option(key: str, value: Any, paths: dict[int, str]) -> Any:
    if key == "params":
        return [paths[id(parameter)] for parameter in value]
    if isinstance(value, torch.Tensor):
        return value.tolist()
    parts = value if isinstance(value, (list, tuple)) else [value]
    if all(isinstance(part, _PLAIN) for part in parts):
        return value
    raise InvalidArgumentTypeError(
        f"the torch optimizer's option {key!r} of {type(value)} cannot be saved; numbers, text, "
        "tensors and lists of numbers can"
    )


def _load(
    serializer: Any, optimizer: torch.optim.Optimizer, named: dict[str, torch.Tensor]
) -> None:
    texts = serializer("torch_state", ""), serializer("torch_groups", "")
    if not all(texts):
        return  # not in the file, and the deserializer is not strict
    contents, groups = map(json.loads, texts)
    _check_groups([group["params"] for group in groups], optimizer, named)
    for path, parameter in named.items():
        present = optimizer.state.pop(parameter, {})
        if path in contents:
            own = serializer[path]
            optimizer.state[parameter] = {
                key: _load_value(own, key, how, present.get(key), parameter)
                for key, how in contents[path].items()
            }
    for group, saved in zip(optimizer.param_groups, groups, strict=True):
        _load_options(group, saved)


def _check_groups(
    saved: list[list[str]], optimizer: torch.optim.Optimizer, named: dict[str, torch.Tensor]
) -> None:
    paths = {id(parameter): path for path, parameter in named.items()}
    own = [[paths[id(p)] for p in group["params"]] for group in optimizer.param_groups]
    if own == saved:
        return
    mine, theirs = {p for g in own for p in g}, {p for g in saved for p in g}
    raise SnapshotMismatchError(
        "the file holds the state of a torch optimizer over other parameters, or in other groups; "
        f"missing in the file: {sorted(mine - theirs)}, in the file only: {sorted(theirs - mine)}, "
        f"parameters per group: {list(map(len, own))}, in the file {list(map(len, saved))}"
    )


def _load_value(
    serializer: Any, key: str, how: dict[str, Any], present: Any, parameter: torch.Tensor
) -> Any:
    if "value" in how:
        return how["value"]
    if "items" in how:
        part = serializer[key]
        items = [
            _load_value(part, str(i), each, None, parameter) for i, each in enumerate(how["items"])
        ]
        return tuple(items) if how["tuple"] else items
    dtype = getattr(torch, how["dtype"])
    device = parameter.device if how["device"] == "parameter" else torch.device("cpu")
    if how.get("spread"):
        present = torch.zeros_like(parameter.detach(), dtype=dtype)
    if isinstance(present, torch.Tensor) and (present.dtype, present.device) == (dtype, device):
        return serializer(key, present)
    array = np.array(serializer(key, None))
    return torch.from_numpy(array).to(device, dtype)


def _load_options(group: dict[str, Any], saved: dict[str, Any]) -> None:
    for key, value in saved.items():
        present = group.get(key)
        if key == "params":
            continue
        if isinstance(present, torch.Tensor):
            group[key] = torch.tensor(value, dtype=present.dtype, device=present.device)
        elif isinstance(present, tuple):
            group[key] = tuple(value)
        else:
            group[key] = value
