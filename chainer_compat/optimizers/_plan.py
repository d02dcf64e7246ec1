"""Which parameters are updated together, worked out once and used until something changes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import attrgetter, is_, itemgetter
from typing import Any

import numpy as np
import torch

from chainer_compat.backends import _crossing
from chainer_compat.link import Link
from chainer_compat.optimizer_hooks._gradient_hook import GradientHook
from chainer_compat.optimizers import _loss_scale, _revision
from chainer_compat.optimizers._foreach_rule import ForeachRule, step
from chainer_compat.optimizers._hyperparameter import effective
from chainer_compat.optimizers._structure import Structure
from chainer_compat.optimizers._update_rule import UpdateRule, raw_of
from chainer_compat.variable import Parameter

__all__ = ["Plan"]

_tensor_of = attrgetter("_tensor")
_rule_of = attrgetter("update_rule")
_enabled_of = attrgetter("enabled")
_state_of = attrgetter("_state")
_t_of = attrgetter("t")
_needs_grad = attrgetter("requires_grad")
_pointer_of = torch.Tensor.data_ptr
_strides_of = torch.Tensor.stride

# What a rule's class leaves alone if its formula alone says how it updates.
_STEPS = ("update", "_update_hooked", "update_core", "update_core_cpu", "update_core_gpu")


def _same(ours: Iterable[Any], theirs: Iterable[Any]) -> bool:
    return all(map(is_, ours, theirs))


class _Group:
    """Parameters whose rules are alike: one formula updates all of them.

    Args:
        hp: The hyperparameters of all of them.
    """

    def __init__(self, hp: Any) -> None:
        self.hp = hp
        self.params: list[Parameter] = []
        self.rules: list[ForeachRule] = []
        self.tensors: list[torch.Tensor] = []
        # The same memory out of the graph: what is written there leaves versions alone, so that
        # a graph that was made before the update still runs backward.
        self.data: list[torch.Tensor] = []
        # Whether the rules count something by themselves.
        self._counts = False
        self._states: list[dict[str, Any]] = []
        # Of each name in the states: the raw arrays, and the tensors over their memory.
        self._views: dict[str, tuple[list[Any], list[torch.Tensor]]] = {}

    def add(self, param: Parameter, tensor: torch.Tensor) -> None:
        self.params.append(param)
        self.tensors.append(tensor)
        self.data.append(tensor.data)
        self.rules.append(param.update_rule)
        self._counts = type(param.update_rule)._stepped is not ForeachRule._stepped

    def in_step(self) -> bool:
        """Whether the rules still have one and the same count of updates."""
        counts = list(map(_t_of, self.rules))
        return counts.count(counts[0]) == len(counts) and not (
            self._counts and self.rules[0]._alike() != self.rules[-1]._alike()
        )

    def update(self) -> None:
        rules = self.rules
        lead = rules[0]
        if _loss_scale.is_in_use():
            for param in self.params:
                _loss_scale.unscale(param)
        t = lead.t + 1
        for rule in rules:
            rule.__dict__["t"] = t
        states = self._tensors_of_states(lead._used_states(self.hp))
        grads: list[Any] = [tensor.grad for tensor in self.tensors]
        if any(map(is_, grads, repeat(None))):
            for rule, param in zip(rules, self.params, strict=True):
                rule._update_one(param)
            return
        if any(map(_needs_grad, grads)):
            grads = [grad.data for grad in grads]  # past the graph of the gradients
        step(lead, self.hp, self.data, grads, states)
        if self._counts:
            for rule in rules:
                rule._stepped()

    def _tensors_of_states(self, names: Sequence[str]) -> list[list[torch.Tensor]]:
        if not (self._states and _same(map(_state_of, self.rules), self._states)):
            self._adopt_states()
        found = []
        for name in names:
            view = self._views.get(name)
            if view is None or not _same(map(itemgetter(name), self._states), view[0]):
                view = self._views[name] = self._view_of(name)
            found.append(view[1])
        return found

    def _adopt_states(self) -> None:
        for rule, param in zip(self.rules, self.params, strict=True):
            rule._init_states(param)
        self._states = [rule.state for rule in self.rules]
        self._views = {}

    def _view_of(self, name: str) -> tuple[list[Any], list[torch.Tensor]]:
        raws, tensors = [], []
        for rule, tensor in zip(self.rules, self.tensors, strict=True):
            raw, view = _live(rule.state, name, tensor)
            raws.append(raw)
            tensors.append(view)
        return raws, tensors


def _live(state: dict[str, Any], name: str, like: torch.Tensor) -> tuple[Any, torch.Tensor]:
    """An array of a state and a tensor over its memory, of its parameter's device and dtype."""
    raw = state[name]
    if not isinstance(raw, np.ndarray) or _crossing.shares_memory(raw):
        tensor = _crossing.as_tensor(raw)
        if tensor.device == like.device and tensor.dtype == like.dtype:
            return raw, tensor
    tensor = _crossing.as_tensor(raw).to(like.device, like.dtype, copy=True)
    raw = state[name] = raw_of(tensor)
    return raw, tensor


