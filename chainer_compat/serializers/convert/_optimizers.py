"""States of Chainer's optimizers for torch's: where both compute the same, and only there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import optim

from chainer_compat.errors import (
    InvalidArgumentError,
    NotSupportedError,
    SnapshotMismatchError,
)
from chainer_compat.serializers._stores import open_store
from chainer_compat.serializers.convert._report import Loaded, Report
from chainer_compat.serializers.convert._weights import Placed, model_path, place_weights

if TYPE_CHECKING:
    from chainer_compat.serializers._limits import Limits
    from chainer_compat.serializers._session import Store
    from chainer_compat.serializers.convert._matching import PathMapping

__all__ = ["load_optimizer"]

_OPTIMIZER_OF_A_TRAINER = "updater/optimizer:main/"
Group = dict[str, Any]
States = dict[str, tuple[str, Callable[[np.ndarray, Group], np.ndarray]]]


def _same(array: np.ndarray, _: Group) -> np.ndarray:
    return array


def _velocity_to_buffer(array: np.ndarray, group: Group) -> np.ndarray:
    return -array / float(group["lr"])


def _negated(array: np.ndarray, _: Group) -> np.ndarray:
    return -array


@dataclass(frozen=True)
class _Rule:
    """How the state of one of Chainer's rules becomes that of a torch optimizer.

    Attributes:
        states: Chainer's name of a state, torch's name, and the conversion.
        targets: The torch optimizers that it fits.
        how: What the conversion does, in a few words.
        note: What to look at.
        counts: Whether torch counts the updates of each parameter.
        options: What the torch optimizer's options must be.
    """

    states: States
    targets: tuple[type[optim.Optimizer], ...]
    how: str = ""
    note: str = ""
    counts: bool = True
    options: tuple[tuple[str, Any], ...] = ()


_ADAM_NOTE = (
    "Chainer adds eps to sqrt(v), torch to sqrt(v) after its bias correction: the next steps agree "
    "up to eps"
)
_MOMENTS: States = {"m": ("exp_avg", _same), "v": ("exp_avg_sq", _same)}
_MOMENTUM: States = {"v": ("momentum_buffer", _velocity_to_buffer)}
_BY_LR = "negated and divided by lr"
_BY_LR_NOTE = "the velocity holds the learning rate of the time: lr must be what it was then"

_RULES: dict[str, _Rule] = {
    "SGD": _Rule({}, (optim.SGD,), counts=False),
    "Adam": _Rule(_MOMENTS, (optim.Adam, optim.AdamW), note=_ADAM_NOTE),
    "AdamW": _Rule(_MOMENTS, (optim.AdamW,), note=_ADAM_NOTE),
    "AMSGrad": _Rule(
        {**_MOMENTS, "vhat": ("max_exp_avg_sq", _same)}, (optim.Adam, optim.AdamW),
        note=_ADAM_NOTE, options=(("amsgrad", True),),
    ),
    "MomentumSGD": _Rule(
        _MOMENTUM, (optim.SGD,), _BY_LR, _BY_LR_NOTE, counts=False, options=(("nesterov", False),)
    ),
    "CorrectedMomentumSGD": _Rule(
        {"v": ("momentum_buffer", _negated)}, (optim.SGD,), "negated", counts=False,
        options=(("nesterov", False),),
    ),
    "RMSprop": _Rule(
        {"ms": ("square_avg", _same)}, (optim.RMSprop,), options=(("centered", False),)
    ),
    "AdaGrad": _Rule({"h": ("sum", _same)}, (optim.Adagrad,)),
    "AdaDelta": _Rule(
        {"msg": ("square_avg", _same), "msdx": ("acc_delta", _same)}, (optim.Adadelta,),
        note="Chainer has no learning rate here: lr must be 1", options=(("lr", 1.0),),
    ),
}  # fmt: skip
_REFUSED = {
    "AMSBound": "torch has no AMSBound",
    "AdaBound": "torch has no AdaBound",
    "NesterovAG": "torch's Nesterov momentum takes the velocity before the step, Chainer's after",
    "MSVAG": "torch has no M-SVAG",
    "RMSpropGraves": "torch's RMSprop has no momentum inside the mean of Graves' rule",
    "SMORMS3": "torch has no SMORMS3",
}
# Which rule has which states. Rules that share them are told apart by the torch optimizer, or by
# the user.
_BY_STATES = {
    frozenset(): "SGD",
    frozenset({"m", "v"}): "Adam",
    frozenset({"m", "v", "vhat"}): "AMSGrad",
    frozenset({"v"}): "MomentumSGD",
    frozenset({"ms"}): "RMSprop",
    frozenset({"h"}): "AdaGrad",
    frozenset({"msg", "msdx"}): "AdaDelta",
    frozenset({"n", "g", "delta"}): "RMSpropGraves",
    frozenset({"mem", "g", "g2"}): "SMORMS3",
}


def load_optimizer(
    file: Any,
    optimizer: optim.Optimizer,
    module: torch.nn.Module,
    *,
    path: str = "",
    model: str = "",
    mapping: PathMapping = None,
    rule: str | None = None,
    limits: Limits | None = None,
) -> Report:
    """Loads the state of one of Chainer's optimizers into a torch optimizer.

    The parameters are matched as :func:`load_weights` matches them, so the file is a snapshot of
    a trainer or of an updater, which holds the model too. Hyperparameters are not in Chainer's
    files: set them on the torch optimizer first.

    Args:
        file: The snapshot: a path, or a binary file object of npz.
        optimizer: The torch optimizer, over parameters of ``module``.
        module: The torch module.
        path: Where in the file the optimizer is; that of a trainer's snapshot by default.
        model: Where in the file the model is; that of a trainer's snapshot by default.
        mapping: As for :func:`load_weights`.
        rule: The name of Chainer's optimizer, for those that have the same states:
            ``"MomentumSGD"`` (by default), ``"CorrectedMomentumSGD"`` or ``"NesterovAG"``;
            ``"Adam"`` (by default), ``"AdamW"``, ``"AdaBound"`` or ``"MSVAG"``.
        limits: Caps on how much the file may make this process allocate.

    Returns:
        What was loaded, from where, and how.

    Raises:
        NotImplementedError: If torch has no optimizer that computes the same.
        KeyError: If a parameter or its state is not in the file.
        ValueError: If the torch optimizer is of another kind, or an option of it does not fit.
    """
    with open_store(file, limits) as store:
        path = path or _OPTIMIZER_OF_A_TRAINER
        placed, report = place_weights(store, module, model_path(store, model), mapping)
        model = model_path(store, model)
        states = _states_in_file(store, placed, model, path)
        name, chosen = _rule_for(optimizer, states, rule)
        _check_options(optimizer, name, chosen)
        loaded, made = _convert(store, placed, model, path, optimizer, chosen)
    report = Report(loaded=loaded, notes=[chosen.note] if chosen.note else [])
    for parameter, state in made.items():
        optimizer.state[parameter] = state
    return report


def _keys(item: Placed, model: str, path: str, state: str) -> list[str]:
    return [f"{path}{key.removeprefix(model)}/{state}" for key in item.keys]


def _states_in_file(store: Store, placed: list[Placed], model: str, path: str) -> frozenset[str]:
    states: set[str] = set()
    for item in placed:
        for key in item.keys:
            prefix = f"{path}{key.removeprefix(model)}/"
            states |= {name.removeprefix(prefix) for name in store if name.startswith(prefix)}
    if not states:
        raise SnapshotMismatchError(
            f"{store.name}: there is no optimizer under {path!r}; give its place with path=..."
        )
    return frozenset(states - {"t"})


def _rule_for(
    optimizer: optim.Optimizer, states: frozenset[str], rule: str | None
) -> tuple[str, _Rule]:
    name = rule or _BY_STATES.get(states)
    if name in _REFUSED:
        raise NotSupportedError(
            f"the state of {name} cannot be used: {_REFUSED[name]}. Load the weights alone, or "
            "train with chainer_compat.optimizers"
        )
    if name is None or name not in _RULES:
        raise InvalidArgumentError(
            f"no optimizer of Chainer's is known by the states {sorted(states)} or the name "
            f"{rule!r}; known are {', '.join(_RULES)}"
        )
    chosen = _RULES[name]
    if not isinstance(optimizer, chosen.targets):
        fitting = " or ".join(f"torch.optim.{kind.__name__}" for kind in chosen.targets)
        raise InvalidArgumentError(
            f"the file holds the state of {name}, which is for {fitting}, not for "
            f"{type(optimizer).__name__}"
        )
    return name, chosen


def _check_options(optimizer: optim.Optimizer, name: str, rule: _Rule) -> None:
    for group in optimizer.param_groups:
        for option, expected in rule.options:
            if group[option] != expected:
                raise InvalidArgumentError(
                    f"the state of {name} needs {option}={expected!r} in "
                    f"{type(optimizer).__name__}, which has {group[option]!r}"
                )


def _convert(
    store: Store,
    placed: list[Placed],
    model: str,
    path: str,
    optimizer: optim.Optimizer,
    rule: _Rule,
) -> tuple[list[Loaded], dict[torch.Tensor, dict[str, Any]]]:
    by_tensor = {id(item.tensor): item for item in placed}
    loaded: list[Loaded] = []
    made: dict[torch.Tensor, dict[str, Any]] = {}
    missing = []
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            item = by_tensor.get(id(parameter))
            if item is None:
                missing.append(f"a parameter of shape {tuple(parameter.shape)}")
                continue
            state: dict[str, Any] = {}
            for theirs, (ours, convert) in rule.states.items():
                keys = _keys(item, model, path, theirs)
                absent = [key for key in keys if key not in store]
                if absent:
                    missing += absent
                    continue
                array = convert(_made(item, store, keys), group)
                state[ours] = torch.from_numpy(np.ascontiguousarray(array)).to(parameter)
                how = "; ".join(part for part in (item.piece.how, rule.how) if part)
                loaded.append(
                    Loaded(f"{item.name}: {ours}", tuple(keys), array.shape, how, item.matched)
                )
            if rule.counts:
                state["step"] = _step(store, item, model, path)
            if state:
                made[parameter] = state
    if missing:
        error = SnapshotMismatchError(
            f"{store.name}: nothing was loaded; missing in the file:\n  " + "\n  ".join(missing)
        )
        error.missing = tuple(missing)
        raise error
    return loaded, made


def _made(item: Placed, store: Store, keys: list[str]) -> np.ndarray:
    return item.piece.make(*(store.member(key).read() for key in keys))


def _step(store: Store, item: Placed, model: str, path: str) -> torch.Tensor:
    # Chainer 1 and 2 counted once for all parameters.
    own = _keys(item, model, path, "t")[0]
    key = own if own in store else f"{path}t"
    return torch.tensor(float(store.member(key).read()))
