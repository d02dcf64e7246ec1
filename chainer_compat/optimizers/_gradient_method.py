"""`GradientMethod`: optimizers that need one gradient for each update."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from chainer_compat.errors import MissingNameError
from chainer_compat.link import Link
from chainer_compat.optimizer_hooks._gradient_hook import GradientHook
from chainer_compat.optimizers import _loss_scale
from chainer_compat.optimizers._hyperparameter import Hyperparameter
from chainer_compat.optimizers._optimizer import Optimizer
from chainer_compat.optimizers._plan import Plan
from chainer_compat.optimizers._saved_numbers import (
    numbers_of,
    serialize_hyperparam,
    serialize_json,
)
from chainer_compat.optimizers._update_rule import UpdateRule
from chainer_compat.optimizers._version1 import Version1Methods, Version1Rule

__all__ = ["GradientMethod"]

_G = TypeVar("_G", bound="GradientMethod")


class GradientMethod(Optimizer, Version1Methods):
    """An optimizer that updates each parameter by its gradient, as the parameter's rule says.

    One of one's own overrides :meth:`create_update_rule`. What the rules have in common is set in
    :attr:`hyperparam`, to which a :class:`HyperparameterProxy` gives an attribute.

    Attributes:
        hyperparam: The hyperparameters, the parent of those of each rule.

    Source: Chainer's reference, *chainer.GradientMethod*.
    """

    hyperparam: Any  # a Hyperparameter, whose attributes are the subclass's choice
    _use_fp32_update: bool = False
    _use_cleargrads: bool = True
    _plan: Plan | None = None
    # The hyperparameters as they were before the first update.
    _began: dict[str, float] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.hyperparam = Hyperparameter()

    def __getstate__(self) -> dict[str, Any]:
        # A plan holds for these very objects only, and processes for this one.
        left_out = ("_plan", "_between_ranks")
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def setup(self: _G, link: Link) -> _G:
        """Sets the target and gives each of its parameters a new rule.

        Args:
            link: The target.

        Returns:
            The optimizer.

        Raises:
            TypeError: If the target is no link.
        """
        super().setup(link)
        if self._is_of_version_1() and "hyperparam" not in self.__dict__:
            # Chainer 1 had no constructor for its subclasses to call.
            self.hyperparam = Hyperparameter()
        for param in link.params():
            param.update_rule = self.create_update_rule()
            if self._use_fp32_update:
                param.update_rule.use_fp32_update()
        return self

    def create_update_rule(self) -> UpdateRule:
        """Returns a new rule for one parameter."""
        if self._is_of_version_1():
            return Version1Rule(self)
        raise NotImplementedError(f"{type(self).__name__} does not define create_update_rule")

    def update(self, lossfun: Any = None, *args: Any, **kwds: Any) -> None:
        """Updates the parameters, with the hooks around it.

        With ``lossfun`` it first computes the loss, then clears the gradients, then runs the
        backward pass. A parameter with no gradient gets zeros.

        Args:
            lossfun: A function that computes the loss out of the other arguments; None if the
                gradients are there already.
            *args: Passed to ``lossfun``.
            **kwds: Passed to ``lossfun``.
        """
        if lossfun is not None:
            self._backward(lossfun(*args, **kwds))
        plan = self._current_plan()
        self._fill_gradients(plan)
        between_ranks = self._between_ranks
        if between_ranks is not None:
            between_ranks.update_starts(self)
        self.check_nan_in_grads()
        self.call_hooks("pre")
        if self._began is None:
            self._began = numbers_of(self.hyperparam)
        self.t += 1
        if self.is_safe_to_update():
            if self._hooks().pre:
                plan = self._current_plan()  # a hook may have changed anything
            plan.update()
        if plan.singles or self._overrides_filling():
            # A rule of the user's may have cleared a gradient.
            self._fill_gradients(plan)
        self.call_hooks("post")
        self.update_loss_scale()
        if between_ranks is not None:
            between_ranks.update_ends()

    def _backward(self, loss: Any) -> None:
        if self._use_cleargrads:
            self.target.cleargrads()
        else:
            self.target.zerograds()
        loss.backward(loss_scale=self._loss_scale)
        if self._loss_scale is not None:
            _loss_scale.mark(self.target.params(), self._loss_scale)

    def _current_plan(self) -> Plan:
        plan = self._plan
        if plan is None:
            if self.target is None:
                raise MissingNameError("the optimizer has no target: call optimizer.setup(model)")
            plan = self._plan = Plan()
        plan.follow(self.target)
        return plan

    def _fill_gradients(self, plan: Plan) -> None:
        if self._overrides_filling():
            self.reallocate_cleared_grads()
        else:
            plan.fill_gradients()

    def _overrides_filling(self) -> bool:
        ours = GradientMethod.reallocate_cleared_grads
        return type(self).reallocate_cleared_grads is not ours

    def reallocate_cleared_grads(self) -> None:
        """Gives zeros to each parameter that has an array and no gradient.

        It is called around updates and hooks; an optimizer that needs no such gradients may
        override it by one that does nothing.
        """
        self._current_plan().fill_gradients()

    def call_hook(self, hook: Any) -> None:
        """Calls one hook, and gives zeros to each parameter whose gradient it has cleared.

        Args:
            hook: The hook.
        """
        if isinstance(hook, GradientHook) and hook.is_plain():
            plan = self._current_plan()
            plan.change_gradients(hook)
        else:
            super().call_hook(hook)
            self.reallocate_cleared_grads()

    def use_cleargrads(self, use: bool = True) -> None:
        """Chooses whether :meth:`update` clears gradients, or sets them to zeros (Chainer 1).

        Args:
            use: Whether it clears them, as it does anyway.
        """
        warnings.warn(
            "use_cleargrads is the default since Chainer 2, and needs no call",
            DeprecationWarning,
            stacklevel=2,
        )
        self._use_cleargrads = use

    def use_fp32_update(self, flag: bool = True) -> None:
        """Makes float16 parameters be updated through copies of them in float32.

        Args:
            flag: Whether to.
        """
        self._use_fp32_update = flag
        if self.target is not None:
            for param in self.target.params():
                param.update_rule.use_fp32_update(flag)

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the counts, the states of all rules, and the hyperparameters.

        Chainer does not save hyperparameters: it ignores them in a file, and they stay as they
        are where a file of Chainer's lacks them. One that the script now begins with another value
        of than the saved run did was changed on purpose, and stays too.

        Args:
            serializer: What saves or loads.
        """
        super().serialize(serializer)
        began = self._began or {}
        self._began = serialize_hyperparam(serializer, self.hyperparam, began) or None
        if self._loss_scaling_is_dynamic:
            state: list[Any] = [self._loss_scale, self._loss_scaling_isnan_ever]
            loaded = serialize_json(serializer, "_loss_scaling", state)
            self._loss_scale, self._loss_scaling_isnan_ever = loaded or state