class Plan:
    """How an optimizer updates its parameters: by groups, and some one by one.

    It holds as long as parameters, tensors, rules and flags are the very same objects.
    """

    def __init__(self) -> None:
        self._revision = -1
        self._structure = Structure()
        self._params: list[Parameter] = []
        # Parameters with a leaf of torch's graph, each once; their tensors, rules and the rest.
        self.leaves: list[Parameter] = []
        self.tensors: list[torch.Tensor] = []
        self._rules: list[UpdateRule | None] = []
        self._asked: list[UpdateRule] = []
        self._enabled: list[bool] = []
        # A tensor may be given other memory, of another layout, dtype or device.
        self._pointers: list[int] = []
        self._strides: list[tuple[int, ...]] = []
        # The others: without an array yet, for example.
        self.others: list[Parameter] = []
        self._groups: list[_Group] = []
        # Those that are updated one by one.
        self.singles: list[Parameter] = []
        # Whether a warning was given of parameters that have no rule.
        self._told = False

    def follow(self, target: Link) -> None:
        """Makes the plan anew if it does not hold any more.

        Args:
            target: The optimizer's target.
        """
        params = self._structure.params(target)
        if not self._holds(params):
            self._make(params)
            if not self._told:
                self._tell_of_late_parameters(target)

    def _tell_of_late_parameters(self, target: Link) -> None:
        # A rule that was taken away on purpose is in the parameter's own dictionary.
        without = {
            id(param)
            for param in self._params
            if param.update_rule is None and "update_rule" not in vars(param)
        }
        if not without:
            return
        late = [repr(name) for name, param in target.namedparams() if id(param) in without]
        self._told = True
        named = ", ".join(late[:3]) or "parameters"
        more = f" and {len(late) - 3} more" if len(late) > 3 else ""
        warnings.warn(
            f"not updated, because added after the optimizer's setup(): {named}{more}. So it is in "
            "Chainer since version 2; version 1 did update them. To have them trained, call "
            "setup() again when all links are there.",
            stacklevel=5,
        )

    def _holds(self, params: list[Parameter]) -> bool:
        return (
            self._revision == _revision.number()
            and (
                params is self._params
                or (len(params) == len(self._params) and _same(params, self._params))
            )
            and _same(map(_tensor_of, self.leaves), self.tensors)
            and _same(map(_rule_of, self.leaves), self._rules)
            and list(map(_enabled_of, self._asked)) == self._enabled
            and list(map(_pointer_of, self.tensors)) == self._pointers
            and list(map(_strides_of, self.tensors)) == self._strides
            and all(group.in_step() for group in self._groups)
            and not any(map(_is_leaf, self.others))
        )

    def _make(self, params: list[Parameter]) -> None:
        self._params = params
        self.leaves, self.others = [], []
        unique = {id(param): param for param in params}.values()
        for param in unique:
            (self.leaves if _make_leaf(param) else self.others).append(param)
        self.tensors = [param.tensor for param in self.leaves]
        self._rules = [param.update_rule for param in self.leaves]
        self._asked = [rule for rule in self._rules if rule is not None]
        self._enabled = [rule.enabled for rule in self._asked]
        self._pointers = list(map(_pointer_of, self.tensors))
        self._strides = list(map(_strides_of, self.tensors))
        self._form_groups()
        self._revision = _revision.number()

    def _form_groups(self) -> None:
        groups: dict[Any, _Group] = {}
        self.singles = []
        alone = _Alone(self._params)
        together = {
            id(leaf): tensor for leaf, tensor in zip(self.leaves, self.tensors, strict=True)
        }
        for param in self._params:
            rule, tensor = param.update_rule, together.get(id(param))
            if rule is not None and not rule.enabled:
                continue
            if tensor is None or alone.must_be(param, tensor):
                self.singles.append(param)
                continue
            hp = effective(rule.hyperparam)
            key = (type(rule), id(hp), rule.t, rule._alike(), tensor.dtype, tensor.device)
            groups.setdefault(key, _Group(hp)).add(param, tensor)
        self._groups = list(groups.values())

    def update(self) -> None:
        """Updates all parameters."""
        for group in self._groups:
            group.update()
        for param in self.singles:
            param.update()

    def change_gradients(self, hook: GradientHook) -> None:
        """Applies a hook to all gradients.

        Args:
            hook: The hook.
        """
        if _loss_scale.is_in_use():
            for param in self.leaves:
                hook(param.update_rule, param)
        else:
            with_grad = [tensor for tensor in self.tensors if tensor.grad is not None]
            grads = [tensor.grad.data for tensor in with_grad if tensor.grad is not None]
            if grads:
                hook._change([tensor.data for tensor in with_grad], grads, None)
        for param in self.others:
            hook(param.update_rule, param)

    def fill_gradients(self) -> None:
        """Gives zeros to each parameter that has an array and no gradient."""
        for tensor in self.tensors:
            if tensor.grad is None:
                tensor.grad = torch.zeros_like(tensor.data)
        for param in self.others:
            if param.is_initialized and param._grad_tensor() is None:
                param.zerograd()


