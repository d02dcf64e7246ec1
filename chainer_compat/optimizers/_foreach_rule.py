"""`ForeachRule`: a rule whose formula updates many parameters at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from chainer_compat.backends import _crossing
from chainer_compat.optimizers._hyperparameter import Hyperparameter, as_numbers, effective
from chainer_compat.optimizers._update_rule import UpdateRule, raw_of
from chainer_compat.variable import Variable

__all__ = ["ForeachRule", "Tensors", "all_in_one", "check_eps", "step"]

Tensors = list[torch.Tensor]

_flattened: Any = torch._utils._flatten_dense_tensors
_unflattened: Any = torch._utils._unflatten_dense_tensors

# From how many parameters on, and up to how many elements of each, calls cost more than numbers.
_MANY, _SMALL = 16, 1024

_HALF = frozenset({torch.float16, torch.bfloat16})

# What is not above these is rounded to zero.
_UNDERFLOW = {torch.float16: 2.0**-25, torch.bfloat16: 2.0**-134, torch.float32: 2.0**-150}


class ForeachRule(UpdateRule):
    """A rule with a formula over lists of tensors: :meth:`_step`.

    The formula of one rule is used for all parameters whose rules have the same class,
    hyperparameters and count of updates.

    Args:
        parent_hyperparam: Hyperparameters that count where the rule has none of its own.
        **own: The rule's own hyperparameters; those that are None are left to the parent.
    """

    is_elementwise = True

    # The arrays of the state, with the number that each is filled with at first.
    _states: dict[str, float] = {}
    # Whether the formula needs float32 for parameters in half precision.
    _widens: bool = False

    def __init__(self, parent_hyperparam: Hyperparameter | None = None, **own: Any) -> None:
        super().__init__(parent_hyperparam)
        for name, value in own.items():
            if value is not None:
                setattr(self.hyperparam, name, value)

    def _used_states(self, hp: Any) -> Sequence[str]:
        """The names of the arrays that the formula takes, in its order."""
        return tuple(self._states)

    def _alike(self) -> Any:
        """What two rules must agree in, beyond their hyperparameters, to be used together."""
        return None

    def _step(self, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
        """The formula: changes data and states in place.

        Args:
            hp: The hyperparameters.
            data: The parameters.
            grads: Their gradients, which are left alone.
            states: For each name of the state, the tensors of all parameters.
        """
        raise NotImplementedError

    def _stepped(self) -> None:
        """Is called on every rule after the formula, for what a rule counts by itself."""

    def init_state(self, param: Variable) -> None:
        """Fills the state with zeros (or what the formula starts from) of the parameter's shape.

        Args:
            param: The parameter.
        """
        data = param.tensor
        for name in self._used_states(self.hyperparam):
            start = torch.full_like(data.detach(), self._states[name])
            self.state[name] = raw_of(start)

    def update_core_cpu(self, param: Variable) -> None:
        """Updates a parameter on the CPU by the formula.

        Args:
            param: The parameter; nothing happens if it has no gradient.
        """
        self._update_one(param)

    def update_core_gpu(self, param: Variable) -> None:
        """Updates a parameter on a GPU by the formula.

        Args:
            param: The parameter; nothing happens if it has no gradient.
        """
        self._update_one(param)

    def _update_one(self, param: Variable) -> None:
        grad, data = param._grad_tensor(), param._data_tensor()
        if grad is None or data is None:
            return
        hp = effective(self.hyperparam)
        names = self._used_states(hp)
        states = [[_crossing.as_tensor(self.state[name])] for name in names]
        step(self, hp, [data.data], [grad.data], states)
        self._stepped()
        if param._unshared:
            np.copyto(param.array, data.data.numpy())


def step(rule: ForeachRule, hp: Any, data: Tensors, grads: Tensors, states: list[Tensors]) -> None:
    """Applies a rule's formula, in float32 where it needs that.

    Args:
        rule: The rule.
        hp: Its hyperparameters.
        data: The parameters, of one dtype.
        grads: Their gradients.
        states: For each name of the state, the tensors of all parameters.
    """
    hp = as_numbers(hp)
    if not (rule._widens and data[0].dtype in _HALF):
        rule._step(hp, data, grads, states)
        return
    narrow = [data, *states]
    wide = [[tensor.float() for tensor in tensors] for tensors in narrow]
    rule._step(hp, wide[0], [grad.float() for grad in grads], wide[1:])
    for targets, results in zip(narrow, wide, strict=True):
        torch._foreach_copy_(targets, results)


def all_in_one(
    formula: Callable[[Tensors, Tensors, list[Tensors]], None],
    data: Tensors,
    grads: Tensors,
    states: list[Tensors],
) -> None:
    """Applies a formula of many steps to tensors so small that it is the calls that cost.

    On the CPU they are put into one tensor and taken out of it, which are two calls for each array
    instead of one for every step. On a GPU torch does many tensors in one call by itself.

    Args:
        formula: Changes data and states in place.
        data: The parameters, of one dtype.
        grads: Their gradients.
        states: For each name of the state, the tensors of all parameters.
    """
    sizes = [tensor.numel() for tensor in data]
    # An empty tensor comes back from torch 2.5 with another shape.
    if len(data) < _MANY or not data[0].is_cpu or sum(sizes) > _SMALL * len(data) or 0 in sizes:
        formula(data, grads, states)
        return
    kept = [data, *states]
    flat, *flat_states = ([_flattened(tensors)] for tensors in kept)
    formula(flat, [_flattened(grads)], flat_states)
    for targets, (result,) in zip(kept, (flat, *flat_states), strict=True):
        torch._foreach_copy_(targets, _unflattened(result, targets))


def check_eps(name: str, eps: float, dtype: torch.dtype) -> None:
    """Refuses an epsilon that a dtype rounds to zero.

    Args:
        name: The optimizer's name, for the message.
        eps: The epsilon; zero itself is fine.
        dtype: The dtype of the arithmetic.

    Raises:
        ValueError: If it becomes zero.
    """
    if 0 < eps <= _UNDERFLOW.get(dtype, 0):
        raise ValueError(f"eps of {name} is too small for {dtype}: {eps} becomes zero")