def _is_leaf(param: Parameter) -> bool:
    tensor = param._tensor
    return tensor is not None and tensor.requires_grad and tensor.is_leaf


def _make_leaf(param: Parameter) -> bool:
    if param._tensor is None and param.is_initialized:
        param.tensor  # noqa: B018 -- makes the leaf, where backward passes are on
    return _is_leaf(param)


class _Alone:
    """Tells which parameters are to be updated one by one.

    Args:
        params: The parameters of the target.
    """

    def __init__(self, params: list[Parameter]) -> None:
        # A parameter that stands in several places is updated once for each, as is memory that
        # several share; and a rule that several parameters have counts each update.
        self._twice = _repeated([id(param) for param in params])
        self._rules_twice = _repeated([id(param.update_rule) for param in params])
        self._memory_twice = _repeated(
            [
                param._tensor.data_ptr()
                for param in params
                if param._tensor is not None and param._tensor.numel()
            ]
        )

    def must_be(self, param: Parameter, tensor: torch.Tensor) -> bool:
        rule = param.update_rule
        return (
            not isinstance(rule, ForeachRule)
            or not _is_plain(rule, tensor)
            or type(param).update is not Parameter.update
            or id(param) in self._twice
            or id(rule) in self._rules_twice
            or tensor.data_ptr() in self._memory_twice
        )


def _repeated(values: list[int]) -> set[int]:
    seen: set[int] = set()
    return {value for value in values if value in seen or seen.add(value)}  # type: ignore[func-returns-value]  # None, which is false


def _is_plain(rule: ForeachRule, tensor: torch.Tensor) -> bool:
    """Whether a rule's formula is all that there is to an update."""
    if rule._hookable or (rule._use_fp32_update and tensor.dtype == torch.float16):
        return False
    kind = type(rule)
    return all(
        getattr(kind, name) is getattr(ForeachRule, name) and name not in rule.__dict__
        for name in _STEPS
    )
